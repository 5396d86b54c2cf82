#!/bin/sh
# t4020 - a bucket as count-manifest(5) describes it: read by a program that shares no code with count.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need python3
[ -x "$top_builddir/tests/lib/make-bucket" ] || skip 'no make-bucket here'

bucket() { mkdir -p "$1" && "$top_builddir/tests/lib/make-bucket" "$PWD/$1" <"$2" >made; }
reads() { python3 "$srcdir/lib/read-bucket.py" "$@"; }

# Days with few points and many, gaps, NaN, infinities, -0, one point alone, a name that the key must escape.
awk 'BEGIN {
	for (i = 0; i < 4000; i++)
		printf "cpu{host=\"a/b\"} %s %.0f\n", i % 7 == 3 ? "NaN" : i % 5 ? i / 10 : "-0", 1699990000000 + i * 60000
	print "-"
	for (i = 0; i < 3000; i++)
		printf "cpu{host=\"a/b\"} %.17g %.0f\n", 1e15 / (i + 1), 1700300000000 + i * 1000 + i % 3
	for (i = -40; i < 40; i++)
		printf "disk.free %g %.0f\n", i * 1e300, i * 20000000
	print "inf +Inf 5"
	print "inf -Inf 6"
	print "one -0 1700000000000"
}' >points

plan 8
ok 'a bucket'				bucket one points
ok 'it is as the manual page says'	reads one/bucket points
grep -v 'disk.free 0 0' points >fewer
not_ok 'the reader sees a point missing'	reads one/bucket fewer
sed 's/^disk.free 1e+300 /disk.free 1.1e+300 /' points >other
not_ok '... and another value'		reads one/bucket other

# Values that repeat in no order: chunks that share a dictionary.
awk 'BEGIN {
	srand(5)
	for (k = 0; k < 300; k++)
		v[k] = rand()
	for (i = 0; i < 20000; i++)
		printf "noise %.17g %.0f\n", v[int(rand() * 300)], 1650000000000 + i * 300000
}' >noise
archive()
{
	mkdir -p two/metrics && count-ingest -q --time-unit ms noise &&
		S3_ENABLED=true S3_ENDPOINT="file://$PWD/two" S3_BUCKET=metrics count-archive -q
}
ok 'an archive'				archive
ok '... with a dictionary'		grep -q '"codec":"regular+dictionary"' two/metrics/count-data/noise/manifest.json
ok '... is as the manual page says'	reads two/metrics noise

find one -name 'block_5_6.json' -exec sh -c 'printf x | dd of="$1" bs=1 seek=99 conv=notrunc 2>err' - {} \;
not_ok '... and another byte'		reads one/bucket points
