#!/bin/sh
# t3170 - --level reaches the encoder: sizes differ, points do not; max writes anew what is not so encoded, once.
# An archive run writes what stays behind at its level, too.
. "${srcdir:-$(dirname "$0")}/tap.sh"
plan 25

# Stamps that jitter, values of which most are near each other, but not all.  Few of a series, so that ingest
# does not flush by itself.
awk 'BEGIN {
	srand(3)
	for (i = 0; i < 1500; i++)
		for (k = 0; k < 20; k++)
			printf "s%d %.3f %d\n", k, (rand() < 0.25 ? int(rand() * 1000) : 500 + int(rand() * 4)) / 8,
				1700000000 + i * 10 + int(rand() * 2)
}' >lines

bytes() { cat "$1"/blocks/*.blk | wc -c; }
makes() {
	rm -rf "$1"
	count-ingest -q -d "$1" <lines && count-flush -d "$1" --level "$1"
}
for level in fast default max; do
	ok "flush, $level"	makes $level
	count-query -d $level '*' >points.$level
done
ok 'the same points of all'	cmp points.fast points.max
ok '... and as usual'		cmp points.default points.max
ok 'fast takes more bytes'	test "$(bytes fast)" -gt "$(bytes default)"
ok 'max takes no more'		test "$(bytes max)" -le "$(bytes default)"

cp default/blocks/*.blk before
ok 'a flush as usual leaves them'	count-flush -d default
ok '... byte for byte'			cmp before default/blocks/*.blk
count-flush -d fast --level max --json >report
ok 'at max they are written anew'	grep -q '"blocks_written":1,"blocks_removed":1' report
ok '... as small as at once'		test "$(bytes fast)" -eq "$(bytes max)"
count-flush -d fast --level max --json >report
ok '... and not again'			grep -q '"blocks_written":0,"blocks_removed":0' report
count-query -d fast '*' >after
ok '... with the same points'		cmp points.max after
ok 'another word is refused'		exits 2 count-flush -d fast --level best

# ---- Chunks that share a dictionary do so when they are written anew ----
awk 'BEGIN {
	srand(5)
	for (i = 0; i < 999; i++)
		v[i] = rand()
	for (i = 0; i < 24000; i++)
		printf "d %.16g %d\n", v[int(rand() * 999)], 1700000000 + i * 60
}' >lines
rm -rf dict
count-ingest -q -d dict <lines && count-flush -q -d dict
before=$(bytes dict)
ok 'max, with a dictionary'	count-flush -q -d dict --level max
ok '... takes no more'		test "$(bytes dict)" -le "$before"

# ---- Of files that an archive run writes anew, more than one chunk stays ----
now=$(date +%s)
awk -v now="$now" 'BEGIN { for (t = now - 30 * 86400; t < now; t += 120) print "s", t % 7919, t }' >lines
export S3_ENABLED=true S3_ENDPOINT="file://$PWD/s3" S3_BUCKET=metrics
mkdir -p s3/metrics
coding() { for f in "$1"/blocks/*.blk; do od -An -tu1 -j12 -N1 "$f"; done | sort -u | tr -d ' '; }
for level in fast=0 default=1 max=2; do
	rm -rf a s3/metrics/count-data
	count-ingest -q -d a <lines && count-flush -d a --level fast
	count-query -d a '*' >all
	ok "what stays behind, ${level%=*}"	count-archive -q -d a --level "${level%=*}"
	echo "${level#*=}" >want
	ok '... is so encoded'		prints want coding a
	ok '... and no point differs'	prints all count-query -d a '*'
done
