#!/bin/sh
# t0030 - mandoc has nothing to say about the manual pages.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need mandoc

cd "$top_srcdir" || exit 99
pages=$(sh tools/files.sh man)
plan 2
if [ -n "$pages" ]; then
	# shellcheck disable=SC2086 # our own file names have no blanks
	ok 'every page'		mandoc -T lint -W warning $pages
else
	skip_one 'every page' 'there are no pages'
fi
printf '.Dd today\n.Nm x\n' >"$tap_dir/bad.1"
not_ok 'it looks at all'	mandoc -T lint -W warning "$tap_dir/bad.1"
