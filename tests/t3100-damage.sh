#!/bin/sh
# t3100 - a data directory that lost a part, was damaged, or is of a newer version: exit 3 with the file's
# name, whatever can be read is answered, and nothing is made worse.
. "${srcdir:-$(dirname "$0")}/tap.sh"

# Three sources: a block (cold name: b), a sealed segment (s), the active one (h).
seq 1 3000 | awk '{ print "b", $1, 1700000000 + $1 }' | count-ingest -q
count-flush
echo 's 1 1' | count-ingest -q
active=$(cd data/wal && printf '%s\n' * | tail -n 1)
next=$(printf '%012d.wal' "$(($(expr "$active" : '0*\([0-9]*\)') + 1))")
: >"data/wal/$next"
echo 'h 1 1' | count-ingest -q
block=$(cd data/blocks && echo *.blk)
cp -a data whole
count-query >all
restore() { rm -rf data; cp -a whole data; }
print_all() { prints all count-query; }
ok 'a whole directory'			print_all

digest() { (cd data && find . -type f ! -name lock | sort | xargs cksum) >"$1"; }
unchanged() { digest after; cmp before after; }

# lacking DESC FILE TEXT: the query says so, and prints what does not need the file.
lacking()
{
	ok "$1: the query is exit 3, and names the file"	exits 3 stderr_has "$2" count-query
	ok '... and says what it is'		exits 3 stderr_has "$3" count-query
	ok '... quiet is not silent'		exits 3 stderr_has "$2" count-query -q
}

rm "data/blocks/$block"
lacking 'a missing block' "data/blocks/$block" 'CURRENT names it'
printf 'h 1 1000\ns 1 1000\n' >want
ok '... the log is answered'		exits 3 prints want count-query
ok '... so are aggregates'		exits 3 stderr_has "$block" count-query --agg count
awk 'BEGIN { for (i = 1; i <= 2000; i++) print "n", i, 1700000000 + i }' >late
ok '... new points go in'		count-ingest -q late
ok '... a flush that can leave it alone does'	count-flush
{ echo 'h 1 1000'; sed 's/$/000/' late; echo 's 1 1000'; } >want
ok '... and loses nothing more'		exits 3 prints want count-query
cp "whole/blocks/$block" data/blocks/
{ grep '^b' all; cat want; } >want2
ok '... the block put back, all is well' prints want2 count-query

restore
printf '\377\376\375' | dd of="data/blocks/$block" bs=1 seek=70 conv=notrunc 2>/dev/null
lacking 'a block damaged inside' "data/blocks/$block" 'damaged'
printf 'h 1 1000\ns 1 1000\n' >want
ok '... what is not damaged is no error'	prints want count-query h s
cp "data/blocks/$block" kept
ok '... flush goes on'			sh -c 'count-flush; [ $? = 0 ] || [ $? = 3 ]'
printf 'h 1 1000\ns 1 1000\n' >want
ok '... they are there still'	prints want count-query h s
here() { find data -name '*.blk' | while read -r f; do cmp -s "$f" kept && echo y; done | grep -q y; }
ok '... the damaged block is kept'	here

restore
printf 'x' >>"data/blocks/$block"
lacking 'a block that grew' "data/blocks/$block" 'CURRENT says'
: >"data/blocks/$block"
lacking 'an empty block' "data/blocks/$block" 'CURRENT says'

restore
rm "data/wal/$active"
lacking 'a missing segment' "data/wal/$active" 'missing'
grep -v '^s' all >want
ok '... the rest is answered'		exits 3 prints want count-query
ok '... flush says so too'		exits 3 stderr_has "$active" count-flush
ok '... and keeps the rest'		prints want count-query

restore
rm data/wal/*
grep '^b' all >want
ok 'no segment at all is an empty log'	prints want count-query
ok '... new points go in'		sh -c 'echo n 1 1 | count-ingest -q && count-flush'
echo 'n 1 1000' >>want
ok '... and out'			prints want count-query

# unusable DESC FILE: no tool can do anything, none does anything
unusable()
{
	digest before
	ok "$1: query"			exits 3 stderr_has "$2" count-query
	ok '... ingest'			exits 3 stderr_has "$2" sh -c 'echo n 1 1 | count-ingest'
	ok '... flush'			exits 3 stderr_has "$2" count-flush
	ok '... flush --dry-run'	exits 3 stderr_has "$2" count-flush --dry-run
	ok '... nothing was changed'	unchanged
	restore
}
restore
for file in CURRENT FORMAT; do
	rm "data/$file"
	unusable "without $file" "data/$file"
	: >"data/$file"
	unusable "an empty $file" "data/$file"
	sed 's/1/3/' "whole/$file" >"data/$file"
	unusable "an edited $file" "data/$file: checksum differs"
	head -c 30 "whole/$file" >"data/$file"
	unusable "a cut $file" "data/$file"
	head -c 3000 /dev/urandom >"data/$file"
	unusable "noise as $file" "data/$file"
	rm "data/$file"; mkdir "data/$file"
	unusable "a directory as $file" "data/$file"
	rm -r "data/$file"; ln -s "../whole/$file" "data/$file"
	unusable "a link as $file" "data/$file"
done
for dir in wal blocks; do
	rm -r "data/$dir"
	unusable "without $dir" "data/$dir"
	rm -r "data/$dir"
	ln -s "../whole/$dir" "data/$dir"
	unusable "a link as $dir" "data/$dir"
done

# The checksums are those of just these bytes.
printf 'count-format 2\nunit ms\nid 00112233445566778899aabbccddeeff\ncrc32c 69c388dc\n' >data/FORMAT
unusable 'a newer FORMAT' 'data/FORMAT: line 1: version 2'
printf '%s\n' 'count-current 2' 'generation 1' 'first-segment 1' 'next-number 1' 'last-flush 0' \
	'last-retention 0' 'clock-jump 0' 'crc32c ed4005e5' >data/CURRENT
unusable 'a newer CURRENT' 'data/CURRENT: line 1: version 2'
{ printf '\211cntwal\n\011'; head -c 19 /dev/zero; printf '12345678\076\101\047\320'; } |
	dd of="data/wal/$next" conv=notrunc 2>/dev/null
unusable 'a newer active segment' "data/wal/$next: written by a newer version"

zeros() { head -c "$1" /dev/zero; }
{
	printf 'countB\032\n\011\000\001'; zeros 21; printf '\001'; zeros 7; printf '\001'; zeros 19
	printf '\300\213\151\074'
} >header
dd if=header of="data/blocks/$block" conv=notrunc 2>/dev/null
cp "data/blocks/$block" kept
ok 'a newer block: query'		exits 3 stderr_has 'written by a newer version' count-query
ok '... flush leaves it as it is'	count-flush
ok '... as it was'			here

# A window that compaction wants to rewrite, with a block that cannot be had.
rm -rf data
awk 'BEGIN { for (i = 1; i <= 3000; i++) print "b", i, 1700000000 + i }' | count-ingest -q
count-flush
count-ingest -q late
rm -rf whole; cp -a data whole
block=$(cd data/blocks && echo *.blk)
sed 's/$/000/' late >want
rm "data/blocks/$block"
ok 'compaction of a block that is gone: exit 3'	exits 3 stderr_has "data/blocks/$block" count-flush
ok '... again'				exits 3 stderr_has "data/blocks/$block" count-flush
ok '... the rest is kept'		exits 3 prints want count-query
cp "whole/blocks/$block" data/blocks
ok '... the block put back'		count-flush
ok '... it is done'			test "$(count-query | wc -l)" = 5000
restore
dd if=header of="data/blocks/$block" conv=notrunc 2>/dev/null
cp "data/blocks/$block" kept
ok 'compaction of a newer block: exit 3'	exits 3 stderr_has 'a newer version' count-flush
ok '... queries refuse too'		exits 3 prints /dev/null count-query
ok '... the block is as it was'		here
done_testing
