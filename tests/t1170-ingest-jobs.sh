#!/bin/sh
# t1170 - count-ingest --jobs: many threads store, name, keep and count what one does, in the same order.
. "${srcdir:-$(dirname "$0")}/tap.sh"

# Lines of a fleet with everything among them that a line can be: new and repeated series, points that later
# ones replace, all formats, comments, CR LF, bad lines; about 8 MB.
lines()
{
	awk -v n="${1:-200000}" 'BEGIN {
		srand(7)
		for (i = 0; i < n; i++) {
			s = int(rand() * (i % 1000 < 990 ? 300 : 100000)); t = 1700000000 + int(i / 300) % 500
			if (i % 997 == 5) { printf "bad%d x %d\n", i, t; continue }
			if (i % 1499 == 7) { print i % 2 ? "" : "# note"; continue }
			if (i % 1009 == 9) { printf "{\"series\":\"json\",\"tags\":{\"n\":\"%d\"},\"value\":%d,\"timestamp\":%d}\n", s, i, t; continue }
			if (i % 811 == 3) { printf "cpu{host=\"web %d\"} %d.5 %d\r\n", s, i, t; continue }
			if (i % 499 == 1) { printf "odd;n=%d %.17g %d000\n", s, rand() * 1e9, t; continue }
			printf "fleet.web%d.load %d.%02d %d\n", s, i, i % 100, t
		}
	}'
}

# run NAME OPTION... FILE...: all that can be seen of an ingest, but times
run()
{
	name=$1
	shift
	rm -rf data "$name.rejects"
	status=0
	count-ingest --json --rejects "$name.rejects" "$@" >"$name.report" 2>"$name.err" || status=$?
	[ -e "$name.rejects" ] || : >"$name.rejects"
	# How many points of one batch replaced others hangs on when batches were committed.
	sed -i 's/"seconds":[0-9.]*,//; s/"replaced":[0-9]*,//' "$name.report"
	{
		echo "status $status"
		cat "$name.report" "$name.rejects" "$name.err"
		count-query -q '**' 2>&1
	} >"$name.all"
}

# agree DESC OPTION... FILE...
agree()
{
	desc=$1
	shift
	run one --jobs 1 "$@"
	for jobs in 2 3 8; do
		run many --jobs "$jobs" "$@"
		ok "$desc, $jobs threads" cmp one.all many.all
	done
}

lines >in
agree 'a file of all kinds of lines' in
ok 'it is large enough and has refused lines'	test "$(wc -c <in)" -gt 2000000 -a "$(wc -l <one.rejects)" -gt 100
ok 'points of it come out'			test "$(wc -l <one.all)" -gt 50000
mv one.all want.all
sed 's/^in:\([0-9]*\): /-:\1: /' want.all >piped.all
run one --jobs 8 - <in
ok 'stdin from the file too'			cmp piped.all one.all
mkfifo pipe
cat in >pipe &
run one --jobs 8 <pipe
ok 'a pipe too'				cmp piped.all one.all
run one in
sed 's/^-:\([0-9]*\): /in:\1: /' one.all >default.all
ok 'and no --jobs at all'			cmp default.all one.all

lines 50000 >second
printf 'last 5 1700000000' >>second
agree 'several files, one without a newline at its end' in second in
agree 'the first refused line ends it' --strict second in
agree 'nothing is stored' --dry-run in second
{ printf '\357\273\277'; cat second; } >marked
agree 'a mark of the byte order' marked
{ lines 40000; awk 'BEGIN { for (i = 0; i < 2000000; i++) printf "x"; print " 1 1" }'; lines 40000; } >long
agree 'a line of 2 MB in the midst' long
{ lines 40000; awk 'BEGIN { for (i = 0; i < 1048576; i++) printf "x"; print " 1 1" }'; } >long
agree 'a line just over 1 MiB at the end' long
{ lines 40000; head -c 3000000 /dev/zero; } >long
agree 'no newline for 3 MB' --strict long
agree 'names that are decorated' --prefix 'p.' --tag 'dc=a b' second
agree 'one format alone' --format graphite second
awk 'BEGIN { for (i = 0; i < 300000; i++) printf "x %d %d\n", i, 1700000000 + i % 3 }' >same
agree 'the last of equal times wins' same
printf 'x 299997 1700000000000\nx 299998 1700000001000\nx 299999 1700000002000\n' >want
ok '... and is the right one'			prints want count-query x

ok 'not a number'	exits 2 stderr_has '1 to 64' count-ingest --jobs x in
ok 'none'		exits 2 stderr_has '1 to 64' count-ingest --jobs 0 in
ok 'too many'		exits 2 stderr_has '1 to 64' count-ingest --jobs 65 in
ok 'an empty one'	exits 2 stderr_has '1 to 64' count-ingest --jobs '' in

# So many bytes of names that tables are emptied on the way: 60,000 names of 2,000 bytes, twice over.
if [ "${SLOW:-0}" = 1 ]; then
	awk 'BEGIN { for (i = 0; i < 1990; i++) pad = pad "n"
		for (k = 0; k < 2; k++) for (i = 0; i < 60000; i++) printf "%s%d %d %d\n", pad, i, i + k, 1700000000 + k }' >big
	agree 'more series than a table holds' big
	# Empty labels are left out: few bytes of series, but as many of spellings.
	sed 's/^\(n*\)\([0-9]*\)/x\2{\1=""}/' big >spelled
	agree 'more spellings than are remembered' spelled
fi
done_testing
