#!/bin/sh
# t0014 - every source file is named in a makefile: it is built or run, and it is in the release.
. "${srcdir:-$(dirname "$0")}/tap.sh"

# unlisted: prints the source files that no makefile names.
unlisted()
(
	cd "$1" || exit 99
	lists=$(sh tools/files.sh mk)
	for kind in c sh man; do
		sh tools/files.sh "$kind"
	done | while read -r file; do
		# shellcheck disable=SC2086 # our own file names have no blanks
		cat $lists | tr -s '[:blank:]' '\n' | grep -qxF -e "$file" || echo "$file: in no makefile"
	done
)

plan 2
ok 'every source file is listed'	prints /dev/null unlisted "$top_srcdir"
mkdir -p tree/src tree/tools
cp "$top_srcdir/tools/files.sh" tree/tools/
printf 'x_SOURCES = src/a.c tools/files.sh\n' | tee tree/Makefile.am >tree/configure.ac
touch tree/src/a.c tree/src/b.c
echo 'src/b.c: in no makefile' >want
ok 'one that is not is named'		prints want unlisted tree
