#!/bin/sh
# t3120 - a process that stands still stops no other; two flushes at once.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need strace
strace -o /dev/null true 2>/dev/null || skip 'strace may not trace here'
strace -o /dev/null -e inject=fsync:signal=SIGCONT:when=1 true 2>/dev/null || skip 'this strace cannot inject'
# A leak checker cannot work under a tracer.
export ASAN_OPTIONS="detect_leaks=0:$ASAN_OPTIONS"

# Starts CMD, which stops itself at the Nth CALL; its id is then in $stopped.
stop_at()
{
	rm -f trace
	background strace -f -o trace -e trace="$1" -e inject="$1:signal=SIGSTOP:when=$2" "$3" -q ${4+"$4"}
	tries=100
	until grep -q 'stopped by SIGSTOP' trace 2>/dev/null; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.05
	done
	stopped=$(sed -n 's/^\([0-9]*\) .*stopped by SIGSTOP.*/\1/p' trace | head -n 1)
}
go_on() { kill -CONT "$stopped"; wait "$pid"; }
soon() { timeout 5 "$@"; }
put() { echo "$*" | timeout 5 count-ingest -q; }

echo 'base 1 1' | count-ingest -q
echo 'w 1 1' >w
ok 'a writer stopped in its write'	stop_at write 1 count-ingest w
ok '... stops no writer'		put o 1 1
printf 'base 1 1000\no 1 1000\n' >want
ok '... no query'			prints want soon count-query base o
ok '... no flush'			soon count-flush
ok '... and when it goes on it is done'	go_on
printf 'base 1 1000\no 1 1000\nw 1 1000\n' >want
ok '... with all points stored'		prints want count-query

for n in 1 3 6; do
	put "z$n" 1 1
	ok "a flush stopped at fsync $n"	stop_at fsync $n count-flush
	ok '... stops no writer'		put "o$n" 1 1
	count-query -q >all
	ok '... no query'			grep -q "^o$n 1 1000" all
	ok '... another flush is exit 5'	exits 5 stderr_has '--wait' soon count-flush
	ok '... --dry-run is not stopped'	soon count-flush --dry-run
	ok '... and when it goes on it is done'	go_on
	ok '... with all points there'		prints all count-query
done

put late 1 1
ok 'a flush is stopped'			stop_at fsync 3 count-flush
background count-flush --wait -q
waiting=$pid
sleep 0.3
ok '... --wait waits'			kill -0 "$waiting"
kill -CONT "$stopped"
ok '... as long as it takes'		wait "$waiting"
count-query -q >all
ok '... nothing is lost'		grep -q '^late 1 1000' all
done_testing
