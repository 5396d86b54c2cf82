#!/bin/sh
# t6420 - a stopped flush, whose lock file somebody takes for a stale one and removes, forgets nothing that others
# flushed meanwhile when it goes on.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need strace
strace -D -o /dev/null -e inject=close:signal=CONT:when=1 true 2>/dev/null || skip 'strace may not trace here'
plan 7

# LeakSanitizer cannot work under a tracer.
export ASAN_OPTIONS="detect_leaks=0:$ASAN_OPTIONS"

# within_2s CMD...: until it succeeds.
within_2s() { timeout 2 sh -c 'until "$@"; do sleep 0.05; done' sh "$@"; }
# The signal may come before the stop is complete, hence more than once.
end_of() {
	within_2s sh -c '! kill -CONT "$1" 2>/dev/null' sh "$1"
	wait "$1"
}

echo 'm 1 1700000000' | count-ingest -q 2>/dev/null
: >log
# The first name that a flush gives is that of its block file.
background strace -D -qq -o log -e trace=renameat -e inject=renameat:signal=STOP:when=1 count-flush -q
frozen=$pid
ok 'a flush stands still'		within_2s grep -q 'stopped by SIGSTOP' log
echo 'm 2 1700000001' | count-ingest -q
ok 'another has to go away'		exits 5 count-flush -q
rm data/lock
ok 'but not without the lock file'	count-flush -q
echo 'm 3 1700000002' | count-ingest -q
ok '... twice'				count-flush -q
ok 'the first goes on and fails'	exits 5 end_of "$frozen"
count-query >got
printf 'm %d 170000000%d000\n' 1 0 2 1 3 2 >want
ok 'no point is lost'			cmp got want
ok 'and flush goes on working'		prints want eval 'count-flush && count-query'
