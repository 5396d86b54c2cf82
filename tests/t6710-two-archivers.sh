#!/bin/sh
# t6710 - two archivers on one prefix, from two directories, at the same time: no point and no entry of a manifest is
# lost, statistics are true, what overlaps is merged, what was replaced goes.  Where a server ignores conditions there
# may be only one archiver, and that is said.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need jq python3
# shellcheck source=tests/lib/s3.sh
. "$srcdir/lib/s3.sh"

two="python3 $srcdir/lib/two-archivers.py"
race() { $two "$@" >said 2>&1 || { cat said; return 1; }; }
fake=''
if faketime_works; then fake=--fake; fi

s3_start dir
rounds=${ROUNDS:-8}
[ -z "${SLOW:-}" ] || rounds=${ROUNDS:-15}
if [ -n "$fake" ]; then
	ok "a bucket in a directory: $rounds rounds, 7 hours apart"	race "$rounds" $fake --check-every 10
else
	ok "a bucket in a directory: $rounds rounds"	race "$rounds" --check-every 10
	skip_one 'replaced objects go after a day' 'faketime is not installed, or does not work here'
fi
note "$(tail -n 1 said)"
if [ -z "${SLOW:-}" ]; then
	skip_one "Ceph's gateway, with faults" 'SLOW=1 does it'
	done_testing
	exit 0
fi

if s3_have rgw; then
	rm -rf a b third fresh
	s3_start rgw
	s3_proxy
	s3_rules 'PUT path=manifest percent=5 409' 'PUT percent=4 lost' 'PUT percent=3 503' 'GET percent=2 reset' \
		'GET path=block percent=1 truncate' '* latency=2 jitter=30'
	export S3_TIMEOUT=5
	ok "Ceph's gateway, with faults: ${ROUNDS:-15} rounds"	race "${ROUNDS:-15}"
	note "$(tail -n 1 said)"
	note "answers: $(s3_log method status error | sort | uniq -c | awk '{ printf "%s%s %s %s %s", n++ ? ", " : "", $1, $2, $3, $4 }')"
	s3_log method status | grep '^PUT 412' >races
	ok '... races there were'	test -s races
	s3_stop
else
	skip_one "Ceph's gateway, with faults" "$s3_why"
fi

if s3_have s3rver; then
	rm -rf a b
	s3_start s3rver
	echo "one 1 1600000000" | DATA_DIR=a count-ingest -q
	echo "one 2 1600000060" >late
	one_archiver() { DATA_DIR=a count-archive >/dev/null; }
	ok 'a server that ignores conditions: said'	stderr_has 'only one host at a time may' one_archiver
	DATA_DIR=a count-ingest -q late
	not_again() { one_archiver 2>err && ! grep 'only one host' err; }
	ok '... once'					not_again
	i=0
	while [ $i -lt 10 ]; do
		echo "one $i $((1600000000 + i * 7))"
		i=$((i + 1))
	done | DATA_DIR=a count-ingest -q
	ok '... one archiver'				one_archiver
	ok '... all is right'				env DATA_DIR=a count-manifest verify --deep
	DATA_DIR=b count-manifest sync -q
	DATA_DIR=a count-query >want
	ok '... and seen from elsewhere'		prints want env DATA_DIR=b count-query
	ok '... all of it'				test "$(wc -l <want)" = 11
else
	skip_one 'a server that ignores conditions' "$s3_why"
fi
done_testing
