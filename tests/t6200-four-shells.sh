#!/bin/sh
# t6200 - thousands of one-line ingests from four shells at once beside a looping flush: all there, none twice.
# CALLS says how many each shell makes of each of two kinds.
. "${srcdir:-$(dirname "$0")}/tap.sh"
plan 4
calls=${CALLS:-${SLOW:+2500}}
calls=${calls:-100}

count-ingest -q --init </dev/null

# A series of its own for each call, and one series with a stamp for each call.
shell() {
	i=0
	while [ $i -lt "$calls" ]; do
		echo "m.$1.$i 1" | count-ingest -q || echo "m.$1.$i: exit $?" >>failed
		echo "m $i $((1700000000 + i * 4 + $1))" | count-ingest -q || echo "m $i: exit $?" >>failed
		i=$((i + 1))
	done
}

flushes() {
	while [ ! -e stop ]; do
		count-flush -q
		case $? in 0 | 5) ;; *) echo "count-flush: exit $?" >>failed ;; esac
	done
}

flushes &
flusher=$!
shells=
for s in 0 1 2 3; do
	shell $s &
	shells="$shells $!"
done
# shellcheck disable=SC2086
wait $shells
: >stop
wait $flusher

ok 'no call failed'	test ! -e failed
count-query m | awk '{ print $3 }' | sort -n >got
awk -v n="$calls" 'BEGIN { for (i = 0; i < 4 * n; i++) printf "%d000\n", 1700000000 + i }' >want
ok 'each stamp once'	cmp want got
count-query 'm.*' | awk '{ print $1, $2 }' | sort >got
for s in 0 1 2 3; do
	i=0
	while [ $i -lt "$calls" ]; do
		echo "m.$s.$i 1"
		i=$((i + 1))
	done
done | sort >want
ok 'each series once'	cmp want got
ok 'a last flush'	count-flush
