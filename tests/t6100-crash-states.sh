#!/bin/sh
# t6100 - every state of the disk that a kill or a power cut could leave: nothing acknowledged is missing,
# doubled or changed.  CRASH_POINTS bounds how many crash points each run looks at.
. "${srcdir:-$(dirname "$0")}/tap.sh"
lib=$srcdir/lib
need python3 strace
plan 9
points=${CRASH_POINTS:-${SLOW:+1000}}
points=${points:-12}

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
awk 'BEGIN { for (i = 0; i < 3000; i++) printf "m.big %d.25 %d000\n", i * 7 % 1001, 1700000000 + i }' >steps/7

states() {
	awk '/state/ { line = $0 } END { print "# " line }' check.log
}

# A power cut ends a boot, and the log tells boots apart: where we may, the run sees another boot id.
other_boot() {
	echo 00000000-1111-2222-3333-444444444444 >boot_id
	unshare -m sh -c 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"' "$PWD/boot_id" "$@"
}

if other_boot true 2>/dev/null; then
	power=reboot in_other_boot=other_boot
else
	power=power in_other_boot=
	note 'cannot change the boot id: power cuts are checked within one boot'
fi

# crash MODEL KIND OPTION...
crash() {
	export CRASH_MODEL="$1"
	kind=$2
	shift 2
	rm -rf data rec
	mkdir data
	in_boot=$in_other_boot
	[ "$CRASH_MODEL" = reboot ] || in_boot=
	# LeakSanitizer cannot work under a tracer.
	ASAN_OPTIONS="detect_leaks=0:$ASAN_OPTIONS" $in_boot "$lib/crashsim.py" record --dir data --out rec -- \
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
	ok "$kind: every state of kill -9"		crash kill $kind --model kill
	ok "$kind: power loss, names in any order"	crash $power $kind
	ok "$kind: power loss, names in order"		crash $power $kind --meta ordered
done
