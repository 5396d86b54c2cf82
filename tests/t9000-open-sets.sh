#!/bin/sh
# t9000 - real metrics in, every point out: identical as doubles and stamps, hot, after flush, after compaction,
# with the lines shuffled, and through a copy to another directory.  SETS picks some; default a few.
. "${srcdir:-$(dirname "$0")}/tap.sh"
[ -d "$COUNT_SHARED/data" ] || skip "no data in $COUNT_SHARED/data (set COUNT_SHARED)"
need zstdcat shuf
sets=${SETS:-${SLOW:+all}}
sets=${sets:-containers-1s ad-exchange}
[ "$sets" != all ] || sets=$(find "$COUNT_SHARED/data" -name '*.txt.zst' -exec basename {} .txt.zst \; | sort)
# shellcheck disable=SC2086
set -- $sets
plan $((7 * $#))

canon=$top_builddir/tests/lib/canon

same() {
	count-query "$@" | "$canon" >got && cmp want got
}

for set; do
	rm -rf "$DATA_DIR" copy shuffled
	# Labels with an empty value are no labels.
	zstdcat "$COUNT_SHARED/data/$set.txt.zst" | sed 's/[a-z_]*="",\{0,1\}//g; s/,}/}/' >points
	LC_ALL=C sort -s -k1,1 -k3,3n points | "$canon" >want
	count-ingest -q --time-unit ms points
	ok "$set: hot"			same
	count-flush --no-compact
	ok "$set: after a flush"	same
	# Four more flushes of parts that are there already, so that compaction has overlaps to merge.
	for i in 0 1 2 3; do
		awk -v i=$i 'NR % 4 == i' points | count-ingest -q --time-unit ms
		count-flush -q
	done
	ok "$set: after compaction"	same
	ok "$set: at most 64 files"	test "$(find "$DATA_DIR/blocks" -name '*.blk' | wc -l)" -le 64
	shuf --random-source=points points >shuffled.txt
	count-ingest -q --time-unit ms -d shuffled shuffled.txt
	ok "$set: shuffled, hot"	same -d shuffled
	count-flush -d shuffled
	ok "$set: shuffled, flushed"	same -d shuffled
	count-query | count-ingest -q --time-unit ms -d copy
	count-query >a
	count-query -d copy >b
	ok "$set: a copy is byte-identical"	cmp a b
done
