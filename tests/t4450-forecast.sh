#!/bin/sh
# t4450 - what count-archive --dry-run and count-query --explain say is what goes over the wire: requests by kind and
# bytes of their bodies, as a proxy counts them; on a bucket in a directory as the tools do.  Probes and the first look
# at a bucket are told apart.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need jq python3
# shellcheck source=tests/lib/s3.sh
. "$srcdir/lib/s3.sh"

# Points lie half way between the whole 10 minutes since now: none comes of age for five minutes.
set_clock()
{
	now=$(date +%s)
	midnight=$((now / 86400 * 86400))
	half=$(((now + 300) % 3600))
}
# series NAME FROM TO STEP: lines of points between these ages in days, a point each STEP seconds.
series()
{
	awk -v n="$1" -v m="$((midnight + half))" -v from="$2" -v to="$3" -v step="$4" 'BEGIN {
		for (t = m - from * 86400; t < m - to * 86400; t += step)
			printf "%s %d.%d %d\n", n, (t / step * 7) % 1000, t % 10, t }'
}
at() { echo $((midnight - $1 * 86400 + $2)); }

# ---- What was counted ----

# counted SCOPE: get, put, head, list, delete, bytes up and down since s3_mark; only of objects and manifests, which
# leaves out probes; SCOPE first leaves out what a first look at the bucket asks for, too.
counted()
{
	s3_log kind path in out status | awk -v first="$1" '
		$2 !~ /(manifest|block_[^\/]*)\.json$/ { next }
		first && $1 == "GET" && !seen[$2]++ && $2 ~ /manifest/ { next }
		{ n[$1]++; up += $3; if ($1 == "GET" && $5 < 300) down += $4 }
		END { printf "%d %d %d %d %d %d %d\n", n["GET"], n["PUT"], n["HEAD"], n["LIST"], n["DELETE"], up, down }'
}
numbers() { jq -r '.requests | "\(.get) \(.put) \(.head) \(.list) \(.delete) \(.bytes_up) \(.bytes_down)"' "$1"; }
at_most() { jq -e '.requests.at_most' "$1" >/dev/null; }

# archives WHAT [--at-most] ARG...: dry, then for real, the same.
archives()
{
	what=$1; shift
	limit=''
	if [ "$1" = --at-most ]; then limit=y; shift; fi
	count-archive --dry-run --json "$@" >dry 2>err || cat err
	[ -z "$proxy" ] || s3_mark
	count-archive --json "$@" >real 2>err || cat err
	numbers dry >foretold
	numbers real >was
	if [ -n "$limit" ]; then
		# Points of old objects are not known before they are read: so many requests, so many bytes at most.
		ok "$what: at most"	at_most dry
		ok '... no more requests and bytes'	within foretold was
	else
		if [ "$what $s3_kind" = 'first run s3rver' ]; then	# which ignores conditions: found out by the run
			awk '{ $3 += $2; print }' foretold >with_heads && mv with_heads foretold
		fi
		ok "$what: foretold"	not_at_most
		ok '... and done'	prints foretold cat was
	fi
	[ -n "$proxy" ] || return 0
	counted "$first" >went
	ok '... as the proxy saw it'	prints was cat went
	first=''
}
not_at_most() { ! at_most dry; }
within()
{
	cat "$1" "$2" | tr '\n' ' ' | awk '{
		for (i = 1; i <= 5; i++) if ($(i + 7) != $i) bad = 1
		for (i = 6; i <= 7; i++) if ($(i + 7) > $i) bad = 1
		print; exit bad }'
}

# asks WHAT ARG...: count-query --explain, then the query; $objects is how many it read.
asks()
{
	what=$1; shift
	count-query --explain --json "$@" >dry 2>err || cat err
	jq -r '"\(.requests) \(.bytes)"' dry >foretold
	[ -z "$proxy" ] || s3_mark
	count-query -v "$@" >out 2>err
	sed -n 's/.*cold tier: \([0-9]*\) requests, \([0-9]*\) bytes.*/\1 \2/p' err >was
	[ -s was ] || echo '0 0' >was
	ok "$what: foretold"		jq -e .exact dry
	ok '... and done'		prints foretold cat was
	if [ -n "$proxy" ]; then
		counted '' | awk '{ print $1, $7; if ($2 + $3 + $4 + $5) exit 1 }' >went
		ok '... as the proxy saw it'	prints was cat went
	fi
	objects=$(cut -d' ' -f1 was)
}

everything()
{
	rm -rf data
	set_clock
	first=y
	{
		series steady 60 0 600
		series 'fast{host="a/b"}' 40 12 20
		series sparse 300 0 86400
		series other 50 20 3600
		series kept 30 25 60
	} | count-ingest -q
	archives 'first run'
	ok '... 5 series'		jq -e '.series == 5 and .failed == 0' real
	archives 'nothing due'
	ok '... nothing at all'		sh -c '[ "$(cat was)" = "0 0 0 0 0 0 0" ]'
	ok '... no probe either'	jq -e '.requests.probes == 0' real
	archives '--older-than' --older-than 3d
	ok '... sent something'		jq -e '.objects >= 1' real
	archives '--force' --older-than 2d --force
	ok '... sent something'		jq -e '.objects >= 2' real
	echo "new.one 1 $(at 20 5)" | count-ingest -q
	series fresh 40 3 30 | count-ingest -q
	archives 'a steady run, new series'
	echo "fresh 1 $(at 2 7000)" | count-ingest -q
	archives 'a steady run, known series' --older-than 1d --force
	echo "steady 5 $(at 30 $((half + 5)))" | count-ingest -q
	archives 'late points'		--at-most
	ok '... reads what is there'	jq -e '.requests.get >= 1' real
	ok '... it is garbage'		sh -c 's=$(count-manifest show steady --json 2>/dev/null); [ -n "$s" ]'
	echo "steady 5 $(at 290 7)" | count-ingest -q	# before all others: beside what is there
	archives 'late points beside what is there'
	come_of_age steady
	echo "steady 6 $(at 290 11)" | count-ingest -q
	archives 'garbage that is due'
	ok '... is deleted'		jq -e '.requests.delete >= 1' real

	count-query --from "$(at 45 0)" --to "$(at 44 0)" steady >/dev/null 2>&1
	rm -rf data/cache
	export CACHE_SIZE=0
	asks 'a raw range'		steady --from "$(at 45 0)" --to "$(at 44 0)"
	ok '... one object'		test "$objects" = 1
	asks 'everything'
	asks 'several series'		'fast*' sparse other --from "$(at 40 100)" --to "$(at 20 0)"
	ok '... several objects'	test "$objects" -ge 3
	asks 'daily aggregates'		--step 1d --agg avg,min,max,sum,count --to "$(at 31 0)" steady 'fast*'
	asks '... of whole days'	--step 1d --agg sum,count --from "$(at 55 0)" --to "$(at 40 0)" steady
	ok '... no request'		test "$objects" = 0
	asks 'edges inside blocks'	--step 1d --agg sum --from "$(at 55 1000)" --to "$(at 40 77)" steady
	ok '... an object'		test "$objects" -ge 1
	asks 'hourly'			--step 1h --agg max --from "$(at 35 0)" --to "$(at 33 0)"
	asks 'the newest'		--last
	asks 'the newest before'	--last --to "$(at 33 0)"
	asks 'local times'		--from "$midnight"	# a day ago is older at any hour
	ok '... no request'		test "$objects" = 0
	echo "other 1 $(at 30 $((half + 3600)))
other 1 $(at 30 $((half + 5)))
fast{host=\"a/b\"} 3 $(at 39 77)" | count-ingest -q
	asks 'late local points'	other 'fast*' --step 1d --agg sum,count
	ok '... their objects'		test "$objects" -ge 1
	asks '... raw'			other --from "$(at 30 0)" --to "$(at 29 0)"
	unset CACHE_SIZE
	asks 'into the cache'		steady other --from "$(at 31 0)" --to "$(at 29 0)"
	ok '... read'			test "$objects" -ge 1
	asks 'from the cache'		steady other --from "$(at 31 0)" --to "$(at 29 0)"
	ok '... not read'		test "$objects" = 0
	asks 'half of it cached'	steady other sparse --from "$(at 31 0)" --to "$(at 29 0)"
	ok '... only the rest'		test "$objects" = 1
}

# What a series has replaced was so a day ago.
come_of_age()
{
	s3_get "count-data/$1/manifest.json" | jq -c '.garbage[].since -= 90000' >aged
	s3_put "count-data/$1/manifest.json" aged
	count-manifest sync -q
}

proxy=''
s3_start dir
everything
if [ -z "${SLOW:-}" ]; then
	skip_one 'through a proxy' 'SLOW=1 does it'
	done_testing
	exit 0
fi
proxy=y
for kind in rgw s3rver; do
	if ! s3_have $kind; then
		skip_one "on $kind" "$s3_why"
		continue
	fi
	s3_start $kind
	s3_proxy
	note "$kind"
	everything
	s3_stop
done
done_testing
