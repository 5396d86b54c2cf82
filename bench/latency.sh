#!/bin/sh
# latency.sh - whole queries as a shell user sees them, above an empty C program run in between.
#	latency.sh [RUNS] - needs count-ingest, count-query, count-flush in PATH; EMPTY_PROGRAM, SPAWN and
#	GENERATE name the helpers (make bench sets them)
set -eu
runs=${1:-200}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT INT TERM
export DATA_DIR="$tmp/data" MEMORY_BUFFER_SIZE=1000000000

"$GENERATE" 1000 "${POINTS:-10000}" >"$tmp/lines"
series=$("$GENERATE" 1000 1 | sed -n "500s/ .*//p")
end=$(tail -n 1 "$tmp/lines" | cut -d' ' -f3)

all() {
	echo "== $1"
	"$SPAWN" "$runs" \
		'last value' count-query --last "$series" -- \
		'one hour' count-query "$series" --from $((end - 3600)) -- \
		'dump of one series' count-query "$series" -- \
		'avg in 5 min, one series' count-query "$series" --step 5m --agg avg -- \
		'list of names' count-query --list
	"$SPAWN" 5 'max in 1 h, all series' count-query --step 1h --agg max -- \
		'max in 1 d, all series' count-query --step 1d --agg max
}

# Hot: the greater part stays in the log only when nobody flushes; the log's limit is 256 MiB.
count-ingest -q "$tmp/lines"
all 'hot or as the ingest left it'
count-flush
all 'warm'
