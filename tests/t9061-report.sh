#!/bin/sh
# t9061 - the page of figures: what was not measured is said so, what misses its mark is marked, plots are well-formed;
# with SLOW=1 the parts run on small shapes.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need python3
bench=$top_srcdir/bench

# page: of the results that there are
page() { python3 "$bench/page.py" results "$bench" "${1:-$top_srcdir/doc/performance.md.in}" page; }

says() { grep -qF -e "$1" page/performance.md || { tap_why "not on the page: $1"; return 1; }; }

well_formed()
{
	python3 -c 'import sys, xml.dom.minidom as dom; [dom.parse(f) for f in sys.argv[1:]]' page/performance/*.svg
}

row() { printf '%s\t%s\t%s\t%s\n' "$@"; }

# medians_of VALUE...: of one figure
medians_of() { for v; do row t r c "$v"; done | sh -c ". '$bench/report-lib.sh'; medians" | cut -f 4; }

unknown() { printf 'text\n@nothing-such\n' >template; exits 1 stderr_has '@nothing-such' page template; }

# unrecorded: open sets without a best peer on record
unrecorded()
{
	for file in "$COUNT_SHARED"/data/*.txt.zst; do
		set=$(basename "$file" .txt.zst)
		grep -q "^$set	" "$bench/best-peers.tsv" || echo "$set"
	done
}

mkdir results
if [ -z "${SLOW:-}" ]; then plan 11; else plan 17; fi
ok 'a page without figures'		page
ok '... says so'			says 'not measured'
{
	row sizes columns-a points 100; row sizes columns-a series 1; row sizes columns-a default 0.052
	row sizes stocks-a points 300; row sizes stocks-a series 2; row sizes stocks-a default 0.700
} >results/sizes.tsv
{ row growth-points 10000 ingest:cpu 0.3; row growth-points 1000000 ingest:cpu 0.1; } >results/growth.tsv
{ row peers-a count bytes 1.25; row peers-a rival bytes 2.5; row peers-a other skipped 'not there'; } >results/peers.tsv
ok 'a page with some'			page
ok 'a set within 1.05 of the best'	says '| columns-a | 100 | 1 | 0.052 | VictoriaMetrics | 0.051 | 1.02 |'
ok 'a set over it is marked'		says '| 0.638 | 1.10 **over 1.05** |'
ok 'the mean counts each set once'	says '**0.376**'
ok 'a peer twice as large'		says '| 2.50 | - | 2 |'
ok 'a peer that is not there'		says 'Skipped: other: not there.'
ok 'plots are well-formed'		well_formed
ok 'a table that nobody makes'		unknown
ok 'medians'				prints - medians_of 3 1 10 2 7 <<-END
	3
END
[ -n "${SLOW:-}" ] || exit 0

if [ -d "$COUNT_SHARED/data" ]; then
	ok 'each open set has a best peer on record'	prints /dev/null unrecorded
else
	skip_one 'each open set has a best peer on record' "no data in $COUNT_SHARED/data"
fi
programs=$top_builddir/bench
export GENERATE="$programs/gen-devops" SPAWN="$programs/spawn" EMPTY_PROGRAM="$programs/empty" LIMITS="$programs/limits" \
	BENCH_CODEC="$programs/bench-codec" QUERY_AT_LEVEL="$programs/query-at-level"
rm -rf results
report() { rm -rf page; QUICK=1 RESULTS=results "$bench/report.sh" "$@" && mv results/page .; }
ok 'the parts, on small shapes'	report sizes generated queries codec limits growth
ok 'figures of a shape'		grep -q '^| a | 100 | 100,000 | [0-9.]* | [0-9.]* |' page/performance.md
ok 'figures of each level'	grep -q '^| plain | [0-9.]* | [0-9.]* | [0-9.]* |' page/performance.md
ok 'figures of growth'		test -s page/performance/growth-files-queries.svg
ok 'an unknown part'		exits 2 stderr_has 'no part size:' report size
