#!/bin/sh
# t2130 - count-query: --check and --max-age as alerts, --plot as a picture.
. "${srcdir:-$(dirname "$0")}/tap.sh"

now=$(date +%s)
printf 'disk;host=a 95.5 %s\ndisk;host=b 50 %s\nold 1 %s\nsick NaN %s\n' "$((now - 5))" "$((now - 5))" "$((now - 7200))" \
	"$((now - 5))" | count-ingest -q
ok 'all is well: silent'		silent count-query 'disk{host="b"}' --last --check '< 90' --max-age 10m
ok 'a value out of bounds'		exits 1 count-query disk --last --check '< 90'
lines() { count-query "$@" >out; [ "$(wc -l <out)" = "$n" ]; }
n=1
ok '... gives one line'			lines disk --last --check '< 90'
ok '... with series, value, limit'	grep -qF 'disk{host="a"} is 95.5, wanted < 90' out
ok 'too old'				exits 1 count-query old --last --max-age 10m
ok '... gives one line'			lines old --last --max-age 10m
ok '... with its age'			grep -q '^old is 1, 2h old, more than 10m (20..-..-..T..:..:..Z)' out
ok 'not too old'			silent count-query old --last --max-age 3h
for e in '< 50' '<50' '> 50' ' != 50 ' '<= 49.9' '>= 50.1' '== 51'; do
	ok "50 $e does not hold"	exits 1 count-query 'disk{host="b"}' --last --check "$e"
done
for e in '<= 50' '>= 50' '== 50' '= 50' '!= 51' '< 1e9' '> -1' '< +Inf'; do
	ok "50 $e holds"		silent count-query 'disk{host="b"}' --last --check "$e"
done
ok 'NaN fails'				exits 1 count-query sick --last --check '< 90'
ok '... also the other way round'	exits 1 count-query sick --last --check '> 90'
ok 'no point in the range fails'	exits 1 count-query old --last --from -1h --max-age 10m
ok 'an unknown series fails'		exits 1 count-query nope --last --check '< 90'
ok 'stdout that is full'		exits 3 sh -c "count-query disk --last --check '< 90' >/dev/full"

awk 'BEGIN { for (i = 0; i < 600; i++) if (i < 200 || i > 400) print "wave", sin(i / 30), 1700000000 + i * 10
	for (i = 0; i < 10; i++) print "flat", 7, 1700000000 + i * 600
	print "dot 1 1700000000"; print "none NaN 1700000000" }' | count-ingest -q
draw() { count-query "$@" --plot >plot; }
ok '--plot'				draw wave
rows() { grep -c '│\|┤' plot; }
ok '... has a title'			test "$(head -n 1 plot)" = wave
ok '... and twelve rows'		test "$(rows)" = 12
width() { LC_ALL=C.UTF-8 wc -L <plot; }
ok '... and is 80 wide'			test "$(width)" = 80
# The gap: in its middle third no row has a dot.
gap() { sed -n '2,13p' plot | LC_ALL=C.UTF-8 sed -nE 's/^.{38}(.{13}).*/\1/p' | grep -q '[^ ]' && return 1; return 0; }
ok '... and a gap is a gap'		gap
awk 'BEGIN { for (i = 0; i < 600; i++) print "whole", sin(i / 30), 1700000000 + i * 10 }' | count-ingest -q
draw whole
not_ok '... and nowhere else'		gap
draw wave
ok '... values at the side'		grep -q '^ *1.*┤' plot
ok '... times below, in UTC'		sh -c 'tail -n 1 plot | grep -q "11-14 22:13"'
ok '--tz'				draw wave --tz Asia/Tokyo
ok '... moves the times'		sh -c 'tail -n 1 plot | grep -q "11-15 07:13"'
narrow() { COLUMNS=40 draw wave && [ "$(width)" = 40 ]; }
ok 'COLUMNS'				narrow
ok 'a flat line'			draw flat
ok 'one point'				draw dot
ok 'no finite value'			draw none
ok '... is said'			grep -q 'no finite value' plot
ok 'several series'			draw
ok '... a plot each'			test "$(rows)" -ge 36
ok 'aggregates'				draw wave --step 5m --agg max
ok '... have their name'		test "$(head -n 1 plot)" = wave:max
no_escapes() { draw wave; grep -q "$(printf '\033')" plot && return 1; return 0; }
ok 'no colours in a pipe'		no_escapes
done_testing
