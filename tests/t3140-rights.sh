#!/bin/sh
# t3140 - modes, links, rights: what is made is for its owner alone, nothing is written through a link, a
# directory that may only be read answers queries; which settings are obeyed.
. "${srcdir:-$(dirname "$0")}/tap.sh"

put() { echo "$*" | count-ingest -q; }

for mask in 000 022 077; do
	rm -rf data
	umask $mask
	put a 1 1
	count-flush
	put b 1 1
	umask 022
	find data -type d ! -perm 700 -print -o -type f ! -perm 600 -print >wrong
	ok "modes under umask $mask"	prints /dev/null cat wrong
done

echo precious >victim
link()
{
	rm -rf data
	put a 1 1
	rm -rf "data/$1"
	ln -s "$tap_dir/work/victim" "data/$1"
	put b 1 1 2>/dev/null
	count-flush -q
	count-query >/dev/null 2>&1
	[ $? -le 3 ] && [ "$(cat victim)" = precious ]
}
for file in CURRENT FORMAT lock CURRENT.tmp FORMAT.tmp wal blocks wal/000000000001.wal wal/000000000002.wal \
	blocks/000000000001.tmp blocks/000000000001.blk; do
	ok "nothing is written through a link $file"	link $file
done
rm -rf data elsewhere
mkdir elsewhere
ln -s elsewhere data
ok 'the directory itself may be a link'	put a 1 1
ok '... all is behind it'		test -f elsewhere/CURRENT
rm -rf data

# ---- settings ----
put a 1 1
conf() { printf '%s\n' "$@" >data/count.conf; chmod 600 data/count.conf; }
conf 'RETENTION=often'
ok 'count.conf is read'			exits 2 stderr_has 'count.conf:1' count-flush
chmod 620 data/count.conf
ok '... not if its group may write it'	stderr_has 'not obeyed' count-flush
chmod 602 data/count.conf
ok '... nor if all may'			stderr_has 'not obeyed' count-flush
ok '... which -q does not show'		silent count-flush -q
chmod 644 data/count.conf
ok '... but they may read it'		exits 2 count-flush
if [ "$(id -u)" = 0 ]; then
	chown 65534 data/count.conf
	ok '... not if it is of another user'	stderr_has 'belongs to another user' count-flush
else
	skip_one '... not if it is of another user' 'needs root'
fi
rm -f data/count.conf
ln -s "$tap_dir/work/victim" data/count.conf
ok '... nor through a link'		stderr_has 'not obeyed' count-flush
rm data/count.conf
mkfifo data/count.conf
ok '... nor from a pipe'		stderr_has 'not obeyed' timeout 5 count-flush
rm data/count.conf
conf 'DATA_DIR=elsewhere'
ok '... it cannot say where it is'	exits 2 stderr_has 'DATA_DIR' count-query
conf 'just words'
ok 'a line that is no setting'		exits 2 stderr_has 'count.conf:1: expected KEY=value' count-query
conf '# S3_ENABLED=maybe' '' 'RETENTION=90d # days'
ok 'comments'				count-query
conf 'S3_ENABLED=maybe'
ok 'a truth value of another kind'	exits 2 stderr_has "S3_ENABLED='maybe'" env -u S3_ENABLED count-query
ok '... is named with its source'	exits 2 stderr_has 'count.conf:1' env -u S3_ENABLED count-query
ok '... ingest does not read it'	env -u S3_ENABLED count-ingest /dev/null
ok '... nor flush'			env -u S3_ENABLED count-flush
rm data/count.conf
for value in maybe 2 tru enabled; do
	ok "S3_ENABLED=$value"		exits 2 stderr_has 'S3_ENABLED' env S3_ENABLED=$value count-query
done
for value in false 0 no off FALSE Off; do
	ok "S3_ENABLED=$value"		env S3_ENABLED=$value count-query
done
for value in true 1 yes on; do
	ok "S3_ENABLED=$value needs a bucket" exits 2 stderr_has 'S3_BUCKET' env S3_ENABLED=$value count-query
	ok '... not in ingest and flush' env S3_ENABLED=$value sh -c 'count-ingest </dev/null && count-flush'
done
ok '--config that is not there'		exits 2 stderr_has 'nowhere' count-query --config nowhere
ok '--config that is a directory'	exits 2 count-query --config elsewhere
echo 'DATA_DIR=from_conf' >conf
ok '... names the directory'		exits 2 stderr_has 'from_conf (from conf:1)' env -u DATA_DIR count-query --config conf
ok '... the environment wins'		count-query --config conf
ok '... and the option over that'	exits 2 stderr_has 'opt (from --data-dir)' count-query --config conf -d opt
ok 'none there: the environment is named'	exits 2 stderr_has 'no_dir (from DATA_DIR)' env DATA_DIR=no_dir count-flush
ok '... or the default'			exits 2 stderr_has './count_data (from default)' env -u DATA_DIR count-query
ok 'COUNT_LOG'				exits 2 stderr_has 'COUNT_LOG' env COUNT_LOG=loud count-query

# ---- what may only be read ----
: >file
ok 'a file in the way: exit 3'		exits 3 stderr_has 'file' sh -c 'echo a 1 1 | count-ingest -d file/data'
count-query >all
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	cat >ro.sh <<'X'
mount --bind data data && mount -o remount,ro,bind data || exit 77
"$@"
X
	frozen() { unshare -m sh ro.sh "$@"; }
	ok 'a query of a read-only disk'	prints all frozen count-query
	ok '... ingest is exit 3'		exits 3 stderr_has 'Read-only' frozen sh -c 'echo x 1 1 | count-ingest'
	ok '... flush is exit 3'		exits 3 stderr_has 'Read-only' frozen count-flush
	ok '... flush --dry-run works'		frozen count-flush --dry-run
	ok '... a directory there'		exits 3 stderr_has 'Read-only' frozen count-ingest --init -d data/x
else
	skip_one 'a read-only disk' 'needs a root that may mount'
fi
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$tap_dir" "$tap_dir/work"
	chown -R 65534:65534 data
	as() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
else
	as() { "$@"; }
fi
if as test -x "$top_builddir/count-query" && as count-query --version >/dev/null 2>&1; then
	chmod 500 data data/wal data/blocks
	ok 'a query without the right to write'	prints all as count-query
	chmod 400 data/wal/* data/lock data/CURRENT data/FORMAT
	ok '... to any file'			prints all as count-query
	ok '... ingest is exit 3'		exits 3 stderr_has 'ermission denied' as sh -c 'echo x 1 1 | count-ingest'
	ok '... flush is exit 3'		exits 3 stderr_has 'ermission denied' as count-flush
	chmod 000 data/CURRENT
	ok 'no right to read'			exits 3 stderr_has 'CURRENT: Permission denied' as count-query
	chmod 700 data data/wal data/blocks
	chmod 000 data
	ok '... the directory itself'		exits 3 stderr_has 'Permission denied' as count-query
	chmod 555 .
	ok 'a directory that may not be made'	exits 3 stderr_has 'cannot make' as count-ingest --init -d new
	chmod 700 . data
else
	skip_one 'the rights of another user' 'the build is not open to others'
fi
done_testing
