#!/bin/sh
# t5100 - count-manifest on a bucket in a directory: what it shows, what it finds, and that repair and rebuild give
# every point back.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need jq python3
make_bucket=$top_builddir/tests/lib/make-bucket
[ -x "$make_bucket" ] || skip 'make-bucket is not built (make check builds it)'
export S3_ENABLED=true S3_BUCKET=bucket S3_ENDPOINT="file://$PWD/store"
bucket=store/bucket/count-data

# points SERIES FROM N: a point a minute.
points() { awk -v s="$1" -v f="$2" -v n="$3" 'BEGIN { for (i = 0; i < n; i++) printf "%s %d.25 %.0f\n", s, i % 97, f + i * 60000 }'; }

# fresh: a bucket of three series, one of three objects, and a directory that has never met it.
fresh()
{
	rm -rf store data
	mkdir store
	{
		points a 1700000000000 3000; echo -; points a 1700180000000 3000; echo -; points a 1700360000000 100
		points 'b{host="x/y"}' 1700000000000 50
		points c.d 1700000000000 10
	} >lines
	"$make_bucket" "$PWD/store" <lines
	grep -v '^-$' lines | LC_ALL=C sort >want
}

# every_point: what the objects of the manifests hold, as lines.
every_point()
{
	count-manifest list | cut -f1 >names
	while read -r name; do
		count-manifest show "$name" | cut -f1 >keys
		while read -r key; do count-manifest cat "$key" || return; done <keys
	done <names | LC_ALL=C sort -u
}
all_there() { every_point >got && cmp want got; }

# finds WORD KEY CMD: exit 1, and a line that begins with the word and names the key.
finds()
{
	word=$1 key=$2
	shift 2
	"$@" >out 2>err
	[ $? = 1 ] && grep -q "^$word	.*$key" out
}
# does WORD KEY CMD: the same with exit 0.
does()
{
	word=$1 key=$2
	shift 2
	"$@" >out 2>err && grep -q "^$word	.*$key" out
}
first() { set -- "$bucket"/a/block_*; echo "$1"; }
name_of() { basename "$1"; }

# ---- Usage ----

ok 'no command'				exits 2 count-manifest
ok 'an unknown command'			exits 2 stderr_has 'it is list, show' count-manifest lst
ok 'an operand too few'			exits 2 stderr_has 'show SERIES' count-manifest show
ok 'an option of another command'	exits 2 stderr_has '--raw goes with cat' count-manifest list --raw
ok 'no data directory'			exits 2 count-manifest list
ok 'off: the remedy'			exits 2 stderr_has 'S3_ENABLED=true' env S3_ENABLED=false count-manifest verify

# ---- What is there ----

fresh
ok 'sync makes a directory, and says so'	stderr_has 'made the data directory' count-manifest sync
count-manifest list >out
cut -f1-3 out >series
printf 'a\t3\t6100\nb{host="x/y"}\t1\t50\nc.d\t1\t10\n' >want.series
ok 'list'				cmp want.series series
ok 'list: first and last'		grep -q '^a	.*	1700000000000	1700365940000$' out
ok 'list: one selector'			test "$(count-manifest list 'c.*' | cut -f1)" = c.d
ok 'list: a label'			test "$(count-manifest list '{host=~"x.*"}' | cut -f1)" = 'b{host="x/y"}'
ok 'list: what matches nothing'		exits 1 stderr_has "matches 'nope'" count-manifest list nope
ok 'list --json'			sh -c 'count-manifest list --json | jq -e "length == 3 and .[0].points == 6100" >/dev/null'
ok 'list --time-format iso'		sh -c 'count-manifest list --time-format iso a | grep -q 2023-11-14T22:13:20Z'
printf 'count-data/a/block_%s.json\t%s\t%s\t100\n' 1700360000000_1700365940000 1700360000000 1700365940000 >shown
ok 'show: the objects'			sh -c 'count-manifest show a | cut -f1-4 | grep -q -x -F -f shown'
ok 'show: proved'			sh -c 'test "$(count-manifest show a | grep -c "	proved ")" = 3'
ok 'show: no such series'		exits 1 count-manifest show nope
ok 'where'				sh -c 'count-manifest where a 2023-11-14T22:14 | grep -q "^cold	count-data/a/block_1700000000000"'
ok 'where: nowhere'			exits 1 count-manifest where a 2020-01-01
echo 'a 7 1800000000' | count-ingest -q
count-flush -q
echo 'a 8 1800000060' | count-ingest -q
ok 'where: all tiers'			sh -c 'test "$(count-manifest where a | cut -f1 | uniq | tr "\n" " ")" = "hot warm cold "'
ok 'where, the cold tier off'		sh -c 'S3_ENABLED=false count-manifest where a | grep -c . | grep -qx 2'
ok 'where --json'			sh -c 'count-manifest where a --json | jq -e "map(.tier) | contains([\"hot\"])" >/dev/null'
ok 'cat, show and list give every point'	all_there
ok 'cat without the prefix'		sh -c 'count-manifest cat a/block_1700360000000_1700365940000.json | wc -l | grep -qx 100'
ok 'cat --raw'				sh -c 'count-manifest cat --raw a/block_1700360000000_1700365940000.json | zcat -f | jq -e .series_name >/dev/null'
ok 'cat: no such object'		exits 1 count-manifest cat a/block_1_2.json
ok 'cat: outside the prefix'		exits 1 count-manifest cat ../../data/CURRENT
ok 'stats'				sh -c 'count-manifest stats | grep -qx "points	6160"'
ok 'stats --json'			sh -c 'count-manifest stats --json | jq -e ".objects == 5 and .usd_month == null and .local_blocks == 1" >/dev/null'
ok 'stats: a price'			sh -c 'PRICE_GB_MONTH=1000000 count-manifest stats --json | jq -e ".usd_month > 0" >/dev/null'
ok 'verify'				count-manifest verify
ok 'verify --deep'			sh -c 'count-manifest verify --deep --json | jq -e ".problems == 0 and .points == 6160" >/dev/null'
ok 'verify --deep --dry-run: a forecast'	sh -c 'count-manifest verify --deep --dry-run --json | jq -e ".requests.get == 5" >/dev/null'
ok 'verify --deep: too dear'		exits 2 stderr_has 'over the limit' env PRICE_GET=1000 PRICE_PUT=1 PRICE_EGRESS_GB=0 count-manifest verify --deep
ok '... unless it is allowed'		env PRICE_GET=1000 PRICE_PUT=1 PRICE_EGRESS_GB=0 count-manifest verify --deep --max-cost none
ok 'diff'				count-manifest diff
ok 'nothing to repair'			sh -c 'count-manifest repair --json | jq -e ".changes == 0 and .requests.put == 0" >/dev/null'
ok 'nothing to rebuild'			sh -c 'count-manifest rebuild --json | jq -e ".changes == 0" >/dev/null'

# ---- Objects ----

f=$(first)
cp "$f" keep
rm "$f"
ok 'a missing object is found'		finds missing "$(name_of "$f")" count-manifest verify
ok 'repair only tells'			finds missing "$(name_of "$f")" count-manifest repair
ok 'repair --yes --dry-run changes nothing'	does dropped "$(name_of "$f")" count-manifest repair --yes --dry-run
ok '...'				finds missing "$(name_of "$f")" count-manifest verify
ok 'repair --yes drops the entry, and says what is lost'	does dropped '3000 points from 1700000000000' count-manifest repair --yes
ok 'now it is whole'			count-manifest verify --deep
cp keep "$f"
ok 'an orphan is no problem, but told'	does orphan "$(name_of "$f")" count-manifest verify
ok 'repair adopts it'			does adopted '3000 points' count-manifest repair
ok 'every point is back'		all_there
ok '... and right'			count-manifest verify --deep
cp "$f" "${f%.json}_2.json"
ok 'an orphan with nothing of its own is garbage'	does garbage _2.json count-manifest repair
ok '... which stays for a day'		test -e "${f%.json}_2.json"
ok '... and is never adopted'		sh -c 'count-manifest repair --json | jq -e ".changes == 0" >/dev/null'
ok 'nor told as an orphan'		sh -c 'count-manifest verify --json | jq -e ".orphans == 0" >/dev/null'
python3 - $bucket/a/manifest.json <<'END'
import json, sys
m = json.load(open(sys.argv[1]))
for g in m["garbage"]:
	for k in g:
		if k != "key":
			g[k] -= 90000
json.dump(m, open(sys.argv[1], "w"))
END
ok 'after a day it is deleted'		does deleted _2.json count-manifest repair
ok '... really'				test ! -e "${f%.json}_2.json"
ok '... and nothing else'		all_there
jq -c '.garbage = [{ key: "count-data/a/block_1_2.json", since: 1 }]' $bucket/a/manifest.json >m && cat m >$bucket/a/manifest.json
cp "$f" $bucket/a/block_1_2.json
ok 'what would be deleted is told'	does deleted block_1_2.json count-manifest repair --dry-run
ok '... and still there'		test -e $bucket/a/block_1_2.json
ok '... until it is'			does deleted block_1_2.json count-manifest repair
ok '... after which nothing is left'	sh -c 'count-manifest repair --json | jq -e ".changes == 0" >/dev/null'

truncate -s -7 "$f"
ok 'a cut object'			finds damaged 'cut short' count-manifest verify
ok '... is damage to cat'		exits 4 count-manifest cat "a/$(name_of "$f")"
cp keep "$f"
python3 - "$f" <<'END'
import sys
b = bytearray(open(sys.argv[1], "rb").read())
b[len(b) // 2] ^= 1
open(sys.argv[1], "wb").write(b)
END
ok 'a flipped bit'			finds damaged checksum count-manifest verify
cp keep "$f"
ok 'whole again'			count-manifest verify --deep
cp "$bucket/c.d/"block_* "$bucket/a/block_1_2.json"
ok 'an orphan of another series is left alone'	does orphan block_1_2.json count-manifest repair
rm $bucket/a/block_1_2.json
echo '{"a":' >$bucket/a/block_5_6.json
ok 'and one that is rubbish'		does orphan block_5_6.json count-manifest repair
rm $bucket/a/block_5_6.json

# A manifest that lies about statistics: only --deep sees it, and rebuild makes it right.
python3 - $bucket/a/manifest.json <<'END'
import json, sys
m = json.load(open(sys.argv[1]))
m["blocks"][0]["max"] = "1000"
json.dump(m, open(sys.argv[1], "w"))
END
ok 'wrong statistics'			finds damaged statistics count-manifest verify --deep
ok '... rebuilt'			does rebuilt a/manifest.json count-manifest rebuild a
ok '... right'				count-manifest verify --deep
ok '... and whole'			all_there

# ---- Manifests ----

# change FILE CODE: of the manifest m in it.
change()
{
	python3 -c 'import json, sys
m = json.load(open(sys.argv[1]))
exec(sys.argv[2])
json.dump(m, open(sys.argv[1], "w"))' "$1" "$2"
}

for how in gone empty cut foreign newer unit outside; do
	fresh
	count-manifest sync -q 2>/dev/null
	m=$bucket/a/manifest.json
	kind=damaged
	case $how in
	gone) rm $m; kind=no-manifest ;;
	empty) : >$m ;;
	cut) truncate -s -50 $m ;;
	foreign) cp $bucket/c.d/manifest.json $m ;;
	newer) change $m 'm["version"] = 99' ;;
	unit) change $m 'm["unit"] = "s"' ;;
	outside) change $m 'm["blocks"][0]["key"] = "count-data/c.d/x.json"' ;;
	esac
	ok "$how: verify"		finds $kind a/manifest.json count-manifest verify
	ok "$how: diff"			finds differs a/manifest.json count-manifest diff
	ok "$how: repair leaves it"	finds $kind a/manifest.json count-manifest repair
	if [ $how = newer ]; then
		ok "$how: nor does rebuild touch it"	finds damaged newer count-manifest rebuild
		ok "$how: not even by name"	finds damaged newer count-manifest rebuild a
		continue
	fi
	ok "$how: rebuild --dry-run"	does rebuilt '3 objects with 6100 points' count-manifest rebuild --dry-run
	ok "$how: ... changes nothing"	finds $kind a/manifest.json count-manifest verify
	ok "$how: rebuild"		does rebuilt '3 objects with 6100 points' count-manifest rebuild
	ok "$how: right"		count-manifest verify --deep
	ok "$how: every point"		all_there
	ok "$how: the index knows"	count-manifest diff
done

# A directory that has never synced meets a damaged manifest: the others are there all the same.
fresh
echo rubbish >$bucket/a/manifest.json
DATA_DIR=new count-ingest --init 2>/dev/null
ok 'list: the rest, and the damage'	exits 4 stderr_has a/manifest.json env DATA_DIR=new count-manifest list
ok '... the rest'			sh -c 'DATA_DIR=new count-manifest list 2>/dev/null | cut -f1 | tr "\n" " " | grep -qx "b{host=\"x/y\"} c.d "'
ok 'sync: the damage'			exits 4 env DATA_DIR=new count-manifest sync

# Everything of a series is gone.
fresh
count-manifest sync -q 2>/dev/null
rm -r $bucket/c.d
ok 'a series that is gone'		finds missing c.d/manifest.json count-manifest verify
ok 'sync forgets it'			sh -c 'count-manifest sync >/dev/null && ! count-manifest list c.d 2>/dev/null'

# All manifests are lost, and the directory too: the objects alone are enough.
fresh
rm $bucket/*/manifest.json
count-manifest sync -q 2>/dev/null
ok 'no manifests at all: rebuild'	sh -c 'count-manifest rebuild --json | jq -e ".changes == 3" >/dev/null'
ok '... every point'			all_there
ok '... right'				count-manifest verify --deep

# ---- Beside others, and without a bucket ----

exec 9>data/archive.lock
flock 9
ok 'an archive run is under way'	exits 5 count-manifest repair
ok '... sync too'			exits 5 count-manifest sync
ok '... reading goes on'		count-manifest verify
exec 9>&-
mv store/bucket store/away
ok 'no bucket: exit 4 and the remedy'	exits 4 stderr_has 'not mounted' count-manifest verify
ok '... list needs none'		count-manifest list
mv store/away store/bucket
rm -rf d2
printf 'z 1 1600000000\nz 9 1600000120\n' | DATA_DIR=d2 count-ingest -q 2>/dev/null
export S3_BUCKET=other
ok 'the first archive makes the bucket'	env DATA_DIR=d2 count-archive --force -q
ok '... and it is right'		env DATA_DIR=d2 count-manifest verify --deep
mv store/other store/away
echo 'z 2 1600000060' | DATA_DIR=d2 count-ingest -q
ok 'a later one makes no other'		exits 4 stderr_has 'not mounted' env DATA_DIR=d2 count-archive --force -q
ok '...'				test ! -e store/other
mv store/away store/other
ok 'there again: all is archived'	env DATA_DIR=d2 count-archive --force -q
printf 'z 1 1600000000000\nz 2 1600000060000\nz 9 1600000120000\n' >want.z
ok '... and answered'			prints want.z env DATA_DIR=d2 count-query z
ok '... and right'			env DATA_DIR=d2 count-manifest verify --deep
# That late point replaced an object, which stays for a day: rebuild does not take it back.
DATA_DIR=d2 count-manifest show z | cut -f1 | sort >named
find store/other/count-data/z -name 'block_*' >files
ok 'the replaced object is still there'	test "$(wc -l <files)" -gt "$(wc -l <named)"
rm store/other/count-data/z/manifest.json
ok 'the manifest is lost: rebuilt'	does rebuilt z/manifest.json env DATA_DIR=d2 count-manifest rebuild
DATA_DIR=d2 count-manifest show z | cut -f1 | sort >again
ok '... of the same objects'		cmp named again
ok '... with the same answer'		prints want.z env DATA_DIR=d2 count-query z
ok '... and nothing is an orphan'	sh -c 'DATA_DIR=d2 count-manifest verify --deep --json | jq -e ".problems == 0 and .orphans == 0" >/dev/null'
S3_BUCKET=bucket
mkdir -p $bucket/zz && echo x >$bucket/zz/notes.txt && mkdir -p store/bucket/elsewhere/a && echo x >store/bucket/elsewhere/a/manifest.json
ok 'foreign objects are left alone'	count-manifest verify --deep
ok 'a full standard output'		exits 3 sh -c 'count-manifest list >/dev/full'
done_testing
