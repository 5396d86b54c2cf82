#!/bin/sh
# ingest.sh - processor time and memory of count-ingest from a pipe to durable, and of the flush, beside wc -l
# and cat of the same lines; bytes on disk.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT INT TERM

# cpu LABEL POINTS COMMAND...: microseconds of processor time a point (user + system), peak memory
cpu() {
	label=$1 n=$2
	shift 2
	/usr/bin/time -f '%U %S %e %M' -o "$tmp/time" "$@"
	awk -v l="$label" -v n="$n" '{ printf "%-34s %8.4f us/point cpu  %8.4f wall  %6.0f MiB peak\n", l,
		($1 + $2) / n * 1e6, $3 / n * 1e6, $4 / 1024 }' "$tmp/time"
}

for shape in '1000 10000' '100000 100'; do
	# shellcheck disable=SC2086
	"$GENERATE" $shape >"$tmp/lines"
	points=$(wc -l <"$tmp/lines")
	echo "== $shape (series, points each)"
	export DATA_DIR="$tmp/data"
	rm -rf "$DATA_DIR"
	# shellcheck disable=SC2002
	cat "$tmp/lines" | cpu 'wc -l' "$points" wc -l >"$tmp/out"
	cat "$tmp/out"
	# shellcheck disable=SC2002
	cat "$tmp/lines" | cpu 'count-ingest --dry-run' "$points" count-ingest -q --dry-run
	# shellcheck disable=SC2002
	cat "$tmp/lines" | MEMORY_BUFFER_SIZE=1000000000 cpu 'count-ingest, no flush by itself' "$points" \
		count-ingest -q
	du -sb "$DATA_DIR/wal" | awk -v n="$points" '{ printf "log: %.2f bytes/point\n", $1 / n }'
	cpu 'count-flush' "$points" count-flush
	rm -rf "$DATA_DIR"
	# shellcheck disable=SC2002
	cat "$tmp/lines" | cpu 'count-ingest as a user runs it' "$points" count-ingest -q
	count-flush
	du -sb "$DATA_DIR/blocks" | awk -v n="$points" '{ printf "blocks: %.3f bytes/point\n", $1 / n }'
	echo "files: $(find "$DATA_DIR/blocks" -name '*.blk' | wc -l)"
done
