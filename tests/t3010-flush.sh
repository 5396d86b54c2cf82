#!/bin/sh
# t3010 - count-flush: what moves, what is said, retention and who is asked.
. "${srcdir:-$(dirname "$0")}/tap.sh"

now=$(date +%s)
data() { rm -rf data; awk -v t="$now" 'BEGIN { for (d = 1; d <= 400; d += 3) print "p", d, t - d * 86400 }' | count-ingest -q; }

ok 'no directory: exit 2'		exits 2 stderr_has "$DATA_DIR (from DATA_DIR)" count-flush
not_there() { [ ! -e data ]; }
ok '... and none is made'		not_there
data
count-query >all
ok 'a flush is silent'			silent count-flush
ok '... all points are there'		prints all count-query
ok '... in blocks'			prints all count-query --tier warm
ok '... no longer in the log'		prints /dev/null count-query -q --tier hot
ok '... again, there is nothing to do'	silent count-flush
same() { before=$(cksum data/CURRENT && ls data/*); "$@"; [ "$before" = "$(cksum data/CURRENT && ls data/*)" ]; }
wals() { before=$(cd data && echo wal/* blocks/*); "$@"; [ "$before" = "$(cd data && echo wal/* blocks/*)" ]; }
ok '... and no file changes its name'	wals count-flush
echo "p -1 $now" | count-ingest -q
echo 'would flush 1 points and expire 0' >want
ok '--dry-run'				same prints want count-flush --dry-run
json() { count-flush --json >report && grep -q '^{"points_flushed":1,.*"dry_run":false}$' report; }
ok '--json'				json
ok '-v tells'				stderr_has 'points flushed: 0,' count-flush -v
ok '--json on a full disk: exit 3'	exits 3 stderr_has 'standard output' sh -c 'count-flush --json >/dev/full'
ok '... closed'				exits 3 stderr_has 'standard output' sh -c 'count-flush --json >&-'

for bad in 'extra' '--nope' '--wait=3' '--retention' '--retention 30' '--retention 0d' '--retention -5d' \
	'--retention 5x' '--retention 1d2'; do
	ok "count-flush $bad: exit 2"	exits 2 stderr_has 'count-flush: ' sh -c "count-flush $bad"
done
ok 'RETENTION without unit: exit 2'	exits 2 stderr_has "RETENTION='30'" env RETENTION=30 count-flush
ok '... empty is none'			env RETENTION= count-flush
count-query >all
ok 'an age beyond all time'		count-flush --retention 99999999999y
ok '... deletes nothing'		prints all count-query

# ---- retention ----
asks()
{
	ok "under a day asks: $*, exit 2" exits 2 stderr_has '--yes' "$@"
	ok '... nothing is deleted'	prints all count-query
}
asks count-flush --retention 23h
asks count-flush --retention 5m
asks env RETENTION=90s count-flush
ok '--dry-run need not ask'		count-flush --retention 5m --dry-run
ok '... and deletes nothing'		prints all count-query
for value in true 1 nonsense; do
	ok "S3_ENABLED=$value: what was not archived stays" \
		stderr_has 'nothing is deleted while S3 is enabled' env S3_ENABLED=$value count-flush --retention 30d
	ok '... all of it'		prints all count-query
done
ok 'retention of 100 days'		silent count-flush --retention 100d
younger() { [ "$(count-query | wc -l)" = 35 ] && ! count-query -q --to -101d | grep -q .; }
ok '... leaves what is younger'		younger
ok 'RETENTION does so too'		env RETENTION=50d count-flush
ok '... by days'			test "$(count-query | wc -l)" = 18
ok '... the option wins'		env RETENTION=1d count-flush --retention 50d
ok '... as it says'			test "$(count-query | wc -l)" = 18
echo "f 1 $((now + 86400 * 400))" | count-ingest -q
ok 'a stamp from the future'		count-flush --retention 50d
ok '... makes nothing older'		test "$(count-query | wc -l)" = 19
ok '--yes'				count-flush --retention 1h --yes
printf 'f 1 %s000\np -1 %s000\n' "$((now + 86400 * 400))" "$now" >want
ok '... deletes'			prints want count-query

# ---- count-ingest flushes by itself ----
awk 'BEGIN { for (i = 0; i < 300; i++) print "m", i, 1700000000 + i }' >in
rm -rf data
blocks() { find data/blocks -name '*.blk' | wc -l; }
ok 'few points'				env MEMORY_BUFFER_SIZE=300 count-ingest -q in
ok '... stay in the log'		test "$(blocks)" = 0
ok 'more than MEMORY_BUFFER_SIZE'	silent env MEMORY_BUFFER_SIZE=299 count-ingest in
ok '... are flushed'			test "$(blocks)" = 1
if command -v flock >/dev/null; then
	ok 'while another run holds the lock'	silent env MEMORY_BUFFER_SIZE=1 flock data/lock count-ingest in
	ok '... that is told with -v'	stderr_has 'holds it' env MEMORY_BUFFER_SIZE=1 flock data/lock count-ingest -v in
	ok '... count-flush is exit 5'	exits 5 flock data/lock count-flush
else
	skip_one 'while another run holds the lock' 'flock is not installed'
fi

# ---- the clock ----
if ! faketime_works; then
	skip_one 'clock jumps' 'faketime is not installed, or does not work here'
	done_testing
	exit 0
fi
rm -rf data
for d in 1 10 20 40 100; do
	echo "d$d $d $((1717200000 - d * 86400))"
done | faketime '2024-06-01 00:00:00' count-ingest -q
at() { day=$1; shift; faketime "$day" count-flush --retention "$@"; }
left() { count-query --list >got; echo "$*" | tr ' ' '\n' | cmp - got; }
ok 'the first run'			silent at '2024-06-01 00:00:00' 60d
ok '... deletes'			left d1 d10 d20 d40
ok 'ten years on'			stderr_has 'jumped' at '2034-06-01 00:00:00' 30d
ok '... deletes nothing'		left d1 d10 d20 d40
ok '... half a day later'		stderr_has 'jumped' at '2034-06-01 12:00:00' 30d
ok '... neither'			left d1 d10 d20 d40
ok 'back'				stderr_has 'jumped' at '2024-06-01 13:00:00' 30d
ok '... is a jump too'			left d1 d10 d20 d40
ok '... half a day later'		stderr_has 'jumped' at '2024-06-02 01:00:00' 30d
ok '... neither'			left d1 d10 d20 d40
ok 'after a day of runs'		silent at '2024-06-02 14:00:00' 30d
ok '... it deletes'			left d1 d10 d20
ok 'six days later'			silent at '2024-06-08 13:00:00' 25d
ok '... is no jump'			left d1 d10
ok 'the clock before 1970'		at '1969-12-31 12:00:00' 2d
ok '... deletes nothing'		left d1 d10
done_testing
