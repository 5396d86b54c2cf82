#!/bin/sh
# t4210 - credentials at work against a real S3 server: each source, their renewal within a run, what a wrong one says,
# and no secret in all that is said.
. "${srcdir:-$(dirname "$0")}/tap.sh"
. "$srcdir/lib/s3.sh"
. "$srcdir/lib/secrets.sh"
s3_start rgw
key=$AWS_ACCESS_KEY_ID secret=$AWS_SECRET_ACCESS_KEY
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE
export COUNT_LOG=debug
mkdir "$HOME/.aws"
printf '%s\n' "$key" "$secret" >keys
chmod 600 keys

tool() { keeping count-manifest "$@"; }

echo 'a 1 1700000000' | count-ingest -q
i=0
while [ $i -lt 8 ]; do
	printf '{"series_name":"s%d","blocks":[]}' $i >manifest
	s3_put "count-data/s$i/manifest.json" manifest >/dev/null
	i=$((i + 1))
done

ok 'none: what to do'		exits 4 stderr_has 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE' tool sync
ok 'environment'		with "AWS_ACCESS_KEY_ID=$key" "AWS_SECRET_ACCESS_KEY=$secret" tool sync
ok 'a wrong secret'		exits 4 stderr_has 'credentials: environment' with "AWS_ACCESS_KEY_ID=$key" AWS_SECRET_ACCESS_KEY=CANARY tool sync
ok 'an unknown key'		exits 4 stderr_has 'credentials: environment' with AWS_ACCESS_KEY_ID=AKIDNONE AWS_SECRET_ACCESS_KEY=CANARY tool sync

printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$key" "$secret" >"$HOME/.aws/credentials"
chmod 600 "$HOME/.aws/credentials"
ok 'profile'			tool sync
ok '... and it is named'	stderr_has "credentials: profile default ($HOME/.aws/credentials)" tool sync
printf '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"%s"}' "$key" "$secret" >process.json
printf '[profile p]\ncredential_process = cat %s/process.json\n' "$PWD" >"$HOME/.aws/config"
ok 'credential_process'		stderr_has 'credentials: profile p (credential_process)' with AWS_PROFILE=p tool sync
rm "$HOME/.aws/credentials" "$HOME/.aws/config"

# imitate NAME KIND OPTION...
imitate()
{
	imitate_name=$1; shift
	s3_run "$imitate_name.out" python3 "$srcdir/lib/imitate-aws.py" "$@" --port-file "$imitate_name.port" \
		--log "$imitate_name.log" --faults "$imitate_name.faults" --keys keys
	s3_await 10 test -s "$imitate_name.port" || note "$(cat "$imitate_name.out")"
	url=http://127.0.0.1:$(cat "$imitate_name.port")
}

imitate instance instance
ok 'instance'			stderr_has 'instance metadata (role count-archive)' \
					with AWS_EC2_METADATA_DISABLED=false "AWS_EC2_METADATA_SERVICE_ENDPOINT=$url" tool sync

# A run of some seconds, one request after the other, with credentials that live for three.
imitate container container --lives 3
export AWS_CONTAINER_CREDENTIALS_FULL_URI="$url/credentials/ID?part=1" S3_JOBS=1
s3_proxy
s3_rules '* latency=500'
# Another directory has never synced with the bucket: it reads every manifest.
export DATA_DIR="$PWD/other"
echo 'a 1 1700000000' | count-ingest -q
s3_mark
ok 'a run that outlives its credentials'	tool sync
ok '... of nine requests'			test "$(s3_requests)" -ge 9
ok '... renews them'				test "$(grep -c 200 container.log)" -ge 2
ok '... not with each request'			test "$(grep -c 200 container.log)" -le 6
s3_rules
: >container.log
echo '/credentials 500 first=99' >container.faults
ok 'a source that fails: no other'		exits 4 stderr_has "container credentials ($url): HTTP 500" tool sync

ok 'much was said'		test "$(wc -l <all)" -ge 50
not_ok '... and no secret in it'	grep -e CANARY -e "$secret" -e AQAEA all
done_testing
