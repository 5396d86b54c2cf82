#!/bin/sh
# t6000 - kill -9 of writers and flushes at random moments: nothing acknowledged is lost, nothing is doubled.
# KILLS says how many.
. "${srcdir:-.}/tests/tap.sh"
command -v python3 >/dev/null || skip_all 'python3 is needed'
plan 2

ok "a storm of ${KILLS:-100} kills"	"$srcdir/tests/lib/kill-storm.py" "$PWD/db" "${KILLS:-100}"
ok 'and the directory is whole'	count-flush -d "$PWD/db"
