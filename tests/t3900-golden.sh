#!/bin/sh
# t3900 - a data directory made by an earlier build of this version of the formats: all points come out.
. "${srcdir:-$(dirname "$0")}/tap.sh"
plan 5

unpack() {
	mkdir -m 700 "$1" "$1/blocks" "$1/wal"
	for f in "$srcdir/data/golden-1"/*; do
		name=$(basename "$f" .b64)
		case $name in
		*.blk) base64 -d "$f" >"$1/blocks/$name" ;;
		*.wal) base64 -d "$f" >"$1/wal/$name" ;;
		*) cp "$f" "$1/$name" ;;
		esac
	done
	: >"$1/lock"
	chmod -R go-rwx "$1"
}

same() {
	count-query "$@" | "$top_builddir/tests/lib/canon" >got && cmp want got
}

# The later line of a series and stamp wins.
{ sh "$srcdir/lib/golden-lines.sh" warm; sh "$srcdir/lib/golden-lines.sh" hot; } |
	"$top_builddir/tests/lib/canon" >points
awk '{ stamp = $NF; value = $(NF - 1); $NF = $(NF - 1) = ""; sub(/ +$/, "")
	k = $0 "\t" stamp; v[k] = value; n[k] = $0; s[k] = stamp }
	END { for (k in v) print n[k] "\t" v[k] "\t" s[k] }' points |
	sort -t "$(printf '\t')" -k1,1 -k3,3n | tr '\t' ' ' >want

unpack golden
ok 'log and blocks'		same -d golden
ok 'the next flush takes it over'	count-flush -d golden
ok '... and the answer stays'	same -d golden
ok 'statistics answer too'	prints - count-query -d golden 'regular.*' --agg count,min,max <<END
regular.gauge:count 300 1700000000000
regular.gauge:min 20 1700000000000
regular.gauge:max 24.99 1700000000000
END
echo 'constant 6 1700000010000' | count-ingest -q -d golden
ok 'the last written wins'	prints - count-query -d golden constant --from 1700000010 --to 1700000011 <<END
constant 6 1700000010000
END
