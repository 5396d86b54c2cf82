#!/bin/sh
# t6430 - each call that a flush or an ingest makes on its data directory fails once, with SLOW=1 by more errors and
# by kill -9: nothing stored is lost or changed, nothing is acknowledged that is not there, no repair is needed.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need python3 strace
strace -o /dev/null -e inject=close:signal=CONT:when=1 true 2>/dev/null || skip 'strace may not trace here'

# LeakSanitizer cannot work under a tracer.
export ASAN_OPTIONS="detect_leaks=0:$ASAN_OPTIONS"
for fault in EIO ${SLOW:+ENOSPC EMFILE KILL}; do
	ok "$fault at each call"	"$srcdir/lib/failing-calls.py" "$PWD/work-$fault" "$fault"
done

# A failed fsync is final: once, and the frames are written anew; each time, and nothing is acknowledged.
syncs_fail() {
	when=$1; shift
	strace -qq -o /dev/null -e trace=fdatasync -e "inject=fdatasync:error=EIO:when=$when" "$@"
}
echo 'm 1 1700000000000' >want
echo 'm 1 1700000000' >point
ok 'an fdatasync fails, the next does not'	syncs_fail 1 count-ingest -q point
ok '... the point is in a new segment'		test -s data/wal/000000000002.wal
ok '... and answered once'			prints want count-query
ok 'all fail: not acknowledged'			exits 3 syncs_fail 1+ count-ingest -q point
done_testing
