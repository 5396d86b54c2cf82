# shellcheck shell=sh disable=SC2154
# s3.sh - S3 servers, faults, a slow line and a second client, for shell tests.  Source it after tap.sh:
#
#	. "$srcdir/lib/s3.sh"
#	s3_start rgw			# or skips, saying why
#	s3_proxy			# requests go through it from now on
#	ok 'it is archived'	count-archive -q
#	ok 'in 3 requests'	test "$(s3_requests)" = 3
#
# Everything is on this machine and ends with the test, also when that is killed; nothing of the caller's
# AWS settings or home is seen.  Each of these changes the environment of the tools, for what follows:
#
#	s3_start KIND		S3_ENABLED, S3_ENDPOINT, S3_BUCKET, S3_REGION and keys for an empty bucket on
#				  dir		file://, always there
#				  rgw		Ceph's gateway, the one to trust: signatures, conditions, users
#				  rgw-tls	the same with https and S3_CA_BUNDLE; RGW_CERT=expired, wronghost or
#						selfsigned for a bad certificate
#				  s3rver	a small server; ignores conditions of PUT, silently
#				Skips the rest of the test if the server is not there and cannot be installed
#				(which is tried with SLOW=1, as root).  A second s3_start is a second server.
#	s3_have KIND		true if that server can be started; else $s3_why says why not
#	s3_stop			ends all that was started here; S3_ENABLED=false
#	s3_bucket NAME		makes another bucket and uses it
#
#	s3_proxy [OPTION...]	faulty-proxy.py in front of the server; rules stand at its head
#	s3_rules [RULE...]	its rules from now on; none: no faults.  s3_rules 'PUT nth=2 503' '* latency=20'
#	s3_mark			s3_requests and s3_log count from here
#	s3_requests [METHOD]	how many requests there were: all, or GET PUT HEAD DELETE LIST (which is no GET)
#	s3_log [FIELD...]	a line for each: method path status by default; FIELD as in the proxy's log
#	s3_slow RTT_MS [BYTES]	slow-link.py in front: a far server, with that many bytes a second each way
#
#	s3_get KEY		prints the object; false if there is none.  These six work on dir as well, and use
#	s3_put KEY FILE		none of our code (s3req.py); they go to the server itself, past proxy and line,
#	s3_delete KEY		as the owner of the bucket
#	s3_size KEY		its bytes
#	s3_list [PREFIX]	the keys, sorted, one a line
#	s3_etag KEY		the ETag as the server says it (not dir)
#	s3_request ARG...	any signed request: s3req.py says how (not dir)
#
#	s3_user NAME ACTION...	makes a user of the gateway who may do just these in the bucket, and is that user
#				from now on: s3_user four GetObject PutObject DeleteObject ListBucket
#	s3_owner		the owner of the bucket again
#
#	make_points SERIES DAYS STEP_S [FIRST_DAY]	SERIES series of DAYS days, a point each STEP_S seconds, from
#				FIRST_DAY (2023-01-01), as count-query prints them: the same each time
#	oracle_check FILE [FROM_MS TO_MS]		count-query of that range says just what FILE holds of it
#	oracle_days FILE	count, min and max per series and day of FILE, as count-query --step 1d
#				--agg count,min,max prints them
#
# The servers' files are in $tap_dir/s3; KEEP=1 keeps them.

s3_lib=$srcdir/lib/s3
s3_dir=$tap_dir/s3
s3_n=0 s3_pids='' s3_kind='' s3_why='' s3_marked=0 s3_proxy_dir='' s3_direct=''
s3_owner_key='' s3_owner_secret=''
mkdir "$s3_dir"
# LeakSanitizer's tracer falls over threads of libcurl's resolver that end while it looks, now and then.
export ASAN_OPTIONS="detect_leaks=0:$ASAN_OPTIONS"
# What a user has in ~/.aws, and a machine in its metadata, is not for tests.
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE="$s3_dir/no-config" AWS_SHARED_CREDENTIALS_FILE="$s3_dir/no-keys"

# s3_run LOG CMD...: runs CMD beside, with its output in LOG and its id in $pid.  It is a child of this shell and
# the kernel ends it with us, whatever ends us.
s3_run()
{
	s3_run_log=$1; shift
	setpriv --pdeathsig KILL "$@" >>"$s3_run_log" 2>&1 &
	pid=$!
	s3_pids="$s3_pids $pid"
	tap_pids="$tap_pids $pid"
}

# s3_await SECONDS CMD: true once CMD is, false if the process $pid ends first or the time does.
s3_await()
{
	s3_left=$(($1 * 20)); shift
	until "$@" >/dev/null 2>&1; do
		s3_left=$((s3_left - 1))
		[ $s3_left -gt 0 ] && kill -0 "$pid" 2>/dev/null || return 1
		sleep 0.05
	done
}

# s3_end PID...: ends these and forgets them, so that their numbers can be another's.
s3_end()
{
	for s3_pid in "$@"; do
		kill -KILL "$s3_pid" 2>/dev/null
		wait "$s3_pid" 2>/dev/null
		tap_pids=$(echo " $tap_pids " | sed "s/ $s3_pid / /")
		s3_pids=$(echo " $s3_pids " | sed "s/ $s3_pid / /")
	done
	return 0
}

s3_free_ports()
{
	python3 -c 'import socket, sys
s = [socket.socket() for _ in range(int(sys.argv[1]))]
for x in s: x.bind(("127.0.0.1", 0))
print(*[x.getsockname()[1] for x in s])' "$1"
}

. "$s3_lib/rgw.sh"
. "$s3_lib/s3rver.sh"

s3_have()
{
	s3_why=''
	case $1 in
	dir) ;;
	rgw|rgw-tls) s3_have_python && rgw_have ;;
	s3rver) s3_have_python && s3rver_have ;;
	*) s3_why="no such server: $1"; false ;;
	esac
}

s3_have_python()
{
	command -v python3 >/dev/null && command -v setpriv >/dev/null && return
	s3_why='python3 and setpriv are not installed'
	return 1
}

s3_start()
{
	s3_have "$1" || skip "$s3_why"
	s3_kind=$1 s3_n=$((s3_n + 1))
	s3_at=$s3_dir/$s3_kind-$s3_n
	mkdir "$s3_at"
	unset S3_CA_BUNDLE AWS_SESSION_TOKEN
	export S3_ENABLED=true S3_BUCKET=count-test S3_REGION=us-east-1
	case $s3_kind in
	dir)
		mkdir "$s3_at/$S3_BUCKET"
		export S3_ENDPOINT="file://$s3_at"
		unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY ;;
	rgw*)	rgw_start || rgw_start || s3_failed ;;
	s3rver)	s3rver_start || s3_failed ;;
	esac
	s3_direct=$S3_ENDPOINT s3_owner_key=${AWS_ACCESS_KEY_ID-} s3_owner_secret=${AWS_SECRET_ACCESS_KEY-}
}

s3_failed()
{
	note "$s3_kind did not start; the end of its logs:"
	for s3_file in "$s3_at"/log/*; do
		note "${s3_file##*/}: $(tail -n 5 "$s3_file" | cat -v)"
	done
	echo 'Bail out! the S3 server did not start'
	exit 99
}

s3_stop()
{
	# shellcheck disable=SC2086 # a list of ids
	s3_end $s3_pids
	s3_proxy_dir=''
	export S3_ENABLED=false
}

s3_bucket()
{
	export S3_BUCKET="$1"
	if [ "$s3_kind" = dir ]; then mkdir "$s3_at/$1"; else s3_request PUT >/dev/null; fi
}

# ---- Between the tools and the server ----

# s3_use_port DIR: the endpoint is what will say its port in DIR/port.
s3_use_port()
{
	if ! s3_await 10 test -s "$1/port"; then
		note "$(cat "$1/out")"
		echo 'Bail out! no relay to the S3 server'
		exit 99
	fi
	read -r s3_port <"$1/port"
	export S3_ENDPOINT="${S3_ENDPOINT%%:*}://127.0.0.1:$s3_port"
}

s3_proxy()
{
	s3_n=$((s3_n + 1))
	s3_proxy_dir=$s3_dir/proxy-$s3_n s3_marked=0
	mkdir "$s3_proxy_dir" && : >"$s3_proxy_dir/log" && : >"$s3_proxy_dir/rules"
	case $S3_ENDPOINT in
	https:*) set -- --cert "$s3_at/tls/server.crt" --key "$s3_at/tls/server.key" "$@" ;;
	esac
	s3_run "$s3_proxy_dir/out" python3 "$s3_lib/faulty-proxy.py" --to "$S3_ENDPOINT" --rules "$s3_proxy_dir/rules" \
		--log "$s3_proxy_dir/log" --port-file "$s3_proxy_dir/port" "$@"
	s3_use_port "$s3_proxy_dir"
	s3_proxy_url=$S3_ENDPOINT
}

s3_rules()
{
	printf '%s\n' "$@" >"$s3_proxy_dir/rules.new"
	mv "$s3_proxy_dir/rules.new" "$s3_proxy_dir/rules"
}

s3_log_from() { python3 "$s3_lib/proxy-log.py" "$s3_proxy_url" "$s3_proxy_dir/log" "$@"; }

s3_mark() { s3_marked=$(s3_log_from 0 | wc -l); }

s3_requests()
{
	s3_log kind | awk -v kind="${1-}" 'kind == "" || $1 == kind { n++ } END { print n + 0 }'
}

s3_log()
{
	[ $# -gt 0 ] || set -- method path status
	s3_log_from "$s3_marked" "$@"
}

s3_slow()
{
	s3_n=$((s3_n + 1))
	s3_slow_dir=$s3_dir/slow-$s3_n
	mkdir "$s3_slow_dir"
	s3_run "$s3_slow_dir/out" python3 "$s3_lib/slow-link.py" --to "$S3_ENDPOINT" --rtt "$1" --bandwidth "${2:-0}" \
		--port-file "$s3_slow_dir/port"
	s3_use_port "$s3_slow_dir"
}

# ---- The second client ----

s3_request()
{
	S3_ENDPOINT=$s3_direct AWS_ACCESS_KEY_ID=$s3_owner_key AWS_SECRET_ACCESS_KEY=$s3_owner_secret \
		python3 "$s3_lib/s3req.py" "$@"
}

s3_get()
{
	if [ "$s3_kind" = dir ]; then cat "$s3_at/$S3_BUCKET/$1"; else s3_request GET "$1"; fi
}

s3_put()
{
	if [ "$s3_kind" = dir ]; then
		mkdir -p "$(dirname "$s3_at/$S3_BUCKET/$1")" && cat "$2" >"$s3_at/$S3_BUCKET/$1"
	else
		s3_request -d "$2" PUT "$1"
	fi
}

s3_delete()
{
	if [ "$s3_kind" = dir ]; then rm -f "$s3_at/$S3_BUCKET/$1"; else s3_request DELETE "$1"; fi
}

s3_head() { s3_request -i HEAD "$1" | tr -d '\r' | sed -n "s/^$2: //p"; }

s3_size()
{
	if [ "$s3_kind" = dir ]; then wc -c <"$s3_at/$S3_BUCKET/$1"; else s3_head "$1" content-length; fi
}

s3_etag() { s3_head "$1" etag; }

s3_list()
{
	if [ "$s3_kind" = dir ]; then
		(cd "$s3_at/$S3_BUCKET" && find . -type f ! -path './.count-*' -path "./${1-}*" | sed 's|^\./||' |
			LC_ALL=C sort)
	else
		S3_ENDPOINT=$s3_direct AWS_ACCESS_KEY_ID=$s3_owner_key AWS_SECRET_ACCESS_KEY=$s3_owner_secret \
			python3 "$s3_lib/s3req.py" -l "${1-}"
	fi
}

# ---- Users of the gateway ----

s3_user()
{
	s3_user_name=$1; shift
	rgw_user "$s3_user_name" "$@"
	export AWS_ACCESS_KEY_ID="$rgw_user_key" AWS_SECRET_ACCESS_KEY="$rgw_user_secret"
}

s3_owner() { export AWS_ACCESS_KEY_ID="$s3_owner_key" AWS_SECRET_ACCESS_KEY="$s3_owner_secret"; }

# ---- Data, and what must come back ----

make_points()
{
	awk -v CONVFMT=%.10g -v series="$1" -v days="$2" -v step="$3" \
		-v first="$(date -u -d "${4:-2023-01-01}" +%s)" 'BEGIN {
		for (s = 0; s < series; s++) {
			seed = 7919 * (s + 1)
			level = s * 10
			for (i = 0; i < days * 86400 / step; i++) {
				seed = seed * 16807 % 2147483647	# Park and Miller: exact in doubles
				level += seed % 201 - 100
				printf "test.%05d %s %.0f000\n", s, level / 100, first + i * step
			}
		}
	}'
}

oracle_check()
{
	awk -v from="${2:-}" -v to="${3:-}" '(from == "" || $3 >= from + 0) && (to == "" || $3 < to + 0)' "$1" \
		>"$s3_dir/want"
	prints "$s3_dir/want" count-query ${2:+--time-unit ms --from "$2" --to "$3"}
}

oracle_days()
{
	awk 'function print_series(   i) {
		for (i = 1; i <= days; i++) print series ":count " n[i] " " day[i]
		for (i = 1; i <= days; i++) print series ":min " min[i] " " day[i]
		for (i = 1; i <= days; i++) print series ":max " max[i] " " day[i]
		days = 0
	}
	{
		d = sprintf("%.0f", $3 - $3 % 86400000)
		if ($1 != series) { print_series(); series = $1 }
		if (days == 0 || day[days] != d) { day[++days] = d; n[days] = 0 }
		if (n[days]++ == 0 || $2 + 0 < min[days] + 0) min[days] = $2
		if (n[days] == 1 || $2 + 0 > max[days] + 0) max[days] = $2
	}
	END { print_series() }' "$1"
}
