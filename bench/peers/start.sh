# shellcheck shell=sh disable=SC2034,SC2153 # names that the scripts use, and that they are given
# start.sh - sourced first by each script of this folder.  bench/report.sh peers sets what they need:
#
#	TABLE		of the results
#	LINES		a file of Graphite lines in time order: NSERIES series, a point each 10 s, NPOINTS of each,
#			the first at START, the last at END (seconds)
#	SORTED		the same lines, series by series
#	ONE		the series of the small queries; LAST_VALUE is its newest
#	RUNS, HEAVY	rounds of the small and of the large queries
#	SPAWN, EMPTY_PROGRAM
#
# A script loads the lines, lets the peer flush and compact, and prints results: ingest:cpu, ingest:wall and
# after:cpu in us a point, ingest:rss in MiB, bytes a point, and the queries as timed() names them.
set -eu
peers=$(cd "$(dirname "$0")" && pwd)
. "$peers/../report-lib.sh"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/count-peer.XXXXXX")
end_peer() { stop_server; rm -rf "$tmp"; }
trap end_peer EXIT
trap 'exit 130' HUP INT TERM
POINTS=$((NSERIES * NPOINTS))
HOUR=$((END - 3600))

# bytes PEER PATH...: bytes a point on disk: of each file its size, or if that is less what is allocated for it, since
# some make files with holes, and others many that are smaller than a block.
bytes()
{
	bytes_peer=$1; shift
	sync -f "$tmp"
	put "$TABLE" "$bytes_peer" bytes "$(find "$@" -type f -printf '%s %b\n' |
		awk -v n="$POINTS" '{ b = $2 * 512; s += b < $1 ? b : $1 } END { printf "%.4f\n", s / n }')"
}

# query NAME CMD...: the command of one of the queries: last, hour, dump, avg-5m, max-1h, max-1d, list; start: a
# command of the client that asks nothing.
query()
{
	query_name=$1; shift
	for word; do
		printf "'%s' " "$(printf '%s\n' "$word" | sed "s/'/'\\\\''/g")"
	done >"$tmp/query-$query_name"
}

# ask: runs all queries, the small ones RUNS times, those of all series HEAVY times.
ask()
{
	eval "answers $(cat "$tmp/query-last")"
	ask_some "$RUNS" start last hour dump avg-5m list
	ask_some "$HEAVY" max-1h max-1d
}

# With a server running its processor time counts too.
ask_some()
{
	rounds=$1 words=; shift
	for name; do
		[ -e "$tmp/query-$name" ] || continue
		words="$words${words:+ -- }$name $(cat "$tmp/query-$name")"
	done
	[ -z "$words" ] || eval "timed \"\$TABLE\" \"\$PEER\" \${server:+-p \$server} $rounds $words"
}
