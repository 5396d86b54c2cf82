#!/bin/sh
# t4400 - a year of points of 50 series goes to a bucket and comes back: point by point, day by day, from here and from
# a fresh directory; what stands there under which keys; what it costs in requests.  SLOW=1: more points, on real
# servers, over TLS, over a slow line.
. "${srcdir:-$(dirname "$0")}/tap.sh"
. "$srcdir/lib/s3.sh"
need jq python3

# The year ended 20 days ago: midnight may pass while this runs.  Some points are of these days, and stay.
first=$(date -u -d '385 days ago' +%F)
if [ -n "${SLOW:-}" ]; then
	steps='d:10:86400 h:10:3600 m:2:60 t:28:600' dense='h.* m.* t.*'
else
	steps='d:10:86400 h:8:3600 q:32:21600' dense='h.* q.*'
fi
for group in $steps; do
	IFS=: read -r name series step <<-END
		$group
	END
	make_points "$series" 365 "$step" "$first" | sed "s/^test/$name/"
done >old
cut -d ' ' -f 1 old | uniq | awk -v now="$(date +%s)" '{
	for (i = 0; i < 48; i++)
		printf "%s %d.5 %d000\n", $1, i, (int(now / 3600) - 50 + i) * 3600
}' >young
LC_ALL=C sort -m -k1,1 -k3,3n old young >all
for name in $dense; do
	grep "^$name" old
done >old.dense
ok '50 series'			test "$(cut -d ' ' -f 1 all | uniq | wc -l)" = 50
note "$(wc -l <old) points of a year, and $(wc -l <young) of these days"
ok 'points go in'		count-ingest -q -d base all
ok '... and into blocks'	count-flush -q -d base

# timed CMD: its seconds are in $seconds.
timed()
{
	timed_from=$(date +%s%N)
	"$@"
	timed_status=$?
	seconds=$(awk -v a="$timed_from" -v b="$(date +%s%N)" 'BEGIN { printf "%.2f", (b - a) / 1e9 }')
	return $timed_status
}
mark() { [ "$kind" = dir ] || s3_mark; }
# requests [KIND]: since mark; a directory has none.
requests() { if [ "$kind" = dir ]; then echo 0; else s3_requests "$@"; fi; }
each_kind() { for method in LIST PUT GET HEAD DELETE; do printf '%s %s, ' $method "$(requests $method)"; done; }
# all_requests REPORT: how many count-archive --json says there were.
all_requests() { jq '[.requests | .get, .put, .head, .list, .delete, .probes] | add' "$1"; }
said() { said_name=$1; shift; count-query --explain "$@" | sed -n "s/^$said_name //p"; }

# keys_as_documented: nothing but PREFIX/SERIES/manifest.json and block_START_END.json, and each object named.
keys_as_documented()
{
	s3_list >keys
	! grep -v -E '^count-data/[a-z]\.[0-9]{5}/(manifest|block_[0-9]+_[0-9]+)\.json$' keys &&
		[ "$(grep -c manifest keys)" = 50 ]
}

# by_another_client: a list, made by a client that is none of ours.
by_another_client()
{
	AWS_ACCESS_KEY_ID=$s3_owner_key AWS_SECRET_ACCESS_KEY=$s3_owner_secret AWS_CA_BUNDLE=${S3_CA_BUNDLE-} \
		AWS_DEFAULT_REGION=us-east-1 aws --endpoint-url "$s3_direct" s3api list-objects-v2 --bucket "$S3_BUCKET" \
		--query 'Contents[].[Key]' --output text | LC_ALL=C sort >listed
	diff keys listed
}

# first_fields SERIES: those that are fixed come first, in the manifest and in an object.
first_fields()
{
	s3_get "count-data/$1/manifest.json" >manifest
	jq -e --arg name "$1" '(keys_unsorted[:2] == ["series_name", "blocks"]) and .series_name == $name and
		(.blocks | length > 0 and all(keys_unsorted[:4] == ["key", "start_time", "end_time", "point_count"]))' manifest &&
		jq -r '.blocks[].key' manifest >named && grep "^count-data/$1/block_" keys | diff - named &&
		s3_get "$(head -n 1 named)" | zcat -f >object &&
		jq -e --slurpfile m manifest 'keys_unsorted[:5] ==
			["series_name", "key", "start_time", "end_time", "point_count"] and
			.series_name == $m[0].series_name and .start_time == $m[0].blocks[0].start_time and
			.end_time == $m[0].blocks[0].end_time and .point_count == $m[0].blocks[0].point_count' object
}

answers_days()
{
	# shellcheck disable=SC2086 # a list of selectors
	(set -f; count-query --to -5d $dense --step 1d --agg "$1")
}
days_are()
{
	oracle_days old.dense >want
	prints want answers_days count,min,max && answers_days avg,sum >got && python3 "$srcdir/lib/day-sums.py" old.dense got
}
# older_points: only what went away.
older_points() { count-query --to -5d; }
local_points() { S3_ENABLED=false count-query -q; }

archives()
{
	DATA_DIR=$PWD/$kind
	cp -r base "$DATA_DIR"
	mark
	ok "$kind: the year is archived"	timed count-archive --json
	cp "$tap_dir/tap/out" report
	cp "$tap_dir/tap/err" err
	note "$kind: archived $(jq .points report) points in $seconds s, $(jq .bytes report) bytes, $(all_requests report)" \
		"requests: $(jq -c '.requests | del(.usd)' report)"
	ok '... of 50 series'			jq -e '.series == 50 and .failed == 0' report
	[ "$kind" = dir ] || ok '... in as many requests as it says'	test "$(all_requests report)" = "$(requests)"
	ok 'local copies are gone'		prints young local_points
}

comes_back()
{
	mark
	ok "$kind: every point comes back"	timed oracle_check all
	note "$kind: all points of 50 series in $seconds s, $(requests) requests"
	mark
	ok 'daily aggregates'			timed answers_days avg,sum,count,min,max
	note "$kind: their daily avg, sum, count, min, max in $seconds s, $(requests) requests"
	ok '... are right'			days_are
	ok '... without a request'		test "$(requests)" = 0
	# shellcheck disable=SC2086 # a list of selectors
	forecast() { (set -f; said requests --to -5d $dense --step 1d --agg avg,min,max,sum,count); }
	ok '... as --explain says'		test "$(forecast)" = 0
	ok '... and those of the whole year, for all'	test "$(said requests --from -400d --to -5d --step 10y --agg avg,min,max,sum,count)" = 0
}

deeply()
{
	count-manifest verify --deep --json | jq -e --argjson n "$(wc -l <old)" '.problems == 0 and .points == $n'
}

stands_there()
{
	ok "$kind: the keys are the documented ones"	keys_as_documented
	if [ "$kind" = dir ] || [ -z "${SLOW:-}" ]; then :; elif command -v aws >/dev/null; then
		ok '... as another client sees them'	by_another_client
	else
		skip_one '... as another client sees them' 'aws is not installed'
	fi
	for name in d.00000 h.00003; do
		ok "the first fields of $name"	first_fields $name
	done
	ok 'it is proved'			count-manifest verify
	ok '... to the last point'		deeply
}

# again: nothing is due, nothing is asked.  late: but what came late is; what the server cannot do was said once.
again()
{
	mark
	ok "$kind: again, nothing is due"	silent count-archive
	ok '... and nothing asked'		test "$(requests)" = 0
	echo "d.00000 7 $(($(date -u -d "$first" +%s) + 3600))000" >late
	count-ingest -q late
	LC_ALL=C sort -m -k1,1 -k3,3n old late >older
	ok 'a late point goes there, too'	timed count-archive -q
	cp "$tap_dir/tap/err" err2
	note "$kind: a late point in $seconds s, $(requests) requests: $(each_kind)"
	ok 'the older points, with it'		prints older older_points
}

elsewhere()
{
	DATA_DIR=$PWD/fresh-$kind
	mark
	ok "$kind: a fresh directory syncs"	timed count-manifest sync -q
	note "$kind: sync in $seconds s, $(requests) requests: $(each_kind)"
	mark
	ok '... and answers every point'	timed prints older older_points
	note "$kind: all points, nothing local, in $seconds s, $(requests) requests"
	mark
	ok '... and every day'			days_are
	ok '... without a request'		test "$(requests)" = 0
}

# begin KIND: false, and said, if there is no such server.
begin()
{
	kind=$1
	if ! s3_have "$kind"; then
		skip_one "$kind" "$s3_why"
		return 1
	fi
	s3_start "$kind"
	[ "$kind" = dir ] || s3_proxy
}

begin dir && {
	archives
	comes_back
	mv "$s3_at/$S3_BUCKET" away
	ok 'dir: days need no bucket'	days_are
	ok '... nor does a run with nothing due'	silent count-archive
	mv away "$s3_at/$S3_BUCKET"
	stands_there
	mkdir -p part/count-data
	cp -r "$s3_at/$S3_BUCKET/count-data"/[dh].* part/count-data
	grep '^[dh]' old >part/points
	ok '... and read by other code'	python3 "$srcdir/lib/read-bucket.py" part part/points
	again
	elsewhere
}
if [ -z "${SLOW:-}" ]; then
	skip_one 'real servers' 'SLOW=1 (make check-slow) starts them'
	done_testing
	exit 0
fi

begin rgw && {
	archives
	not_ok 'no warning of conditions'	grep condition err
	comes_back
	stands_there
	again
	elsewhere
	s3_stop
}

begin s3rver && {
	archives
	ok 'a server that ignores conditions: said once'	test "$(grep -c 'conditional puts' err)" = 1
	comes_back
	stands_there
	again
	not_ok '... and not again'		grep condition err2
	elsewhere
	s3_stop
}

begin rgw-tls && {
	archives
	comes_back
	stands_there
	DATA_DIR=$PWD/tls
	for bad in expired wronghost selfsigned; do
		S3_ENDPOINT=$s3_direct
		s3_proxy --cert "$s3_at/tls/$bad.crt" --key "$s3_at/tls/$bad.key"
		ok "a certificate that is $bad: refused"	exits 4 stderr_has certificate count-manifest sync
		cp -r base refused-$bad
		ok '... nothing is archived'	exits 4 stderr_has certificate count-archive -d refused-$bad
		ok '... nothing is lost'	prints all env S3_ENABLED=false count-query -d refused-$bad
	done
	S3_ENDPOINT=$s3_direct
	ok 'without the authority: refused'	exits 4 stderr_has S3_CA_BUNDLE env -u S3_CA_BUNDLE count-manifest sync
	s3_stop
}

# ---- A far server: 100 ms there and back ----
# chain MS: the longest chain of requests of which each came MS after the answer to the one before had gone.
chain()
{
	s3_log time ms | sort -n | awk -v CONVFMT=%.17g -v apart="$1" '{
		from[NR] = $1; to[NR] = $1 + $2 / 1000; depth[NR] = 1
		for (i = 1; i < NR; i++)
			if (from[NR] >= to[i] + apart / 1000 && depth[i] >= depth[NR]) depth[NR] = depth[i] + 1
		if (depth[NR] > longest) longest = depth[NR]
	} END { print longest + 0 }'
}
# A series of 36 objects, as a year of hourly runs with the default batch leaves it.
in_batches()
{
	age=385
	while [ $age -gt 20 ]; do
		age=$((age - 10))
		count-archive -q --force --older-than ${age}d || return
	done
}
days_of_one()
{
	count-query t.00000 --step 1d --agg avg,sum >got && python3 "$srcdir/lib/day-sums.py" one got
}
begin rgw && {
	s3_slow 100
	far=$S3_ENDPOINT kind=far
	archives
	comes_back
	again
	elsewhere

	DATA_DIR=$PWD/batches
	s3_bucket batches
	grep '^t.00000' old >one
	count-ingest -q one
	S3_ENDPOINT=$s3_direct
	ok 'a series in batches'	in_batches
	S3_ENDPOINT=$far
	ok '... is known'		count-manifest sync -q
	objects=$(count-manifest list | cut -f 2)
	ok '... in 36 objects or more'	test "$objects" -ge 36
	for S3_JOBS in 8 64; do
		export S3_JOBS
		rm -rf "$DATA_DIR/cache"
		s3_mark
		ok "far: a year of one series, raw, S3_JOBS=$S3_JOBS"	timed prints one count-query t.00000
		note "in $seconds s, $(s3_requests) requests, of which $(chain 90) wait for each other"
		ok '... a GET for each object'	test "$(s3_requests) $(s3_requests GET)" = "$objects $objects"
	done
	ok '... in a chain of 2 at most'	test "$(chain 90)" -le 2
	s3_mark
	ok '... again, from the cache'		timed prints one count-query t.00000
	ok '... its days'			days_of_one
	ok '... without a request'		test "$(s3_requests)" = 0
}
done_testing
