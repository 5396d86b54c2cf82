#!/bin/sh
# t4100 - the object store on S3, against real servers: the same suite that a directory passes; path and
# virtual-host style, TLS with a private CA, and bad networks.  SLOW=1 adds more faults, MATRIX=1 each at each kind of
# request (an hour).
. "${srcdir:-$(dirname "$0")}/tap.sh"
suite=$top_builddir/tests/unit/test-objstore
[ -x "$suite" ] || skip 'no unit tests here (cmocka)'
[ -e "$COUNT_MODULE_DIR/s3.so" ] || skip 'built without S3'
. "$srcdir/lib/s3.sh"

# suite_passes MODE: the suite on the bucket of the environment.
suite_passes()
{
	COUNT_TEST_S3=$1 CMOCKA_MESSAGE_OUTPUT=STDOUT timeout 300 "$suite" >out 2>&1 && return
	cat -v out
	return 1
}

# refuses TEXT: the suite cannot begin, and says why.
refuses()
{
	if ! COUNT_TEST_S3=1 timeout 60 "$suite" >out 2>&1 && grep -aqF "$1" out; then return; fi
	cat -v out
	return 1
}

s3_have rgw || skip "$s3_why"
if [ "${SLOW:-0}" = 1 ]; then mode=1; else mode=faults; fi

s3_start rgw
ok 'Ceph, path style'				suite_passes $mode
endpoint=$S3_ENDPOINT
S3_ENDPOINT=$(echo "$endpoint" | sed s/127.0.0.1/s3.localhost/) S3_PATH_STYLE=false
export S3_PATH_STYLE
ok 'Ceph, virtual-host style'			suite_passes $mode
unset S3_PATH_STYLE
S3_ENDPOINT=$endpoint

export S3_TIMEOUT=1
s3_proxy
ok 'through the relay, no fault'		suite_passes faults
# A test empties its bucket and then does a few dozen requests of each kind.
faults='503
lost
reset
truncate
garbage'
[ "${SLOW:-0}" = 1 ] && faults="$faults
500
503 retry-after=1
reset-early
close
200-error
blackhole
corrupt-request"

# pass_with WHICH NAME: the suite passes with each fault at some of these requests.
pass_with()
{
	while read -r fault <&3; do
		case $fault in
		blackhole|*retry-after*) every=29 ;;
		*) every=7 ;;
		esac
		s3_rules "$1 every=$every $fault"
		ok "each ${every}th $2: $fault"		suite_passes faults
	done 3<<-END
	$faults
	END
}
if [ -n "${MATRIX:-}" ]; then
	pass_with PUT PUT
	pass_with 'GET path=/./*[^/]+/[^/]+$' GET
	pass_with HEAD HEAD
	pass_with DELETE DELETE
	pass_with 'GET query=list-type' LIST
else
	pass_with '*' request
fi
s3_rules
s3_stop
unset S3_TIMEOUT

s3_start rgw-tls
ok 'TLS with a private CA'			suite_passes faults
bundle=$S3_CA_BUNDLE
unset S3_CA_BUNDLE
ok 'unknown CA: refused'			refuses 'for a private CA set S3_CA_BUNDLE'
S3_CA_BUNDLE=/nonexistent
export S3_CA_BUNDLE
ok 'no such CA file: refused'			refuses 'S3_CA_BUNDLE /nonexistent: No such file'
echo nonsense >bad.pem
S3_CA_BUNDLE=$PWD/bad.pem
ok 'a CA file that is none: refused'		refuses 'the file of S3_CA_BUNDLE cannot be used'
S3_CA_BUNDLE=$bundle
S3_ENDPOINT=http:${S3_ENDPOINT#https:}
ok 'http to it: an error'			refuses 's3://count-test'
s3_stop
for bad in expired wronghost selfsigned; do
	# shellcheck disable=SC2034 # read by s3_start
	RGW_CERT=$bad
	export RGW_CERT
	s3_start rgw-tls
	ok "certificate $bad: refused"		refuses 'the certificate of 127.0.0.1'
	s3_stop
done
unset RGW_CERT S3_CA_BUNDLE

if s3_have s3rver; then
	s3_start s3rver
	ok 's3rver, which ignores conditions'	suite_passes faults
	ok '... and this is found out'		grep -aq 'if-absent 3' out
else
	skip_one 's3rver' "$s3_why"
fi
done_testing
