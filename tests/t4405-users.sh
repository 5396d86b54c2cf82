#!/bin/sh
# t4405 - permissions: four suffice for everything and two for reading, as count-archive(1) says; without one of them
# the exit status is 4, the message names it, no point is lost, and one run with all of them makes all well.
. "${srcdir:-$(dirname "$0")}/tap.sh"
. "$srcdir/lib/s3.sh"
need jq
[ -n "${SLOW:-}" ] || skip 'a real server: SLOW=1 (make check-slow) starts it'
s3_start rgw

make_points 6 60 3600 2023-01-01 >points
awk '$1 == "test.00002" && NR % 7 == 0 { printf "%s %d %.0f\n", $1, 1000 + NR, $3 + 1000 }' points >late
LC_ALL=C sort -m -k1,1 -k3,3n points late >both
first_object() { jq -r '.blocks[0].key'; }
manifest=count-data/test.00002/manifest.json

# all_back FILE: what FILE holds is what is in the bucket, and nothing is local.
all_back()
{
	prints /dev/null env S3_ENABLED=false count-query -q && count-manifest verify --deep -q &&
		(DATA_DIR=$PWD/back && rm -rf back && count-manifest sync -q && oracle_check "$1")
}
# expired: what was replaced in test.00002 was so a day ago.
expired()
{
	s3_get $manifest | jq -c '.garbage[].since -= 90000' >edited && [ "$(jq '.garbage | length' edited)" -gt 0 ] &&
		s3_put $manifest edited >/dev/null && count-manifest sync -q
}
garbage() { s3_get $manifest | jq '.garbage // [] | length'; }
gone() { ! s3_get "$1" >/dev/null 2>&1; }
every_key() { count-manifest show test.00003 | cut -f 1 | while read -r key; do count-manifest cat "$key" || return; done; }
reads()
{
	ok "$who: sync"		count-manifest sync -q
	ok "$who: query"	oracle_check "$1"
	ok "$who: list"		test "$(count-manifest list | wc -l)" = 6
	ok "$who: show"		test "$(count-manifest show test.00003 | wc -l)" -ge 1
	ok "$who: where"	count-manifest where test.00003 2023-01-05
	ok "$who: cat"		every_key
	ok "$who: stats"	count-manifest stats
	ok "$who: diff"		count-manifest diff
	ok "$who: verify"	count-manifest verify
	ok "$who: verify --deep"	count-manifest verify --deep
}

# ---- Four for everything ----
who=four
s3_user four GetObject PutObject DeleteObject ListBucket
count-ingest -q points
ok 'four: a forecast'		count-archive --dry-run
ok 'four: archive'		count-archive -q
count-ingest -q late
ok 'four: late points'		count-archive -q
reads both
ok 'four: all is there'		all_back both
s3_get $manifest >keep
s3_delete $manifest >/dev/null
ok 'four: rebuild'		count-manifest rebuild
ok 'four: all is there'		all_back both
key=$(first_object <keep)
other=$(echo "$key" | sed "s/\(block_[0-9]*_[0-9]*\).*/\1_9.json/")
s3_get "$key" >object
s3_put "$other" object >/dev/null
ok 'four: repair'		count-manifest repair
ok '... makes garbage'		test "$(garbage)" -ge 1
ok '... a day passes'		expired
s3_user undeleting GetObject PutObject ListBucket
ok 'one who may not delete: 4'	exits 4 stderr_has 'not every replaced object' count-manifest repair
s3_user four GetObject PutObject DeleteObject ListBucket
ok 'four: repair deletes'	count-manifest repair
ok '... all of it'		test "$(garbage)" = 0
ok '... really'			gone "$other"
ok 'four: all is there'		all_back both

# ---- Two to read ----
who=reader
s3_user reader GetObject ListBucket
DATA_DIR=$PWD/reader
reads both
ok 'reader: nothing to repair'	count-manifest repair
echo 'test.00001 1 1672540000000' | count-ingest -q
ok 'reader: no archive'		exits 4 stderr_has s3:PutObject count-archive
cat >want <<'END'
test.00001 1 1672540000000
END
ok '... the point stays'	prints want env S3_ENABLED=false count-query -q

# ---- One is missing ----
# lacking PERMISSION: the user who has only the others.
lacking()
{
	case $1 in
	GetObject) s3_user no-get PutObject DeleteObject ListBucket ;;
	PutObject) s3_user no-put GetObject DeleteObject ListBucket ;;
	DeleteObject) s3_user no-delete GetObject PutObject ListBucket ;;
	ListBucket) s3_user no-list GetObject PutObject DeleteObject ;;
	esac
}
all_four() { s3_user four GetObject PutObject DeleteObject ListBucket; }
no_traces() { s3_list >keys && ! grep -v '^count-data/test' keys; }
# refused CMD: exit 4, and the permission by name.
refused() { exits 4 stderr_has "s3:$lack" "$@"; }
whole() { all_four && oracle_check "$1"; }

for lack in GetObject PutObject DeleteObject ListBucket; do
	s3_bucket "without-$(echo $lack | tr "[:upper:]" "[:lower:]")"
	DATA_DIR=$PWD/$lack
	count-ingest -q points
	lacking $lack
	ok "without $lack: archive"		refused count-archive
	ok '... all points are here'		prints points env S3_ENABLED=false count-query -q
	ok '... nothing is pinned'		exits 1 grep pinned "$DATA_DIR/CURRENT"
	all_four
	ok '... one run with it'		count-archive -q
	ok '... leaves nothing of the other'	no_traces
	ok '... and all is well'		all_back points

	count-ingest -q late
	lacking $lack
	case $lack in
	DeleteObject|ListBucket) ok "without $lack: late points"	count-archive -q ;;
	*) ok "without $lack: late points"	refused count-archive ;;
	esac
	ok '... none is lost'			whole both
	ok '... one run with it'		count-archive -q
	ok '... and all is well'		all_back both

	expired || note "no garbage in $manifest"
	echo "test.00002 1 1672540000001" >again
	count-ingest -q again
	LC_ALL=C sort -m -k1,1 -k3,3n both again >three
	lacking $lack
	case $lack in
	ListBucket) ok "without $lack: what was replaced goes"	count-archive -q ;;
	DeleteObject)
		ok "without $lack: what was replaced stays, which is said"	stderr_has "s3:$lack" count-archive
		ok '... and remembered'		test "$(garbage)" -ge 2 ;;
	*) ok "without $lack: what was replaced stays"	refused count-archive ;;
	esac
	ok '... none is lost'			whole three
	[ $lack != DeleteObject ] || echo 'test.00002 2 1672540000002' | tee -a three | count-ingest -q
	LC_ALL=C sort -k1,1 -k3,3n three >sorted && mv sorted three
	ok '... one run with it'		count-archive -q
	[ $lack != DeleteObject ] || ok '... deletes'	test "$(garbage)" = 2
	ok '... and all is well'		all_back three

	lacking $lack
	rm -rf "$DATA_DIR/cache"
	case $lack in
	GetObject)
		ok "without $lack: query"		refused count-query
		ok '... prints nothing'			exits 4 prints /dev/null count-query
		ok '... --partial: nothing is left'	exits 1 prints /dev/null count-query --partial
		ok '... days are known'			count-query --step 1d --agg avg
		ok '... verify --deep'			refused count-manifest verify --deep
		ok '... a fresh directory'		refused env DATA_DIR=no-get count-manifest sync ;;
	ListBucket)
		ok "without $lack: query"		oracle_check three
		ok '... verify'				refused count-manifest verify
		ok '... a fresh directory'		refused env DATA_DIR=no-list count-manifest sync ;;
	*)
		ok "without $lack: query"		oracle_check three
		ok '... verify'				count-manifest verify
		ok '... a fresh directory'		env DATA_DIR="no-$lack" count-manifest sync ;;
	esac
done
done_testing
