#!/bin/sh
# t4440 - a quarter of hourly count-archive under a faked clock: what it costs in requests, that it asks for nothing when
# nothing is due, how long points stay here, and how large the bucket is against the same series alone on disk.
# SLOW: 92 days, 20 series each of 1 s (3, or $FAST), 10 s, 60 s, 1 h and 1 d; else a month of a few, each 4 hours.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need jq
faketime_works || skip 'faketime is not installed, or does not work here'
points=$top_builddir/tests/lib/steady-points
[ -x "$points" ] || skip 'steady-points is not built (make check builds it)'

if [ -n "${SLOW:-}" ]; then
	days=92 hours=1
	set -- "s1:1:${FAST:-3}" s10:10:20 s60:60:20 s3600:3600:20 s86400:86400:20
else
	days=30 hours=4
	set -- s10:10:1 s600:600:2 s3600:3600:2 s86400:86400:2
fi
export S3_ENABLED=true S3_ENDPOINT="file://$PWD/s3" S3_BUCKET=metrics
mkdir -p s3/metrics
start=1709251200	# 2024-03-01
age=14 late=11

# at TIME CMD: its stderr is in err.  What a killed process left may be in the way of faketime (tap.sh).
at()
{
	at_time=$1 at_tries=0; shift
	until faketime "@$at_time" "$@" 2>err; do
		at_status=$? at_tries=$((at_tries + 1))
		grep -q '^faketime: s[eh]m_open' err && [ $at_tries -lt 9 ] || return $at_status
	done
}
local_query() { at "$1" env S3_ENABLED=false count-query -q --tier hot,warm --to "$2" --limit 1; }
day=0
: >runs; : >stayed; : >errors
while [ $day -lt $days ]; do
	today=$((start + day * 86400))
	"$points" $today $((today + 86400)) "$@" | count-ingest -q --time-unit s || exit 99
	count-flush -q
	hour=0
	while [ $hour -lt 24 ]; do
		now=$((today + hour * 3600 + 420))
		at "$now" count-archive -q --json >>runs || echo "day $day hour $hour: status $?: $(cat err)" >>errors
		hour=$((hour + hours))
	done
	local_query "$now" $((now - (age + late) * 86400)) >>stayed
	day=$((day + 1))
done
ok 'no run fails'			test ! -s errors
[ ! -s errors ] || note "$(head -n 5 errors)"
ok "... $(wc -l <runs) of them"		test "$(wc -l <runs)" = $((days * 24 / hours))
ok 'no point is here past its age and 11 days'	test ! -s stayed
local_query "$now" $((now - (age - 1) * 86400)) >waits
ok '... but some wait'			test -s waits

# ---- Requests ----
asked() { jq -s "[.[] | select($1) | .requests | .get, .put, .head, .list, .delete | select(. != null)] | add // 0" runs; }
probes() { jq -s "[.[] | select($1) | .requests.probes] | add // 0" runs; }
ok 'nothing due: no request'		test "$(asked '.series == 0')" = 0
ok '... no probe'			test "$(probes '.series == 0')" = 0
all=$(asked true)
for m in s3/metrics/count-data/*/manifest.json; do
	# A PUT and a GET of each object ever made, a PUT of the manifest each time.
	jq -r '"\((.blocks | length) * 2 + ((.garbage // []) | length) * 2 + .seq) \(.series_name) \(.blocks | length)"' "$m"
done | sort -n >each
series=$(wc -l <each)
ok 'every series is there'		test "$series" = "$(echo "$@" | tr ' :' '\n ' | awk '{ n += $3 } END { print n }')"
ok 'what was asked for is these alone'	test "$(awk '{ n += $1 } END { print n }' each)" = "$all"
ok 'at most 30 requests a series'	test "$(tail -n 1 each | cut -d' ' -f1)" -le 30
note "$(wc -l <runs) runs, $(jq -s '[.[] | select(.series > 0)] | length' runs) with something due;" \
	"$series series, $all requests, $(awk -v a="$all" -v n="$series" 'BEGIN { printf "%.1f", a / n }') a series," \
	"at most $(tail -n 1 each | cut -d' ' -f1) ($(tail -n 1 each | cut -d' ' -f2)); $(probes true) probes;" \
	"slowest run $(jq -s 'map(.seconds) | max' runs) s, median with nothing due" \
	"$(jq -s '[.[] | select(.series == 0) | .seconds] | sort | .[length / 2 | floor]' runs) s"
ok 'all is right'			count-manifest verify
there=$(jq -s '[.[].blocks[].point_count] | add' s3/metrics/count-data/*/manifest.json)
ok '... to the last point'		test "$(jq -s '[.[].points] | add' runs)" = "$there"

# ---- Bytes ----
# alone SERIES: the objects of 16 KiB and more, against a data directory with their points and nothing else.
alone()
{
	find "s3/metrics/count-data/$1" -name 'block_*' -size +16383c >large
	[ -s large ] || return 1
	rm -rf alone
	while read -r file; do
		count-manifest cat "${file#s3/metrics/}"
	done <large | S3_ENABLED=false count-ingest -q -d alone --time-unit ms
	S3_ENABLED=false count-flush -q -d alone
	bucket=$(xargs cat <large | wc -c)
	disk=$(cat alone/blocks/*.blk | wc -c)
	objects=$(wc -l <large)
}
seen=0
for what in "$@"; do
	name=${what%%:*}.0
	alone "$name" || continue
	seen=$((seen + 1))
	ok "$name: at most 1.1 times what it is alone on disk"	test $((bucket * 10)) -le $((disk * 11))
	note "$name: $objects objects, $bucket bytes; alone on disk $disk; $(awk -v a="$bucket" -v b="$disk" 'BEGIN { printf "%.3f", a / b }') times"
done
ok '... some objects are so large'	test $seen -gt 0
note "the bucket: $(find s3/metrics/count-data -name 'block_*' | wc -l) objects," \
	"$(find s3/metrics/count-data -name 'block_*' -exec cat {} + | wc -c) bytes; manifests" \
	"$(find s3/metrics/count-data -name manifest.json -exec cat {} + | wc -c) bytes"
done_testing
