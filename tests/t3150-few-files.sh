#!/bin/sh
# t3150 - whatever the data, at most 64 block files: many series of few points, days in random order.
# SERIES and NDAYS say how many; SLOW=1 is real size.
. "${srcdir:-$(dirname "$0")}/tap.sh"
plan 8
series=${SERIES:-${SLOW:+100000}}
series=${series:-2000}
days=${NDAYS:-${SLOW:+10000}}
days=${days:-500}

few_files() {
	n=$(find "$DATA_DIR/blocks" -type f | wc -l)
	note "$n files, $(du -sk "$DATA_DIR/blocks" | cut -f 1) KiB"
	[ "$n" -le 64 ] && [ "$n" -gt 0 ]
}

# 100 points of each, ten at a time.
many_series() {
	for part in 0 1 2 3 4 5 6 7 8 9; do
		awk -v n="$series" -v p="$part" 'BEGIN {
			for (t = p * 10; t < p * 10 + 10; t++)
				for (s = 0; s < n; s++)
					printf "s%06d %d %d\n", s, s + t, 1700000000 + t * 60
		}' | count-ingest -q && count-flush -q && few_files || return 1
	done
}

# Two points a day, a flush each twentieth of the days.
random_days() {
	awk -v n="$days" 'BEGIN {
		srand(1)
		for (i = 0; i < n; i++)
			print rand(), i
	}' | sort -n | awk '{ print "d", $2, $2 * 86400 + 7; print "d", -$2, $2 * 86400 + 50000 }' >lines
	split -l $((days / 10)) lines part. || return 1
	for part in part.*; do
		count-ingest -q "$part" && count-flush -q && few_files || return 1
	done
}

export DATA_DIR=series
ok 'many series of few points'	many_series
ok 'few files'			few_files
count-query --agg count | awk '{ n[$2]++ } END { for (i in n) print i, n[i] }' >got
echo "100 $series" >want
ok 'each point of them'		cmp want got
ok 'nothing is left to do'	count-flush -q

export DATA_DIR=days
ok 'days in random order'	random_days
ok 'few files'			few_files
awk '{ print $1, $2, $3 "000" }' lines | sort >want
count-query d | sort >got
ok 'each point of them'		cmp want got
ok 'nothing is left to do'	count-flush -q
