#!/bin/sh
# t6600 - queries beside ingest, flush and compaction: what was acknowledged before a query began is in its answer,
# in order, once, from whichever tier.  SECONDS_BESIDE says for how long (5, with SLOW=1 60), or until there are
# points and rounds enough, where a machine is slow or busy.
. "${srcdir:-$(dirname "$0")}/tap.sh"
seconds=${SECONDS_BESIDE:-${SLOW:+60}}
seconds=${seconds:-5}
plan 4

echo 'm 0 1700000000' | count-ingest -q
echo 0 >acked

# Ingests of 1, 2, ... points; each number is also its own stamp, and every third is written twice.
writer() {
	i=0
	while [ ! -e stop ]; do
		n=$((i % 3 + 1))
		j=1
		while [ $j -le $n ]; do
			echo "m $((i + j)) $((1700000000 + i + j))"
			[ $((i % 3)) = 0 ] || echo "m $((i + j)) $((1700000000 + i + j))"
			j=$((j + 1))
		done | count-ingest -q || echo "count-ingest: exit $?" >>failed
		i=$((i + n))
		echo $i >acked.new && mv acked.new acked
	done
}

flusher() {
	while [ ! -e stop ]; do
		count-flush -q || echo "count-flush: exit $?" >>failed
	done
}

background writer
background flusher
end=$(($(date +%s) + seconds))
rounds=0
last_end=$((end + 120))
goes_on() {
	now=$(date +%s)
	[ "$now" -ge $end ] || return 0
	[ "$now" -lt $last_end ] && { [ "$(cat acked)" -lt 100 ] || [ $rounds -lt 5 ]; }
}
while goes_on; do
	read -r before <acked
	count-query m >got 2>err || echo "count-query: exit $?: $(cat err)" >>failed
	# Value k at stamp 1700000000 + k, without a gap, at least up to what was acknowledged before.
	awk -v before="$before" '
		$2 != NR - 1 || $3 != (1700000000 + NR - 1) "000" { print "line " NR ": " $0; bad = 1; exit }
		END { if (!bad && NR <= before) print NR " points, " before + 1 " were acknowledged" }' got >>failed
	count=$(count-query m --agg count 2>>failed | cut -d' ' -f2)
	[ "$count" -ge "$(wc -l <got)" ] || echo "count $count after $(wc -l <got) points" >>failed
	rounds=$((rounds + 1))
done
: >stop
wait
touch failed
note "$rounds rounds, $(cat acked) points"
ok 'no query missed, doubled or changed a point'	test ! -s failed
[ ! -s failed ] || head -n 5 failed | sed 's/^/# /'
ok 'there were many rounds'	test $rounds -ge 5
ok 'and many points'		test "$(cat acked)" -ge 100
ok 'a last flush'		count-flush
