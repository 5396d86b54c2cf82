#!/bin/sh
# t0040 - the tests' own tools: tap.sh, run-program.sh and sum-tests.sh say what happened.
. "${srcdir:-$(dirname "$0")}/tap.sh"

# script LINES...: a test of these lines, run by itself; its output is in log.
script()
{
	printf '%s\n' '. "$srcdir/tap.sh"' "$@" >inner.sh
	KEEP='' sh inner.sh >log 2>&1
}

# says LINE SCRIPT-LINES...: that test prints LINE.
says()
{
	want=$1; shift
	script "$@"
	grep -qxF -e "$want" log || { tap_why "$(cat log)"; return 1; }
}

# program TEXT: a program of this shell text seen through run-program.sh.
program()
{
	want=$1
	printf '#!/bin/sh\n%s\n' "$2" >prog && chmod +x prog
	sh "$srcdir/run-program.sh" prog >log 2>&1
	grep -qxF -e "$want" log || { tap_why "$(cat log)"; return 1; }
}

summary() { printf '# TOTAL: 9\n# PASS:  %d\n# SKIP:  1\n# XFAIL: 0\n# FAIL:  %d\n# XPASS: 0\n# ERROR: %d\n' "$@"; }

plan 24
ok 'a success'			says 'ok 1 - x' 'ok x true'
ok 'a failure'			says 'not ok 1 - x' 'ok x false'
ok 'a wanted failure'		says 'ok 1 - x' 'not_ok x false'
ok 'a crash is no wanted failure'	says 'not ok 1 - x' "not_ok x sh -c 'kill -SEGV \$\$'"
ok 'nor is a missing command'	says 'not ok 1 - x' 'not_ok x no-such-command'
ok 'the wanted status'		says 'ok 1 - x' "ok x exits 3 sh -c 'exit 3'"
ok 'another status'		says 'not ok 1 - x' "ok x exits 2 sh -c 'exit 3'"
ok 'the wanted output'		says 'ok 1 - x' 'echo a >want' 'ok x prints want echo a'
ok 'another output'		says 'not ok 1 - x' 'echo a >want' 'ok x prints want echo b'
ok 'right output, bad status'	says 'not ok 1 - x' 'echo a >want' "ok x prints want sh -c 'echo a; exit 1'"
ok 'both in one'		says 'ok 1 - x' 'echo a >want' "ok x exits 1 prints want sh -c 'echo a; exit 1'"
ok 'output wanted on stdin'	says 'ok 1 - x' 'echo a | ok x prints - echo a'
ok 'words on stderr'		says 'ok 1 - x' "ok x exits 2 stderr_has no sh -c 'echo no >&2; exit 2'"
ok 'no such words'		says 'not ok 1 - x' "ok x stderr_has yes sh -c 'echo no >&2'"
ok 'noise'			says 'not ok 1 - x' 'ok x silent echo a'
ok 'all skipped'		says '1..0 # SKIP why' 'skip why'
configured() { S3_BUCKET=b S3_ENABLED=true says "$@"; }
ok 'a configuration is unset'	configured 'unset,false,' 'echo "${S3_BUCKET-unset},$S3_ENABLED,$(ls)"'
clean() { script 'echo "$tap_dir"' 'mkdir a; chmod 0 a; background sleep 100; echo "$pid"' &&
	[ ! -e "$(sed -n 1p log)" ] && ! kill -0 "$(sed -n 2p log)" 2>/dev/null; }
ok 'nothing is left behind'	clean
ok 'a program by its status'	program 'not ok 1 - prog: exit status 1' 'exit 1'
ok 'a program that dies'	program 'not ok 2 - prog: exit status 139' 'echo ok 1 - x; kill -SEGV $$'
ok 'two groups of cmocka'	program '1..2' 'echo 1..1; echo ok 1 - x; echo 1..1; echo ok 1 - y'
ok 'a skip of cmocka'		program 'ok 1 - x # SKIP' 'echo "not ok 1 # SKIP x"'
summary 5 0 0 >a.log; summary 3 1 1 >b.log
printf '2 skipped\n8 passed, 2 failed\n' >want
ok 'the sum of two suites'	exits 1 prints want sh "$top_srcdir/tools/sum-tests.sh" a.log b.log
ok 'a suite that did not run'	exits 1 sh "$top_srcdir/tools/sum-tests.sh" a.log no.log
