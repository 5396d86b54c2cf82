#!/bin/sh
# t0012 - what a machine can see of the style, and that it does see it.
. "${srcdir:-$(dirname "$0")}/tap.sh"
check=$top_srcdir/tools/check-style.sh

# tree TEXT: a tree whose only source is a head comment and TEXT.
tree()
{
	rm -rf tree
	mkdir -p tree/src tree/tools
	cp "$top_srcdir/tools/files.sh" tree/tools/
	printf '%b' "/* x.c - a file */\n$1\n" >tree/src/x.c
	printf '# a makefile\n' | tee tree/Makefile.am >tree/configure.ac
}

refused() { tree "$1"; exits 1 sh "$check" tree; }
accepted() { tree "$1"; sh "$check" tree; }
wide=$(printf '%0121d' 0)

plan 12
ok 'the tree holds the style'		sh "$check" "$top_srcdir"
ok 'tabs, braces, comments pass'	accepted 'int f(void)\n{\n\treturn 1;\t/* one */\n}\n\n/*\n * two\n */'
ok 'blanks as indentation'		refused '        return 1;'
ok 'a blank at the end'			refused 'int x; '
ok '121 columns'			refused "/* $wide"
ok 'a tab counts up to the next stop'	refused "\t\t\t\t\t\t\t\t\t\t\t\t\t\t\tint x;"
ok 'a brace beside the head'		refused 'int f(void) {\n\treturn 1;\n}'
ok 'a promise'				refused '/* TO''DO: more */'
ok 'a promise in words'			refused '/* good enough for n''ow */'
ok 'a path of one machine'		refused '/* see /ho''me/me/x */'
ok 'a carriage return'			refused 'int x;\r'
head_missing() { tree x; echo 'int x;' >tree/src/x.c; exits 1 sh "$check" tree; }
ok 'no comment at the head'		head_missing
