#!/bin/sh
# t2140 - count-query --jobs: many threads print what one does, in the same order, when something is wrong too.
. "${srcdir:-$(dirname "$0")}/tap.sh"

# points FIRST LAST: many short series, some of 2,000 points, one of 80,000; values of all kinds
points()
{
	awk -v first="$1" -v last="$2" 'BEGIN {
		for (i = first; i < last; i++) {
			t = 1700000000 + 10 * i
			if (i % 400 == 0)
				for (s = 0; s < 150; s++) printf "short;host=h%d,dc=\"%d %d %d\n", s, s % 3, s * i, t
			if (i % 10 == 0)
				for (s = 0; s < 15; s++) printf "fleet.web%d.load %.15g %d\n", s, i % 7 == 0 ? "nan" : s + i / 7, t
			printf "long.one %d.%d %d\n", i, i % 10, t + i % 3
		}
	}'
}
{
	awk 'BEGIN { for (s = 0; s < 150; s++) print "a.old" s, s, 1700199990 }'
	points 0 15000
} | count-ingest -q
count-flush -q
points 14000 20000 | count-ingest -q
count-flush -q
awk 'BEGIN { for (i = 0; i < 60000; i++) printf "long.one %d %d\n", i, 1700200003 + 10 * i }' | count-ingest -q
count-flush -q
{
	points 19000 21000
	awk 'BEGIN { for (i = 0; i < 60000; i += 500) print "long.one", -i, 1700200003 + 10 * i }'
} | count-ingest -q	# the log is over all of the long one
cp -a data whole

# run NAME OPTION...: all that can be seen of a query
run()
{
	name=$1
	shift
	status=0
	count-query "$@" >"$name.out" 2>"$name.err" || status=$?
	echo "status $status" >>"$name.err"
}

# agree DESC OPTION...: with one thread and with many
agree()
{
	desc=$1
	shift
	run one --jobs 1 "$@"
	for jobs in 2 3 8; do
		run many --jobs "$jobs" "$@"
		cmp one.out many.out
		cmp one.err many.err
	done >differs
	ok "$desc" test ! -s differs
}

for format in text csv tsv json ndjson; do
	agree "$format" --format "$format"
done
ok 'it is a few MB'		test "$(wc -c <one.out)" -gt 2000000
run many --format ndjson
ok 'and no --jobs at all'	cmp one.out many.out
agree 'times of ISO 8601'	--format csv --time-format iso
agree 'a range'			--from 1700020000 --to 1700180000
agree 'a late beginning'		--from 1700200000 --format json
agree 'an empty range'		--from 1600000000 --to 1600000001
agree 'a range without time'	--from 1700020000 --to 1700020000
agree 'one long series'		long.one
ok '... is long'		test "$(wc -l <one.out)" -gt 75000
agree 'its last part'		long.one --from 1700400000 --format json
agree 'series by name'		short fleet.web3.load long.one fleet.web11.load 'short{host="h3",dc="\"0"}'
agree 'series by pattern'	'fleet.*' long.one
agree 'none of them'		'nothing.*' no.such
agree 'some of them'		'fleet.*' 'nothing.*' no.such --format json
agree 'hot alone'		--tier hot --format ndjson
agree 'warm alone'		--tier warm
agree 'newest points'		--last
agree '... of a range'		--last --to 1700100000 --json
agree 'names'			--list
agree '... of a range'		--list --from 1700205000 --format json
agree 'aggregates'		--agg avg,max,p99 --step 1h
agree '... from statistics'	--agg min,sum,count --step 1d --format csv
agree '... with steps before'	--agg rate,delta --step 30m --from 1700050000
agree '... without a step'	--agg stddev,last --json
agree '... that are filled'	--agg avg --step 7m --fill null --from 1700000000 --to 1700300000
agree '... with a zone'		--agg max --step 1d --tz Europe/Berlin
agree 'folded'			--agg sum,avg --by dc --step 1d
agree 'a limit'			--limit 30000
agree 'a limit of one series'	--limit 70000 --format json long.one
agree 'a newest point to check'	--last --check '< 1000'
agree 'a drawing'		--plot 'fleet.web1.*'
agree 'no such directory'	-d nowhere

# Damage at many places: the message names the first, and how many there are.
for at in 30 50 80; do
	for block in data/blocks/*.blk; do
		size=$(wc -c <"$block")
		printf 'damage' | dd of="$block" bs=1 seek=$((size * at / 100)) conv=notrunc 2>/dev/null
	done
	agree "damage at $at % of the blocks"		--format json
	ok '... is told'				grep -q 'damaged at byte' one.err
	agree '... and of aggregates'			--agg max,avg --step 1d
	agree '... and newest points'			--last --to 1700100000
done
agree 'and the long series'	long.one
ok '... more than once'		grep -q '(and [0-9]* more)' one.err
for log in data/wal/*.wal; do
	size=$(wc -c <"$log")
	printf 'damage' | dd of="$log" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
done
agree 'and in the log'		--format csv
for block in data/blocks/*.blk; do
	: >"$block"
	break
done
agree 'and a block that is empty'

rm -rf data
cp -a whole data
for jobs in 1 2 8; do
	ok "a full disk, $jobs threads"		exits 3 stderr_has 'No space left' sh -c "count-query --jobs $jobs >/dev/full"
	ended() { { count-query --jobs "$jobs" 2>err; echo $? >status; } | head -c 700000 >part; [ "$(cat status)" = 141 ]; }
	ok "a closed pipe, $jobs threads"	ended
	ok '... is quiet'			test ! -s err
	count-query --jobs 1 2>/dev/null | head -c 700000 >want
	ok '... and had its bytes'		cmp want part
	mkfifo "pipe$jobs"
	exec 3<>"pipe$jobs"
	count-query --jobs "$jobs" >"pipe$jobs" &
	pid=$!
	head -c 100000 <&3 >part
	kill -TERM "$pid"
	status=0
	wait "$pid" 2>/dev/null || status=$?
	exec 3>&-
	ok "stopped by a signal, $jobs threads"	test "$status" = 143
done

ok 'not a number'	exits 2 stderr_has '1 to 64' count-query --jobs x
ok 'none'		exits 2 stderr_has '1 to 64' count-query --jobs 0
ok 'too many'		exits 2 stderr_has '1 to 64' count-query --jobs 65
done_testing
