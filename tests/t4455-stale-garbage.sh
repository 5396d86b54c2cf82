#!/bin/sh
# t4455 - lists of garbage that are old or that lie: no object that a manifest names is ever deleted by one.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need jq

export S3_ENABLED=true S3_ENDPOINT="file://$PWD/s3" S3_BUCKET=b
folder=s3/b/count-data/cpu
mkdir -p s3/b
now=$(date +%s)
midnight=$((now / 86400 * 86400))
start=$((midnight - 40 * 86400))

# at MINUTE VALUE: a point.
at() { echo "cpu $2 $((start + $1 * 60))"; }
# late MINUTE: a point in the midst of what was archived, and a run that takes it there.
late() { at "$1" "$1" >>all; at "$1" "$1" | count-ingest -q && count-archive -q; }
# age: what is garbage became so two days ago.
age()
{
	jq -c --argjson t $((now - 172800)) '(.garbage // [])[].since = $t' $folder/manifest.json >m && cat m >$folder/manifest.json
	count-manifest sync -q
}
live() { jq -r '.blocks[].key' $folder/manifest.json | sed 's|.*/||'; }
wanted() { LC_ALL=C sort -u all | awk '{ print $1, $2, $3 "000" }' | sort -k3n; }
plain() { count-query cpu >got && wanted >want && cmp want got; }
answer() { count-query --fresh cpu >got && wanted >want && cmp want got; }
all_there() { live | while read -r key; do test -f "$folder/$key" || exit 1; done; }

{ at 0 0; at 1000 1; } >all
ok 'points'				count-ingest -q all
ok 'the first archive'			count-archive -q
first=$(live)
ok 'a late point'			late 1
ok '... its object replaces the first'	test "$(live)" != "$first"
age
cp -a data old				# a backup, or another host that was off since
ok 'another one: garbage goes'		late 2
ok '... the first object too'		test ! -e "$folder/$first"
age
ok 'and another'			late 3
ok '... has a name never used before'	test "$(live)" != "$first"

# ---- The index is behind: a run that died with its manifest stored, and nothing published ----
at 4 4 >>all
at 4 4 | count-ingest -q
cp -a data before
ok 'a run'				count-archive -q
rm -rf data
mv before data
sleep 1.1				# or the manifest would be the same to the byte
ok 'and once more, as if it had died'	count-archive -q
ok '... the points left'		test "$(S3_ENABLED=false count-query cpu | wc -l)" = 0
ok '... and are found'			plain
age

# ---- Old lists ----
# What the backup thinks to be garbage is in use again, as earlier versions made it.
key=$(live)
mv "$folder/$key" "$folder/$first"
jq -c --arg k "$key" --arg f "$first" '(.blocks[].key | select(endswith($k))) |= (rtrimstr($k) + $f)
	| .garbage = []' $folder/manifest.json >m && cat m >$folder/manifest.json
rm -rf data
cp -a old data
ok 'the bucket is whole'		answer
rm -rf data
cp -a old data
ok 'the backup archives points of another time'	late 2000
ok '... what the manifest names is there'	all_there
ok '... every point is there'		answer
rm -rf data
cp -a old data
ok 'the backup archives a late point'	late 4
ok '... what the manifest names is there'	all_there
ok '... every point is there'		answer
stale() { rm "$folder"/block_*; at 5 5 | count-ingest -q; exits 4 stderr_has 'repair takes it out' count-archive; }
cp -a data s3.data; cp -a s3 s3.whole
ok 'an object that is really gone is an error'	stale
rm -rf data s3
mv s3.data data; mv s3.whole s3

# ---- Lists that lie ----
lie()
{
	jq -c --argjson t $((now - 172800)) --arg k "count-data/cpu/$1" '.garbage = [{ key: $k, since: $t }]' \
		$folder/manifest.json >m && cat m >$folder/manifest.json
}
lie manifest.json
count-manifest sync -q
ok 'a manifest is no garbage for repair'	count-manifest repair
ok '... it is there'			test -f $folder/manifest.json
ok '... nor for an archive run'		late 5
ok '... it is there'			test -f $folder/manifest.json
lie "$(live | head -n 1)"
count-manifest sync -q
ok 'an object in use is none for repair'	count-manifest repair
ok '... it is there'			all_there
ok '... nor for an archive run'		late 6
ok '... it is there'			all_there
ok 'every point is there'		answer

# ---- What was kept here leaves only if it is still there ----
rm -rf data s3
mkdir -p s3/b
{ at 0 0; at 1000 1; } >all
count-ingest -q all
ok 'archived, and kept'			count-archive -q --keep-local
local_points() { S3_ENABLED=false count-query cpu; }
kept() { local_points >got && wanted >want && cmp want got; }
cp -a s3 whole
rm $folder/block_*
ok 'its object is gone: 4'		exits 4 stderr_has 'stays here' count-archive
ok '... the points stay'		kept
rm -rf s3
cp -a whole s3
rm $folder/manifest.json
ok 'its manifest is gone: 4'		exits 4 stderr_has 'stays here' count-archive
ok '... the points stay'		kept
rm -rf s3
cp -a whole s3
count-archive --dry-run --json >forecast
ok 'all is there'			sh -c 'count-archive --json >report'
ok '... the points left'		test "$(local_points | wc -l)" = 0
ok '... and are found'			plain
ok '... the forecast was exact'		test "$(jq -c '.requests | [.get, .put, .head, .list, .delete]' forecast)" = \
	"$(jq -c '.requests | [.get, .put, .head, .list, .delete]' report)"

# ---- A number of changes that has no next one ----
sed 's/"seq":[0-9]*/"seq":9223372036854775807/g; s|}$|,"garbage":[{"key":"count-data/cpu/block_1_2.json","since":1}]}|' \
	$folder/manifest.json >m && cat m >$folder/manifest.json
ok 'the last seq: sync'			count-manifest sync
ok '... repair writes one'		count-manifest repair
rm -rf data/cold-*
ok '... that can be read'		count-manifest sync
ok '... an archive run too'		late 7
ok '... every point is there'		answer

# ---- Keys with control bytes ----
sed 's/9223372036854775807/9/g' $folder/manifest.json >m		# jq would round it
jq -c '.blocks[].key += "\u001b[2J\nx"' m >$folder/manifest.json
ok 'are refused'			exits 4 stderr_has 'control characters' count-query --fresh cpu
done_testing
