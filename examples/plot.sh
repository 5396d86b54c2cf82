#!/bin/sh
# plot.sh SELECTOR [STEP] - averages drawn by gnuplot on the terminal; without gnuplot, bars by awk.
#
#	plot.sh 'load1*' 10m
#
# gnuplot reads the answer as it is: column 3 is the stamp, column 2 the value.
set -eu
[ $# -ge 1 ] || { echo "usage: $0 SELECTOR [STEP]" >&2; exit 2; }
points=$(mktemp)
trap 'rm -f "$points"' EXIT

count-query "$1" --step "${2:-1h}" --agg avg --by '' --time-format s >"$points"
[ -s "$points" ] || exit 0
if command -v gnuplot >/dev/null && [ -z "${NO_GNUPLOT:-}" ]; then
	gnuplot -e "set terminal dumb; set xdata time; set timefmt '%s'; unset key;
		plot '$points' using (\$3):2 with lines"
else
	awk 'NR == FNR { if (NR == 1 || $2 > max) max = $2; next } {
		bar = ""
		for (i = 0; max > 0 && i < 50 * $2 / max; i++)
			bar = bar "#"
		printf "%s %10.4g %s\n", $3, $2, bar
	}' "$points" "$points"
fi
