#!/bin/sh
# run-program.sh PROGRAM - runs a unit test or fuzz replay and passes its TAP on, made regular: one
# plan at the end, results numbered through, cmocka's skips as skips.  A program that prints no
# result counts as one, by its exit status; a crash is a failure of its own.
prog=$1
case $prog in */*) ;; *) prog=./$prog ;; esac

export CMOCKA_MESSAGE_OUTPUT=TAP
# As in tests/tap.sh: data that is too large for the sources lies beside them.
: "${COUNT_SHARED=$(cd "${srcdir:-.}" && dirname "$PWD")/shared}"
export COUNT_SHARED
# A sanitizer's exit status must not look like one of ours.
export ASAN_OPTIONS="detect_leaks=1:exitcode=99${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="print_stacktrace=1:exitcode=99${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"

{ "$prog" 2>&1; echo "run-program: status $?"; } | awk -v prog="${1##*/}" '
	/^run-program: status [0-9]+$/ { status = $3; next }
	/^1\.\.[0-9]+( *# SKIP.*)?$/ {
		if ($0 ~ /# SKIP/) { print "ok " ++n " - " prog " # SKIP" substr($0, index($0, "# SKIP") + 6) }
		next
	}
	/^(not )?ok [0-9]+/ {
		bad = /^not /
		sub(/^(not )?ok [0-9]+ *-? */, "")
		if (bad && /^# SKIP/) { bad = 0; sub(/^# SKIP */, ""); $0 = $0 " # SKIP" }
		print (bad ? "not ok " : "ok ") ++n " - " $0
		failed += bad
		next
	}
	{ print "# " $0 }
	END {
		if (n == 0 || (status != 0 && !failed) || status > 125 || status == 99)
			print (status ? "not ok " : "ok ") ++n " - " prog ": exit status " status
		print "1.." n
	}'
