#!/bin/sh
# beside.sh [ROUNDS] - processor time of count-ingest alone, and beside a looping count-flush and a looping
# count-query on the same directory; interleaved, medians.  Then the longest flock() that an ingest waits for.
set -eu
rounds=${1:-5}
tmp=$(mktemp -d)
trap 'touch "$tmp/stop"; wait; rm -rf "$tmp"' EXIT INT TERM
export DATA_DIR="$tmp/data" MEMORY_BUFFER_SIZE=1000000000
"$GENERATE" 1000 "${POINTS:-3000}" >"$tmp/lines"
points=$(wc -l <"$tmp/lines")

ingest() {
	/usr/bin/time -a -f '%U %S' -o "$tmp/$1" count-ingest -q "$tmp/lines"
}

beside() {
	rm -f "$tmp/stop"
	while [ ! -e "$tmp/stop" ]; do count-flush -q || :; done &
	while [ ! -e "$tmp/stop" ]; do count-query -q --last >/dev/null; done &
	"$@"
	touch "$tmp/stop"
	wait
}

median() {
	awk '{ print $1 + $2 }' "$tmp/$1" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

count-ingest -q --init </dev/null
for _ in $(seq "$rounds"); do
	rm -rf "$DATA_DIR"
	ingest alone
	rm -rf "$DATA_DIR"
	count-ingest -q --init </dev/null
	beside ingest beside
done
awk -v a="$(median alone)" -v b="$(median beside)" -v n="$points" 'BEGIN {
	printf "alone %.4f us a point, beside a flush and a query %.4f, ratio %.2f\n",
		a / n * 1e6, b / n * 1e6, b / a }'
if command -v strace >/dev/null; then
	beside strace -f -T -e trace=flock -o "$tmp/trace" count-ingest -q "$tmp/lines"
	sed -n 's/.*<\([0-9.]*\)>$/\1/p' "$tmp/trace" | sort -n |
		awk '{ v = $1 } END { printf "longest flock of %d: %.3f ms\n", NR, v * 1000 }'
fi
