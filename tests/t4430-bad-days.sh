#!/bin/sh
# t4430 - bad days of the cold tier: what is wrong with objects, manifests, credentials, the network and the disk ends
# with the documented status and a line that says key, cause and remedy; the other series go on; no point is lost,
# doubled or changed.
. "${srcdir:-$(dirname "$0")}/tap.sh"
. "$srcdir/lib/s3.sh"
need jq python3

midnight=$(($(date +%s) / 86400 * 86400))
# points SERIES FROM TO [ADD]: a point an hour between these ages in days.
points()
{
	awk -v n="$1" -v m=$midnight -v from="$2" -v to="$3" -v add="${4:-0}" 'BEGIN {
		for (t = m - from * 86400; t < m - to * 86400; t += 3600) printf "%s %s %d\n", n, t / 3600 % 97 / 4 + add, t }'
}
{ points cpu 40 30; points mem 40 30; } >first
# A new value of a point that is in the object; more days; a new series; young points.
{ points cpu 36 35 1000; points cpu 20 16; points mem 20 16; points new 20 16; points young 2 1; } >second
cat first second | count-ingest -q -d whole
whole() { S3_ENABLED=false count-query -d whole "$@"; }
whole >all
whole cpu >all.cpu
whole mem new young >all.others
export ARCHIVAL_BATCH_DAYS=0 CACHE_SIZE=0

# begin: the first points are in the bucket, the second are due.
begin()
{
	rm -rf data
	count-ingest -q first && count-archive -q && count-ingest -q second && count-flush -q || exit 99
}

# says TEXT...: all of these stand in one line of ./err.
says()
{
	cp err left
	for text in "$@"; do
		grep -F -e "$text" left >left.new
		mv left.new left
	done
	[ -s left ] || { tap_why "not in one line of stderr: $*"; cat err >&2; false; }
}
# ends STATUS CMD: runs it, with its words in ./out and ./err.
ends()
{
	want=$1; shift
	"$@" >out 2>err
	got=$?
	[ $got = "$want" ] || { tap_why "exit status $got, wanted $want"; cat err >&2; false; }
}
local_cpu() { S3_ENABLED=false count-query -q cpu; }

# archive_fails TEXT...: 4 and these words; cpu stays here to the last point, the other series went.
archive_fails()
{
	local_cpu >here
	ends 4 count-archive && says 'count-archive: Error during S3 archival: ' "$@" &&
		! grep -q pinned data/CURRENT && prints here local_cpu &&
		test -z "$(S3_ENABLED=false count-query -q new)"
}
# query_fails DIR TEXT...: 4 and these words; with --partial 1, and all the rest is answered.
query_fails()
{
	dir=$1; shift
	ends 4 count-query -d "$dir" cpu && says 'count-query: ' "$@" && ends 1 count-query -d "$dir" --partial &&
		says 'count-query: ' 'left out' && says "$@" && grep -v '^cpu ' out >out.others && diff all.others out.others >&2
}
verify_finds()
{
	word=$1; shift
	ends 1 count-manifest verify && cp out err && says "$word	" "$@"
}
well_again() { count-archive -q && prints all count-query --fresh && count-manifest verify --deep; }

# ---- Manifests ----
s3_start dir
bucket=$s3_at/$S3_BUCKET
begin
cp -r data data.0
cp -r "$bucket" bucket.0
again() { rm -rf data "$bucket"; cp -r data.0 data; cp -r bucket.0 "$bucket"; }
m=$bucket/count-data/cpu/manifest.json
edit() { jq -c "$1" "$m" >m.new && cp m.new "$m"; }
# A directory that never met the bucket: it must read the manifest.  Its own points are those that are due.
newcomer() { rm -rf second.dir; count-ingest -q -d second.dir second; }

# manifest NAME TEXT...: it was made bad; all tools say so, and why.
manifest()
{
	name=$1; shift
	ok "$name manifest: archive"	archive_fails count-data/cpu/manifest.json "$@"
	newcomer
	ok '... query'			query_fails second.dir count-data/cpu/manifest.json "$@"
	ok '... verify'			verify_finds damaged count-data/cpu/manifest.json "$@"
	cp bucket.0/count-data/cpu/manifest.json "$m"
	ok '... and well again'		well_again
	again
}
truncate -s -20 "$m"
manifest 'a cut' 'count-manifest rebuild'
: >"$m"
manifest 'an empty' 'count-manifest rebuild'
cp "$bucket/count-data/mem/manifest.json" "$m"
manifest 'a foreign' 'does not lie in the folder of its series'
edit '.series_name = "mem"'
manifest 'a misplaced' 'mem'
edit '.version = 99'
manifest 'a newer' 'newer'
count-ingest -d seconds --init --precision s && count-ingest -q -d seconds first
mkdir "$s3_at/seconds" && S3_BUCKET=seconds count-archive -q -d seconds
cp "$s3_at/seconds/count-data/cpu/manifest.json" "$m"
manifest 'of another unit: a' 'its times are in s' 'another S3_PREFIX is needed'
for key in count-data/mem/block_1_2.json ../../../../etc/passwd /etc/passwd count-data/cpu/../mem/block_1_2.json \
	count-data/cpu//block_1_2.json count-data/cpu/./block_1_2.json; do
	edit ".blocks[0].key = \"$key\""
	manifest "hostile ($key):" 'key'
done
edit '.blocks += .blocks'
ok 'an entry that stands twice: archive'	count-archive -q
ok '... is answered once'		well_again
again
edit '.their_note = "kept"'
ok 'changed meanwhile: archive'		count-archive -q
ok '... what others added stays'	jq -e '.their_note == "kept"' "$m"
ok '... all is there'			well_again
again
rm "$m"
ok 'gone: archive'			archive_fails count-data/cpu/manifest.json gone 'count-manifest rebuild'
ok '... verify'				verify_finds no-manifest count-data/cpu/manifest.json
ok '... rebuilt'			count-manifest -q rebuild
ok '... and well again'			well_again
again

# ---- Objects ----
o=$(ls "$bucket"/count-data/cpu/block_*)
key=count-data/cpu/${o##*/}
# object NAME WORD TEXT...
object()
{
	name=$1 word=$2; shift 2
	ok "$name object: archive"	archive_fails "$key" "$@"
	ok '... query'			query_fails data "$key" "$@"
	ok '... verify'			verify_finds "$word" "$key"
	cp "bucket.0/$key" "$o"
	ok '... and well again'		well_again
	again
}
rm "$o"
object 'a missing' missing
truncate -s -7 "$o"
object 'a cut' damaged
: >"$o"
object 'an empty' damaged
cp "$bucket"/count-data/mem/block_* "$o"
object 'of another series: an' damaged
python3 -c 'import sys
f = open(sys.argv[1], "r+b"); b = bytearray(f.read()); b[200] ^= 4; f.seek(0); f.write(b)' "$o"
object 'a changed' damaged

# ---- Bombs, in little memory ----
limited() { prlimit --as=400000000 "$@"; }
if ! limited count-query --version >/dev/null 2>&1; then
	skip_one 'bombs' 'memory cannot be limited here (a sanitizer, or no prlimit)'
else
	# bomb WHAT FILE KEY: neither memory nor time is eaten.
	bomb()
	{
		ok "$1: archive"	ends 4 limited timeout 60 count-archive
		ok '... says which'	says "$3"
		ok '... query'		ends 4 limited timeout 60 count-query -d "$4" cpu
		ok '... says which'	says "$3"
		ok '... --partial'	ends 1 limited timeout 60 count-query -d "$4" --partial
		ok '... verify'		ends 1 limited timeout 60 count-manifest verify --deep
		ok '... finds it'	grep -q "^damaged	.*$3" out
		again
	}
	# As its manifest says: size, checksum and ETag are right.
	python3 - "$o" "$m" <<'END'
import gzip, json, subprocess, sys
path, manifest = sys.argv[1:]
with gzip.open(path, "wb", 9) as f:
	f.write(b'{"series_name":"cpu","chunks":"')
	for _ in range(1500):
		f.write(b"A" * 1048576)
	f.write(b'"}')
m = json.load(open(manifest))
b = m["blocks"][0]
data = open(path, "rb").read()
b["size"] = len(data)
b.pop("etag", None)
b.pop("checksum", None)
json.dump(m, open(manifest, "w"))
END
	cp -r data data.1
	count-manifest -q sync
	bomb 'a gzip bomb' "$o" "$key" data
	python3 -c 'import sys; f = open(sys.argv[1], "wb"); f.seek(300 << 20); f.write(b"}")' "$m"
	newcomer
	bomb 'a manifest of 300 MiB' "$m" count-data/cpu/manifest.json second.dir
	python3 -c 'print("[" * 1000000)' >"$m"
	newcomer
	bomb 'one nested a million deep' "$m" count-data/cpu/manifest.json second.dir
	python3 - "$m" <<'END'
import json, sys
m = json.load(open(sys.argv[1]))
m["blocks"][0]["point_count"] = 2 ** 62
json.dump(m, open(sys.argv[1], "w"))
END
	newcomer
	bomb 'one with 2^62 points' "$m" count-data/cpu/manifest.json second.dir
fi

# ---- Full disks ----
if ! unshare -m true 2>/dev/null; then
	skip_one 'full disks' 'only root can mount a small one'
else
	count-archive -q
	cat >full.sh <<'END'
mkdir -p data/cache && chmod 700 data/cache && mount -t tmpfs -o size=4k,mode=700 tmpfs data/cache &&
	CACHE_SIZE=1G exec count-query
END
	ok 'no room for the cache: whole answers'	prints all unshare -m sh full.sh
	again
	cat >full.sh <<'END'
mount -t tmpfs -o size=2m tmpfs small && cp -r data small/ && { dd if=/dev/zero of=small/fill 2>/dev/null; true; }
count-archive -d small/data; echo $? >status
rm small/fill
S3_ENABLED=true count-query -d small/data >got && count-archive -q -d small/data && count-query -d small/data >got2
END
	mkdir small
	unshare -m sh full.sh >out 2>err
	ok 'no room for a run: 3'		test "$(cat status)" = 3
	ok '... says so'			says 'small/data' 'No space left'
	ok '... every point is there'		cmp got all
	ok '... and when there is room, too'	cmp got2 all
	again
fi
rm -rf data "$bucket"

# ---- The network, without a server ----
export AWS_ACCESS_KEY_ID=key AWS_SECRET_ACCESS_KEY=secret S3_TIMEOUT=1 S3_RETRIES=2 no_proxy='*'
# refused TEXT...: all three say so with 4, and nothing is lost by it.
refused()
{
	rm -rf data
	cp -r data.0 data
	local_cpu >here
	ok "$name: archive"	ends 4 timeout 60 count-archive
	ok '... says so'	says 'count-archive: Error during S3 archival: ' "$@"
	ok '... all stays here'	prints here local_cpu
	ok '... nothing pinned'	exits 1 grep pinned data/CURRENT
	ok '... query'		ends 4 timeout 60 count-query cpu
	ok '... says so'	says 'count-query: ' "$@"
	ok '... --partial'	ends 1 timeout 60 count-query --partial cpu
	ok '... what is here'	cmp out here
	ok '... verify'		ends 4 timeout 60 count-manifest verify
	ok '... says so'	says 'count-manifest: ' "$@"
}
# In the place of the shell that runs it, so that it ends with the test.
listen() { exec python3 -c 'import os, socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(50)
open("port.new", "w").write(str(s.getsockname()[1])); os.rename("port.new", "port")
while True:
	if sys.argv[1] == "hole": time.sleep(99)
	c = s.accept()[0]; c.recv(99); c.sendall(b"HTTP/1.1 400 no TLS here\r\n\r\n"); c.close()' "$1" >/dev/null; }
serve() { rm -f port; background listen "$1"; until [ -s port ]; do sleep 0.05; done; at=127.0.0.1:$(cat port); }

name='connection refused' S3_ENDPOINT=http://127.0.0.1:$(s3_free_ports 1)
refused "${S3_ENDPOINT#http://}" 'check S3_ENDPOINT, the server and the network'
name='no such host' S3_ENDPOINT=https://nowhere.invalid
refused nowhere.invalid 'check S3_ENDPOINT and the name service'
serve hole
name='a black hole' S3_ENDPOINT=http://$at
refused "$at" 'check the network, or raise it'
serve plain
name='TLS refused' S3_ENDPOINT=https://$at
refused "$at" TLS

# ---- The network, with one ----
if s3_have rgw; then kind=rgw; elif s3_have s3rver; then kind=s3rver; else
	skip_one 'with a server' "$s3_why"
	done_testing
	exit 0
fi
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
s3_start $kind
begin
rm -rf data.0
cp -r data data.0

name='a wrong secret'
export AWS_SECRET_ACCESS_KEY=wrong
refused SignatureDoesNotMatch "$AWS_ACCESS_KEY_ID" 'credentials: environment'
s3_owner
name='no such bucket'
export S3_BUCKET=count-none
refused NoSuchBucket 'make it, or correct S3_BUCKET'
export S3_BUCKET=count-test

# ---- A server, or the way to it, that behaves badly ----
s3_proxy
begin
rm -rf data.0
cp -r data data.0
# bad NAME RULE TEXT...
bad() { name=$1; s3_rules "$2"; shift 2; refused "$@"; s3_rules; }
bad 'an expired token'	'* 400 code=ExpiredToken'		ExpiredToken 'renew them'
bad 'access denied'	'* 403 code=AccessDenied'		AccessDenied 'needs s3:'
bad 'an outage'		'* 500'					InternalError
bad 'a storm'		'* 503 code=SlowDown'			SlowDown 'lower S3_JOBS, or try later'
bad 'resets'		'* reset'				'check the network'
bad 'no HTTP'		'* garbage'				S3_ENDPOINT
bad 'a clock far off'	'* 403 code=RequestTimeTooSkewed'	RequestTimeTooSkewed 'set it (ntp)'

# reading NAME RULE STATUS TEXT...: of a stored object; the run and the query fail for this series alone.
n=0
reading()
{
	name=$1 rule=$2 n=$((n + 1)); shift 2
	s3_bucket "reading-$n"
	begin
	o=$(s3_list count-data/cpu/block_)
	s3_rules "GET path=cpu/block_ $rule"
	ok "$name: archive"	archive_fails "$o" "$@"
	ok '... query'		query_fails data "$o" "$@"
	s3_rules
	ok '... and well again'	well_again
}
reading 'in Glacier'		'403 code=InvalidObjectState'	InvalidObjectState 'restore it there first'
reading 'cut'			truncate			'cut short'
reading 'corrupted on the way'	corrupt				damaged
reading 'gone'			404

# Half of all requests are refused, and it goes on all the same.
s3_bucket slow
begin
s3_rules '* percent=50 503 code=SlowDown'
ok 'asked to slow down each second time: all is done'	env S3_RETRIES=20 count-archive -q
s3_rules
ok '... and well again'		well_again

if ! faketime_works; then
	skip_one 'the clock is off' 'faketime is not installed, or does not work here'
elif [ $kind = rgw ]; then
	s3_bucket clock
	begin
	ok 'the clock is off: done'	stderr_has 'clock' faketime -f +20m count-archive
	ok '... and well again'		well_again
fi

# ---- A permission is missing ----
[ $kind = rgw ] || {
	skip_one 'permissions' 'only the gateway has them'
	done_testing
	exit 0
}
# lacks PERMISSION WHAT...: a user with just these others; all stays here until it may do all.
lacks()
{
	name=$1; shift
	s3_bucket "without-$(echo "$name" | tr '[:upper:]' '[:lower:]')"
	begin
	s3_user "without-$name" "$@"
	local_cpu >here
	ok "without $name: archive"	ends 4 count-archive
	ok '... says so'		says "needs s3:$name"
	ok '... all stays here'		prints here local_cpu
	s3_user "without-$name" GetObject PutObject DeleteObject ListBucket
	ok '... with all, well again'	well_again
	s3_owner
}
lacks PutObject GetObject DeleteObject ListBucket
lacks GetObject PutObject DeleteObject ListBucket
s3_bucket without-list
s3_user no-list GetObject PutObject DeleteObject
rm -rf data
count-ingest -q first
local_cpu >here
ok 'without ListBucket: a newcomer cannot begin'	ends 4 count-archive
ok '... says so'		says 'needs s3:ListBucket'
ok '... all stays here'		prints here local_cpu
s3_owner
s3_bucket without-delete
begin
s3_user no-delete GetObject PutObject ListBucket
ok 'without DeleteObject: done'	count-archive -q
ok '... and all is well'	well_again
done_testing
