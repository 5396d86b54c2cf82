#!/bin/sh
# t9010 - the demonstration on real input runs, and its copy is the same to the bit.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need zstd

# same_sums: the last two lines, checksums of a directory and its copy.
same_sums() { [ "$(tail -n 2 out | sort -u | wc -l)" = 1 ] && tail -n 1 out | grep -q '^[0-9]'; }

plan 3
sh "$top_srcdir/examples/demo.sh" >out 2>err
ok 'it ends well'		test $? = 0
ok 'all series are there'	grep -qx 411 out
ok 'the copy is the same'	same_sums
