#!/bin/sh
# t6720 - an archive run dies at each system call, each call of it fails once, the power fails at any moment: local and
# bucket hold every point meanwhile, and one clean run later each is there exactly once.  Quick: a sample, and a bucket
# in a directory; SLOW=1: more, and against a server; SLOW=1 ALL=1: all, which takes half an hour.
. "${srcdir:-$(dirname "$0")}/tap.sh"
. "$srcdir/lib/s3.sh"
lib=$srcdir/lib
need python3 strace
strace -o /dev/null -e inject=close:signal=CONT:when=1 true 2>/dev/null || skip 'strace may not trace here'
share=9 points=10 server_share=7
[ -z "${SLOW:-}" ] || share=4 points=40
[ -z "${ALL:-}" ] || share=1 points=1000 server_share=1

said() { sed -n '/^#/p' "$tap_dir/tap/out"; }

for fault in KILL EIO ENOSPC; do
	ok "$fault at each call"	"$lib/archive-kills.py" dir "$PWD/$fault" $fault "$share"
	said
done
if [ -z "${SLOW:-}" ]; then
	skip_one 'against a server' 'SLOW is not set'
elif ! s3_have rgw; then
	skip_one 'against a server' "$s3_why"
else
	s3_start rgw
	for fault in KILL EIO; do
		ok "$fault at each call, against a server"	"$lib/archive-kills.py" server "$PWD/s$fault" $fault \
			"$server_share"
		said
	done
fi

# ---- Every state of the disk that a crash could leave ----
mkdir disk
"$lib/archive-crash.py" make "$PWD/oracle" "$PWD/disk" >make.log 2>&1 || {
	note "$(cat make.log)"
	exit 99
}
record()
{
	# LeakSanitizer cannot work under a tracer.
	ASAN_OPTIONS="detect_leaks=0:$ASAN_OPTIONS" "$lib/crashsim.py" record --dir disk --out rec -- \
		"$lib/archive-crash.py" run "$PWD/disk"
}
crash()
{
	"$lib/crashsim.py" check --rec rec --max-points "$points" --jobs 2 --show 2 --timeout 60 "$@" -- \
		"$lib/archive-crash.py" check "$PWD/oracle"
}
ok 'a run, recorded'				record
ok 'every state of kill -9'			crash --model kill
sed -n 's/^\(.*state.*\)/# \1/p' "$tap_dir/tap/out" | tail -n 1
ok 'power loss, names in any order'		crash
sed -n 's/^\(.*state.*\)/# \1/p' "$tap_dir/tap/out" | tail -n 1
ok 'power loss, names in order'			crash --meta ordered
sed -n 's/^\(.*state.*\)/# \1/p' "$tap_dir/tap/out" | tail -n 1
done_testing
