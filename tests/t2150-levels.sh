#!/bin/sh
# t2150 - count-query prints the same with the kernels of each level that the processor has.
. "${srcdir:-$(dirname "$0")}/tap.sh"
query=$top_builddir/bench/query-at-level

# Decimals, quotients, counters beyond 32 bits, long fractions, and few distinct values; stamps of which some are late.
awk 'BEGIN {
	srand(7)
	for (i = 0; i < 3000; i++) {
		time = 1700000000 + i * 10 + (rand() < 0.1)
		counter += int(rand() * 1e10)
		printf "decimal %.2f %d\nquotient %.17g %d\ncounter %d %d\n", rand() * 500, time, int(rand() * 50) / 7, time, counter, time
		printf "long %.12f %d\nany %.17g %d\nfew %d %d\n", rand() * 1000, time, rand(), time, int(rand() * 4), time
	}
}' >lines

# same LEVEL ARG...: query-at-level prints what count-query does.
same()
{
	level=$1; shift
	count-query -d data "$@" >want
	LEVEL=$level "$query" -d data "$@" >got
	cmp want got
}

levels=plain
! grep -qw avx2 /proc/cpuinfo || levels="$levels avx2"
! grep -qw avx512vl /proc/cpuinfo || levels="$levels avx512"
# shellcheck disable=SC2086 # words
set -- $levels
plan $((2 + $# * 4))
ok 'lines'			count-ingest -q -d data lines
ok 'in blocks'			count-flush -q -d data
for level; do
	ok "all points, $level"		same "$level"
	ok '... their sums in steps'	same "$level" --step 1000s --agg sum
	ok '... and the least of each'	same "$level" --step 1000s --agg min
	ok '... and the greatest'	same "$level" --step 1000s --agg max
done
