#!/bin/sh
# report.sh [PART...] - measures count and its peers, and writes doc/performance.md of it.
#
#	sizes		bytes a point of the open sets (COUNT_SHARED, else skipped), at each level
#	generated	the generated shapes: bytes a point, ingest, flush, memory
#	queries		whole processes above an empty one, dumps and scans
#	threads		what --jobs 2 of count-query gives
#	codec		encode and decode, by bench-codec
#	limits		wc, cat, memcpy, zstd on the same lines
#	growth		cost with points, series and files
#	peers		bench/peers/: those that are installed
#
# Without PART all of them; `page` alone only writes the page again.  Each part keeps its figures in RESULTS, so that
# one can be measured again by itself.  QUICK=1 is for trying the scripts: small shapes, few rounds, and the page goes
# beside the results instead.  `make bench-report PARTS=...` sets PATH, GENERATE, SPAWN, EMPTY_PROGRAM, LIMITS,
# BENCH_CODEC, QUERY_AT_LEVEL and RESULTS.
set -eu
bench=$(cd "$(dirname "$0")" && pwd)
. "$bench/report-lib.sh"
: "${COUNT_SHARED=$bench/../../shared}" "${RESULTS:=$PWD/bench/results}"
mkdir -p "$RESULTS"
RESULTS=$(cd "$RESULTS" && pwd)
for variable in $(env | sed -n 's/^\(\(COUNT\|S3\|AWS\|PRICE\)_[A-Z0-9_]*\)=.*/\1/p') RETENTION CACHE_SIZE; do
	[ "$variable" = COUNT_SHARED ] || unset "$variable"
done
export LC_ALL=C TZ=UTC S3_ENABLED=false MEMORY_BUFFER_SIZE=1000000000
if [ -n "${QUICK:-}" ]; then
	shape_a='100 1000' shape_b='2000 10' RUNS=5 HEAVY=2 ROUNDS=1 most=100000 many=1000 slices='1 10 30'
else
	shape_a='1000 10000' shape_b='100000 100' RUNS=200 HEAVY=5 ROUNDS=3 most=10000000 many=100000
	slices='1 3 10 30 100 300 1000'
fi
export RUNS HEAVY
tmp=$(mktemp -d "${TMPDIR:-/tmp}/count-report.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT TERM
export DATA_DIR="$tmp/data"
ingest_1=$(one_thread count-ingest) flush_1=$(one_thread count-flush) query_1=$(one_thread count-query)
levels=default
! has count-flush --level || levels='default max fast'

# flush LEVEL: count-flush with that level, if it knows levels.
flush() { if [ "$levels" = default ]; then count-flush -q; else count-flush -q --level "$1"; fi; }

# load FILE: a fresh data directory, all in blocks.
load()
{
	rm -rf "$DATA_DIR"
	count-ingest -q --sync exit "$1"
	count-flush -q
}

sizes()
{
	if [ ! -d "$COUNT_SHARED/data" ]; then
		say "sizes: skipped: no data in $COUNT_SHARED/data (set COUNT_SHARED)"
		put sizes '' skipped 'the open sets were not at hand'
		return
	fi
	for file in "$COUNT_SHARED"/data/*.txt.zst; do
		set=$(basename "$file" .txt.zst)
		zstd -dcq "$file" >"$tmp/points"
		points=$(wc -l <"$tmp/points")
		put sizes "$set" points "$points"
		for level in $levels; do
			rm -rf "$DATA_DIR"
			count-ingest -q --time-unit ms "$tmp/points"
			flush "$level"
			put sizes "$set" "$level" "$(calc "$(bytes_of "$DATA_DIR/blocks") / $points")"
		done
		put sizes "$set" series "$(count-query --list | wc -l)"
	done
	rm "$tmp/points"
}

# shape_sizes NAME GENERATOR_ARG...: bytes a point at each level; the last level's data stays.
shape_sizes()
{
	shape=$1; shift
	"$GENERATE" "$@" >"$tmp/lines"
	points=$(wc -l <"$tmp/lines")
	put generated "$shape" points "$points"
	put generated "$shape" series "$(head -n 200000 "$tmp/lines" | cut -d ' ' -f 1 | sort -u | wc -l)"
	put generated "$shape" text "$(calc "$(bytes_of "$tmp/lines") / $points")"
	for level in $levels; do
		rm -rf "$DATA_DIR"
		count-ingest -q "$tmp/lines"
		flush "$level"
		put generated "$shape" "$level" "$(calc "$(bytes_of "$DATA_DIR/blocks") / $points")"
	done
}

# shape_costs NAME: of the lines there; from a pipe to durable, then the flush; wc and cat beside them.
shape_costs()
{
	for _ in $(seq "$ROUNDS"); do
		rm -rf "$DATA_DIR"
		# shellcheck disable=SC2002,SC2086 # a pipe is meant; one option or none
		cat "$tmp/lines" | cost generated "$1" ingest: "$points" count-ingest -q $ingest_1
		put generated "$1" log "$(calc "$(bytes_of "$DATA_DIR/wal") / $points")"
		# shellcheck disable=SC2086
		cost generated "$1" flush: "$points" count-flush -q $flush_1
		# shellcheck disable=SC2002
		cat "$tmp/lines" | cost generated "$1" wc: "$points" wc -l
		# shellcheck disable=SC2002
		cat "$tmp/lines" | cost generated "$1" dry-run: "$points" count-ingest -q --dry-run
		if [ -n "$ingest_1" ]; then
			rm -rf "$DATA_DIR"
			cost generated "$1" jobs: "$points" count-ingest -q "$tmp/lines"
		fi
		for level in $levels; do
			[ "$level" != default ] || continue
			rm -rf "$DATA_DIR"
			count-ingest -q --sync exit "$tmp/lines"
			# shellcheck disable=SC2086
			cost generated "$1" "flush-$level:" "$points" count-flush -q $flush_1 --level "$level"
		done
	done
}

generated()
{
	# shellcheck disable=SC2086 # two numbers
	{
		shape_sizes 'a, late scrapes' -j 10 $shape_a
		shape_sizes 'a, late points' -J 10 $shape_a
		shape_sizes a $shape_a
		shape_costs a
		shape_sizes b $shape_b
		shape_costs b
	}
	rm "$tmp/lines"
}

# ask NAME SERIES POINTS: the queries of the lines of that shape, all in blocks.
ask()
{
	"$GENERATE" "$2" "$3" >"$tmp/lines"
	load "$tmp/lines"
	points=$(($2 * $3))
	one=$("$GENERATE" "$2" 1 | sed -n "$(($2 / 2 + 1))s/ .*//p")
	end=$(tail -n 1 "$tmp/lines" | cut -d ' ' -f 3)
	timed queries "$1" "$RUNS" \
		start count-query --version -- \
		last count-query --last "$one" -- \
		hour count-query "$one" --from $((end - 3600)) -- \
		dump count-query "$one" -- \
		avg-5m count-query "$one" --step 5m --agg avg -- \
		list count-query --list
	# 10,000 s is less than a page of 1024 points spans: no page lies inside one step, so all are decoded.
	# shellcheck disable=SC2086 # one option or none
	timed queries "$1" "$HEAVY" \
		max-1h count-query --step 1h --agg max $query_1 -- \
		max-1d count-query --step 1d --agg max $query_1 -- \
		scan count-query --step 10000s --agg sum $query_1
	[ -z "$query_1" ] || timed queries "$1" "$HEAVY" 'max-1h, all cores' count-query --step 1h --agg max
	for format in text csv ndjson; do
		for _ in $(seq "$ROUNDS"); do
			# shellcheck disable=SC2086
			cost queries "$1" "$format:" "$points" count-query --format "$format" $query_1
		done
	done
	[ "$1" != a ] || levels "$points"
	rm "$tmp/lines"
}

# levels POINTS: the data there, all read by one core, with the kernels of each level that the processor has.
levels()
{
	for level in ${QUERY_AT_LEVEL:+avx512 avx2 plain}; do
		case $level in
		avx512)	grep -qw avx512vl /proc/cpuinfo || continue ;;
		avx2)	grep -qw avx2 /proc/cpuinfo || continue ;;
		esac
		export LEVEL="$level"
		put levels "$level" points "$1"
		# shellcheck disable=SC2086 # one option or none
		{
			timed levels "$level" "$HEAVY" scan "$QUERY_AT_LEVEL" --step 10000s --agg sum $query_1
			for _ in $(seq "$ROUNDS"); do
				cost levels "$level" text: "$1" "$QUERY_AT_LEVEL" $query_1
			done
		}
	done
}

queries()
{
	# shellcheck disable=SC2086 # two numbers
	{
		ask a $shape_a
		ask b $shape_b
	}
	# What stands in the log between two flushes: five minutes of 1,000 series.
	rm -rf "$DATA_DIR"
	"$GENERATE" 1000 30 | count-ingest -q
	one=$("$GENERATE" 1000 1 | sed -n '501s/ .*//p')
	timed queries 'log of five minutes' "$RUNS" start count-query --version -- last count-query --last "$one" -- \
		hour count-query "$one" --from 1700000000 -- dump count-query "$one" -- list count-query --list
}

# parted NAME SERIES POINTS: answers of many points by one thread and by two, in turns.
parted()
{
	"$GENERATE" "$2" "$3" >"$tmp/lines"
	load "$tmp/lines"
	rm "$tmp/lines"
	points=$(($2 * $3))
	for _ in $(seq $((3 * ROUNDS))); do
		for jobs in 1 2; do
			for format in text csv ndjson; do
				cost threads "$1: $format" "$jobs:" "$points" \
					count-query --format "$format" --jobs $jobs
			done
			cost threads "$1: max in 1 h" "$jobs:" "$points" count-query --step 1h --agg max --jobs $jobs
		done
	done
}

threads()
{
	if [ -z "$query_1" ]; then
		say 'threads: skipped: count-query has no --jobs'
		return
	fi
	# shellcheck disable=SC2086 # two numbers
	{
		parted a $shape_a
		parted b $shape_b
	}
	parted 'one series' 1 "$most"
}

# codec: bench-codec's own table, line by line.
codec()
{
	mkdir "$tmp/sets"
	if [ -d "$COUNT_SHARED/data" ]; then
		for file in "$COUNT_SHARED"/data/*.txt.zst; do
			zstd -dcq "$file" >"$tmp/sets/$(basename "$file" .txt.zst)"
		done
	fi
	# shellcheck disable=SC2086 # two numbers
	"$GENERATE" $shape_a | sort -s -k 1,1 | awk '{ print $1, $2, $3 "000" }' >"$tmp/sets/generated-a"
	(cd "$tmp/sets" && "$BENCH_CODEC" -- *) >"$tmp/table"
	awk '{ gsub(/\t/, "    "); printf "codec\t%04d\tline\t%s\n", NR, $0 }' "$tmp/table"
	rm -r "$tmp/sets"
}

limits()
{
	"$LIMITS" "$tmp" | while IFS='	' read -r name figure; do
		put limits "$name" value "$figure"
	done
	# shellcheck disable=SC2086 # two numbers
	"$GENERATE" $shape_a >"$tmp/lines"
	points=$(wc -l <"$tmp/lines")
	cp "$tmp/lines" "$tmp/copy" # both in the page cache
	for _ in $(seq "$ROUNDS"); do
		cost limits 'wc -l of the lines' '' "$points" wc -l "$tmp/lines"
		cost limits 'cat of the lines' '' "$points" cat "$tmp/lines"
		cost limits 'cat of the lines, through a pipe' '' "$points" sh -c "cat '$tmp/lines' | cat"
		cost limits 'cp of the lines, and sync' '' "$points" \
			sh -c "cp '$tmp/lines' '$tmp/copy' && sync '$tmp/copy'"
		cost limits 'zstd -3 of the lines' '' "$points" zstd -3 -q -f -o "$tmp/lines.zst" "$tmp/lines"
		cost limits 'zstd -d of them' '' "$points" zstd -dcq "$tmp/lines.zst"
	done
	"$SPAWN" -t "$RUNS" true true | awk -F '\t' 'NR == 1 { print "limits\tan empty C program\twall\t" $2
		print "limits\tan empty C program\tcpu\t" $4 }'
	rm "$tmp/lines" "$tmp/copy" "$tmp/lines.zst"
}

# grown TABLE ROW SERIES POINTS: ingest, flush, bytes and three queries.
grown()
{
	"$GENERATE" "$3" "$4" >"$tmp/lines"
	rm -rf "$DATA_DIR"
	# shellcheck disable=SC2086 # one option or none
	cost "$1" "$2" ingest: $(($3 * $4)) count-ingest -q $ingest_1 "$tmp/lines"
	# shellcheck disable=SC2086
	cost "$1" "$2" flush: $(($3 * $4)) count-flush -q $flush_1
	put "$1" "$2" bytes "$(calc "$(bytes_of "$DATA_DIR/blocks") / ($3 * $4)")"
	grown_queries "$1" "$2" "$("$GENERATE" "$3" 1 | sed -n "$(($3 / 2 + 1))s/ .*//p")"
}

# grown_queries TABLE ROW SERIES
grown_queries()
{
	timed "$1" "$2" $((HEAVY * 3)) last count-query --last "$3" -- list count-query --list
	# shellcheck disable=SC2086 # one option or none
	timed "$1" "$2" $(((HEAVY + 1) / 2)) max-1h count-query --step 1h --agg max $query_1
}

growth()
{
	for n in 10000 30000 100000 300000 1000000 3000000 10000000; do
		[ $n -gt $most ] || grown growth-points $n 1000 $((n / 1000))
	done
	for n in 10 100 1000 10000 100000; do
		[ $n -gt $many ] || grown growth-series $n $n $((1000000 / n))
	done
	one=$("$GENERATE" 1000 1 | sed -n '501s/ .*//p')
	"$GENERATE" 1000 1000 >"$tmp/lines"
	for n in $slices; do
		rm -rf "$DATA_DIR"
		split -l $((1000000 / n)) --filter 'count-ingest -q && count-flush -q --no-compact' "$tmp/lines"
		put growth-files "$n" files "$(find "$DATA_DIR/blocks" -name '*.blk' | wc -l)"
		grown_queries growth-files "$n" "$one"
	done
	rm "$tmp/lines"
}

# against TABLE SERIES POINTS PEER...: the scripts of peers/ with those lines.
against()
{
	table=$1 series=$2 points=$3; shift 3
	"$GENERATE" "$series" "$points" >"$tmp/lines"
	sort -s -k 1,1 "$tmp/lines" >"$tmp/sorted"
	one=$("$GENERATE" "$series" 1 | sed -n "$((series / 2 + 1))s/ .*//p")
	value=$(grep "^$one " "$tmp/lines" | tail -n 1 | cut -d ' ' -f 2 | sed 's/\.\{0,1\}0*$//')
	for peer; do
		say "peers: $peer, $series series"
		TMPDIR=$tmp TABLE=$table LINES=$tmp/lines SORTED=$tmp/sorted NSERIES=$series NPOINTS=$points \
			START=1700000000 END=$((1700000000 + 10 * (points - 1))) ONE=$one LAST_VALUE=$value \
			RUNS=$(((RUNS + 9) / 10)) HEAVY=$(((HEAVY + 1) / 2)) sh "$bench/peers/$peer.sh" ||
			say "peers: $peer failed"
	done
	rm "$tmp/lines" "$tmp/sorted"
}

peers()
{
	# shellcheck disable=SC2086 # two numbers
	{
		against peers-a $shape_a count victoria-metrics prometheus influxdb duckdb sqlite rrdtool whisper text
		# RRDtool and Whisper would make 100,000 files: their cost a point stands in the first table.
		against peers-b $shape_b count victoria-metrics prometheus influxdb duckdb sqlite
	}
	peer_versions
}

# version NAME CMD...: the first line that it prints, if it is there.
version()
{
	version_of=$1; shift
	! command -v "$1" >/dev/null || put machine "$version_of" value "$("$@" 2>&1 | grep -m 1 .)"
}

peer_versions()
{
	for package in victoria-metrics prometheus influxdb rrdtool python3-whisper sqlite3 zstd; do
		found=$(dpkg-query -W -f '${Version}' $package 2>/dev/null) || continue
		put machine "$package" value "$found, of Debian"
	done
	api="${DUCKDB:-${XDG_CACHE_HOME:-$HOME/.cache}/count-peers}/node_modules"
	found=$(NODE_PATH=$api node -e 'console.log(require("@duckdb/node-api").version())' 2>/dev/null) || return 0
	put machine duckdb value "$found, by npm's @duckdb/node-api, node $(node --version)"
}

# machine: what the figures hold for.
machine()
{
	put machine date value "$(date -u +%Y-%m-%d)"
	version count count-query --version
	put machine source value "$(cd "$bench" && git describe --always --dirty 2>/dev/null || echo 'a release')"
	put machine processor value "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores"
	put machine 'vector instructions' value \
		"$(grep -m 1 '^flags' /proc/cpuinfo | grep -ow 'avx2\|avx512f' | paste -sd ' ' || :)"
	put machine memory value "$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)"
	put machine 'file system' value "$(df -T "$tmp" | awk 'NR == 2 { print $2 }')"
	put machine kernel value "$(uname -s) $(uname -r | cut -d . -f 1,2)"
	version compiler "${CC:-gcc}" --version
	put machine flags value "${CFLAGS--g -O2}"
	put machine 'load when it began' value "$(cut -d ' ' -f 1-3 /proc/loadavg)"
}

all_parts='sizes generated queries threads codec limits growth peers'
parts=${*:-$all_parts}
for part in $parts; do
	case " $all_parts page " in
	*" $part "*) ;;
	*)	echo "report.sh: no part $part: $all_parts page" >&2; exit 2 ;;
	esac
done
for part in $parts; do
	[ "$part" != page ] || continue
	say "$part"
	from=$(date +%s)
	{ machine; $part; } >"$tmp/$part.new"
	put machine seconds value $(($(date +%s) - from)) >>"$tmp/$part.new"
	medians <"$tmp/$part.new" >"$RESULTS/$part.tsv"
	rm -rf "$DATA_DIR" "$tmp/$part.new"
done
page=$bench/../doc
if [ -n "${QUICK:-}" ]; then
	page=$RESULTS/page
	mkdir -p "$page"
fi
python3 "$bench/page.py" "$RESULTS" "$bench" "$bench/../doc/performance.md.in" "$page"
say "$page/performance.md"
