#!/bin/sh
# t0011 - files have at most 600 lines and functions 100, and the check sees longer ones.
. "${srcdir:-$(dirname "$0")}/tap.sh"
check=$top_srcdir/tools/check-size.sh

# tree LINES HEAD TAIL: a tree whose only source has that many lines between HEAD and TAIL.
tree()
{
	rm -rf tree
	mkdir -p tree/src tree/tools
	cp "$top_srcdir/tools/files.sh" tree/tools/
	{ printf '%b' "$2"; yes '	x++;' | head -n "$1"; printf '%b' "$3"; } >tree/src/x.c
}

refused() { tree "$@"; exits 1 sh "$check" tree; }
accepted() { tree "$@"; sh "$check" tree; }

plan 7
ok 'the tree holds its limits'		sh "$check" "$top_srcdir"
ok 'a function of 101 lines'		refused 98 'int f(void)\n{\n' '}\n'
ok 'a function of 100 lines'		accepted 97 'int f(void)\n{\n' '}\n'
ok 'its head over two lines counts'	refused 97 'int f(int a,\n      int b)\n{\n' '}\n'
ok 'a file of 601 lines'		refused 601 '' ''
ok 'a file of 600 lines'		accepted 600 '' ''
listed() { tree 5 'int f(void)\n{\n' '}\n'; sh "$check" -l tree | grep -q '8 src/x.c:1'; }
ok 'the longest are listed'		listed
