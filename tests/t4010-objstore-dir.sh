#!/bin/sh
# t4010 - the object store in a directory where the file system lacks something: the rename that
# replaces nothing (NFS), and file locks.
. "${srcdir:-$(dirname "$0")}/tap.sh"
suite=$top_builddir/tests/unit/test-objstore
need strace
strace -o /dev/null true 2>/dev/null || skip 'strace may not trace here'
[ -x "$suite" ] || skip 'no unit tests here (cmocka)'

# without CALL ERROR: the suite of object stores, with this call failing always.  LeakSanitizer cannot be traced.
without()
{
	ASAN_OPTIONS="detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}" CMOCKA_MESSAGE_OUTPUT=STDOUT \
		strace -f --seccomp-bpf -qq -o trace -e trace="$1" -e inject="$1:error=$2" "$suite" >out 2>&1
}

# failed_tests: prints the names of those that failed.
failed_tests() { sed -n 's/^\[ *FAILED *\] *\(test_[a-z_]*\)$/\1/p' out | sort -u; }

plan 4
ok 'no such rename: all holds by links'	without renameat2 EINVAL
ok '... and the call was made'		grep -q 'renameat2.*INJECTED' trace
without flock ENOLCK
printf 'test_conditions\ntest_race_match\n' >want
ok 'no locks: only if-match is refused'	prints want failed_tests
ok '... and the call was made'		grep -q 'flock.*INJECTED' trace
