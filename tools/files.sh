#!/bin/sh
# files.sh c|sh|mk|man|text - prints the names of the source files of one kind, sorted, one a line.
# Works on a checkout, on an unpacked release, and beside build directories; `text` is all of them
# and the documents.  Run it in the top folder.
folders='src tests fuzz bench tools man doc examples completions contrib .ci'

list()
{
	for folder in $folders; do
		[ -d "$folder" ] && find "$folder" -type f "$@"
	done
}

case $1 in
c)	list -name '*.[ch]' ;;
sh)	list -name '*.sh'
	for f in quickstart bootstrap .ci/run; do
		[ -f "$f" ] && echo "$f"
	done ;;
mk)	list -name '*.mk'; echo Makefile.am; echo configure.ac ;;
man)	list -name '*.[1-9]' | grep '^man/' ;;
text)	for kind in c sh mk man; do
		sh "$0" "$kind"
	done
	list \( -name 'README*' -o -name HACKING \)
	for f in README NEWS; do
		[ -f "$f" ] && echo "$f"
	done ;;
*)	sed -n '2s/^# //p' "$0" >&2; exit 2 ;;
esac | LC_ALL=C sort -u
