#!/bin/sh
# t4200 - credentials: each source gives them; each that fails is an error that names it, and no other is asked; they
# are renewed; no secret is ever shown.  Endpoints are imitations on this machine.
# shellcheck disable=SC2163
. "${srcdir:-$(dirname "$0")}/tap.sh"
. "$srcdir/lib/s3.sh"
. "$srcdir/lib/secrets.sh"
program=$top_builddir/tests/lib/credentials
[ -x "$program" ] || skip 'built without S3'
s3_have_python || skip "$s3_why"
unset AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE
mkdir -p "$HOME/.aws"
credentials_file=$HOME/.aws/credentials config_file=$HOME/.aws/config

credentials() { keeping "$program" "$@"; }

# finds WANT NAME=VALUE... [-- ARG...]: the columns source and key id.
finds()
(
	want=$1; shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do export "$1"; shift; done
	[ $# = 0 ] || shift
	credentials "$@" >got || exit
	cut -f1,2 got | tr '\t' ' ' >columns
	echo "$want" | prints - cat columns
)

# fails TEXT NAME=VALUE...: not found, said so on stderr, and no later source was asked.
fails()
(
	text=$1; shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do export "$1"; shift; done
	[ $# = 0 ] || shift
	: >later.log
	exits 1 stderr_has "$text" credentials "$@" || exit
	[ ! -s later.log ] || { tap_why 'another source was asked'; exit 1; }
)

# imitate NAME KIND OPTION...: an endpoint; its URL is in $url.
imitate()
{
	imitate_name=$1; shift
	s3_run "$imitate_name.out" python3 "$srcdir/lib/imitate-aws.py" "$@" --port-file "$imitate_name.port" \
		--log "$imitate_name.log" --faults "$imitate_name.faults"
	s3_await 10 test -s "$imitate_name.port" || note "$(cat "$imitate_name.out")"
	url=http://127.0.0.1:$(cat "$imitate_name.port")
}
container_path='/credentials/ID?part=1'

imitate later container
later_uri=$url$container_path
imitate container container
container=$url
imitate instance instance
instance=$url
# From here on a later source is there, and works: whoever falls through finds it.
export AWS_CONTAINER_CREDENTIALS_FULL_URI="$later_uri"

# ---- The environment ----

keys='AWS_ACCESS_KEY_ID=AKIDENV AWS_SECRET_ACCESS_KEY=CANARY/env'
# shellcheck disable=SC2086 # words
{
ok 'environment'			finds 'environment AKIDENV' $keys
ok '... with a token'			eval 'with $keys AWS_SESSION_TOKEN=CANARY credentials | grep -q "token	never	never"'
ok '... an end that is to come'		eval 'with $keys AWS_CREDENTIAL_EXPIRATION=2999-01-01T00:00:00+00:00 credentials | grep -v never'
ok '... an end that is past'		fails 'ended at 2020-01-01T00:00:00Z' $keys AWS_CREDENTIAL_EXPIRATION=2020-01-01T00:00:00Z
ok '... an end that is none'		fails 'AWS_CREDENTIAL_EXPIRATION is not a time' $keys AWS_CREDENTIAL_EXPIRATION=soon
ok '... a key without its secret'	fails 'AWS_SECRET_ACCESS_KEY is not; set both' AWS_ACCESS_KEY_ID=AKIDENV
ok '... a secret without its key'	fails 'AWS_ACCESS_KEY_ID is not; set both' AWS_SECRET_ACCESS_KEY=CANARY
ok '... a line break in it'		fails 'a blank, line break' AWS_ACCESS_KEY_ID=AKIDENV "AWS_SECRET_ACCESS_KEY=CANARY
"
ok '... empty is not set'		finds "container ($(echo "$later_uri" | cut -d/ -f1-3)) ASIAIMITATION0001" AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY=
}
ok 'web identity is refused'		fails 'web identity (AWS_WEB_IDENTITY_TOKEN_FILE) is not supported; credential_process' \
						AWS_WEB_IDENTITY_TOKEN_FILE=/token AWS_ROLE_ARN=arn

# ---- Profiles ----

cat >"$credentials_file" <<'END'
# a comment = with an equals sign
[default]
aws_access_key_id = AKIDDEFAULT
aws_secret_access_key=CANARY/default

[work]
	AWS_ACCESS_KEY_ID : AKIDWORK
	aws_secret_access_key : CANARY/work=
	aws_session_token = CANARY/token
[half]
aws_access_key_id = AKIDHALF
[comment]
aws_access_key_id = AKIDCOMMENT
aws_secret_access_key = CANARY # mine
[both]
aws_access_key_id = AKIDBOTH
aws_secret_access_key = CANARY
END
cat >"$config_file" <<'END'
[default]
region = eu-default-1
s3 =
	max_concurrent_requests = 20
	region = nested
aws_access_key_id = AKIDWRONG
aws_secret_access_key = CANARY
[profile both]
credential_process = /no/such/program
[profile "two words"]
aws_access_key_id = AKIDTWO
aws_secret_access_key = CANARY
region = eu-two-1
[work]
region = wrong
[profile empty]
region = eu-empty-1
[profile role]
role_arn = arn:aws:iam::1:role/x
source_profile = default
aws_access_key_id = AKIDROLE
aws_secret_access_key = CANARY
[profile sso]
sso_session = s
sso_account_id = 1
END
chmod 600 "$credentials_file" "$config_file"
ok 'default profile, the credentials file first'	finds "profile default ($credentials_file) AKIDDEFAULT"
ok '... and its region'			eval 'credentials | grep -q "eu-default-1$"'
ok 'AWS_PROFILE'			finds "profile work ($credentials_file) AKIDWORK" AWS_PROFILE=work
ok '... in the config file, in quotes'	finds "profile two words ($config_file) AKIDTWO" 'AWS_PROFILE=two words'
ok '... keys before a process'		finds "profile both ($credentials_file) AKIDBOTH" AWS_PROFILE=both
ok '... without credentials: the next'	finds "container ($(echo "$later_uri" | cut -d/ -f1-3)) ASIAIMITATION0002" AWS_PROFILE=empty
ok '... that is not there'		fails 'profile nobody (AWS_PROFILE) is neither in' AWS_PROFILE=nobody
ok '... a key without its secret'	fails "profile half ($credentials_file): aws_access_key_id is there, but aws_secret" AWS_PROFILE=half
ok '... a comment behind it'		fails 'a comment stands on a line of its own' AWS_PROFILE=comment
ok '... a role'				fails 'profile role: role_arn is not supported, but credential_process can bridge' AWS_PROFILE=role
ok '... single sign-on'			fails 'export-credentials --profile sso' AWS_PROFILE=sso
printf '\357\273\277[default]\r\naws_access_key_id=AKIDCRLF\r\naws_secret_access_key=CANARY\r\n' >dos
chmod 600 dos
ok 'another file, by its name, with CRLF'	finds 'profile default (dos) AKIDCRLF' AWS_SHARED_CREDENTIALS_FILE=dos
printf '[default]\naws_access_key_id\n' >broken
ok 'a line that is none'		fails 'broken:2: expected name = value' AWS_SHARED_CREDENTIALS_FILE=broken
printf 'region = x\n' >broken
ok 'a line before the first section'	fails 'broken:1: a line before' AWS_CONFIG_FILE=broken
printf '[default\n' >broken
ok 'a section that does not end'	fails 'broken:1: the ] of' AWS_CONFIG_FILE=broken
mkfifo fifo
ok 'a pipe'				fails 'fifo: not a regular file' AWS_CONFIG_FILE=fifo
ok 'nothing, by /dev/null'		finds "profile default ($config_file) AKIDWRONG" AWS_SHARED_CREDENTIALS_FILE=/dev/null
ok 'the region of a profile'		eval 'with AWS_PROFILE=empty credentials -r | grep -q "^eu-empty-1	profile"'
ok '... after the environment'		eval 'with AWS_PROFILE=empty AWS_DEFAULT_REGION=x AWS_REGION=y credentials -r | grep -q "^y	AWS_REGION"'

chmod 644 "$credentials_file"
ok 'others can read it: a warning'	stderr_has 'others can read the secret in it; chmod 600 it' credentials
chmod 602 "$credentials_file"
ok 'others can write it: refused'	fails 'not obeyed, since others may write to it'
chmod 600 "$credentials_file"
if [ "$(id -u)" = 0 ]; then
	chown 12345 "$credentials_file"
	ok "another's: refused"			fails 'it belongs to another user (uid 12345)'
	ok '... but not if it is named'		finds "profile default ($credentials_file) AKIDDEFAULT" "AWS_SHARED_CREDENTIALS_FILE=$credentials_file"
	chown 0 "$credentials_file"
else
	skip_one "another's: refused" 'not root'
	skip_one '... but not if it is named' 'not root'
fi
: >"$credentials_file"

# ---- credential_process ----

good='{"Version":1,"AccessKeyId":"AKIDPROCESS","SecretAccessKey":"CANARY/p","SessionToken":"CANARY/t","Expiration":"2999-01-01T00:00:00.5+01:00"}'
cat >process <<'END'
#!/bin/sh
# What it was given, and what it was left with.
printf '%s\n' "$@" >process.args
ls /proc/self/fd >process.fds
[ -z "$(cat)" ] || echo 'something on stdin' >&2
END
chmod 755 process

# process COMMAND: the profile p runs it.
process() { printf '[profile p]\ncredential_process = %s\n' "$1" >"$config_file"; }
# script TEXT: ... runs these lines of shell, after the ones above.
script() { { cat process; printf '%s\n' "$1"; } >process.sh; chmod 755 process.sh; process "$PWD/process.sh"; }
export AWS_PROFILE=p

script "echo '$good'"
ok 'credential_process'			finds 'profile p (credential_process) AKIDPROCESS'
echo "$good" >good.json
process "$PWD/process.sh 'a b' \"c\\\"d\" e\\ f \$HOME ;exit * '' 'it'\"'\"'s'"
ok '... has its arguments without a shell'	credentials
printf '%s\n' 'a b' 'c"d' 'e f' '$HOME' ';exit' '*' '' "it's" >want
ok '... as they were quoted'		prints want cat process.args
printf '0\n1\n2\n3\n' >want	# 3 is that of ls
ok '... and no descriptor of ours'	eval 'exec 7<process; credentials; prints want cat process.fds'
process "$PWD/process.sh 'a"
ok '... an open quotation mark'		fails 'a quotation mark that does not end'
process /no/such/program
ok '... that is not there'		fails 'profile p: credential_process in'
ok '... and why'			fails 'cannot run /no/such/program: No such file'
script 'echo first line >&2; echo "last line" >&2; exit 3'
ok '... that fails'			fails 'exit status 3: last line'
script 'kill -SEGV $$'
ok '... that is killed'			fails 'killed by signal 11'
script 'echo "[profile CANARY"'
ok '... no JSON'			fails 'is not a JSON object'
script ':'
ok '... nothing'			fails '(0 bytes) is not a JSON object'
script "echo '$good' | sed s/1/2/"
ok '... another version'		fails 'lacks "Version": 1'
script "echo '$good' | sed s/Secret//"
ok '... no secret'			fails 'SecretAccessKey is missing'
script "sed 's/ANARY/ANARY\\\\n/' good.json"
ok '... a line break in it'		fails 'SecretAccessKey holds bytes that are never in one'
script "echo '$good' | sed s/2999/1999/"
ok '... expired'			fails 'the credentials that it gives ended at 1998-12-31T23:00:00Z'
script "echo '$good' | sed s/T00:00/T25:00/"
ok '... an end that is none'		fails 'Expiration is not a time'
script 'head -c 70000 /dev/zero'
ok '... too much'			fails 'it printed more than 65536 bytes'
script 'head -c 100000 /dev/zero | tr "\0" "[" | head -c 60000'
ok '... nested deeply'			fails 'is not a JSON object'
script "sleep 99 & echo '$good'"
ok '... that leaves a child with its pipes'	timeout 5 "$program"
unset AWS_PROFILE
: >"$config_file"

# ---- Container ----

imitate never instance
export AWS_EC2_METADATA_DISABLED=false AWS_EC2_METADATA_SERVICE_ENDPOINT="$url"
ln -sf never.log later.log	# what fails() looks at: now the instance is the later source
export AWS_CONTAINER_CREDENTIALS_FULL_URI="$container$container_path"
ok 'container'				finds "container ($container) ASIAIMITATION0001"
ok '... past any proxy'			finds "container ($container) ASIAIMITATION0002" http_proxy=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1
echo "/credentials 500 first=2" >container.faults
ok '... 500 twice is tried again'	finds "container ($container) ASIAIMITATION0005"
# container_fails TEXT FAULT...
container_fails() { text=$1; shift; echo "/credentials $*" >container.faults; fails "$text"; }
ok '... 500 for ever'			container_fails "container credentials ($container): HTTP 500 (Imitated: as it was told)" 500
ok '... closed'				container_fails "container credentials ($container): Server returned nothing" close
ok '... cut short'			container_fails "container credentials ($container): Transferred a partial file" truncate
ok '... expired'			container_fails 'the credentials that it gives ended at' expired
ok '... no JSON'			container_fails 'is not a JSON object' 'text={"AccessKeyId":"CANARY"'
ok '... a failure in JSON'		container_fails 'it gives no credentials (Denied: CANAR' 'text={"code":"Denied","message":"CANAR_I"}'
ok '... a field twice'			container_fails 'is not a JSON object' 'text={"AccessKeyId":"a","AccessKeyId":"b"}'
ok '... no token, no end'		eval 'echo "/credentials text={\"AccessKeyId\":\"AKIDFEW\",\"SecretAccessKey\":\"CANARY\",\"Token\":\"\"}" \
						>container.faults; finds "container ($container) AKIDFEW"'
ok '... too much'			container_fails 'an answer of more than 65536 bytes' huge
ok '... a redirect is not followed'	container_fails 'HTTP 302' "redirect=$later_uri"
if [ -n "${SLOW:-}" ]; then
	ok '... no answer'		container_fails "container credentials ($container): no answer within 2 s" hang
else
	skip_one '... no answer' 'it takes three tries of 2 s: SLOW=1'
fi
: >container.faults
ok 'another host by plain http'		fails '(http://192.0.2.1) is refused: plain http to another host' AWS_CONTAINER_CREDENTIALS_FULL_URI=http://192.0.2.1/
ok '... that looks like this machine'	fails 'is refused: plain http' AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1.example.com/
ok '... with a user name'		fails 'is refused: a user name' AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1@192.0.2.1/
ok '... neither http nor https'		fails 'is refused: neither http nor https' AWS_CONTAINER_CREDENTIALS_FULL_URI=ftp://127.0.0.1/
ok '... a path that is none'		fails 'RELATIVE_URI does not begin with /' AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=.example.com/

printf 'CANARY token 1' >token
cp token wanted
imitate guarded container --token wanted --lives 2
guarded=$url
export AWS_CONTAINER_CREDENTIALS_FULL_URI="$guarded$container_path"
ok 'a container that wants a token'	finds "container ($guarded) ASIAIMITATION0001" 'AWS_CONTAINER_AUTHORIZATION_TOKEN=CANARY token 1'
ok '... which is missing'		fails 'HTTP 401 (AccessDenied: wrong token); look at AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'
ok '... in a file'			finds "container ($guarded) ASIAIMITATION0002" AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token
{ sleep 0.5; printf 'CANARY token 2' | tee wanted >token; } &
printf 'ASIAIMITATION0003\nASIAIMITATION0004\n' >want
ok '... renewed, as are they'		eval 'with AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token credentials -n 2 -i 1 | cut -f2 | prints want cat'
wait $!
{ sleep 0.5; printf '[default]\naws_access_key_id = AKIDLATE\naws_secret_access_key = CANARY\n' >"$credentials_file"; } &
printf 'ASIAIMITATION0005\nASIAIMITATION0006\n' >want
ok '... from where they came first'	eval 'with AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token credentials -n 2 -i 1 | cut -f2 | prints want cat'
wait $!
: >"$credentials_file"
echo 'CANARY token 2' >token
ok '... with a line break'		fails 'a line break or other control byte in the token (AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)' \
						AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token
ok '... that is not there'		fails 'no-token (AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE): No such file' AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=no-token

if command -v openssl >/dev/null; then
	sh "$srcdir/lib/s3/make-certs.sh" tls >/dev/null 2>&1
	imitate tls container --cert tls/server.crt --key tls/server.key
	read -r port <tls.port
	export AWS_CONTAINER_CREDENTIALS_FULL_URI="https://127.0.0.1:$port$container_path"
	ok 'https, with the CA'			finds "container (https://127.0.0.1:$port) ASIAIMITATION0001" -- -b tls/ca.pem
	ok '... without'			fails 'SSL peer certificate'
else
	skip_one 'https, with the CA' 'openssl is not installed'
	skip_one '... without' 'openssl is not installed'
fi
unset AWS_CONTAINER_CREDENTIALS_FULL_URI

# ---- Instance ----

rm -f later.log
export AWS_EC2_METADATA_SERVICE_ENDPOINT="$instance/"
ok 'instance'				finds 'instance metadata (role count-archive) ASIAIMITATION0001'
printf '%s\n' 'PUT /latest/api/token 200' 'GET /latest/meta-data/iam/security-credentials/ 200' \
	'GET /latest/meta-data/iam/security-credentials/count-archive 200' 'GET /latest/meta-data/placement/region 200' >want
ok '... in four requests'		prints want cat instance.log
ok '... and its region'			eval 'credentials -r | grep -q "^eu-test-1	instance metadata"'
: >instance.log
# shellcheck disable=SC2086 # words
ok '... not asked if it is not the source'	eval 'with $keys credentials -r | grep -q "^us-east-1	default" && [ ! -s instance.log ]'
# instance_fails TEXT FAULT... [NAME=VALUE]
instance_fails() { text=$1 fault=$2; shift 2; echo "$fault" >instance.faults; fails "$text" "$@"; }
ok '... no role'			instance_fails 'the instance has none; attach an instance profile' 'credentials/$ 404'
ok '... an empty one'			instance_fails 'the instance has no role' 'credentials/$ text='
ok '... a role that is a path'		instance_fails 'the name of a role is none' 'credentials/$ text=../../x'
ok '... a role that may not'		instance_fails 'it gives no credentials (AssumeRoleUnauthorizedAccess)' \
						'archive$ text={"Code":"AssumeRoleUnauthorizedAccess"}'
ok '... no token'			instance_fails 'HTTP 403 for a token: the service is off' 'token 403'
ok '... version 1 only'			instance_fails 'HTTP 404 for a token: version 2 is not spoken there' 'token 404'
ok '... a token that is none'		instance_fails 'what it gave for a token is none' 'token text=a\_b'
ok '... cut short'			instance_fails 'Transferred a partial file' 'archive$ truncate'
ok '... expired'			instance_fails 'the credentials that it gives ended at' 'archive$ expired'
ok '... no answer: the hop limit'	instance_fails 'default hop limit of 1 (aws ec2 modify-instance-metadata-options' 'token hang'
ok '... what to do then'		instance_fails '; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE' 'token 500'
ok '... one try'			eval 'echo "token 500 first=1" >instance.faults; fails "HTTP 500 for a token"'
ok '... or more'			eval 'echo "token 500 first=2" >instance.faults; AWS_METADATA_SERVICE_NUM_ATTEMPTS=3 credentials'
: >instance.faults
ok '... a limit that is none'		fails 'AWS_METADATA_SERVICE_TIMEOUT=1m: expected a number from 1 to 30' AWS_METADATA_SERVICE_TIMEOUT=1m
ok '... another host'			fails '(http://192.0.2.1) is refused: another host' AWS_EC2_METADATA_SERVICE_ENDPOINT=http://192.0.2.1
ok '... off'				fails 'instance metadata is off (AWS_EC2_METADATA_DISABLED); set AWS' AWS_EC2_METADATA_DISABLED=true
imitate short instance --lives 2
printf 'ASIAIMITATION0001\nASIAIMITATION0002\n' >want
ok '... renewed'			eval 'with AWS_EC2_METADATA_SERVICE_ENDPOINT=$url credentials -n 2 -i 1 | cut -f2 | prints want cat'
s3_end "$pid"
ok '... which fails'			eval 'with "AWS_EC2_METADATA_SERVICE_ENDPOINT=$url" credentials -n 1 2>&1 | grep -q "Couldn.t connect"'

ok 'much was said'			test "$(wc -l <all)" -ge 100
not_ok '... and no secret in it'	grep CANARY all
done_testing
