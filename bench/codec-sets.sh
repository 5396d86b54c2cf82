#!/bin/sh
# codec-sets.sh - bench-codec over a folder of data sets, NAME.txt.zst or NAME.txt with lines `series value unix_ms`.
#
#	codec-sets.sh DIRECTORY [OPTION OF BENCH-CODEC]...
#
# BENCH_CODEC names the program (bench/bench-codec).
set -eu

if [ $# -eq 0 ] || [ ! -d "$1" ]; then
	echo "usage: codec-sets.sh DIRECTORY [OPTION]..." >&2
	exit 2
fi
sets=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for file in "$sets"/*.txt "$sets"/*.txt.zst; do
	name=${file##*/}
	case $file in
	*'*'*) ;;
	*.zst) zstd -dqc "$file" >"$work/${name%.txt.zst}" ;;
	*) cp "$file" "$work/${name%.txt}" ;;
	esac
done
"${BENCH_CODEC:-bench/bench-codec}" "$@" "$work"/*
