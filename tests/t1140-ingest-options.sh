#!/bin/sh
# t1140 - count-ingest: --name, --tag, --prefix, --sync, --dry-run, --init, --json, and the directory.
. "${srcdir:-$(dirname "$0")}/tap.sh"

fresh() { rm -rf data; count-ingest -q "$@"; }
from() { text=$1; shift; printf "$text" | "$@"; }

printf 'disk 42 1700000000000\n' >want
ok '--name: a bare value'		from '42 1700000000\n' fresh -n disk
ok '... is a point of it'		prints want count-query
ok '... as df prints it'		from ' 42%% 1700000000\n' fresh --name disk
ok '... without the percent sign'	prints want count-query
printf 'disk{a="b",host="x"} 42 1700000000000\n' >want
ok '--name with labels'			from '42 1700000000\n' fresh -n 'disk{host="x"}' --tag a=b
ok '... and tags'			prints want count-query
ok '--name with text'			exits 1 from 'disk 42\n' fresh -n disk
ok '--name with a bad name'		exits 2 from '1\n' fresh -n 'a{'
ok '--name with a format'		exits 2 from '1\n' fresh -n a --format json

printf 'a{host="own",x="1"} 1 1000\nb{host="h",x="1"} 2 1000\nj{host="json",x="1"} 3 1000\n' >want
text='a;host=own 1 1\nb 2 1\n{"series":"j","value":3,"timestamp":1,"tags":{"host":"json"}}\n'
ok '--tag'				from "$text" fresh --tag host=h --tag x=1
ok '... a line'\''s own label wins'	prints want count-query
printf 'pre.a{host="own"} 1 1000\npre.b 2 1000\npre.j{host="json"} 3 1000\n' >want
ok '--prefix'				from "$text" fresh --prefix pre.
ok '... goes before the name'		prints want count-query
printf '{"a b cpu"} 1 1000\n' >want
ok '--prefix with blanks'		from 'cpu 1 1\n' fresh --prefix 'a b '
ok '... is verbatim'			prints want count-query
for bad in x =x '' 'a='"$(printf '\001')"; do
	ok "bad --tag '$bad'"		exits 2 count-ingest --tag "$bad"
done
ok '--tag twice'			exits 2 count-ingest --tag a=1 --tag a=2

for s in interval exit always none; do
	rm -rf data
	ok "--sync $s"			from 'a 1 1\n' fresh --sync $s
	echo 'a 1 1000' >want
	ok '... stores'			prints want count-query
done

rm -rf data
gone() { [ ! -e data ]; }
ok '--dry-run'				from 'a 1 1\n' count-ingest --dry-run
ok '... makes no directory'		gone
ok '... but says what is wrong'		exits 1 stderr_has -:1: from 'a b c\n' count-ingest --dry-run
count-ingest -q --init
from 'a 1 1\n' count-ingest --dry-run
ok '... and stores nothing'		prints /dev/null count-query -q

rm -rf data
ok 'the directory is announced'		stderr_has "$DATA_DIR" from 'a 1 1\n' count-ingest
ok '... once'				silent from 'a 2 2\n' count-ingest
rm -rf data
ok '... not with -q'			silent from 'a 2 2\n' count-ingest -q
ok '--data-dir'				silent from 'a 1 1\n' count-ingest -q -d other
ok '... beats DATA_DIR'			test -d other
touch file
ok 'one that cannot be made'		exits 3 from 'a 1 1\n' count-ingest -d file/below
ok 'a bad configuration'		exits 2 sh -c 'echo a 1 | MEMORY_BUFFER_SIZE=x count-ingest'
mode() { [ "$(stat -c %a data)" = 700 ]; }
ok 'the directory is private'		mode

rm -rf data
from 'a 1 1\nb 2 2\nbad\n\na 1 1700000000.0001\n' count-ingest --json -q >report 2>/dev/null
if command -v jq >/dev/null; then
	ok '--json: points, series'	test "$(jq -c '[.points,.stored,.rejected,.skipped,.series,.lines]' report)" = '[3,3,1,1,2,5]'
	ok '--json: floored'		test "$(jq .floored report)" = 1
else
	skip_one '--json' 'jq is not installed'
fi
ok '--json to a full disk'		exits 3 sh -c 'echo a 1 1 | count-ingest -q --json >/dev/full'
from 'a 9 9\n' count-ingest -q --json >/dev/full 2>&1
echo 'a 9 9000' >want
ok '... the points are stored'		prints want count-query --last a --to 100
ok '-v says what was done'		stderr_has '1 points of 1 series stored' from 'a 1 1\n' count-ingest -v
for bad in '--format xml' '--time-unit m' '--sync never' '--precision s' '--init --dry-run' '--precision x --init' \
	--nonsense -Z '--config nowhere' '-d' '--strict=1'; do
	# shellcheck disable=SC2086 # several words
	ok "usage: $bad"		exits 2 count-ingest $bad </dev/null
done
ok 'did you mean'			exits 2 stderr_has 'did you mean --format?' count-ingest --fromat json
ok 'bad COUNT_LOG'			exits 2 stderr_has COUNT_LOG env COUNT_LOG=loud count-ingest
ok 'bad COUNT_LOG_TO'			exits 2 stderr_has COUNT_LOG_TO env COUNT_LOG_TO=nowhere count-ingest
printf -- '-x 1 1\n' >-odd
ok '-- ends options'			silent fresh -- -odd
ok '--version'				sh -c 'count-ingest --version | grep -q "^count-ingest (count) [0-9]"'
ok '--help to a full disk'		exits 3 sh -c 'count-ingest --help >/dev/full'
done_testing
