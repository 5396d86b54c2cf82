#!/bin/sh
# t0013 - shellcheck has nothing to say about our shell scripts.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need shellcheck

cd "$top_srcdir" || exit 99
plan 2
# shellcheck disable=SC2046 # our own file names have no blanks
ok 'every script'		shellcheck $(sh tools/files.sh sh)
printf 'for f in $(ls); do rm $f; done\n' >"$tap_dir/bad.sh"
not_ok 'it looks at all'	shellcheck -s sh "$tap_dir/bad.sh"
