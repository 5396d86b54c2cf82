#!/bin/sh
# t4110 - count-archive: what moves and what stays, what is said, what it costs, and what can be wrong.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need jq

export S3_ENABLED=true S3_ENDPOINT="file://$PWD/s3" S3_BUCKET=metrics
mkdir -p s3/metrics
now=$(date +%s)
midnight=$((now / 86400 * 86400))
half=$(((now + 1800) % 3600))	# no point comes of age while this runs

# series NAME FROM TO STEP: lines of points between these ages in days, a point each STEP seconds.
series()
{
	awk -v n="$1" -v m="$((midnight + half))" -v from="$2" -v to="$3" -v step="$4" 'BEGIN {
		for (t = m - from * 86400; t < m - to * 86400; t += step)
			printf "%s %d %d\n", n, (t / step) % 1000, t }'
}
bucket() { (cd s3/metrics && find . -type f ! -path '*/.count-*' | sed 's|^\./||' | LC_ALL=C sort); }
local_points() { S3_ENABLED=false count-query -q; }
cutoff=$(((midnight - 14 * 86400) * 1000))
older() { awk -v c="$cutoff" '$NF < c' "$1"; }
younger() { awk -v c="$cutoff" '$NF >= c' "$1"; }
same_files() { before=$(find "$@" -type f -exec cksum {} + | sort); }
unchanged() { [ "$before" = "$(find "$@" -type f -exec cksum {} + | sort)" ]; }

# ---- What can be wrong before anything is done ----
ok 'no directory: 2'			exits 2 stderr_has "$DATA_DIR (from DATA_DIR)" count-archive
{ series cpu 40 0 3600; series 'mem{host="a/b"}' 30 0 7200; series young 5 0 3600; } >points
ok 'points go in'			count-ingest -q points
local_points >all
ok 'S3_ENABLED=false: 2'		exits 2 stderr_has 'S3_ENABLED' env S3_ENABLED=false count-archive
ok 'no bucket named: 2'			exits 2 stderr_has 'S3_BUCKET' env -u S3_BUCKET count-archive
for bad in extra --nope '--older-than' '--older-than 30' '--older-than 0d' '--older-than -1d' '--jobs 0' \
	'--jobs 65' '--jobs 3x' '--jobs' '--jobs -1' '--force=1'; do
	ok "count-archive $bad: 2"	exits 2 stderr_has 'count-archive: ' sh -c "count-archive $bad"
done
nowhere() { S3_ENDPOINT=file:///nowhere/at/all count-archive; }
ok 'no such place: 4'			exits 4 stderr_has 'Error during S3 archival: /nowhere/at/all' nowhere
ok '... with a remedy'			exits 4 stderr_has 'make it, or is it not mounted?' nowhere
ok '... nothing is pinned'		exits 1 grep pinned data/CURRENT
ok '... every point is here'		prints all local_points

# ---- A forecast ----
same_files data/blocks data/CURRENT s3
count-archive --dry-run >forecast
ok '--dry-run changes nothing'		unchanged data/blocks data/CURRENT s3
ok '... says how much'			grep -q '^would archive [1-9][0-9]* blocks to S3: .* points of 2 series' forecast
ok '... requests and price'		grep -q '^requests: [1-9].* PUT, .*; price unknown$' forecast
count-archive --dry-run --json >forecast.json
ok '--dry-run --json'			jq -e '.dry_run and .objects > 0 and .requests.usd == null' forecast.json
priced() { PRICE_PUT=5 PRICE_GET=0.4 PRICE_EGRESS_GB=0 count-archive --dry-run --json | jq -e '.requests.usd > 0'; }
ok '... with prices'			priced

# ---- The first archive ----
count-archive --json >report 2>err
ok 'the run'				jq -e '.failed == 0 and .series == 2' report
n=$(jq .objects report)
ok '... stored as many as forecast'	test "$n" = "$(jq .objects forecast.json)"
ok '... bytes too'			test "$(jq .bytes report)" = "$(jq .bytes forecast.json)"
forecast() { for k in get put head list delete bytes_up bytes_down; do jq ".requests.$k" "$1"; done; }
forecast forecast.json >want
ok '... and the requests'		prints want forecast report
echo 'Successfully completed S3 archival for data older than 14 days' >want
ok '... and says so'			diff want err
bucket >keys
ok 'as many objects, and 2 manifests'	test "$(wc -l <keys)" = "$((n + 2))"
wrong_keys()
{
	grep -v -E '^count-data/(cpu|mem%7Bhost%3D%22a%2Fb%22%7D)/(manifest|block_[0-9]+_[0-9]+)\.json$' keys
}
ok '... under the documented keys'	exits 1 wrong_keys
jq -r '.blocks[].key' s3/metrics/count-data/*/manifest.json | LC_ALL=C sort >named
grep block_ keys >stored
ok '... each named in a manifest'	diff named stored
counts() { jq -s '[.[].blocks[].point_count] | add' s3/metrics/count-data/*/manifest.json; }
ok '... holding what left'		test "$(counts)" = "$(older all | grep -c -v '^young')"
ok 'the rest is here'			test "$(local_points | wc -l)" = "$(younger all | wc -l)"
younger all >want
ok '... just that'			prints want local_points
ok '... and nothing is pinned'		exits 1 grep pinned data/CURRENT

# ---- Nothing due ----
mv s3 away
ok 'again: silent, no request, no module' silent env COUNT_MODULE_DIR=/nonexistent count-archive
ok '... with --dry-run'			prints - count-archive --dry-run <<'END'
would archive 0 blocks to S3: nothing due: nothing is old enough
END
mv away s3
zero() { count-archive --json | jq -e '[.requests | .get, .put, .head, .list, .delete, .probes, .objects] | add == 0'; }
ok '... --json'				zero
echo 'Archived 0 blocks to S3' >want
ok '-v says so'				prints want stderr_has 'nothing due: nothing is old enough' count-archive -v
ok '... and the line'			stderr_has 'Successfully completed S3 archival for data older than 14 days' count-archive -v
ok '... but not with -q'		silent count-archive -q

# ---- Late points ----
# at DAYS SECONDS: a stamp so long ago, and so much later.
at() { echo $((midnight - $1 * 86400 + $2)); }
echo "cpu 5000 $(at 40 $((half + 3600)))" >late		# another value of a point that left
echo "cpu 6000 $(at 35 5)" >>late		# a new one
count-ingest -q late
echo 'Archived 1 blocks to S3' >want
echo 'Successfully completed S3 archival for data older than 14 days' >line
ok 'late points are sent at once'	prints want stderr_is line count-archive
max() { [ "$(jq -r '[.blocks[].max | tonumber] | max' s3/metrics/count-data/cpu/manifest.json)" = 6000 ]; }
ok '... into the object'		max
ok '... one point more'			test "$(counts)" = "$(($(older all | grep -c -v '^young') + 1))"
younger all >want
ok '... and are no longer here'		prints want local_points
bucket | grep -v manifest >stored
jq -r '(.blocks + .garbage)[].key' s3/metrics/count-data/*/manifest.json | LC_ALL=C sort >named
ok '... what was replaced is garbage'	diff named stored
ok 'COUNT_LOG does not hide the line'	count-ingest -q late
env COUNT_LOG=error count-archive 2>err >out
echo "cpu 6001 $(at 35 5)" | count-ingest -q
env COUNT_LOG=error count-archive 2>err >out
ok '... at error'			diff line err
echo "cpu 6002 $(at 35 5)" | count-ingest -q
ok '-q hides both'			silent count-archive -q

# ---- Not yet worth it ----
echo "cpu 7 $(at 15 0)" | count-ingest -q
first=$(date -u -d "@$(at -9 0)" +%Y-%m-%d)
ok 'one young point waits'		stderr_has "nothing due: 1 series, " count-archive -v
ok '... says until when'		stderr_has " wait, first on $first; --force sends now" count-archive -v
waits() { count-archive --json | jq -e --arg d "$first" '.waiting_series == 1 and (.waiting_until | startswith($d))'; }
ok '... --json'				waits
ok '... a batch of 0 days waits not'	prints - env ARCHIVAL_BATCH_DAYS=0 count-archive <<'END'
Archived 1 blocks to S3
END
echo "cpu 8 $(at 15 0)" | count-ingest -q
ok '... nor does --force'		stderr_is line count-archive --force
awk -v c=$(((now - 14 * 86400) * 1000)) '$NF >= c' all >want
ok '... which cuts by the second'	prints want local_points

# ---- --keep-local ----
fresh() { rm -rf data s3; mkdir -p s3/metrics; count-ingest -q points; }
fresh
count-archive --keep-local --json >report
ok '--keep-local sends'			jq -e --argjson n "$n" '.objects == $n and .removed_points == 0' report
ok '... and removes nothing'		prints all local_points
ok '... and pins nothing'		exits 1 grep pinned data/CURRENT
ok '... and sends it once'		silent count-archive --keep-local
count-archive --json >report
younger all >want
ok 'without it they go'			prints want local_points
ok '... all counted'			jq -e --argjson n "$(older all | wc -l)" '.removed_points == $n' report
ok '... nothing is sent again'		jq -e '.objects == 0 and .requests.put == 0 and .requests.get == 0' report

# ---- Ages ----
ok 'an age beyond all time'		silent env ARCHIVAL_AGE_DAYS=100000 count-archive --force
ok '... --older-than'			silent count-archive --older-than 9999999y
ok '... removes nothing'		prints want local_points
ok '--older-than'			stderr_has 'older than 3 days' count-archive --older-than 3d
awk -v c=$(((midnight - 3 * 86400) * 1000)) '$NF >= c' all >want
ok '... by midnight'			prints want local_points
ok '--force by the second'		stderr_has 'older than 2 days' count-archive --older-than 60h --force
exact() { local_points | awk -v c=$(((now - 60 * 3600) * 1000)) '$NF < c + 0 { n++ } $NF < c + 60000 { m++ } END { exit n > 0 }'; }
ok '... just that'			exact
echo "last 1 $((now - 5))" | count-ingest -q
ok 'ARCHIVAL_AGE_DAYS=0 --force'	stderr_has 'older than 0 days' env ARCHIVAL_AGE_DAYS=0 count-archive --force
ok '... leaves nothing'			prints /dev/null local_points
echo "future 1 $((now + 86400))" | count-ingest -q
ok 'a point of the future stays'	silent env ARCHIVAL_AGE_DAYS=0 count-archive --force
S3_ENABLED=false count-query -q >got
ok '... here'				test "$(wc -l <got)" = 1

# ---- Other runs, and failures ----
fresh
count-flush
holder() { exec 9>data/archive.lock && flock 9 && exec sleep 100; }
background holder
until ! flock -n data/archive.lock true; do sleep 0.05; done
ok 'another run: 5'			exits 5 stderr_has 'archive.lock: another run' count-archive
ok '... in silence with -q'		exits 5 silent count-archive -q
ok '... a forecast all the same'	count-archive --dry-run
ok '... and a flush'			count-flush
kill "$pid"
wait "$pid" 2>/dev/null
ok 'without modules: 2'			exits 2 stderr_has '/nonexistent' env COUNT_MODULE_DIR=/nonexistent count-archive
ok '... nothing is pinned'		exits 1 grep pinned data/CURRENT
ok '... every point is here'		prints all local_points

mkdir -p s3/metrics/count-data
echo 'in the way' >s3/metrics/count-data/cpu
count-archive >out 2>err
ok 'a series that fails: 4'		test $? = 4
ok '... is told, once'			test "$(grep -c '^count-archive: Error during S3 archival: ' err)" = 1
ok '... by key'				grep -q 'count-data/cpu/' err
ok '... no success'			exits 1 grep Successfully err
ok '... the others went'		grep -q '^Archived [1-9][0-9]* blocks to S3$' out
{ grep '^cpu' all; younger all | grep -v '^cpu'; } >want
ok '... it stays here'			prints want local_points
rm s3/metrics/count-data/cpu
ok 'the next run sends it'		count-archive -q
younger all >want
ok '... and removes it'			prints want local_points

# Damage here, which is met first, and a series that the bucket does not take.
fresh
count-flush
echo "damaged 1 $((now / 1000 - 90 * 86400))" | count-ingest -q
count-flush --no-compact
for last in data/blocks/*.blk; do :; done	# of cpu and the others is the first
truncate -s 20 "$last"
mkdir -p s3/metrics/count-data
echo 'in the way' >s3/metrics/count-data/cpu
count-archive >out 2>err
ok 'of several failures the highest: 4'	test $? = 4
ok '... each told once'			test "$(grep -c '^count-archive: Error during S3 archival: ' err)" = 2
ok '... that of the store too'		grep -q 'data/blocks/' err
ok '... and of the bucket'		grep -q 'count-data/cpu/' err
rm s3/metrics/count-data/cpu
ok 'only damage: 3'			exits 3 stderr_has data/blocks/ count-archive
fresh
ok 'stdout is full: 3'			exits 3 stderr_has 'standard output' sh -c 'count-archive >/dev/full'
ok '... but it is done'			prints want local_points

# ---- A signal ----
if ! command -v strace >/dev/null || ! strace -o trace -e trace=fsync count-archive -q 2>/dev/null; then
	skip_one 'a signal' 'strace is not installed, or does not work here'
else
	fresh
	i=0
	while [ $i -lt 40 ]; do
		echo "many$i 1 $(at 50 0)"
		i=$((i + 1))
	done | count-ingest -q
	count-flush
	local_points >all
	strace -o trace -e trace=fsync -e inject=fsync:delay_enter=20000 count-archive >out 2>err &
	tracer=$!
	tries=0
	while [ "$(find s3 -name manifest.json | wc -l)" -lt 3 ] && [ $tries -lt 300 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	pid=$(ps -o pid= --ppid $tracer)
	pid=${pid##* }
	kill -STOP "$pid"		# as if the network hung
	echo "beside 1 $(at 1 0)" >new
	ok 'beside a run that hangs: ingest' timeout 10 count-ingest -q new
	ok '... flush'			timeout 10 count-flush
	hot() { timeout 10 env S3_ENABLED=false count-query beside; }
	echo "beside 1 $(at 1 0)000" >want
	ok '... query'			prints want hot
	cat want all >both
	mv both all
	ok '... and another archive: 5'	exits 5 timeout 10 count-archive
	kill -CONT "$pid"
	kill -TERM "$pid"
	wait $tracer
	ok 'SIGTERM: 143'		test $? = 143
	ok '... says that it stopped'	grep -q 'stopped by a signal' err
	ok '... nothing is pinned'	exits 1 grep pinned data/CURRENT
	local_points >left
	ok '... what was done is gone from here' test "$(wc -l <left)" -lt "$(wc -l <all)"
	ok '... and counted'		grep -q '^Archived [1-9]' out
	ok 'the next run does the rest'	count-archive -q
	younger all >want
	ok '... all of it'		prints want local_points
	ok '... none twice'		test "$(counts)" = "$(older all | grep -c -v '^young')"
fi

# ---- As cron would ----
if ! faketime_works; then
	skip_one 'hourly runs' 'faketime is not installed, or does not work here'
	done_testing
	exit 0
fi
fresh
rm -rf data
start=1717200000	# 2024-06-01
awk -v s=$start 'BEGIN { for (t = s - 30 * 86400; t < s + 6 * 86400; t += 3600) { print "a", t % 97, t; print "b", t % 89, t } }' |
	count-ingest -q
export ARCHIVAL_BATCH_DAYS=2
hour=0
: >runs
while [ $hour -lt 144 ]; do
	faketime "@$((start + hour * 3600 + 420))" count-archive -q --json >run
	jq -r --arg h $hour '"\($h) \(.objects) \([.requests | .get, .put, .head, .list, .delete, .probes] | add)"' run >>runs
	hour=$((hour + 3))
done
ok 'hourly runs: the first sends all'	test "$(sed -n '1s/^0 \(.*\) .*/\1/p' runs)" -ge 2
awk '$2 > 0 { print $1, $2 }' runs | sed 1d >sent
printf '48 2\n96 2\n' >want
ok '... then each second day'		diff want sent
awk '$2 == 0 { n += $3 } END { print n + 0 }' runs >quiet
ok '... no request in between'		test "$(cat quiet)" = 0
awk '$2 > 0 && $1 > 0 && $3 > 2 * 3 + 2 { print }' runs >dear
ok '... three requests a series and batch' test ! -s dear
done_testing
