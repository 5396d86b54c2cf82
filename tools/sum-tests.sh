#!/bin/sh
# sum-tests.sh LOG... - adds up the suites' logs (test-suite.log and the like) and ends with one
# line, N passed, N failed.  A log that is not there is a suite that did not run: one failure.
# False if anything failed.
missing=0
for log; do
	shift
	if [ -e "$log" ]; then
		set -- "$@" "$log"
	else
		echo "no such log: $log" >&2
		missing=$((missing + 1))
	fi
done
[ $# -gt 0 ] || set -- /dev/null
# A log begins with its summary; what follows is the output of failed tests.
awk -v missing="$missing" '
	FNR <= 12 && /^# (PASS|SKIP|XFAIL|FAIL|XPASS|ERROR): +[0-9]+$/ { n[$2] += $3 }
	END {
		failed = n["FAIL:"] + n["XPASS:"] + n["ERROR:"] + missing
		if (n["SKIP:"])
			printf "%d skipped\n", n["SKIP:"]
		printf "%d passed, %d failed\n", n["PASS:"] + n["XFAIL:"], failed
		exit failed != 0
	}' "$@"
