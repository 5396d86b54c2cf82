#!/bin/sh
# t2800 - count-query when the question is wrong, the answer empty, or nobody can take it.
. "${srcdir:-$(dirname "$0")}/tap.sh"

printf 'cpu.a 1 1700000000\ncpu.a 2 1700000060\nmem{host="x"} 5 1700000000\n' | count-ingest -q
count-query >all

# ---- options ----
usage()
{
	ok "exit 2: count-query $*"	exits 2 stderr_has "try 'count-query --help'" count-query "$@"
}
for option in --bogus -x --list=yes --from --to --step --agg -d --data-dir --config --f '--format' '--from=' \
	'--format x' '--time-format x' '--time-unit x' '--tier x' '--tier=' '--tier hot,x' '--limit 0' '--limit -1' \
	'--limit x' '--limit 99999999999999999999' '--step 1h' '--step 0 --agg avg' '--step 0s --agg avg' \
	'--step -1h --agg avg' '--step 5 --agg avg' '--step 1h --agg bogus' '--agg avg,,max' '--agg avg,' '--agg p101' \
	'--agg p' '--agg AVG' '--by host' '--fill zero' '--fill x --step 1h --agg avg' '--fill zero --agg avg' \
	'--last --list' '--last --agg avg' '--list --agg avg' '--max-age 5m' '--last --max-age 5' '--last --check x' \
	'--last --check' '--list --check <1' '--check <1 --agg avg' '--check <1' '--tz Nowhere/Here' \
	'--tz ../../etc/passwd' '--tz=' '--plot --last' '--plot --list' '--plot --format csv' '--plot --json' \
	'--json --format csv' '--from x' '--from 1d' '--to 25:00' '--from 2024-02-30' '--from 9e99' \
	'--from now --to -1h'; do
	# shellcheck disable=SC2086 # words on purpose
	usage $option
done
ok 'nothing is printed'			exits 2 prints /dev/null count-query --step 1h
ok 'options are wrong with --help too'	exits 2 count-query --help --bogus
ok 'an abbreviation'			prints all count-query --time-f unit
ok 'an option after a selector'		exits 0 count-query cpu.a --list
ok '-- ends the options'		exits 1 stderr_has "'--list'" count-query -- --list
for dir in '-d data' -ddata '--data-dir data' --data-dir=data '--data data' '-d ./data/' '-qd data'; do
	# shellcheck disable=SC2086 # words on purpose
	ok "the directory as $dir"	prints all env -u DATA_DIR count-query $dir
done
for selector in '' '{' 'cpu{' 'cpu{host' 'cpu{host=}' 'cpu{host="a"' 'cpu{host="a"}x' 'cpu{host=~"("}' '[a' \
	'cpu{host=~"a{99999}"}'; do
	ok "exit 2: the selector '$selector'"	exits 2 count-query "$selector"
done

# ---- empty answers ----
one_line() { "$@" 2>err; status=$?; [ "$(wc -l <err)" = 1 ] && return $status; return 90; }
ok 'a name that is unknown: exit 1'	exits 1 stderr_has "did you mean 'cpu.a'" count-query cpu.b
ok '... by a label'			exits 1 stderr_has 'no series matches' count-query 'cpu.a{host="y"}'
ok '... others are answered'		exits 1 stderr_has "'nope'" count-query nope cpu.a
grep cpu.a all >want
ok '... as ever'			exits 1 prints want count-query nope cpu.a
ok '... said with -q too'		exits 1 stderr_has "'nope'" count-query -q nope
ok 'no points: exit 0'			one_line count-query cpu.a --from -1h
ok '... says what there is'		stderr_has 'no points in the last 1h; newest ' count-query cpu.a --from -1h
ok '... when'				stderr_has 'd ago (2023-11-14T22:14:20Z)' count-query cpu.a --from now-1h
ok '... before all'			stderr_has '; oldest ' count-query cpu.a --to 2000-01-01
ok '... not with -q'			silent count-query -q cpu.a --from -1h
ok '... aggregates too'			stderr_has '; newest ' count-query cpu.a --from -1h --agg avg --step 1m
ok '... --last too'			stderr_has '; newest ' count-query cpu.a --from -1h --last
ok '... prints nothing'			prints /dev/null count-query cpu.a --from -1h
ok 'an aggregate of nothing'		prints /dev/null count-query cpu.a --from -1h --agg count,sum
count-ingest -q --init -d none
ok 'an empty directory'			one_line count-query -d none
ok '... says so'			stderr_has 'no series in none' count-query -d none
ok '... a name in it'			exits 1 stderr_has 'no series matches' count-query -d none x
ok 'an error is all that is said'	exits 2 one_line count-query --fill zero --agg avg --step 1s --to 2300-01-01 \
	--from 1700-01-01 --tier hot

# ---- checks ----
ok 'a check that holds'			silent count-query cpu.a --last --check '< 90'
echo 'cpu.a is 2, wanted < 2 (2023-11-14T22:14:20Z)' >want
ok 'one that does not: exit 1, one line'	exits 1 prints want count-query cpu.a --last --check '< 2'
ok 'too old: exit 1'			exits 1 count-query cpu.a --last --max-age 10m
ok '... the age is told'		sh -c 'count-query cpu.a --last --max-age 10m | grep -q "more than 10m"'
ok 'nothing to check: exit 1'		exits 1 count-query cpu.a --last --check '< 9' --from -1h
ok '... a name that is unknown: exit 1'	exits 1 count-query nope --last --check '< 9'
echo 'old 1 -9223372036854775808' | count-ingest -q --time-unit ms
ok 'as old as can be is too old'	exits 1 count-query old --last --max-age 10m
ok '... and its value is looked at'	exits 1 count-query old --last --check '< 1'

# ---- who takes the answer ----
awk 'BEGIN { for (i = 0; i < 50000; i++) print "long", i, 1700000000 + i }' | count-ingest -q
for options in '' --last --list --json '--agg avg' --plot --help --version; do
	# shellcheck disable=SC2086 # words on purpose
	{
		ok "a full disk: exit 3 ($options)"	exits 3 stderr_has 'count-query: standard output: No space' \
			sh -c 'count-query "$@" >/dev/full' - $options
		ok '... closed: exit 3'			exits 3 stderr_has 'standard output' \
			sh -c 'count-query "$@" >&-' - $options
	}
done
ok 'all three closed'			exits 3 sh -c 'count-query <&- >&- 2>&-'
ok 'stderr closed'			exits 1 sh -c 'count-query nope 2>&-'
ok 'stdin closed'			sh -c 'count-query cpu.a <&- >/dev/null'
ok 'a reader that leaves'		silent sh -c 'count-query | :'
ok '... early'				stderr_is /dev/null sh -c 'count-query | head -n 1 >/dev/null'
pipe_ignored() { (trap '' PIPE; count-query | head -n 1 >/dev/null) 2>err; [ ! -s err ]; }
ok '... when our parent ignores SIGPIPE'	pipe_ignored

# ---- plots ----
rows() { count-query "$@" --plot >got 2>err || return; [ ! -s err ] && [ "$(wc -l <got)" -gt 10 ] && grep -q "$1" got; }
ok '--plot draws'			rows cpu.a
ok '... what was aggregated'		rows cpu.a --agg avg --step 1m
printf 'ends 1 9223372036854775807\nends 2 -9223372036854775808\n' | count-ingest -q --time-unit ms
ok '... from end to end of time'	rows ends
printf 'wide 1.7e308 1\nwide -1.7e308 2\n' | count-ingest -q
finite() { rows wide && ! grep -qi 'inf\|nan' got; }
ok '... from end to end of values'	finite
ok '... says when there is nothing'	stderr_has 'no points' count-query cpu.a --plot --from -1h
done_testing
