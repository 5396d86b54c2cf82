#!/bin/sh
# t4460 - many series (300; SLOW: 2,000, and on Ceph's gateway too; or $SERIES): archived, and from an empty directory synced,
# listed, verified and queried: requests, seconds, and memory under 256 MiB for each process.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need jq python3
# shellcheck source=tests/lib/s3.sh
. "$srcdir/lib/s3.sh"

series=${SERIES:-300}
[ -z "${SLOW:-}" ] || series=${SERIES:-2000}
per=60	# points each, over 40 days: an object holds them all
now=$(date +%s)
first=$((now / 86400 * 86400 - 60 * 86400))
awk -v n="$series" -v per=$per -v t="$first" 'BEGIN {
	for (i = 0; i < n; i++)
		for (k = 0; k < per; k++)
			printf "app.requests{host=\"h%05d\",job=\"j%d\"} %d.5 %d000\n", i, i % 7, (i * 31 + k * 7) % 1000, t + k * 57600 }' >points
last=$((first + (per - 1) * 57600))
note "$series series of $per points"

peak() { python3 "$srcdir/lib/peak.py" used "$@"; }
# within DESC CMD: exit 0 in 256 MiB; what it took is noted.
within()
{
	: >used
	within_desc=$1; shift
	ok "$within_desc" "$@"
	[ -z "$proxy" ] || { s3_requests >asked; s3_mark; }
	note "$(awk -v asked="${proxy:+$(cat asked 2>/dev/null)}" '{
		printf "%s s, %.1f MiB%s: %s %s %s", $1, $2 / 1024, asked != "" ? ", " asked " requests" : "", $3, $4, $5 }' used)"
	[ -n "$sanitized" ] || ok '... in 256 MiB' awk '{ n++; if ($2 > 262144) exit 1 } END { exit n == 0 }' used
}
sanitized=''
grep -q 'fsanitize' "$top_builddir/Makefile" && sanitized=y

many()
{
	rm -rf data new used
	count-ingest -q points || exit 99
	within 'flushed'		peak count-flush
	dry() { peak count-archive --dry-run --json >dry; }
	within 'a forecast'		dry
	archived() { peak count-archive --json >report; }
	within 'archived'		archived
	ok '... all'			jq -e --argjson n "$series" '.series == $n and .objects == $n and .failed == 0' report
	count() { jq -c '.requests | {get, put, head, list, delete, probes, bytes_up, bytes_down}' "$1"; }
	ok '... as foretold'		[ "$(jq -c '.requests | del(.probes)' dry)" = "$(jq -c '.requests | del(.probes)' report)" ]
	note "$(count report), $(jq .seconds report) s"
	within 'again: nothing due'	peak count-archive -q
	grep -c . points >want
	export DATA_DIR=new
	within 'an empty directory synced'	peak count-manifest sync -q
	listed() { peak count-manifest list >series; }
	within 'listed'			listed
	ok '... all'			[ "$(wc -l <series)" = "$series" ]
	names() { peak count-query --list >names; }
	within 'names'			names
	ok '... all'			[ "$(wc -l <names)" = "$series" ]
	within 'synced again'		peak count-manifest sync -q
	within 'verified'		peak count-manifest verify
	deep() { peak count-manifest verify --deep --max-cost none --json >deep; }
	within 'verified by reading'	deep
	ok '... all'			jq -e --argjson n "$(cat want)" '.problems == 0 and .points == $n' deep
	newest() { peak count-query --last >newest; }
	within 'the newest of each'	newest
	ok '... right'			[ "$(awk -v t="${last}000" '$3 == t' newest | wc -l)" = "$series" ]
	daily() { peak count-query --step 1d --agg sum,count >daily; }
	within 'daily sums'		daily
	folded() { peak count-query --step 1d --agg sum --by job >folded; }
	within '... folded'		folded
	ok '... right'			same_sums
	one() { peak count-query 'app.requests{host="h00007"}' >one; }
	within 'one series'		one
	ok '... right'			sh -c 'grep h00007 points | cmp - one'
	every() { CACHE_SIZE=${1:-1G} peak count-query >all; }
	within 'every point'		every
	ok '... right'			cmp points all
	within '... from the cache'	every
	ok '... right'			cmp points all
	rm -rf new
	count-ingest -q --init
	within 'every point, never synced' every 0
	ok '... right'			cmp points all
	export DATA_DIR="$PWD/data"
}

# Daily sums of all: of the points, and of the answers.
same_sums()
{
	awk '{ n[sprintf("%.0f", $3 - $3 % 86400000)] += $2 } END { for (d in n) printf "%s %.6f\n", d, n[d] }' points | sort >sums
	awk '{ n[$3] += $2 } END { for (d in n) printf "%s %.6f\n", d, n[d] }' folded | sort | diff sums -
	awk '/:sum/ { n[$3] += $2 } END { for (d in n) printf "%s %.6f\n", d, n[d] }' daily | sort | diff sums -
}

proxy=''
s3_start dir
many
if [ -z "${SLOW:-}" ]; then
	skip_one "on Ceph's gateway" 'SLOW=1 does it'
elif s3_have rgw; then
	s3_start rgw
	s3_proxy
	proxy=y
	many
else
	skip_one "on Ceph's gateway" "$s3_why"
fi
done_testing
