#!/bin/sh
# t6100 - every state of the disk that a kill or a power cut could leave: nothing acknowledged is missing,
# doubled or changed.  CRASH_POINTS bounds how many crash points each run looks at.
. "${srcdir:-.}/tests/tap.sh"
lib=$srcdir/tests/lib
command -v python3 >/dev/null && command -v strace >/dev/null || skip_all 'python3 and strace are needed'
plan 9
points=${CRASH_POINTS:-60}

# Six steps over three series; half of each step corrects stamps of the step before.
mkdir steps
n=1
while [ $n -le 6 ]; do
	for s in a b c; do
		for i in 0 1 2 3; do
			echo "m.$s $n.$i $((1700000000000 + (n * 2 + i) * 1000))"
		done
	done >steps/$n
	n=$((n + 1))
done
# One step larger than a page, so that torn writes cut inside a frame.
awk 'BEGIN { for (i = 0; i < 3000; i++) printf "m.big %d.25 %d\n", i * 7 % 1001, 1700000000000 + i * 1000 }' >steps/7

states() {
	awk '/state/ { line = $0 } END { print "# " line }' check.log
}

crash() {
	kind=$1
	shift
	rm -rf data rec
	mkdir data
	# LeakSanitizer cannot work under a tracer.
	ASAN_OPTIONS=detect_leaks=0 "$lib/crashsim.py" record --dir data --out rec -- \
		"$lib/crash-run.sh" "$kind" "$PWD/steps" "$PWD/data/db" >record.log 2>&1 || {
		cat record.log
		return 1
	}
	"$lib/crashsim.py" check --rec rec --max-points "$points" --jobs 2 --show 2 "$@" -- \
		"$lib/crash-check.py" "$PWD/steps" >check.log 2>&1 || {
		tail -n 15 check.log
		return 1
	}
	states
}

for kind in ingest flush race; do
	ok "$kind: every state of kill -9"		crash $kind --model kill
	ok "$kind: power loss, names in any order"	crash $kind
	ok "$kind: power loss, names in order"		crash $kind --meta ordered
done
