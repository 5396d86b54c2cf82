#!/bin/sh
# t4435 - a canary for a secret, and one for a session token: whatever the tools do with them, say of it and leave
# behind, neither is in it.  SLOW=1: on a real server as well.
. "${srcdir:-$(dirname "$0")}/tap.sh"
. "$srcdir/lib/s3.sh"
need python3 setpriv jq
secret=CANARYsecret/0123456789+abcdefghijk token=CANARYtoken/0123456789+abcdefghijklmn==
export COUNT_LOG=debug S3_ENABLED=true S3_BUCKET=bucket S3_REGION=us-east-1 S3_TIMEOUT=1 S3_RETRIES=2
now=$(date +%s)
make_points 3 40 3600 2023-01-01 >points

# say CMD: all it says is kept, with its standard output passed on.
say()
{
	"$@" >said 2>complained
	said_status=$?
	cat said complained >>all
	cat said
	cat complained >&2
	return $said_status
}
# all_tools: each of them, in each of their ways; whether they succeed is not the question.  tools: the same if there
# is time, else a few.
tools()
{
	if [ -n "${SLOW:-}" ]; then
		all_tools
		return
	fi
	echo "late 1 $((now - 80 * 86400 + $(date +%N | cut -c 2-7)))" | count-ingest -q
	say count-archive --json -v -v
	say count-query --fresh -v --limit 5
	say count-query --explain --json
	say count-manifest -v sync
	say count-manifest --json verify --deep
} >/dev/null 2>&1
all_tools()
{
	echo "late 1 $((now - 90 * 86400 + $(wc -l <all)))" >late
	say count-ingest -v late
	say count-flush -v -v
	for arg in '--dry-run' '--dry-run --json' '--json' '-v -v' '-v --force --older-than 20d'; do
		# shellcheck disable=SC2086
		say count-archive $arg
	done
	for arg in '' '--json' '--explain' '--explain -v --json' '--fresh -v' '--partial' '--step 1d --agg avg' '--last'; do
		# shellcheck disable=SC2086
		say count-query $arg --limit 5
		rm -rf data/cache
	done
	for arg in sync list 'show test.00001' 'where test.00001' stats diff verify 'verify --deep' repair rebuild \
		'cat test.00001/block_1_2.json'; do
		# shellcheck disable=SC2086
		{ say count-manifest -v $arg; say count-manifest --json $arg; }
	done
} >/dev/null 2>&1
# no_canary FILE...: nothing of them is there, in folders neither.
no_canary()
{
	! grep -r -a -l -e CANARY -e "$secret" -e "$token" "$@"
}
keys() { export AWS_ACCESS_KEY_ID=AKIDBIRDINMINES0 AWS_SECRET_ACCESS_KEY="$secret" AWS_SESSION_TOKEN="$token"; }
no_keys() { unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN; }

# ---- A server that takes them ----
: >all
mkfifo held
python3 "$srcdir/lib/s3-imitation.py" "$secret" <held >port &
tap_pids="$tap_pids $!"
exec 8>held
pid=$!
s3_await 10 test -s port
S3_ENDPOINT=http://127.0.0.1:$(cat port)
export S3_ENDPOINT
keys
export S3_PREFIX=plain
count-ingest -q points
all_tools
ok 'with the right secret it works'	say prints points count-query 'test.*'
ok '... from there'			test "$(S3_ENABLED=false count-query -q | wc -l)" = 0
ok '... a lot is said'			test "$(wc -l <all)" -ge 150
ok '... requests among it'		grep -q 'PUT.*200' all
ok '... no secret'			no_canary all
ok '... nor in the directory'		no_canary data

# ---- Servers that do not, each in its way ----
for how in code-403-AccessDenied code-403-SignatureDoesNotMatch code-403-InvalidAccessKeyId code-400-ExpiredToken \
	code-400-InvalidToken code-400-Odd code-500-InternalError code-503-SlowDown moved-badly elsewhere skew garbage mirror; do
	S3_PREFIX=$how
	: >all
	tools
	ok "$how: no secret is said"	no_canary all data
done
AWS_SECRET_ACCESS_KEY=${secret}x
: >all
tools
ok 'a wrong secret: it is refused'	grep -q 'the signature is refused' all
ok '... it is not said'			no_canary all data
AWS_SECRET_ACCESS_KEY="CANARY
secret"
: >all
tools
ok 'an odd secret: it is not said'	no_canary all data
AWS_SECRET_ACCESS_KEY=$secret
AWS_SESSION_TOKEN=$(printf 'CANARY\ttoken\n\001')
: >all
tools
ok 'an odd token: it is not said'	no_canary all data
keys
S3_ENDPOINT=http://127.0.0.1:9 S3_PREFIX=plain
: >all
tools
ok 'nobody there: it is not said'	no_canary all data

# ---- Other sources ----
no_keys
mkdir "$HOME/.aws"
unset AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE
# source_says TEXT...: credential_process prints that, and ends with $process_status.
process_status=0
source_says()
{
	printf '%s\n' "$@" >process.out
	printf '#!/bin/sh\ncat %s/process.out\nexit %d\n' "$PWD" $process_status >process
	chmod +x process
	printf '[default]\ncredential_process = %s/process\n' "$PWD" >"$HOME/.aws/config"
	: >all
	tools
}
S3_ENDPOINT=http://127.0.0.1:$(cat port)
given="\"AccessKeyId\":\"AKIDBIRDINMINES0\",\"SecretAccessKey\":\"$secret\",\"SessionToken\":\"$token\""
source_says "{\"Version\":1,$given}"
ok 'a credential_process'		grep -q 'credential_process' all
ok '... works'				grep -q 'PUT.*200' all
ok '... is not said'			no_canary all data
for bad in "{\"Version\":1,$given" "{\"Version\":2,$given}" "$secret" "{\"Version\":1,\"SecretAccessKey\":\"$secret\"}" \
	"{\"Version\":1,$given,\"Expiration\":\"$secret\"}" "{\"Version\":1,$given,$given}" "{\"Version\":1,\"$secret\":$secret}" \
	"{\"Version\":1,$given,\"Expiration\":\"2001-01-01T00:00:00Z\"}"; do
	source_says "$bad"
	ok "... $(printf %.24s "$bad" | tr -c '[:alnum:]\n' .): is an error"	grep -q 'credential_process' all
	ok '... and not said'		no_canary all data
done
process_status=3
source_says "{\"Version\":1,$given}"
ok '... that fails: an error'		grep -q 'credential_process' all
ok '... and not said'			no_canary all data
rm "$HOME/.aws/config"

for bad in "aws_secret_access_key $secret" "aws_access_key_id = x\naws_secret_access_key = $secret\n$secret" "$secret = 1" \
	"[$secret" "aws_access_key_id =\naws_secret_access_key = $secret"; do
	printf '[default]\n%b\n' "$bad" >"$HOME/.aws/credentials"
	chmod 600 "$HOME/.aws/credentials"
	: >all
	tools
	ok "a file of credentials with $(printf %.14s "$bad" | tr -c '[:alnum:]\n' .): not said"	no_canary all data
done
rm "$HOME/.aws/credentials"

# ---- What others can see ----
keys
S3_PREFIX=stall S3_TIMEOUT=60
count-ingest -q points
dies() { (mkdir -p cores && cd cores && python3 "$srcdir/lib/dies.py" "$@" 2>/dev/null); }
sanitized() { grep -q -a __asan_init "$top_builddir/count-archive"; }
dies sleep 100 >seen
if sanitized; then
	skip_one 'no core' 'a sanitizer catches the signal'
elif ! grep -q '^signal 11 core$' seen; then
	skip_one 'no core' 'this machine writes none'
else
	rm -rf cores
	for tool in 'count-archive' 'count-manifest sync' 'count-query --fresh'; do
		# shellcheck disable=SC2086
		dies $tool >seen
		ok "$tool: dies"		grep -q '^signal 11' seen
		ok '... without a core'		grep -q '^signal 11 none$' seen
		ok '... no file'		no_canary cores data
		ok '... nothing to be seen'	no_canary seen
	done
fi

# ---- A real server ----
if [ -z "${SLOW:-}" ]; then
	skip_one 'a real server' 'SLOW=1 (make check-slow) starts it'
elif ! s3_have rgw; then
	skip_one rgw "$s3_why"
else
	no_keys
	unset S3_PREFIX S3_TIMEOUT
	s3_start rgw
	s3_user CANARY GetObject PutObject DeleteObject ListBucket
	secret=$AWS_SECRET_ACCESS_KEY
	DATA_DIR=$PWD/real
	count-ingest -q points
	: >all
	all_tools
	sed 's/COUNTTESTUSERCANARY//g' all >all.but
	ok 'rgw: it works'		prints points count-query -q 'test.*'
	ok '... a lot is said'		test "$(wc -l <all)" -ge 150
	ok '... no secret'		no_canary all.but real
	AWS_SECRET_ACCESS_KEY=$token
	: >all
	all_tools
	sed 's/COUNTTESTUSERCANARY//g' all >all.but
	ok 'a wrong one: refused'	grep -q 'the signature is refused' all
	ok '... no secret'		no_canary all.but real
fi
done_testing
