#!/bin/sh
# t1160 - count-ingest: compressed files, members of archives, and damaged ones.
. "${srcdir:-$(dirname "$0")}/tap.sh"
[ -e "$COUNT_MODULE_DIR/input.so" ] || skip 'built without the module for compressed input'

fresh() { rm -rf data; count-ingest -q "$@"; }
awk 'BEGIN { for (i = 0; i < 5000; i++) print "s" i % 7, i / 4, 1700000000 + i }' >in
fresh in
count-query >want

for tool in gzip zstd xz bzip2 lz4; do
	if ! command -v $tool >/dev/null; then
		skip_one $tool "$tool is not installed"
		continue
	fi
	$tool -c <in >"in.$tool"
	ok "$tool"			silent fresh "in.$tool"
	ok '... has the same points'	prints want count-query
	ok '... also on stdin'		sh -c "rm -rf data; count-ingest -q <in.$tool"
	ok '... the same'		prints want count-query
done
head -c 9000 in.gzip >cut.gz
ok 'a cut file'				exits 1 stderr_has 'cut.gz: ' fresh cut.gz in.gzip
ok '... does not stop the next'		prints want count-query
fresh cut.gz 2>/dev/null
some() { n=$(count-query | wc -l); [ "$n" -gt 0 ] && [ "$n" -lt 5000 ]; }
ok '... and what was good is kept'	some
{ head -c 5000 in.gzip; printf 'XXXXXXXXXXXXXXXX'; tail -c +5017 in.gzip; } >bad.gz
ok 'a damaged file'			exits 1 stderr_has 'bad.gz: ' fresh bad.gz
if command -v tar >/dev/null; then
	mkdir -p logs/empty
	head -n 2500 in >logs/a.txt; tail -n 2500 in >logs/b.txt
	ln -s a.txt logs/link
	tar cf logs.tar logs && tar czf logs.tar.gz logs
	ok 'tar'			silent fresh logs.tar
	ok '... all members'		prints want count-query
	ok 'tar.gz'			silent fresh logs.tar.gz
	ok '... all members'		prints want count-query
	ok 'tar on stdin'		sh -c 'rm -rf data; cat logs.tar | count-ingest -q'
	ok '... all members'		prints want count-query
	printf 'a 1 1\nbad\n' >logs/b.txt
	tar cf logs.tar logs
	ok 'a bad line in a member'	exits 1 stderr_has 'logs.tar(logs/b.txt):2: ' fresh logs.tar
fi
if command -v zip >/dev/null; then
	tail -n 2500 in >logs/b.txt; rm logs/link
	zip -qr logs.zip logs
	ok 'zip'			silent fresh logs.zip
	ok '... all members'		prints want count-query
fi
: >empty; gzip -c empty >empty.gz
ok 'a compressed nothing'		silent fresh empty.gz
printf 'BZh 1 1\n' >text
ok 'text that starts like bzip2'	silent fresh text
printf 'B' >text
ok '... or is only its first letter'	exits 1 fresh text
ok 'without the module: said'		exits 1 stderr_has 'module' env COUNT_MODULE_DIR=/nowhere count-ingest in.gzip
ok '... and plain text works'		silent env COUNT_MODULE_DIR=/nowhere count-ingest -q in
if command -v strace >/dev/null; then
	loads() { strace -f -e trace=openat count-ingest -q in 2>&1 | grep -q archive && return 1; return 0; }
	ok 'plain text does not load libarchive' loads
fi
done_testing
