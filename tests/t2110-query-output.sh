#!/bin/sh
# t2110 - count-query: the formats, times, and what happens when nobody takes the output.
. "${srcdir:-$(dirname "$0")}/tap.sh"

count-ingest -q --time-unit ms <<'END'
a,b 1.5 1700000000123
cpu{host="x"} -0 1700000000000
cpu{host="x"} NaN 1700000001000
cpu{host="x"} -Inf 1700000002000
q{p="\"\\"} 5e-324 -1
END
cat >want <<'END'
cpu{host="x"} -0 1700000000000
cpu{host="x"} NaN 1700000001000
cpu{host="x"} -Inf 1700000002000
q{p="\"\\"} 5e-324 -1
{"a,b"} 1.5 1700000000123
END
ok 'text'				prints want count-query
for f in text csv tsv json ndjson; do
	count-query --format $f >out.$f
done
cat >want <<'END'
series,timestamp,value
"cpu{host=""x""}",1700000000000,-0
"cpu{host=""x""}",1700000001000,NaN
"cpu{host=""x""}",1700000002000,-Inf
"q{p=""\""\\""}",-1,5e-324
"{""a,b""}",1700000000123,1.5
END
ok 'csv: RFC 4180, a header'		prints want cat out.csv
ok 'csv of nothing is its header'	prints - count-query -q --format csv --from 2040-01-01 <<'END'
series,timestamp,value
END
printf 'series\ttimestamp\tvalue\nq{p="\\\\"\\\\\\\\"}\t-1\t5e-324\n' >want
ok 'tsv: a header, escapes'		prints want count-query --format tsv 'q*'
cat >want <<'END'
[
{"series":"cpu{host=\"x\"}","timestamp":1700000000000,"value":-0},
{"series":"cpu{host=\"x\"}","timestamp":1700000001000,"value":"NaN"},
{"series":"cpu{host=\"x\"}","timestamp":1700000002000,"value":"-Inf"},
{"series":"q{p=\"\\\"\\\\\"}","timestamp":-1,"value":5e-324},
{"series":"{\"a,b\"}","timestamp":1700000000123,"value":1.5}
]
END
ok 'json: an array'			prints want cat out.json
ok '--json is the same'			prints want count-query --json
sed '1d; $d; s/,$//' want >want.nd
ok 'ndjson: its objects'		prints want.nd cat out.ndjson
if command -v jq >/dev/null; then
	ok 'jq reads json'		test "$(jq length out.json)" = 5
	ok '... when it is empty'	test "$(count-query -q --json --from 2040-01-01 | jq length)" = 0
	ok '... and lists'		test "$(count-query --list --json | jq -r '.[].series' | head -n 1)" = 'cpu{host="x"}'
else
	skip_one jq 'jq is not installed'
fi
for f in text ndjson; do
	ok "$f goes back in"		count-ingest -q --time-unit ms -d copy.$f out.$f
	ok '... to the same'		prints out.text count-query -d copy.$f
done
printf 'cpu{host="x"}\nq{p="\\"\\\\"}\n{"a,b"}\n' >want
ok '--list'				prints want count-query --list
printf 'cpu{host="x"} -Inf 1700000002000\nq{p="\\"\\\\"} 5e-324 -1\n{"a,b"} 1.5 1700000000123\n' >want
ok '--last'				prints want count-query --last
head -n 2 out.text >want
ok '--limit'				prints want count-query --limit 2

is() { want=$1; shift; got=$("$@"); echo "got '$got', wanted '$want'"; [ "$got" = "$want" ]; }
ok '--time-format s'			is 'q{p="\"\\"} 5e-324 -0.001' count-query --time-format s q
ok '--time-format us'			is 'q{p="\"\\"} 5e-324 -1000' count-query --time-format us q
ok '--time-format ns'			is '{"a,b"} 1.5 1700000000123000000' count-query --time-format ns 'a*'
ok '--time-format iso'			is '{"a,b"} 1.5 2023-11-14T22:13:20.123Z' count-query --time-format iso 'a*'
ok '... in json is a string'		is '{"series":"{\"a,b\"}","timestamp":"2023-11-14T22:13:20.123Z","value":1.5}' \
	count-query --format ndjson --time-format iso 'a*'
count-query --time-format iso >as.iso
ok '... goes back in'			count-ingest -q -d copy.iso as.iso
ok '... to the same'			prints out.text count-query -d copy.iso

printf 'g 1 0\ng 3 60\ng 5 240\n' | count-ingest -q --time-unit s -d agg
agg() { count-query -d agg g --from 0 --step 1m --agg avg "$@"; }
ok 'steps'				is 'g:avg 1 0,g:avg 3 60000,g:avg 5 240000,' sh -c \
	"count-query -d agg g --from 0 --step 1m --agg avg | tr '\n' ,"
printf 'g:avg 1 0\ng:avg 3 60000\ng:avg null 120000\ng:avg null 180000\ng:avg 5 240000\n' >want
ok '--fill null: text'			prints want agg --to 300 --fill null
agg --to 300 --fill null >null.text
ok '... is passed over by ingest'	silent count-ingest -q --time-unit ms -d copy.null null.text
ok '... csv has an empty field'		sh -c 'count-query -d agg g --from 0 --to 300 --step 1m --agg avg --fill null --format csv |
	grep -qx "g:avg,120000,"'
ok '... json has null'			sh -c 'count-query -d agg g --from 0 --to 300 --step 1m --agg avg --fill null --format ndjson |
	grep -qx "{\"series\":\"g:avg\",\"timestamp\":120000,\"value\":null}"'

ok '/dev/full: text'			exits 3 stderr_has 'No space left' sh -c 'count-query >/dev/full'
ok '/dev/full: list'			exits 3 sh -c 'count-query --list >/dev/full'
ok '/dev/full: json'			exits 3 sh -c 'count-query --json >/dev/full'
ok '/dev/full: help'			exits 3 sh -c 'count-query --help >/dev/full'
ok 'a closed stdout'			exits 3 sh -c 'count-query >&-'
awk 'BEGIN { for (i = 0; i < 60000; i++) print "long", i, 1600000000 + i }' | count-ingest -q
first() { count-query long 2>err | head -n 1 >one; [ ! -s err ] && [ "$(cat one)" = 'long 0 1600000000000' ]; }
ok 'a closed pipe is quiet'		first
ended() { { count-query long; echo $? >status; } | head -n 1 >one; [ "$(cat status)" = 141 ]; }
ok '... and ends it by the signal'	ended
ignored() { (trap '' PIPE; { count-query long; echo $? >status; } 2>err | head -n 1 >one); [ ! -s err ]; }
ok '... whatever its parent ignores'	ignored

# Frames of the log with the same series as one before, with some of them, with others.
for i in 1 2 3 4 5 6 7 8; do
	seq $((i % 3)) $((i % 3 + i % 2 + 1)) | sed "s/.*/s& 1 $i/" | count-ingest -q -d frames
done
printf 's%d\n' 0 1 2 3 4 >want
ok '--list of many frames'		prints want count-query -d frames --list
done_testing
