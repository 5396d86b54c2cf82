#!/bin/sh
# t1130 - count-ingest: refused lines are named, counted, kept; all others are stored.
. "${srcdir:-$(dirname "$0")}/tap.sh"

fresh() { rm -rf data; count-ingest "$@"; }

printf 'a 1 1\nbad x 1\na 2 2\n' >in
printf "a 1 1000\na 2 2000\n" >want
printf "in:2: bad value 'x'\n" >err
ok 'a bad line'				exits 1 stderr_is err fresh -q in
ok '... does not keep the others out'	prints want count-query
printf -- "-:2: bad value 'x'\n" >err
ok 'stdin is -'				exits 1 stderr_is err sh -c 'count-ingest <in'
ok '- too'				exits 1 stderr_is err sh -c 'count-ingest - <in'
awk 'BEGIN { for (i = 1; i <= 25; i++) print "bad line"; print "good 1 1" }' >in
ok 'the first ten are shown'		exits 1 stderr_has in:10: fresh in
ok '... and the number of all'		exits 1 stderr_has '25 lines refused' fresh in
not_in() { count-ingest in 2>&1 | grep -q "$1" && return 1; return 0; }
ok '... but not the eleventh'		not_in in:11:
printf 'x 1\001y 1\n' >in
ok 'control bytes are escaped'		exits 1 stderr_has '\x01' fresh in

bad()
{
	printf "$2" >in
	rm -rf data
	ok "refused: $1"		exits 1 stderr_has in:1: count-ingest -q in
	ok '... and nothing stored'	prints /dev/null count-query -q
}
bad 'a NUL byte'		'a\000b 1 1\n'
bad 'a NUL in the value'	'a 1\000 1\n'
bad 'bad UTF-8'			'a\377 1 1\n'
bad 'a surrogate in UTF-8'	'a\355\240\200 1 1\n'
bad 'an overlong slash'		'a\300\257 1 1\n'
bad 'a control character'	'a\033[1m 1 1\n'
bad 'no value'			'a\n'
bad 'an open brace'		'a{b="c" 1 1\n'
bad 'an open quotation mark'	'a{b="c} 1 1\n'
bad 'a label without value'	'a{b} 1 1\n'
bad 'a label twice'		'a{b="1",b="2"} 1 1\n'
bad 'a tag twice'		'a;b=1;b=2 1 1\n'
bad 'a tag without ='		'a;b 1 1\n'
bad 'a tag without key'		'a;=b 1 1\n'
bad 'no name before tags'	';a=b 1 1\n'
bad 'hexadecimal'		'a 0x1 1\n'
bad 'a number with a tail'	'a 1,5 1\n'
bad 'too large'			'a 1e999 1\n'
bad 'four fields'		'a 1 1 1\n'
bad 'half a braced name'	'{"a"b} 1 1\n'
ok 'a NUL is called by its name'	exits 1 stderr_has 'NUL' sh -c 'printf "a\000b 1\n" | count-ingest'
awk 'BEGIN { for (i = 0; i < 4097; i++) printf "n"; print " 1 1" }' >in
ok 'a name over 4096 bytes'		exits 1 fresh in
awk 'BEGIN { for (i = 0; i < 4096; i++) printf "n"; print " 1 1" }' >in
ok 'a name of 4096 bytes is fine'	fresh in
# The first byte is no comment and begins no compressed format.
{ printf '\377'; head -c 100000 /dev/urandom | tr -d '\n'; } >in
ok 'noise is refused'			exits 1 fresh in

awk 'BEGIN { print "a 1 1"; for (i = 0; i < 3000000; i++) printf "x"; print " 1 1"; print "a 2 2" }' >in
printf "a 1 1000\na 2 2000\n" >want
ok 'a line over 1 MiB'			exits 1 stderr_has 'in:2: the line is longer than 1 MiB' fresh -q --rejects rej in
ok '... is skipped'			prints want count-query
sed -n 2p in >long
ok '... and kept whole'			cmp long rej
awk 'BEGIN { print "a 1 1"; for (i = 0; i < 1048577; i++) printf "x"; print ""; printf "a 2 2" }' >in
ok 'one byte over'			exits 1 stderr_has 'longer than 1 MiB' fresh in
ok '... is skipped'			prints want count-query
awk 'BEGIN { print "a 1 1"; for (i = 0; i < 3000000; i++) printf "x" }' >in
ok 'a long line without end'		exits 1 stderr_has 'in:2:' fresh in
memory() { awk 'BEGIN { for (i = 0; i < 60000000; i++) printf "x" }' | (ulimit -v 40000; fresh -q -); }
if (ulimit -v 40000; count-ingest --version) >/dev/null 2>&1; then
	ok '... takes no more memory'	exits 1 memory
else
	skip_one '... takes no more memory' 'this build needs more for itself'
fi

rm -f rej
printf 'a 1 1\nbad \001\377 x\r\na 2 2\nworse' >in
printf 'bad \001\377 x\r\nworse\n' >want
ok '--rejects'				exits 1 fresh -q --rejects rej in
ok '... keeps lines as they are'	cmp want rej
ok '... and appends'			exits 1 fresh -q --rejects rej in
cat want want >want2
ok '... to what was there'		cmp want2 rej
ok '--rejects that cannot be opened'	exits 3 fresh --rejects no/such/dir in
ok '--rejects on a full disk'		exits 3 fresh -q --rejects /dev/full in

printf 'a 1 1\nbad\na 2 2\n' >in
printf 'a 1 1000\n' >want
ok '--strict'				exits 1 fresh --strict in
ok '... keeps what came before'		prints want count-query
printf 'b 1 1\n' >good
printf 'a 1 1000\na 2 2000\nb 1 1000\n' >want
ok 'an unreadable FILE'			exits 1 stderr_has 'nowhere: No such file' fresh nowhere in good
ok '... does not stop the others'	prints want count-query
mkdir dir
ok 'a directory as FILE'		exits 1 stderr_has 'dir: Is a directory' fresh dir good
ok 'a closed stdin'			exits 1 sh -c 'count-ingest <&-'
ok 'an empty input'			silent sh -c 'count-ingest -q </dev/null'
rm -rf data
ok 'only unreadable files'		exits 1 fresh nowhere
not_there() { [ ! -e data ]; }
ok '... make no directory'		not_there
done_testing
