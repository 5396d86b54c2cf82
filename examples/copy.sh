#!/bin/sh
# copy.sh OLD NEW - copies every point of a data directory into a new one of the same time unit, and
# proves it: the same series, stamps and doubles, bit for bit.  Programs may write to OLD meanwhile:
# a query sees what was there when it began.
set -eu
[ $# = 2 ] || { echo "usage: $0 OLD NEW" >&2; exit 2; }
old=$1 new=$2
unit=$(sed -n 's/^unit //p' "$old/FORMAT")
[ ! -e "$new" ] || { echo "$0: $new is there" >&2; exit 2; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

mkfifo "$tmp/pipe"
cksum <"$tmp/pipe" >"$tmp/sum" &
count-ingest -q --init --precision "$unit" -d "$new"
count-query -d "$old" | tee "$tmp/pipe" | count-ingest -q --time-unit "$unit" -d "$new"
wait
count-flush -q -d "$new"
[ "$(cat "$tmp/sum")" = "$(count-query -d "$new" | cksum)" ] || { echo "$0: $new differs" >&2; exit 1; }
echo "$(count-query -d "$new" --list | wc -l) series copied"
