#!/bin/sh
# t3110 - a disk that is full, a limit on file sizes, few files: exit 3 and a message, what was acknowledged is
# kept, and when there is room again all goes on without repair.
. "${srcdir:-$(dirname "$0")}/tap.sh"

awk 'BEGIN { for (i = 1; i <= 60000; i++) print "s" i % 97, i * 1.37, 1700000000 + i }' >big
awk '{ print $1, $2, $3 "000" }' big | LC_ALL=C sort >big.sorted
# Messages go through a pipe: a limit on files is one on stderr's file too.
limited() { n=$1; shift; { (ulimit -f "$n"; "$@"); echo $? >status; } 2>&1 | cat >&2; return "$(cat status)"; }

for blocks in 0 1 3 20 60; do
	rm -rf data
	ok "a limit of $blocks blocks: ingest is exit 3"	exits 3 stderr_has 'count-ingest: ' limited $blocks count-ingest big
	count-query 2>/dev/null | LC_ALL=C sort >got
	LC_ALL=C comm -23 got big.sorted >foreign
	ok '... nothing but what was read is there'		test ! -s foreign
	ok '... and then all of it goes in'			count-ingest -q big
	count-query | LC_ALL=C sort >got
	ok '... and out'					cmp big.sorted got
done

count-query >all
for blocks in 0 1 2 5; do
	rm -rf whole; cp -a data whole
	ok "a limit of $blocks blocks: flush is exit 3"	exits 3 stderr_has 'count-flush: data' sh -c '
		{ (ulimit -f '$blocks'; count-flush -d data); echo $? >status; } 2>&1 | cat >&2; exit $(cat status)'
	ok '... all is there'				prints all count-query
	ok '... a point can be added'			sh -c 'echo extra 1 1 | count-ingest -q'
	count-query >all2
	ok '... the next flush does the work'		count-flush
	ok '... all is there'				prints all2 count-query
	rest() { [ -z "$(find data/blocks data/wal data -maxdepth 1 -type f -name '*.tmp')" ]; }
	ok '... and no leftovers'			rest
	rm -rf data; mv whole data
done

many()
{
	rm -rf data
	for i in 1 2 3 4 5 6; do
		awk -v i=$i 'BEGIN { for (k = 0; k < 1100; k++) print "m" i, k, 1000000000 + i * 40000000 + k }' |
			count-ingest -q
		count-flush --no-compact
	done
	[ "$(find data/blocks -name '*.blk' | wc -l)" -gt 4 ]
}
ok 'several blocks'			many
count-query >all
files() { (ulimit -n "$1"; shift; "$@"); }
ok 'files for all blocks are not needed' prints all files 10 count-query
ok '... nor by flush'			files 16 count-flush
few() { files 6 count-query >got; [ $? = 3 ] || cmp all got; }
ok 'too few files: an error, or all'	few
few_in() { echo f 1 1 | files 6 count-ingest -q; [ $? = 3 ] || [ -n "$(count-query -q f)" ]; }
ok '... ingest too'			few_in

if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
	skip_one 'a small disk' 'needs a root that may mount'
	done_testing
	exit 0
fi
mkdir disk
cat >small.sh <<'X'
mount -t tmpfs -o size="$1" tmpfs disk || exit 77
count-ingest -q -d disk/data big; a=$?
echo one 1 1 | count-ingest -q -d disk/data; b=$?
count-query -q -d disk/data >acked; c=$?
count-flush -q -d disk/data; d=$?
count-query -q -d disk/data | cmp -s - acked || { echo 'lost by a full flush'; exit 1; }
mount -o remount,size=30m disk
echo two 1 1 | count-ingest -q -d disk/data; e=$?
count-flush -q -d disk/data; f=$?
count-query -q -d disk/data >after; g=$?
{ cat acked; echo two 1 1000; } | LC_ALL=C sort >want
LC_ALL=C sort after | cmp -s - want || { echo "lost: $(wc -l <acked) before, $(wc -l <after) after"; exit 1; }
echo "$a $b $c $d $e $f $g"
case "$a $b $c $d $e $f $g" in "3 "[03]" 0 "[03]" 0 0 0" | "3 3 2 2 0 0 0") exit 0 ;; *) exit 1 ;; esac
X
for size in 4k 12k 20k 60k 200k; do
	ok "a disk of $size"		unshare -m sh small.sh $size
done
done_testing
