#!/bin/sh
# t6000 - kill -9 of writers and flushes at random moments: nothing acknowledged is lost, nothing is doubled.
# KILLS says how many (100, with SLOW=1 1000).
. "${srcdir:-$(dirname "$0")}/tap.sh"
need python3
kills=${KILLS:-${SLOW:+1000}}
kills=${kills:-100}
plan 2

ok "a storm of $kills kills"	"$srcdir/lib/kill-storm.py" "$PWD/db" "$kills"
ok 'and the directory is whole'	count-flush -d "$PWD/db"
