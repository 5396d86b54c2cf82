#!/bin/sh
# t1110 - count-ingest: the formats, and how names and values are spelled.
. "${srcdir:-$(dirname "$0")}/tap.sh"

fresh() { rm -rf data; count-ingest --quiet "$@"; }

cat >want <<'END'
a.b 1 1700000000000
a.b 2 1700000001000
END
printf 'a.b 1 1700000000\na.b\t2\t1700000001\n' >in
ok 'Graphite: blanks and tabs'			fresh in
ok '... are read'				prints want count-query
printf '  a.b   1  1700000000  \r\n\t a.b 2 1700000001\t\r\n' >in
ok 'blanks around fields and CRLF'		fresh in
ok '... are no part of them'			prints want count-query
printf 'a.b 1 1700000000\na.b 2 1700000001' >in
ok 'a last line without newline is a line'	fresh in
ok '... and read'				prints want count-query
printf '\n   \n# a comment\n  # another\na.b 1 1700000000\nc null 1\na.b 2 1700000001\n' >in
ok 'blank lines, comments, nulls are no error'	silent fresh in
ok '... and give no point'			prints want count-query

cat >in <<'END'
disk;host=web1;mount=/ 1 1
disk;mount=/;host=web2 2 1
cpu{mode="idle",host="web 1"} 3 1
cpu{ host = "b", a = "c" , } 4 1
{"my cpu",host="x y"} 5 1
{"a\"b\\c"} 6 1
weird;x= 7 1
temperatür;ort=Köln 8 1
x{} 9 1
q{k="a}b c"} 10 1
1234 11 1
END
cat >want <<'END'
1234 11 1000
cpu{a="c",host="b"} 4 1000
cpu{host="web 1",mode="idle"} 3 1000
disk{host="web1",mount="/"} 1 1000
disk{host="web2",mount="/"} 2 1000
q{k="a}b c"} 10 1000
temperatür{ort="Köln"} 8 1000
weird 7 1000
x 9 1000
{"a\"b\\c"} 6 1000
{"my cpu",host="x y"} 5 1000
END
ok 'names with tags, labels, quotes'		fresh in
ok '... in canonical form'			prints want count-query
count-query >copy
ok 'what is printed can be read'		fresh --time-unit ms copy
ok '... to the same'				prints want count-query

cat >in <<'END'
{"series":"cpu","timestamp":1700000000000,"value":1.5,"tags":{}}
{"value":-2e3,"series":"cpu","timestamp":1700000001}
{ "series" : "cpu" , "timestamp" : 1700000002.25 , "value" : 0 }
{"series":"tagged","value":1,"timestamp":5,"tags":{"b":"2","a":"x\"y\\z","empty":""}}
{"series":"own{k=\"v\"}","value":1,"timestamp":5,"tags":{"a":"1"}}
{"series":"\u00fcber\ud83d\ude00","value":1,"timestamp":5}
{"series":"my cpu","value":1,"timestamp":5}
{"series":"special","value":"NaN","timestamp":1}
{"series":"special","value":"+Inf","timestamp":2}
{"series":"special","value":"-Inf","timestamp":3}
{"series":"nothing","value":null,"timestamp":3}
{"series":"iso","value":1,"timestamp":"2024-05-01T10:00:00Z"}
{"extra":[1,{"a":[true,false,null]},"\n"],"series":"extra","value":1,"timestamp":1,"more":{"series":"no"}}
END
cat >want <<'END'
cpu 1.5 1700000000000
cpu -2000 1700000001000
cpu 0 1700000002250
extra 1 1000
iso 1 1714557600000
own{a="1",k="v"} 1 5000
special NaN 1000
special +Inf 2000
special -Inf 3000
tagged{a="x\"y\\z",b="2"} 1 5000
{"my cpu"} 1 5000
END
printf '\303\274ber\360\237\230\200 1 5000\n' >>want
ok 'JSON: one object a line'			fresh in
ok '... with tags, escapes, other keys'		prints want count-query
ok '... also when asked for'			fresh --format json in
ok '... to the same'				prints want count-query

for bad in '{"series":"a"}' '{"value":1}' '{"series":"a","value":1' '{"series":"a","value":1}}' '[]' \
	'[{"series":"a","value":1}]' '{"series":"a","value":1,"value":2}' '{"series":"a","series":"b","value":1}' \
	'{"series":"a","value":01}' '{"series":"a","value":1.}' '{"series":"a","value":.5}' '{"series":"a","value":1e}' \
	'{"series":"a","value":true}' '{"series":"a","value":"x"}' '{"series":"a","value":1,}' '{"series":a,"value":1}' \
	'{"series":"a","value":1,"tags":{"x":1}}' '{"series":"a","value":1,"tags":{"x":"1","x":"2"}}' \
	'{"series":"a","value":1,"tags":[]}' '{"series":"a\q","value":1}' '{"series":"a\ud800","value":1}' \
	'{"series":"a\ude00\ud800","value":1}' '{"series":"\u0000","value":1}' '{"series":"","value":1}' \
	'{"series":"a{k=\"1\"}","value":1,"tags":{"k":"1"}}' '{"series":"a","value":1,"timestamp":""}' \
	'{"series":"a","value":1,"timestamp":null}' '{"series":"a","value":1e999}' '{"series":"a","value":1,"timestamp":1e30}' \
	'{"series":"a","value":1} x' '{"series":"a","value":"Infinity!"}' '{}' 'null'; do
	printf '%s\n' "$bad" >in
	ok "JSON refused: $bad"			exits 1 stderr_has in:1: count-ingest --format json in
done
awk 'BEGIN { printf "{\"series\":\"deep\",\"value\":1,\"x\":"; for (i = 0; i < 40; i++) printf "[";
	for (i = 0; i < 40; i++) printf "]"; print "}" }' >in
ok 'JSON nested too deep'			exits 1 stderr_has 'too deep' count-ingest in

printf 'v 1\nv -0\nv 5e-324\nv 1.7976931348623157e308\nv nan\nv +Inf\nv -INF\nv .5\nv 5.\nv 1e-400\nv 0.1\n' |
	awk '{ print $0, 1700000000 + NR }' >in
cat >want <<'END'
v 1 1700000001000
v -0 1700000002000
v 5e-324 1700000003000
v 1.7976931348623157e+308 1700000004000
v NaN 1700000005000
v +Inf 1700000006000
v -Inf 1700000007000
v 0.5 1700000008000
v 5 1700000009000
v 0 1700000010000
v 0.1 1700000011000
END
ok 'values of all sorts'			fresh in
ok '... are exact'				prints want count-query
awk 'BEGIN { srand(7); for (i = 0; i < 3000; i++) printf "r %.*g %d\n", 1 + int(rand() * 17),
	(rand() - 0.5) * 10 ^ int(rand() * 40 - 20), 1700000000000 + i }' >in
ok 'random decimals'				fresh in
count-query >first
ok '... copied'					sh -c 'count-query | count-ingest -q --time-unit ms -d copy.dir'
ok '... are the same to the bit'		prints first count-query -d copy.dir
count-query --format ndjson >nd
ok 'NDJSON copied'				fresh --time-unit ms nd
ok '... is the same to the bit'			prints first count-query
printf 'cpu,host=a value=1 1700000000\nput cpu 1700000000 5 host=a\nseries,timestamp,value\nhello\n' >in
ok 'a format that cannot be told'		exits 1 stderr_has \
	"in:1: cannot tell the format; expected 'name value [timestamp]'" count-ingest in
ok '... nor any of the others'			exits 1 stderr_has "in:4: cannot tell" count-ingest in
printf '\357\273\277a.b 1 1700000000\n' >in
ok 'a byte order mark'				silent fresh in
done_testing
