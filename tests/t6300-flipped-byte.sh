#!/bin/sh
# t6300 - one flipped byte anywhere in a data directory: the same answer or a named error, never another number.
# FLIP_STRIDE 1 tries every byte.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need python3
stride=${FLIP_STRIDE:-${SLOW:+1}}
stride=${stride:-7}
plan 1

# Blocks of several codecs, with overlaps, and a log on top.
for i in 1 2 3; do
	awk -v k="$i" 'BEGIN {
		for (i = 0; i < 40; i++) {
			t = 1700000000 + i * 3 + k
			printf "dec.%d %d.%d %d000\n", i % 2, i * 7 % 13, k, t
			printf "const 4 %d000\n", t
			printf "float %.17g %d%03d\n", sin(i * k), t, i * i % 7
		}
	}' | count-ingest -q
	[ "$i" = 3 ] || count-flush -q --no-compact
done
echo 'late 1 1500000000000' | count-ingest -q
ok 'same answer or a named error'	"$srcdir/lib/flip-bytes.py" "$DATA_DIR" "$stride"
