#!/bin/sh
# t9020 - the example programs, which see count.h and the shared library alone, do what they say.
. "${srcdir:-$(dirname "$0")}/tap.sh"
bin=$top_builddir/examples
[ -x "$bin/cursor" ] || skip 'the examples are not built'

cat >points <<'END'
points:
	2023-11-14T22:13:20Z  18.5
	2023-11-14T22:14:20Z  19
	2023-11-14T22:15:20Z  19.5
	2023-11-14T22:16:20Z  20.25
averages of two minutes:
	2023-11-14T22:12:00Z  18.5
	2023-11-14T22:14:00Z  19.25
	2023-11-14T22:16:00Z  20.25
END
{ cat points; echo '4 points were flushed; the answers are the same'; cat points; } >want

cat >rows <<'END'
power:avg{sensor="17"} 119.25 1699999200000
power:max{sensor="17"} 121.5 1699999200000
temperature:avg{room="attic"} 19.3125 1699999200000
temperature:max{room="attic"} 20.25 1699999200000
END

linked_with_library() { ldd "$bin/$1" | grep -q 'libcount\.so'; }
bad_setting() { S3_ENABLED=perhaps "$bin/insert_query"; }

# Forty days of minutes: thirty go to the bucket.
cat >tiers <<'END'
inserted:
	hot  57600
	warm 0
	cold 0
	all  57600
flushed:
	hot  0
	warm 57600
	cold 0
	all  57600
archived:
	hot  0
	warm 14400
	cold 43200
	all  57600
the means of three days:
	2023-11-14T00:00:00Z  20.436111
	2023-11-15T00:00:00Z  20.438889
	2023-11-16T00:00:00Z  20.441667
END
tiers()
{
	mkdir -p endpoint/metrics && DATA_DIR=tiers.d S3_ENDPOINT=file://$PWD/endpoint S3_BUCKET=metrics \
		"$bin/s3_integration"
}

plan 13
ok 'insert_query'			prints want "$bin/insert_query"
ok 'stream_writer'			prints - "$bin/stream_writer" <<'END'
60000 points, 60000 of them durable
END
ok 'cursor: selectors and aggregates'	prints rows "$bin/cursor" 'power{sensor="17"}' 'temp*'
ok 'count-query says the same'		prints rows \
	count-query --step 1h --agg avg,max 'power{sensor="17"}' 'temp*'
ok 'cursor: a name that is nearly one'	exits 1 stderr_has 'did you mean temperature' "$bin/cursor" temperatur
ok 'cursor: no directory'		exits 2 stderr_has 'no data directory' env DATA_DIR=none "$bin/cursor"
ok 'a bad setting is named'		exits 1 stderr_has S3_ENABLED bad_setting
ok 'all points are there'		test "$(count-query --list | wc -l)" = 1001
ok 's3_integration: three tiers'	prints tiers tiers
for example in cursor insert_query s3_integration stream_writer; do
	if [ -e "$top_builddir/.libs/libcount.so" ] && command -v ldd >/dev/null; then
		ok "$example uses the shared library"	linked_with_library "$example"
	else
		skip_one "$example uses the shared library" 'no shared library was built'
	fi
done
