#!/bin/sh
# t3130 - system calls that fail, one by one: what was acknowledged is kept, status 0 only when all was stored,
# and the next run needs no repair.  With SLOW=1 each openat() too.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need strace
strace -o /dev/null -e inject=fsync:error=EIO:when=1 true 2>/dev/null || skip 'strace may not inject here'
# A leak checker cannot work under a tracer.
export ASAN_OPTIONS="detect_leaks=0:$ASAN_OPTIONS"
wanted() { case $call in openat*) [ -n "${SLOW:-}" ] ;; esac; }

points() { awk -v s="$1" 'BEGIN { for (i = 1; i <= 900; i++) print s i % 7, i, 1700000000 + i }'; }
points a | count-ingest -q
count-flush
points b | count-ingest -q
points c >in
count-query >before
cp -a data base
count-ingest -q in
count-query >with
rm -rf data

# The program has begun when it looks for this directory: what fails before is the loader's.
inject() { strace -f -o trace -e trace="$1" -e inject="$1:error=$2:when=$3${every-}" "$4" -q ${5+"$5"} >out 2>err; }

# after STATUS WANT: nothing is missing; the next flush works, and leaves no litter
after()
{
	count-query -q >got || return 1
	if [ "$1" = 0 ]; then
		cmp got "$2" || return 1
	else
		grep -v '^c' got | cmp - before || return 1
		grep -q '^c' got && { cmp got with || return 1; }
	fi
	count-flush || return 1
	count-query >again
	cmp got again && [ -z "$(find data -name '*.tmp')" ]
}

# each CALL ERROR CMD WANT [FILE]: the Nth call fails, until there is no Nth
each()
{
	what=$1 error=$2 tool=$3 want=$4 n=1 bad='' file=${5-}
	while [ $n -lt 60 ]; do
		rm -rf data
		cp -a base data
		: >trace
		inject "$what" "$error" $n "$tool" ${file:+"$file"}
		status=$?
		if grep -q 'error while loading\|TLS data' err; then
			n=$((n + 1))
			continue
		fi
		case $status in
		0 | 1 | 3) after $status "$want" >why 2>&1 || bad="$bad $n($status: $(head -c 200 why))" ;;
		*) bad="$bad $n(status $status)" ;;
		esac
		grep -q INJECTED trace || break
		n=$((n + 1))
	done
	[ -z "$bad" ] || { echo "failed at:$bad"; return 1; }
	[ $n -gt 1 ]
}

for call in 'write EIO' 'write EINTR' 'fdatasync EIO' 'flock ENOLCK' 'getdents64 EIO' 'openat EMFILE'; do
	wanted || continue
	ok "count-ingest, $call"	each "${call% *}" "${call#* }" count-ingest with in
done
for call in 'write ENOSPC' 'fsync EIO' 'renameat EIO' 'unlinkat EIO' 'flock EIO' 'getdents64 EIO' 'openat EMFILE'; do
	wanted || continue
	ok "count-flush, $call"		each "${call% *}" "${call#* }" count-flush before
done
every=+
for call in 'write ENOSPC' 'fdatasync EIO' 'fsync EIO' 'openat EMFILE'; do
	wanted || continue
	[ "$call" = 'fsync EIO' ] ||
		ok "count-ingest, $call from then on"	each "${call% *}" "${call#* }" count-ingest with in
	[ "$call" = 'fdatasync EIO' ] ||
		ok "count-flush, $call from then on"	each "${call% *}" "${call#* }" count-flush before
done
every=''

# The last word on how many points are stored is true: the try that fails is made again at the end.
told() { inject write ENOSPC 1 count-ingest in; grep "stopped: $(count-query -q 'c*' | wc -l) points are stored" err; }
rm -rf data
cp -a base data
ok 'how many points are stored is told'	told

# queries: status 0 only with the whole answer
query()
{
	n=1
	rm -rf data
	cp -a base data
	while [ $n -lt 60 ]; do
		inject "$1" "$2" $n count-query
		status=$?
		if ! grep -q 'error while loading\|TLS data' err; then
			[ $status = 0 ] || [ $status = 3 ] || { echo "status $status at $n"; return 1; }
			[ $status = 3 ] || cmp out before || { echo "wrong at $n"; return 1; }
			[ $status = 0 ] || [ -s err ] || { echo "no message at $n"; return 1; }
		fi
		grep -q INJECTED trace || return 0
		n=$((n + 1))
	done
}
for call in 'write EIO' 'write EINTR' 'getdents64 EIO' 'openat EMFILE' 'openat EIO'; do
	wanted || continue
	ok "count-query, $call"		query "${call% *}" "${call#* }"
done

# a directory that could not be made is made by the next who writes
creation()
{
	n=1
	while [ $n -lt 60 ]; do
		rm -rf data
		inject "$1" "$2" $n count-ingest in
		status=$?
		if ! grep -q 'error while loading\|TLS data' err; then
			[ $status = 0 ] || [ $status = 1 ] || [ $status = 3 ] || { echo "status $status at $n"; return 1; }
			[ $status != 0 ] || [ "$(count-query | wc -l)" = 900 ] || { echo "lost at $n"; return 1; }
			count-ingest -q in || { echo "not usable after $n"; return 1; }
			[ "$(count-query | wc -l)" = 900 ] || { echo "not all after $n"; return 1; }
		fi
		grep -q INJECTED trace || return 0
		n=$((n + 1))
	done
}
for call in 'write ENOSPC' 'fsync EIO' 'renameat EIO' 'mkdirat ENOSPC' 'openat ENOSPC'; do
	wanted || continue
	ok "making a directory, $call"	creation "${call% *}" "${call#* }"
done
done_testing
