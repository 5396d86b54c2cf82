#!/bin/sh
# open-sets.sh - bytes a point on disk of each set of real metrics after flush and compaction, one data directory
# a set; the unweighted mean last.  COUNT_SHARED names the folder that holds data/*.txt.zst.
set -eu
: "${COUNT_SHARED:=../shared}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT INT TERM

printf '%-16s %9s %7s %6s %12s %12s\n' set points series files 'blocks B/pt' 'all B/pt'
for file in "$COUNT_SHARED"/data/*.txt.zst; do
	set=$(basename "$file" .txt.zst)
	rm -rf "$tmp/data"
	zstd -dcq "$file" >"$tmp/points"
	count-ingest -q --time-unit ms -d "$tmp/data" <"$tmp/points"
	count-flush -d "$tmp/data"
	points=$(wc -l <"$tmp/points")
	blocks=$(find "$tmp/data/blocks" -type f -printf '%s\n' | awk '{ s += $1 } END { print s }')
	all=$(find "$tmp/data" -type f -printf '%s\n' | awk '{ s += $1 } END { print s }')
	printf '%-16s %9d %7d %6d %12s %12s\n' "$set" "$points" "$(count-query -d "$tmp/data" --list | wc -l)" \
		"$(find "$tmp/data/blocks" -type f | wc -l)" \
		"$(awk "BEGIN { printf \"%.3f\", $blocks / $points }")" \
		"$(awk "BEGIN { printf \"%.3f\", $all / $points }")"
done | tee "$tmp/table"
awk '{ b += $5; a += $6 }
	END { printf "%-16s %9s %7s %6s %12.3f %12.3f\n", "mean", "", "", "", b / NR, a / NR }' "$tmp/table"
