#!/bin/sh
# t0045 - lib/s3.sh: what the tests of the cold tier stand on: servers, faults, counts, users, points.
. "${srcdir:-$(dirname "$0")}/tap.sh"
. "$srcdir/lib/s3.sh"

# round_trip: an object comes back by the second client.
round_trip()
{
	head -c 3000 /dev/urandom >body
	s3_put 'p/a b%3A/x.json' body >/dev/null && s3_put p/y body >/dev/null || return
	s3_get 'p/a b%3A/x.json' | cmp - body || return
	[ "$(s3_size p/y)" = 3000 ] || return
	printf 'p/a b%%3A/x.json\np/y\n' | prints - s3_list p/ || return
	s3_delete p/y >/dev/null && printf 'p/a b%%3A/x.json\n' | prints - s3_list
}

ok 'a directory: put, get, size, list, delete'	eval 's3_start dir; round_trip'
make_points 2 2 3600 >points
ok 'points: as many as were asked for'		test "$(wc -l <points)" = 96
ok '... and the same each time'			prints points make_points 2 2 3600
ok '... and count-query prints them so'		eval 'count-ingest -q points && oracle_check points'
ok '... and a part of them'			oracle_check points 1672570800000 1672621200000
oracle_days points >days
ok '... and their days'				prints days count-query --step 1d --agg count,min,max

for kind in ${SLOW:+rgw-tls s3rver} rgw; do
	if ! s3_have "$kind"; then
		skip_one "$kind" "$s3_why"
		continue
	fi
	s3_start "$kind"
	ok "$kind: put, get, size, list, delete"	round_trip
	s3_etag 'p/a b%3A/x.json' >etag
	ok '... and a condition that holds'		eval 's3_request -H "If-Match: $(cat etag)" GET "p/a b%3A/x.json" | cmp - body'
done

if s3_have rgw; then
	s3_proxy
	s3_direct=$S3_ENDPOINT	# our requests go through the proxy, too
	s3_delete 'p/a b%3A/x.json' >/dev/null
	s3_mark
	ok 'the proxy lets all pass'			round_trip
	ok '... and counts requests'			test "$(s3_requests) $(s3_requests PUT) $(s3_requests LIST)" = '7 2 2'
	s3_mark
	s3_rules 'PUT nth=2 503' 'GET lost'
	ok 'one put goes through'			s3_put a body
	not_ok 'the second does not'			s3_put b body
	not_ok 'a get whose answer is lost'		s3_get a
	printf 'PUT 200\nPUT 503\nGET None\n' >want
	ok '... as the log says'			prints want s3_log method status
	s3_rules
	s3_slow 200
	s3_direct=$S3_ENDPOINT
	from=$(date +%s%3N)
	ok 'a slow line'				s3_get a
	ok '... takes its time'				test $(($(date +%s%3N) - from)) -ge 400
	s3_user reader GetObject ListBucket
	s3_owner_key=$AWS_ACCESS_KEY_ID s3_owner_secret=$AWS_SECRET_ACCESS_KEY
	ok 'a user who may read reads'			s3_get a
	not_ok '... and does not write'			s3_put b body
fi
# A test that is killed as nothing can prevent takes its servers with it.
cat >killed.sh <<'END'
. "$srcdir/tap.sh"
. "$srcdir/lib/s3.sh"
export S3_ENDPOINT=http://127.0.0.1:1
s3_proxy
echo "$tap_dir" >"$1/where"
echo "$pid" >"$1/pid"
sleep 60
END
killed()
{
	: >where
	sh killed.sh "$PWD" &
	pid=$!
	s3_await 10 test -s pid || return
	read -r server <pid
	kill -0 "$server" || return
	kill -KILL $!
	wait $!
	pid=$$
	s3_await 5 eval "! kill -0 $server || grep -q 'State:.Z' /proc/$server/status"
	status=$?
	rm -rf "$(cat where)"
	return $status
}
ok 'a server ends with a test that is killed'	eval '! command -v python3 >/dev/null || killed'

# shellcheck disable=SC2086 # a list of ids
set -- $s3_pids
s3_stop
ok 'no server is left'				eval 'for p; do ! kill -0 "$p" 2>/dev/null || exit 1; done'
done_testing
