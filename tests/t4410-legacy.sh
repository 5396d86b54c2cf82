#!/bin/sh
# t4410 - a bucket of the earlier prototype: every point is answered, it is told apart as unproven, and new points join
# it without one old point lost.  SLOW=1: on a real server as well.
. "${srcdir:-$(dirname "$0")}/tap.sh"
. "$srcdir/lib/s3.sh"
need jq
legacy=$(shared data/legacy-blocks) || skip "no data in $COUNT_SHARED/data/legacy-blocks (set COUNT_SHARED)"

# numbers [FILE]: lines of points, sorted, with all values written in one way.
numbers() { awk -v OFS=' ' '{ $2 = sprintf("%.17g", $2); print }' "$@" | LC_ALL=C sort -k1,1 -k3,3n; }
answer() { count-query "$@" >answer && numbers answer; }
numbers "$legacy/points.txt" >old
upload() { (cd "$legacy" && find count-data -type f) | while read -r key; do s3_put "$key" "$legacy/$key" >/dev/null || return; done; }
manifest() { s3_get "count-data/$1/manifest.json" | jq -e "$2"; }
says() { want=$1; shift; "$@" >said 2>&1; status=$?; cat said; grep -q -e "$want" said && return $status; }
legacy_objects() { for key in $(s3_list count-data/memory); do s3_get "$key" | cksum; done; }

old_points()
{
	ok "$kind: every point is answered"	prints old answer --tier cold
	ok '... also to a fresh directory'	prints old eval 'DATA_DIR=$PWD/fresh-$kind; export DATA_DIR; count-manifest sync -q && answer'
	numbers "$legacy/points.txt" | awk '$3 >= 1641000000000 && $3 < 1641030000000' >want
	ok '... and a part of them'		prints want answer --time-unit ms --from 1641000000000 --to 1641030000000
	numbers "$legacy/points.txt" | awk '{ d = int($3 / 86400000); n[$1 " " d]++ } END { for (k in n) {
		split(k, p, " "); printf "%s:count %d %.0f\n", p[1], n[k], p[2] * 86400000 } }' | LC_ALL=C sort >want
	ok '... and counted by days'		prints want count-query --step 1d --agg count
}

deeply()
{
	count-manifest verify --deep --json | jq -e --argjson n "$(wc -l <old)" '.problems == 0 and .points == $n and
		.unproved == 6'
}

unproven()
{
	count-manifest list | cut -f 1-3 >got
	cut -d ' ' -f 1 old | uniq -c | awk -v OFS='\t' '{ print $2, 3, $1 }' >want
	ok "$kind: list"			diff want got
	ok '... show: not proved'		test "$(count-manifest show memory.usage.bytes | grep -c unproved)" = 3
	ok '... verify: there, but not proved'	says ' 0 problems, 6 unproved' count-manifest verify
	ok '... verify --deep: every point'	deeply
	ok '... diff, repair and rebuild leave it alone'	sh -c 'count-manifest diff && count-manifest repair && count-manifest rebuild'
	ok '... really'				manifest cpu.usage '(.version == null) and (.blocks | length == 3)'
}

# New points after the old ones, between them, at the time of one of them, and of a new series.
joined()
{
	legacy_objects >before
	awk 'BEGIN {
		for (i = 0; i < 500; i++) printf "memory.usage.bytes %d.5 %d000\n", i, 1650000000 + i * 60
		print "cpu.usage 7 1640995200001"
		print "cpu.usage 8 1640995260000"
		print "cpu.usage 9 1641037060309"
		print "new 1 1650000000000" }' >new
	ok "$kind: new points"			count-ingest -q new
	{ awk '!($1 == "cpu.usage" && $3 == 1640995260000)' old; cat new; } | numbers >all
	ok '... and old ones before'		prints all answer
	ok '... archived'			count-archive -q
	ok '... nothing is here'		prints /dev/null env S3_ENABLED=false count-query -q
	ok '... and all points there'		prints all answer
	ok '... also to a fresh directory'	prints all eval 'DATA_DIR=$PWD/joined-$kind; export DATA_DIR; count-manifest sync -q && answer'
	# shellcheck disable=SC2016
	ok '... the old entries stay first'	manifest memory.usage.bytes '.version == 1 and ([.blocks[].point_count] == [300, 300, 300, 500])'
	legacy_objects | head -n 3 >after
	head -n 3 before >want
	ok '... and their objects what they were'	diff want after
	ok '... verify --deep'			count-manifest verify --deep
	ok '... nothing is sent twice'		silent count-archive
}

# The manifest is lost: the old objects do not say of which series they are, but their folder does.
lost()
{
	s3_delete count-data/memory.usage.bytes/manifest.json >/dev/null
	ok "$kind: a lost manifest is found out"	exits 1 says '^no-manifest' count-manifest verify
	ok '... and rebuilt'			count-manifest rebuild
	ok '... of every point'			prints all answer --fresh
}

for kind in dir ${SLOW:+rgw}; do
	if ! s3_have "$kind"; then
		skip_one "$kind" "$s3_why"
		continue
	fi
	s3_start "$kind"
	DATA_DIR=$PWD/$kind
	ok "$kind: the bucket"	upload
	ok '... is read'	count-manifest sync -q
	old_points
	unproven
	joined
	lost
	s3_stop
done
[ -n "${SLOW:-}" ] || skip_one 'a real server' 'SLOW=1 (make check-slow) starts it'
done_testing
