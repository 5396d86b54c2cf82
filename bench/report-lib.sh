# shellcheck shell=sh disable=SC2154 # tmp: a folder of the script that sources this
# report-lib.sh - what the parts of bench/report.sh and bench/peers/ are written with.  Results are lines of four
# columns between tabs: table, row, column, value; bench/page.py makes the page of them.

# put TABLE ROW COLUMN VALUE: one result.
put() { printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4"; }

say() { printf 'report: %s\n' "$*" >&2; }

# calc EXPRESSION: a number by awk, with six digits.
calc() { awk "BEGIN { printf \"%.6g\", $* }"; }

# has TOOL OPTION: whether a tool has it yet.
has() { "$1" --help 2>/dev/null | grep -q -e "$2\\b"; }

# one_thread TOOL: its option for one thread, if it has one.
one_thread() { if has "$1" --jobs; then echo --jobs=1; fi; }

# bytes_of PATH...: of all files there, as du -b counts them, without the folders.
bytes_of() { find "$@" -type f -printf '%s\n' | awk '{ s += $1 } END { printf "%d\n", s }'; }

# cost TABLE ROW PREFIX POINTS CMD...: runs CMD once; processor time and elapsed time in us a point, memory in MiB.
cost()
{
	cost_table=$1 cost_row=$2 cost_prefix=$3 cost_points=$4; shift 4
	"$SPAWN" -t 1 cost "$@" >"$tmp/cost" || return 1
	awk -F '\t' -v t="$cost_table" -v r="$cost_row" -v p="$cost_prefix" -v n="$cost_points" '$1 == "cost" {
		printf "%s\t%s\t%scpu\t%.5f\n", t, r, p, $4 * 1e3 / n
		printf "%s\t%s\t%swall\t%.5f\n", t, r, p, $2 * 1e3 / n
		printf "%s\t%s\t%srss\t%.1f\n", t, r, p, $6 / 1024
	}' "$tmp/cost"
}

# timed TABLE ROW SPAWN_ARG...: whole processes, ms elapsed and of processor time above an empty one, a column
# NAME:wall and NAME:cpu for each command.
timed()
{
	timed_table=$1 timed_row=$2; shift 2
	"$SPAWN" -t "$@" >"$tmp/timed" || return 1
	awk -F '\t' -v t="$timed_table" -v r="$timed_row" 'NR > 1 {
		printf "%s\t%s\t%s:wall\t%s\n%s\t%s\t%s:cpu\t%s\n", t, r, $1, $3, t, r, $1, $5
		printf "%s\t%s\t%s:rss\t%.1f\n", t, r, $1, $6 / 1024
	}' "$tmp/timed"
}

# medians: of results that came several times, the median; the order of first appearance stays.
medians()
{
	awk -F '\t' -v OFS='\t' '
		{ key = $1 OFS $2 OFS $3 }
		!(key in n) { order[++keys] = key }
		{ v[key, ++n[key]] = $4 }
		END {
			for (i = 1; i <= keys; i++) {
				key = order[i]
				m = n[key]
				for (a = 2; a <= m; a++)
					for (b = a; b > 1 && v[key, b] + 0 < v[key, b - 1] + 0; b--) {
						x = v[key, b]; v[key, b] = v[key, b - 1]; v[key, b - 1] = x
					}
				print key, v[key, int((m + 1) / 2)]
			}
		}'
}

# have WHAT CMD...: else the peer is skipped, visibly, and the script ends.
have()
{
	have_what=$1; shift
	for have_command; do
		command -v "$have_command" >/dev/null && continue
		put "$TABLE" "$have_what" skipped "$have_command is not installed"
		say "$have_what: skipped: $have_command is not installed"
		exit 0
	done
}

# Servers: on a free port of the loopback, in a folder below $tmp, killed with the script.
free_port()
{
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# serve CMD...: starts a server; its id is in $server.
serve()
{
	"$@" >"$tmp/server.log" 2>&1 &
	server=$!
}

stop_server()
{
	[ -n "${server:-}" ] || return 0
	kill "$server" 2>/dev/null || :
	wait "$server" 2>/dev/null || :
	server=
}

# until_up URL: waits for the server's first good answer.
until_up()
{
	for _ in $(seq 200); do
		curl -sfo /dev/null "$1" && return
		kill -0 "$server" 2>/dev/null || break
		sleep 0.1
	done
	tail -n 5 "$tmp/server.log" >&2
	say "no answer from $1"
	exit 1
}

# server_seconds: processor time that the server and the children it waited for had.
server_seconds()
{
	awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); printf "%.2f\n", ($12 + $13 + $14 + $15) / hz }' \
		"/proc/$server/stat"
}

server_mib() { awk '/^VmHWM/ { printf "%.1f\n", $2 / 1024 }' "/proc/$server/status"; }

# until_idle SECONDS: until the server spent less than 5 % of a core over two seconds, SECONDS at most.
until_idle()
{
	idle_end=$(($(date +%s) + $1))
	while [ "$(date +%s)" -lt "$idle_end" ]; do
		idle_before=$(server_seconds)
		sleep 2
		[ "$(calc "$(server_seconds) - $idle_before < 0.1")" = 0 ] || return 0
	done
}

# answers CMD...: its output has the last value of $ONE in it; else the figures mean nothing, and the script ends.
answers()
{
	"$@" >"$tmp/answer" 2>&1 && grep -qF -e "$LAST_VALUE" "$tmp/answer" && return
	head -c 500 "$tmp/answer" >&2
	say "$PEER: not $LAST_VALUE, the last value of $ONE: $*"
	put "$TABLE" "$PEER" skipped 'wrong answer'
	exit 1
}
