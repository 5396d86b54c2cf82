#!/bin/sh
# t1120 - count-ingest: timestamps by magnitude, by --time-unit, of receipt, and directories of other units.
. "${srcdir:-$(dirname "$0")}/tap.sh"

fresh() { rm -rf data; count-ingest --quiet "$@"; }

cat >in <<'END'
s 1 1700000000
ms 1 1700000000123
us 1 1700000000123456
ns 1 1700000000123456789
point 1 1700000000.5
old 1 -86400
zero 1 0
edge.s 1 99999999999
edge.ms 1 100000000000
iso 1 2024-05-01T10:00:00.25Z
END
cat >want <<'END'
edge.ms 1 100000000000
edge.s 1 99999999999000
iso 1 1714557600250
ms 1 1700000000123
ns 1 1700000000123
old 1 -86400000
point 1 1700000000500
s 1 1700000000000
us 1 1700000000123
zero 1 0
END
ok 'auto: by magnitude'			fresh in
ok '... floored to milliseconds'	prints want count-query
printf 'x 1 1\nx 1 1.5\nx 1 -1\n' >in
printf 'x 1 -1\nx 1 1\n' >want
ok '--time-unit ms'			fresh --time-unit ms in
ok '... -1 is a time then'		prints want count-query
ok '--time-unit s'			fresh --time-unit s in
printf 'x 1 -1000\nx 1 1000\nx 1 1500\n' >want
ok '... decimals are exact'		prints want count-query
printf 'x 1 1700000000123456789\n' >in
for unit in s:1700000000 ms:1700000000123 us:1700000000123456 ns:1700000000123456789; do
	rm -rf data
	ok "a directory in ${unit%:*}"	silent count-ingest -q --init --precision "${unit%:*}"
	ok '... takes'			count-ingest in
	echo "x 1 ${unit#*:}" >want
	ok '... and keeps its unit'	prints want count-query
done
ok 'another --precision is refused'	exits 2 count-ingest --init --precision s
ok 'the same one is fine'		silent count-ingest --init --precision ns
ok 'none is fine'			silent count-ingest --init
near() { now=$(date +%s); got=$(count-query "$1" --time-format s | cut -d' ' -f3); got=${got%.*}
	[ -n "$got" ] && [ $((now - got)) -ge -1 ] && [ $((now - got)) -le 20 ]; }
printf 'none 1\nminus 1 -1\nn 1 N\n' >in
ok 'without a stamp, with -1 and N'	fresh in
for s in none minus n; do
	ok "... $s: the time of receipt" near $s
done
for bad in x 1x 12:00 17000000000000000000000000 '1 2' --1 0x10 1e30 nan ''; do
	printf 'a 1 %s\n' "$bad" >in
	[ -z "$bad" ] || ok "refused: $bad"	exits 1 stderr_has in:1: count-ingest in
done
printf 'a 1 9223372036854775807\na 1 -9223372036854775808\n' >in
rm -rf data; count-ingest -q --init --precision ns
printf 'a 1 -9223372036854775808\na 1 9223372036854775807\n' >want
ok 'the ends of 64 bits'		count-ingest --time-unit ns in
ok '... come back'			prints want count-query
done_testing
