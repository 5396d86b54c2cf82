#!/bin/sh
# t4300 - count-query over all tiers: merged, forecast and done, without a request where statistics do, through the
# cache; objects and manifests that are gone or damaged; S3 off and on; a bucket of the prototype.
. "${srcdir:-$(dirname "$0")}/tap.sh"

make_bucket=$top_builddir/tests/lib/make-bucket
s3=$tap_dir/work/s3 prefix=$tap_dir/work/s3/bucket/count-data
mkdir "$s3"

# points SERIES START STEP N [ADD]: lines of a series, in ms.
points()
{
	awk -v s="$1" -v t="$2" -v d="$3" -v n="$4" -v a="${5:-0}" 'BEGIN {
		for (i = 0; i < n; i++) printf "%s %s %.0f\n", s, (i * 7) % 1000 / 4 + a, t + i * d }'
}

day=86400000 base=1700006400000
{
	points 'cpu{host="a"}' $base 60000 4320			# three days, a row a day
	echo -
	points 'cpu{host="a"}' $((base + 3 * day)) 60000 2880
	points 'cpu{host="b"}' $base 60000 2880
	echo -
	points 'cpu{host="b"}' $((base + day)) 60000 1440 5	# lies over the second day: it wins
	points 'gone' $base 3600000 48
} >cold
grep -v '^-' cold >all
# Late and new points, in the log and in blocks: they win over the cold ones.
points 'cpu{host="a"}' $((base + day + 120000)) 60000 10 1000 >late
points 'cpu{host="a"}' $((base + 6 * day)) 60000 2000 >new
points 'mem' $((base + 6 * day)) 60000 100 >mem

"$make_bucket" "$s3" <cold || exit 99
count-ingest -q late mem && count-flush -q && count-ingest -q new || exit 99
cat all late new mem | count-ingest -q -d whole || exit 99

S3_ENABLED=true S3_BUCKET=bucket S3_ENDPOINT=file://$s3
export S3_ENABLED S3_BUCKET S3_ENDPOINT
whole() { S3_ENABLED=false count-query -d whole "$@"; }
# as_local ARGS: the same answer as from the local copy of all points.
as_local() { whole "$@" >want.rows && prints want.rows count-query "$@"; }
# said NAME ARGS: what --explain says of it.
said() { said_name=$1; shift; count-query --explain "$@" | sed -n "s/^$said_name //p"; }
# foretold ARGS: --explain says what was done.
foretold()
{
	want="$(said requests "$@") requests, $(said bytes "$@") bytes"
	count-query -v "$@" 2>&1 >/dev/null | sed -n 's/.*cold tier: //p' >done.said
	if [ "$want" = '0 requests, 0 bytes' ]; then want=''; else want="$want
"; fi
	printf '%s' "$want" | diff - done.said
}

ok 'the first query looks into the bucket'	stderr_has 'a look at the bucket' count-query -v --list --from $base
ok '... and what it learned is kept'		sh -c 'ls data/cold-*.idx'
ok '... so the next does not'			stderr_is /dev/null count-query -v --list gone --from $base
ok 'all points of all tiers'			as_local
ok 'names'					as_local --list
ok 'the newest'					as_local --last
ok 'the newest before a time amid an object'	as_local --last --to $((base + day + 7200001))
ok 'one hour'					as_local 'cpu*' --from $((base + day)) --to $((base + day + 3600000))
ok 'daily aggregates'				as_local --step 1d --agg avg,min,max,sum,count,first,last
ok 'hourly ones'				as_local --step 1h --agg avg,max,p99,stddev
ok 'rates'					as_local --step 1h --agg rate,increase --from $((base + day + 5))
ok 'folded'					as_local 'cpu*' --step 1d --agg sum --by ''
ok 'cold alone'					exits 1 prints /dev/null count-query --tier cold --list mem
grep '^gone' cold >want.cold
ok '... is what the bucket holds'		prints want.cold count-query --tier cold gone
ok 'hot and warm alone'				exits 1 count-query -q --tier hot,warm gone
ok 'csv and limit'				as_local --limit 10 --format csv
rm -rf data/cache

CACHE_SIZE=0
export CACHE_SIZE
ok 'forecast: all points'			foretold
ok 'forecast: an hour'				foretold 'cpu*' --from $((base + day)) --to $((base + day + 3600000))
ok 'forecast: daily'				foretold --step 1d --agg avg,sum
ok 'forecast: hourly'				foretold --step 1h --agg avg
ok 'daily aggregates of one host: no request'	test "$(said requests 'cpu{host="a"}' --step 1d --agg sum --from $((base + 2 * day)))" = 0
ok '... a day with late points: one'		test "$(said requests 'cpu{host="a"}' --step 1d --agg sum)" = 1
ok '... overlapping objects: both'		test "$(said requests 'cpu{host="b"}' --step 1d --agg sum)" = 2
ok 'the newest: none'				test "$(said requests --last)" = 0
ok 'a limit is at most'				sh -c 'count-query --explain --limit 1 | grep "^exact no"'
ok 'objects by name'				sh -c 'count-query --explain -v gone | grep "^get count-data/gone/block_.*json [0-9]"'
ok 'as JSON'	sh -c 'count-query --explain -v --json gone | python3 -c "import json,sys; d = json.load(sys.stdin)
assert d[\"requests\"] == 1 and d[\"usd\"] is None and d[\"each\"][0][\"bytes\"] == d[\"bytes\"], d"'
ok 'the price of the settings'	sh -c 'PRICE_GET=500 PRICE_EGRESS_GB=0 count-query --explain gone | grep "^usd 0.50"'
PRICE_GET=1500 PRICE_EGRESS_GB=0
export PRICE_GET PRICE_EGRESS_GB
ok 'too dear'			exits 2 stderr_has '1.50 USD, more than 1.00' count-query gone
ok '... prints nothing'		sh -c 'test -z "$(count-query gone 2>/dev/null)"'
ok '... may be allowed'		prints want.cold count-query --max-cost 1.5 gone
ok '... without limit'		prints want.cold count-query --max-cost none gone
ok '... statistics are free'	count-query gone --step 1d --agg sum
unset PRICE_GET PRICE_EGRESS_GB
for bad in -1 x 'nan' ''; do
	ok "--max-cost '$bad'"	exits 2 count-query --max-cost "$bad"
done
ok '--explain prints no points'	exits 2 count-query --explain --plot

if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	trace() { LSAN_OPTIONS=detect_leaks=0 ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=open,openat -o trace "$@"; }
	trace count-query --step 1d --agg avg,count --from $((base + 2 * day)) 'cpu{host="a"}' >out 2>err
	ok 'daily aggregates open no object and no module'	sh -c 'test -s out && ! grep -e block_ -e "json\.so" -e "s3\.so" trace'
	trace count-query mem >out 2>err
	ok '... nor does a local series'			sh -c 'test -s out && ! grep -e "bucket" -e "json\.so" trace'
	S3_ENABLED=false; trace count-query mem >out 2>err
	ok '... and with S3 off there is no index either'	sh -c 'test -s out && ! grep -e "bucket" -e "cold-" trace'
	S3_ENABLED=true
else
	skip_one 'what is opened' 'no strace'
fi

# ---- The cache ----
unset CACHE_SIZE
ok 'into the cache'		prints want.cold count-query gone
ok 'from the cache'		silent sh -c 'count-query -v gone >out'
ok '... the same'		cmp out want.cold
ok '... told'			test "$(said cached gone)" = 1
ok '... no request'		test "$(said requests gone)" = 0
for f in data/cache/*; do
	printf 'x' | dd of="$f" bs=1 seek=100 conv=notrunc 2>/dev/null
done
ok 'damaged there: fetched anew'	prints want.cold stderr_has '1 requests' count-query -v gone
rm -rf data/cache && ln -s /tmp data/cache
ok 'no folder: a warning'		prints want.cold stderr_has 'nothing more is kept' count-query gone
rm data/cache

# ---- Off and on ----
S3_ENABLED=false
ok 'off: without'		exits 1 prints /dev/null count-query gone
ok '... says so with -v'	stderr_has 'S3_ENABLED is false' count-query -v mem
S3_ENABLED=true
ok 'on: with'			prints want.cold count-query gone

# ---- Damage ----
CACHE_SIZE=0
export CACHE_SIZE
object=$(ls "$prefix"/gone/block_*)
cp "$object" good
b_late=$(echo "$prefix"/cpu*b*/block_$((base + day))_*)
whole 'cpu*' mem >want.others
# bad WHAT: exit 4 naming key and points; with --partial all else, exit 1.
bad()
{
	exits 4 stderr_has 'points of gone from 2023-11-15T00:00:00Z to 2023-11-16T23:00:00Z are missing' count-query gone &&
		exits 4 stderr_has "count-data/gone/" count-query gone &&
		exits 1 prints want.others stderr_has 'left out' count-query --partial &&
		exits 0 count-query gone --step 1d --agg sum
}
printf 'x' | dd of="$object" bs=1 seek=300 conv=notrunc 2>/dev/null
ok 'a flipped byte'		bad
head -c 200 good >"$object"
ok 'truncated'			bad
: >"$object"
ok 'empty'			bad
cat good good >"$object"
ok 'longer'			bad
cp "$b_late" "$object"
ok 'the object of another series'	bad
rm "$object"
ok 'missing'			bad
cp good "$object"
ok 'and well again'		prints want.cold count-query gone

# Replaced by another host: the index is old, its object is gone, the manifest names two others.
rm -r "$prefix/gone"
awk 'NR == 20 { print "-" } 1' want.cold >two
"$make_bucket" "$s3" <two
ok 'replaced meanwhile'		prints want.cold count-query gone
ok '... is remembered'		test "$(said objects gone)" = 2
rm "$prefix"/gone/block_*_$((base + 47 * 3600000)).json
head -n 19 want.cold >want.half
ok 'half of it missing'		exits 1 prints want.half count-query --partial gone
ok '... points before it are printed, then 4'	exits 4 prints want.half count-query gone
mv "$s3/bucket" "$s3/away"
ok 'no bucket: nothing printed, 4'	exits 4 prints /dev/null count-query 'cpu*' gone
ok '... local times do not need it'	count-query mem
ok '... nor do statistics'		count-query 'cpu{host="a"}' --step 1d --agg sum --from $((base + 2 * day))
ok '... --partial'			exits 1 stderr_has 'not whole' count-query --partial
mv "$s3/away" "$s3/bucket"

mv "$prefix/gone" "$s3/away"
ok 'all of a series is gone: an error'	exits 4 stderr_has 'are missing' count-query gone
ok '... the next time too'		exits 4 count-query gone
mv "$s3/away" "$prefix/gone"

# ---- Manifests ----
"$make_bucket" "$s3" <cold
printf '{"series_name": "gone", "blocks": [' >"$prefix/gone/manifest.json"
echo 'mem 1 1' | count-ingest -q -d second
ok 'a damaged manifest'			exits 4 stderr_has 'gone/manifest.json' count-query -d second
ok '... of another series'		count-query -d second 'cpu{host="b"}'
ok '... --partial'			exits 1 count-query -d second --partial 'cpu*'
echo 'new 1' | count-ingest -q -d third
whole mem >want.mem && count-ingest -q -d begin mem
ok 'before the first archive run: local points'	env S3_BUCKET=later sh -c 'count-query -d begin | cmp - want.mem'
ok '... -v says why'			stderr_has 'nothing was archived' env S3_BUCKET=later count-query -v -d begin
ok '... a place that is not there: 4'	exits 4 env S3_ENDPOINT=file:///nowhere/at/all count-query -d begin
ok 'recent times need no look'		stderr_is /dev/null count-query -v -d third new --from -1h --list
ok '... --fresh looks'			exits 4 count-query -d third new --from -1h --fresh
"$make_bucket" "$s3" <cold
count-query -d second --list >/dev/null
points 'fresh' $base 60000 10 >fresh && "$make_bucket" "$s3" <fresh
ok 'what others wrote is not seen at once'	exits 1 count-query -d second fresh
ok '... but with --fresh'			prints fresh count-query -d second --fresh fresh
points 'fresh' $base 60000 20 >fresh && "$make_bucket" "$s3" <fresh
ok '... for a series, too'			prints fresh count-query -d second --fresh fresh
points 'fresh' $base 60000 30 >fresh && "$make_bucket" "$s3" <fresh
sleep 1
ok '... or when it is older than S3_INDEX_MAX_AGE'	prints fresh env S3_INDEX_MAX_AGE=1s count-query -d second fresh

# ---- The prototype's ----
if legacy=$(shared data/legacy-blocks); then
	mkdir -p "$s3/legacy" && cp -r "$legacy/count-data" "$s3/legacy/"
	echo 'local 1 1' | count-ingest -q -d old
	S3_BUCKET=legacy count-query -d old --tier cold >got 2>err
	ok 'a legacy bucket: every point'	python3 -c '
def read(f):
	return sorted((s, int(t), float(v)) for s, v, t in (line.rsplit(" ", 2) for line in open(f)))
want, got = read("'"$legacy"'/points.txt"), read("got")
assert len(want) > 100 and want == got, (len(want), len(got))'
else
	skip_one 'a legacy bucket' 'no real data'
fi
done_testing
