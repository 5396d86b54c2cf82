#!/bin/sh
# t9060 - the central paths take no more instructions than the budget allows (SLOW=1, with valgrind), and what
# compares them sees it when one does.
. "${srcdir:-$(dirname "$0")}/tap.sh"
budget=$top_srcdir/bench/budget.sh
flags=$(sed -n 's/^CFLAGS = //p' "$top_builddir/Makefile")

# counted COMPILER FLUSH: a budget of 1000 and 2000 instructions against 1000 and FLUSH, by COMPILER.
counted()
{
	printf '# a budget\ncompiler: gcc 12\nflags: -O2\ningest 1000\nflush 2000\n' >budget.txt
	printf 'compiler: %s\nflags: -O2\ningest 1000\nflush %s\n' "$1" "$2" >counts
	COUNTS=counts sh "$budget" budget.txt
}

one_missing()
{
	counted 'gcc 12' 2000 >/dev/null
	sed -i /flush/d counts
	COUNTS=counts sh "$budget" budget.txt
}

updated()
{
	counted 'gcc 13' 1000 >/dev/null
	UPDATE=1 COUNTS=counts sh "$budget" budget.txt
}

says() { text=$1; shift; "$@" >said; status=$?; cat said; grep -qF -e "$text" said && return "$status"; return 90; }

plan 8
ok 'as it was: passes'			says 'within 3 %' counted 'gcc 12' 2000
ok '2.9 % more: passes'			says '+2.90 %: within 3 %' counted 'gcc 12' 2058
ok '3.1 % more: fails'			exits 1 says '+3.10 %: SLOWER' counted 'gcc 12' 2062
ok '10 % less: passes, and says so'	says 'faster' counted 'gcc 12' 1800
ok 'a path not counted: fails'		exits 1 says 'not counted' one_missing
ok 'another compiler: not compared'	exits 77 says 'nothing compared' counted 'gcc 13' 3000
printf '# a budget\ncompiler: gcc 13\nflags: -O2\ningest 1000\nflush 1000\n' >want
ok 'UPDATE writes what was counted'	prints want updated

[ -n "${SLOW:-}" ] || skip 'counting takes a minute: SLOW=1'
need valgrind
export PATH="$top_builddir/bench:$PATH"
CFLAGS=$flags sh "$budget" >counts 2>&1
status=$?
note "$(cat counts)"
[ "$status" != 77 ] || skip "$(head -n 1 counts)"
ok 'the five paths'			test "$status" = 0
