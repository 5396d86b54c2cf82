#!/bin/sh
# t9200 - the same sources for another processor (aarch64, emulated): the vector code that the compiler makes of
# the plain kernels there gives the same bytes in blocks and the same answers.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need aarch64-linux-gnu-gcc qemu-aarch64
plan 9

# One static program a tool, of the library's core and the tools' sources; the modules are not there.
mkdir obj bin
cross() {
	for mk in "$top_srcdir"/src/libcount/*/local.mk "$top_srcdir/src/cli/local.mk"; do
		awk '/_la_SOURCES/ { on = /libcount_core_la|libcount_cli_la/ } on && $1 ~ /[.]c$/ { print $1 }' "$mk"
	done
}
compile_all() {
	cross >sources
	xargs -P 2 -I FILE sh -c '
		aarch64-linux-gnu-gcc -std=gnu11 -O2 -ffp-contract=off -w -D_GNU_SOURCE -include "$top_builddir/config.h" \
			-DCOUNT_MODULE_DIR=\"/nonexistent\" -I "$top_srcdir/src/libcount" \
			-I "$top_srcdir/src/include" -I "$top_srcdir/src/cli" \
			-c "$top_srcdir/FILE" -o "obj/$(echo "FILE" | tr / _).o"' <sources
}
link_tool() {
	aarch64-linux-gnu-gcc -static -std=gnu11 -O2 -w -D_GNU_SOURCE -include "$top_builddir/config.h" \
		-I "$top_srcdir/src/include" -I "$top_srcdir/src/cli" \
		"$top_srcdir/src/tools/$1.c" obj/*.o -o "bin/$1" -lm 2>/dev/null
}
ok 'the sources compile'	compile_all
ok 'count-ingest links'		link_tool count-ingest
ok 'count-flush'		link_tool count-flush
ok 'count-query'		link_tool count-query

# Gauges of two decimals, counters, averages, noise of all digits, constants, jittered stamps, short series.
awk 'BEGIN {
	srand(7)
	for (i = 0; i < 3000; i++) {
		t = 1700000000 + i * 10
		g += int(rand() * 101) - 50
		printf "gauge %.2f %d\n", g / 100, t
		printf "counter %d %d\n", c += int(rand() * 20000), t
		printf "average %.15g %d\n", int(rand() * 1000) / 60, t
		printf "noise %.17g %d\n", rand() * 1e6, t + (i % 7 == 0)
		printf "constant 42 %d\n", t
		printf "repeats %.17g %d\n", 1 / (1 + int(rand() * 40)), t + int(rand() * 3)
		if (i < 50)
			printf "short%d %d %d\n", i, i, t
	}
}' >lines
count-ingest -q -d native lines
mkdir other
cp -a native/. other/
here=$PWD
other() { tool=$1; shift; qemu-aarch64 "$here/bin/$tool" "$@"; }
ok 'a flush on both'		eval 'count-flush -d native && other count-flush -d other'
same_blocks() {
	for f in native/blocks/*.blk; do cmp "$f" "other/blocks/${f##*/}" || return 1; done
}
ok 'the same bytes'		same_blocks
count-query -d native '*' >want
ok 'the same points'		prints want other count-query -d native '*'
count-query -d native '*' --step 5m --agg avg,min,max,sum,stddev >want
ok 'the same aggregates'	prints want other count-query -d native '*' --step 5m --agg avg,min,max,sum,stddev
other count-ingest -q -d other2 lines
count-query -d native '*' >want
ok 'an ingest there, a query here'	prints want count-query -d other2 '*'
