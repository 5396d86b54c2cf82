#!/bin/sh
# t2120 - count-query: what it says when there is nothing to print, and about its usage.
. "${srcdir:-$(dirname "$0")}/tap.sh"

ok 'no directory'			exits 2 stderr_has "$DATA_DIR" count-query
ok '... where that came from'		exits 2 stderr_has DATA_DIR count-query
ok '... by option'			exits 2 stderr_has nowhere count-query -d nowhere
count-ingest -q --init
ok 'an empty one'			stderr_has 'no series in' count-query
ok '... is silent with -q'		silent count-query -q
ok '... a name in it'			exits 1 stderr_has "no series matches 'x'" count-query x

printf 'cpu.usage 1 2024-05-01T10:00:00Z\ncpu.load 2 2024-05-02T10:00:00Z\n' | count-ingest -q
ok 'an unknown name'			exits 1 stderr_has "did you mean 'cpu.usage'?" count-query cpu.usgae
ok '... also with -q'			exits 1 stderr_has "no series matches" count-query -q cpu.usgae
printf 'cpu.load 2 1714644000000\n' >want
ok '... the known one is printed'	exits 1 prints want count-query nope cpu.load
ok 'nothing in the last hour'		stderr_has 'no points in the last 1h; newest ' count-query --from -1h
ok '... the newest is told'		stderr_has '(2024-05-02T10:00:00Z)' count-query --from now-1h
ok '... exit 0, no output'		prints /dev/null count-query --from -1h cpu.load
ok 'nothing before'			stderr_has 'no points before 2000-01-01; oldest ' count-query --to 2000-01-01
ok '... nor between'			stderr_has 'no points from 2000-01-01 to 2001-01-01;' \
	count-query --from 2000-01-01 --to 2001-01-01
ok '-q says nothing of that'		silent count-query -q --from -1h

printf 'cpu.usage 1 1714557600000\n' >want
ok 'from is in'				prints want count-query --from 2024-05-01T10:00:00Z --to 2024-05-02
ok 'to is out'				prints /dev/null count-query -q --to 2024-05-01T10:00:00Z
ok 'numbers by magnitude'		prints want count-query --from 1714557600 --to 1714557600001
ok '--time-unit'			prints want count-query --time-unit us --from 1714557600000000 --to 1714557600001000
ok '--tz'				prints want count-query --tz Europe/Berlin --from '2024-05-01 12:00' --to '2024-05-01 12:01'
ok '... and not an hour later'		prints /dev/null count-query -q --from '2024-05-01 12:00' --to '2024-05-01 12:01'
printf 'cpu.load 2 1714644000000\n' >want
ok '--tier hot'				prints want count-query --tier hot cpu.load
ok '--tier warm'			exits 1 prints /dev/null count-query -q --tier warm cpu.load

for bad in '--from nonsense' '--to 25:00' '--from 5 --to 3' '--step 0s --agg avg' '--step 5 --agg avg' '--step 1h' \
	'--by host' '--agg mean' '--agg avg,' '--fill null' '--fill never --step 1h --agg avg' '--limit 0' '--limit -1' \
	'--limit 1x' '--last --list' '--last --agg avg' '--format xml' '--json --format csv' '--plot --list' \
	'--plot --json' '--time-format day' '--time-unit h' '--tier ice' '--tier hot,' '--check 90 --last' '--check <x --last' \
	'--check <1' '--max-age 1h' '--max-age 10 --last' '--tz Nowhere/Land' 'x{' '--from' '--lst'; do
	# shellcheck disable=SC2086 # several words
	ok "usage: $bad"		exits 2 count-query $bad
	# shellcheck disable=SC2086
	ok '... prints nothing'		exits 2 prints /dev/null count-query $bad
done
ok 'a bad regular expression'		exits 2 count-query 'x{a=~"("}'
ok 'did you mean'			exits 2 stderr_has 'did you mean --limit?' count-query --limti 3
ok '... and where help is'		exits 2 stderr_has "try 'count-query --help'" count-query --limti 3
ok 'a value that is missing'		exits 2 stderr_has 'needs a value: TIME' count-query --from
ok 'a value too much'			exits 2 stderr_has 'takes no value' count-query --last=1
ok 'abbreviated'			count-query --la
ok 'ambiguous'				exits 2 stderr_has ambiguous count-query --ti x
ok 'bad COUNT_LOG'			exits 2 stderr_has COUNT_LOG env COUNT_LOG=verbose count-query
done_testing
