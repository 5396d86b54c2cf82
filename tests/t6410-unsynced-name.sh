#!/bin/sh
# t6410 - a process that dies between rename() and the fsync of the directory leaves a name that a power cut may
# take back: who relies on it next makes it durable first.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need strace
strace -o /dev/null true 2>/dev/null || skip 'strace may not trace here'
plan 7

# LeakSanitizer cannot work under a tracer.
export ASAN_OPTIONS="detect_leaks=0:$ASAN_OPTIONS"
calls=fsync,fdatasync,renameat,renameat2,unlinkat,write,writev
traced() { strace -f -y -qq -e "trace=$calls" "$@"; }

# dies_after NAME CMD...: runs CMD on the directory "data" until it has renamed a file to NAME.
dies_after() {
	rm -rf whole
	! [ -d data ] || cp -a data whole
	name=$1; shift
	traced -o log "$@" || return 1
	n=$(awk -v to="\"$name\"" '/ fsync\(/ { n++ } /renameat/ && index($0, to) && !at { at = n + 1 } END { print at }' log)
	rm -rf data
	! [ -d whole ] || cp -a whole data
	traced -o /dev/null -e inject=fsync:signal=KILL:when="$n" "$@"
	[ $? = 137 ]
}

# syncs_first CALL CMD...: the directory itself is synced before the first CALL in one of its parts.
syncs_first() {
	call=$1; shift
	traced -o log "$@" || return
	awk -v dir="<$PWD/data>" -v part="<$PWD/data/" -v call=" $call" '
		/ fsync\(/ && index($0, dir) { synced = 1 }
		index($0, call) && index($0, part) { seen = 1; exit !synced }
		END { if (!seen) exit 1; exit !synced }' log
}

printf 'm %d 1700000000\n' 1 2 3 >points
dies_after FORMAT count-ingest --init 2>/dev/null
ok 'a directory was made by somebody who died'	test -f data/FORMAT
ok '... FORMAT is synced before points go in'	syncs_first write count-ingest -q points

ok 'a flush dies after CURRENT was renamed'	dies_after CURRENT count-flush -q
ok '... the log is still there'			test -f data/wal/000000000001.wal
ok '... CURRENT is synced before it goes'	syncs_first unlinkat count-flush -q
ok '... it is gone now'				test ! -f data/wal/000000000001.wal
echo 'm 3 1700000000000' >want
ok '... and the points are there'		prints want count-query
