#!/bin/sh
# t4420 - S3 off and on for one directory, other buckets and prefixes, a bucket that is copied; and an archive run that
# hangs in a black hole, beside which all that is local goes on as ever.  SLOW=1: on a real server as well, and with
# speeds compared.
. "${srcdir:-$(dirname "$0")}/tap.sh"
. "$srcdir/lib/s3.sh"

now=$(date +%s)
make_points 3 60 3600 "$(date -u -d '100 days ago' +%F)" >old
recent() { awk -v now="$now" -v value="$1" 'BEGIN { for (i = 0; i < 3; i++) printf "test.%05d %s %d000\n", i, value, now - 3600 + value }'; }
together() { LC_ALL=C sort -m -k1,1 -k3,3n "$@"; }
local_points() { S3_ENABLED=false count-query -q; }
# answers FILE: just that, also by days where each has its points.
answers()
{
	oracle_days "$1" >days
	prints "$1" count-query -q && prints days count-query -q --step 1d --agg count,min,max
}

off_and_on()
{
	DATA_DIR=$PWD/$kind
	recent 1 >new
	together old new >all
	count-ingest -q old new
	S3_ENABLED=false
	ok "$kind: off: all is here"		answers all
	ok '... nothing is archived'		exits 2 count-archive
	S3_ENABLED=true
	ok 'on: archived'			count-archive -q
	ok '... answers with'			answers all
	S3_ENABLED=false
	ok 'off: answers without'		answers new
	ok '... and says so'			stderr_has 'S3_ENABLED is false' count-query -v
	S3_ENABLED=true
	ok 'on: with'				answers all

	# Meanwhile points come, old ones among them.
	S3_ENABLED=false
	{ head -n 5 old | awk '{ printf "%s 7 %.0f\n", $1, $3 + 1 }'; recent 2; } | LC_ALL=C sort -k1,1 -k3,3n >later
	count-ingest -q later
	count-flush -q
	together new later >here
	together all later >both
	ok 'off: points come'			answers here
	S3_ENABLED=true
	ok 'on: with them'			answers both
	ok '... archived, too'			count-archive -q
	recent 2 >later
	together new later >here
	ok '... not here any more'		prints here local_points
	ok '... with them'			answers both
	S3_ENABLED=false
	ok 'off: without them'			answers here
	S3_ENABLED=true
	ok 'on'					answers both
}

other_places()
{
	S3_PREFIX=elsewhere
	export S3_PREFIX
	ok "$kind: another prefix: without"	answers here
	unset S3_PREFIX
	ok '... back: with'			answers both
	first=$S3_BUCKET
	s3_bucket other
	ok 'another bucket: without'		answers here
	echo "test.00001 5 $((now - 90 * 86400))000" >third
	count-ingest -q third
	ok '... archived there'			count-archive -q
	together here third >there
	ok '... that is there'			answers there
	S3_BUCKET=$first
	ok '... back: the first'		answers both
	ok '... has nothing of it'		count-manifest verify --deep
	S3_BUCKET=other
	ok '... and the other again'		answers there
	S3_BUCKET=$first
}

# As the manual page says, with any tool.
copied()
{
	s3_list >keys
	s3_bucket copy
	while read -r key; do
		S3_BUCKET=$first s3_get "$key" >object && s3_put "$key" object >/dev/null || return
	done <keys
	ok "$kind: a copy of the bucket"	count-manifest sync
	ok '... verify'				count-manifest verify
	ok '... answers'			answers both
	S3_BUCKET=$first
	ok '... and so does the first'		answers both
}

# ---- A black hole ----

# locked: somebody holds archive.lock.  To try would be in the way of who wants it.
locked() { grep -q "FLOCK.*:$(stat -c %i "$DATA_DIR/archive.lock") " /proc/locks; }
# hang: an archive run that does, in $archive.
hang()
{
	background count-archive
	archive=$pid
	tries=0
	until locked || [ $tries -ge 200 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	sleep 1
	hangs
}
# hangs: so it still does.
hangs() { kill -0 "$archive" && locked; }
quick() { timeout 10 "$@"; }

# work N: what a busy host does.
work()
{
	work_left=$1
	while [ "$work_left" -gt 0 ]; do
		count-ingest -q busy && count-flush -q && count-query --from -2d 'test.*' >out &&
			count-query --tier hot,warm >out || return
		work_left=$((work_left - 1))
	done
}
milliseconds()
{
	from=$(date +%s%N)
	"$@" || return
	echo $((($(date +%s%N) - from) / 1000000))
}

beside()
{
	recent 3 >third
	together new later third >these_days
	ok "$kind: an archive hangs"		hang
	ok '... ingest'				quick count-ingest -q third
	ok '... flush'				quick count-flush -q
	ok '... a query of these days'		prints these_days quick count-query -q --from -2d
	ok '... of what is here'		prints these_days quick count-query --tier hot,warm --from -2d
	ok '... its names'			quick count-query --list --tier hot,warm
	ok '... with S3 off'			quick env S3_ENABLED=false count-query
	ok '... another archive: 5'		exits 5 quick count-archive
	ok '... a forecast by what is known'	quick count-manifest stats
	if [ -n "${SLOW:-}" ]; then
		awk -v now="$now" 'BEGIN { for (i = 0; i < 50000; i++) printf "busy.%d %d %d000\n", i % 50, i % 97, now - 7200 + i / 50 }' |
			LC_ALL=C sort -k1,1 -k3,3n >busy
		beside_it=$(milliseconds work 20)
	fi
	ok '... and hangs all the time'		hangs
	from=$(date +%s)
	kill "$archive"
	wait "$archive"
	ok '... until it is ended'		test $? = 143
	ok '... which it is at once'		test $(($(date +%s) - from)) -le 5
	ok '... nothing is pinned'		exits 1 grep pinned "$DATA_DIR/CURRENT"
	[ -n "${SLOW:-}" ] || return 0
	alone=$(milliseconds work 20)
	again=$(milliseconds work 20)
	note "20 times 50,000 points in, flushed, queried twice: $beside_it ms beside it; $alone and $again ms alone"
	[ "$again" -lt "$alone" ] && alone=$again
	ok '... all at the usual speed'		test "$beside_it" -le $((alone * 2 + 500))
}

# A server that never says a word, and none behind it.
black_hole()
{
	echo "test.00001 6 $((now - 80 * 86400))000" >late
	count-ingest -q late
	S3_ENDPOINT=http://127.0.0.1:9
	export AWS_ACCESS_KEY_ID=AKIDNONE AWS_SECRET_ACCESS_KEY=none
	s3_proxy --rule '* blackhole'
	beside
	ok '... a query of all times ends, too'	exits 4 quick env S3_TIMEOUT=1 S3_RETRIES=1 count-query
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	S3_ENDPOINT=$s3_direct
}

# The first objects are stored, then it gets dark.
dark_amid()
{
	awk -v now="$now" 'BEGIN { for (i = 0; i < 40; i++) printf "many.%02d 1 %d000\n", i, now - 80 * 86400 }' >late
	count-ingest -q late
	s3_proxy
	s3_rules 'PUT path=block_ after=9 blackhole'
	beside
	ok '... some objects were stored'	test "$(s3_list count-data/many | grep -c block_)" -ge 9
	s3_rules
}

every_point() { count-query -q | grep -v '^busy'; }
for kind in dir ${SLOW:+rgw}; do
	if ! s3_have "$kind"; then
		skip_one "$kind" "$s3_why"
		continue
	fi
	s3_start "$kind"
	off_and_on
	other_places
	copied
	if [ "$kind" = dir ]; then black_hole; else dark_amid; fi
	ok "$kind: light again: the next run goes on"	count-archive -q
	together both third late | LC_ALL=C sort -k1,1 -k3,3n >all
	ok '... and every point is there'	prints all every_point
	ok '... proved'				count-manifest verify --deep
	s3_stop
done
[ -n "${SLOW:-}" ] || skip_one 'a real server, and speeds' 'SLOW=1 (make check-slow) looks at them'
done_testing
