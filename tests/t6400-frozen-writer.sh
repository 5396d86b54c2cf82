#!/bin/sh
# t6400 - a count-ingest that is stopped at any call stops nobody, and what it acknowledges when it goes on is
# stored once, whatever was flushed meanwhile.  With SLOW=1 at each call it makes at all, and so for a flush and a query.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need python3 strace
strace -D -o /dev/null -e inject=close:signal=CONT:when=1 true 2>/dev/null || skip 'strace may not trace here'
plan 1

# LeakSanitizer cannot work under a tracer.
export ASAN_OPTIONS="detect_leaks=0:$ASAN_OPTIONS"
ok 'a writer frozen at each call'	"$srcdir/lib/frozen-writer.py" "$PWD/work" ${SLOW:+all}
