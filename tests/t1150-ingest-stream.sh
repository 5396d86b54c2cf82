#!/bin/sh
# t1150 - count-ingest on a stream: seen within the second, kept when a signal ends it.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need mkfifo

# until_prints N CMD: wait up to N tenths of a second for output of CMD.
until_prints()
{
	tries=$1; shift
	while [ "$tries" -gt 0 ]; do
		[ -n "$("$@" 2>/dev/null)" ] && return 0
		sleep 0.1
		tries=$((tries - 1))
	done
	return 1
}
ended() { kill -"$1" "$pid" && { wait "$pid"; [ $? = "$2" ]; }; }

count-ingest -q --init
mkfifo pipe
n=0
for sig in TERM:143 INT:130 HUP:129; do
	n=$((n + 1))
	# a shell starts what it puts in the background with INT ignored: env undoes that where it can
	if [ "${sig%:*}" = INT ]; then
		env --default-signal=INT true 2>/dev/null || continue
		background env --default-signal=INT count-ingest -q pipe
	else
		background count-ingest -q pipe
	fi
	exec 3>pipe
	echo "s$n 1 1700000000" >&3
	ok "a line of a stream is seen within a second"	until_prints 10 count-query "s$n"
	echo "s$n 2 1700000001" >&3
	printf 's%s 3 17000' "$n" >&3
	sleep 0.02
	ok "SIG${sig%:*} ends it with ${sig#*:}"	ended "${sig%:*}" "${sig#*:}"
	exec 3>&-
	printf "s$n 1 1700000000000\ns$n 2 1700000001000\n" >want
	ok '... what was accepted is kept, half a line is not' prints want count-query "s$n"
done

background count-ingest -q pipe
exec 3>pipe
i=0
while [ $i -lt 200 ]; do
	echo "busy $i $((1700000000 + i))" >&3
	i=$((i + 1))
	[ $i = 100 ] && sleep 0.3 && count-query busy >middle
done
ok 'many small writes are seen meanwhile'	test "$(wc -l <middle)" -ge 90
exec 3>&-
wait "$pid"
ok 'the end of a stream is no failure'		test $? = 0
ok '... and all of it is stored'		test "$(count-query busy | wc -l)" = 200

background sh -c 'count-ingest -q --sync always pipe; echo $? >status'
exec 3>pipe
echo 'always 1 1' >&3
ok '--sync always is seen at once too'		until_prints 10 count-query always
exec 3>&-
wait "$pid"
ok '... and ends well'				test "$(cat status)" = 0

waiting() { printf 'gz 1 1\n' | gzip -c | { cat; sleep 1; } | count-ingest -q; }
if command -v gzip >/dev/null && [ -e "$COUNT_MODULE_DIR/input.so" ]; then
	ok 'a compressed stream'		waiting
	ok '... is stored'			until_prints 1 count-query gz
fi
ok 'a closed stderr is no reason to stop'	exits 1 sh -c '{ echo bad; sleep 0.2; echo late 1 1; } | count-ingest 2>&1 >/dev/null | :; exit 1'
ok '... the rest is stored'			until_prints 10 count-query late
done_testing
