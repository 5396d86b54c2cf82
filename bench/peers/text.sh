#!/bin/sh
# text.sh - the lines as a plain file, asked by grep and awk, and the same compressed by zstd -3.
. "$(dirname "$0")/start.sh"

# in_steps SECONDS FUNCTION: an awk program, the aggregate of each series and step
avg='{ b = $3 - $3 % 300; s[b] += $2; n[b]++ } END { for (b in s) print b, s[b] / n[b] }'
max='{ k = $1 " " ($3 - $3 % step) } !(k in m) || $2 > m[k] { m[k] = $2 } END { for (k in m) print k, m[k] }'

# ask_text READ: the queries with READ, a command that prints the lines.
ask_text()
{
	query last sh -c "$1 | grep '^$ONE ' | tail -n 1"
	query hour sh -c "$1 | grep '^$ONE ' | awk '\$3 >= $HOUR'"
	query dump sh -c "$1 | grep '^$ONE '"
	query avg-5m sh -c "$1 | grep '^$ONE ' | awk '$avg'"
	query max-1h sh -c "$1 | awk -v step=3600 '$max'"
	query max-1d sh -c "$1 | awk -v step=86400 '$max'"
	query list sh -c "$1 | cut -d ' ' -f 1 | sort -u"
	RUNS=3 HEAVY=1 # seconds each
	ask
}

PEER='text file'
cost "$TABLE" "$PEER" ingest: $POINTS sh -c "cp '$LINES' '$tmp/lines' && sync '$tmp/lines'"
bytes "$PEER" "$tmp/lines"
ask_text "cat $tmp/lines"
rm "$tmp/lines"

PEER='text file, zstd -3'
have "$PEER" zstd
cost "$TABLE" "$PEER" ingest: $POINTS zstd -3 -q -o "$tmp/lines.zst" "$LINES"
bytes "$PEER" "$tmp/lines.zst"
ask_text "zstd -dc $tmp/lines.zst"
