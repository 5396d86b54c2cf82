# shellcheck shell=sh
# tap.sh - what a shell test starts with; see tests/local.mk for how tests are run.  Source it first:
#
#	. "${srcdir:-$(dirname "$0")}/tap.sh"
#	plan 2
#	ok 'a point goes in'	count-ingest points
#	ok '... and comes out'	prints want count-query cpu
#
# The test then runs in a fresh directory, which goes at the end, with DATA_DIR naming a directory that is
# not there yet, the built tools first in PATH, S3 off, no configuration of the user in sight, UTC and C.
#
# CMD below is a command with its arguments, or a shell function; conditions nest: ok 'refused' exits 2
# stderr_has 'bad time' count-query --from x.
#
#	plan N			how many results follow; or done_testing at the end
#	ok DESC CMD		exit status 0
#	not_ok DESC CMD		a failure, but not a crash (a signal, a sanitizer) or a missing command
#	exits N CMD		true if the exit status is N
#	prints FILE CMD		status of CMD if it printed just what is in FILE (- is stdin), else 90
#	stderr_has TEXT CMD	status of CMD if stderr has TEXT in it, else 90
#	stderr_is FILE CMD	status of CMD if stderr is just what is in FILE, else 90
#	silent CMD		status of CMD if it printed nothing at all, else 90
#	skip WHY		nothing more here: all of the file if no test has run yet, else the rest
#	skip_one DESC WHY	one result, skipped
#	need CMD...		skip the file unless these commands are there
#	faketime_works		true if faketime is there and can set the clock of the tools
#	shared FILE		prints the path of a file of real data, see COUNT_SHARED; false if not there
#	background CMD		runs CMD beside; its id is in $pid; ended with the test
#	note TEXT		a line in the log
#
# COUNT_SHARED is a folder with real data that is too large for the sources (default: ../shared beside them).
# Whoever lacks it sees these tests skipped.

if [ -z "${top_srcdir:-}" ]; then	# run by hand, in the build directory
	top_builddir=$PWD
	top_srcdir=$(cd "$(dirname "$0")/.." && pwd)
fi
case $top_builddir in /*) ;; *) top_builddir=$(cd "$top_builddir" && pwd) ;; esac
case $top_srcdir in /*) ;; *) top_srcdir=$(cd "$top_srcdir" && pwd) ;; esac
srcdir=$top_srcdir/tests
export top_srcdir top_builddir srcdir
test_name=$(basename "$0" .sh)
: "${COUNT_SHARED=$(dirname "$top_srcdir")/shared}"

# Nothing of the caller's environment reaches the tools but PATH and what a test sets itself.
for tap_var in $(env | sed -n 's/^\(\(COUNT\|S3\|AWS\|PRICE\)_[A-Z0-9_]*\)=.*/\1/p') MEMORY_BUFFER_SIZE \
	ARCHIVAL_AGE_DAYS ARCHIVAL_BATCH_DAYS RETENTION CACHE_SIZE http_proxy https_proxy no_proxy \
	HTTPS_PROXY NO_PROXY ALL_PROXY all_proxy; do
	[ "$tap_var" = COUNT_SHARED ] || unset "$tap_var"
done
umask 022
exec </dev/null
export TZ=UTC LC_ALL=C S3_ENABLED=false AWS_EC2_METADATA_DISABLED=true COUNT_SHARED
export COUNT_MODULE_DIR="$top_builddir/src/modules/.libs"
export PATH="$top_builddir:$PATH"
# A sanitizer's exit status must not look like one of ours.
export ASAN_OPTIONS="exitcode=99${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="print_stacktrace=1:exitcode=99${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"

tap_dir=$(mktemp -d "${TMPDIR:-/tmp}/count-$test_name.XXXXXX") || exit 99
mkdir "$tap_dir/home" "$tap_dir/work" "$tap_dir/tap" && cd "$tap_dir/work" || exit 99
export HOME="$tap_dir/home" DATA_DIR="$tap_dir/work/data" TMPDIR="$tap_dir/tap"

tap_n=0 tap_failed=0 tap_plan='' tap_pids='' tap_depth=0

tap_end()
{
	tap_status=$?
	trap - EXIT HUP INT TERM
	for tap_pid in $tap_pids; do
		kill -KILL "$tap_pid" 2>/dev/null
	done
	[ -z "$tap_pids" ] || wait
	cd /
	if [ -n "${KEEP:-}" ]; then
		echo "# kept: $tap_dir"
	else
		chmod -R u+rwX "$tap_dir" 2>/dev/null
		rm -rf "$tap_dir"
	fi
	exit "$tap_status"
}
trap tap_end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

note() { printf '%s\n' "$*" | sed 's/^/# /'; }

plan() { tap_plan=$1; echo "1..$1"; }

done_testing() { plan "$tap_n"; }

# tap_result OK DESC: prints the line, and on failure what the command said.
tap_result()
{
	tap_n=$((tap_n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_n - $2"
		return
	fi
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_n - $2"
	shift 2
	note "$@"
	for tap_file in "$tap_dir/tap/why" "$tap_dir/tap/out" "$tap_dir/tap/err"; do
		[ -s "$tap_file" ] && head -c 4000 "$tap_file" | cat -v | sed "s/^/# ${tap_file##*/}: /"
	done
	return 0
}

tap_run()
{
	: >"$tap_dir/tap/why"
	"$@" >"$tap_dir/tap/out" 2>"$tap_dir/tap/err"
}

ok()
{
	tap_desc=$1; shift
	tap_run "$@"
	tap_result $? "$tap_desc" "exit status $?, wanted 0: $*"
}

not_ok()
{
	tap_desc=$1; shift
	tap_run "$@"
	tap_status=$?
	[ "$tap_status" -gt 0 ] && [ "$tap_status" -lt 90 ]
	tap_result $? "$tap_desc" "exit status $tap_status, wanted a failure: $*"
}

tap_why() { printf '%s\n' "$*" >>"$tap_dir/tap/why"; }

exits()
{
	tap_want=$1; shift
	"$@"
	tap_got=$?
	[ "$tap_got" = "$tap_want" ] || { tap_why "exit status $tap_got, wanted $tap_want"; return 1; }
}

# tap_catch 1|2: a fresh name in tap_file for the output to be looked at; conditions nest.
tap_catch() { tap_depth=$((tap_depth + 1)); tap_file=$tap_dir/tap/$1.$tap_depth; }

# tap_differs WANT GOT: says how, within reason.
tap_differs()
{
	diff -u "$1" "$2" >"$tap_dir/tap/diff" 2>&1 && return 1
	head -n 40 "$tap_dir/tap/diff" >>"$tap_dir/tap/why"
}

prints()
(
	tap_catch stdout; tap_got=$tap_file tap_want=$1; shift
	if [ "$tap_want" = - ]; then
		tap_catch want; cat >"$tap_file"; tap_want=$tap_file
		"$@" >"$tap_got" </dev/null
	else
		"$@" >"$tap_got"
	fi
	tap_status=$?
	if tap_differs "$tap_want" "$tap_got"; then tap_status=90; fi
	exit "$tap_status"
)

stderr_has()
(
	tap_catch stderr; tap_got=$tap_file tap_text=$1; shift
	"$@" 2>"$tap_got"
	tap_status=$?
	cat "$tap_got" >&2
	grep -qF -e "$tap_text" "$tap_got" || { tap_why "not on stderr: $tap_text"; tap_status=90; }
	exit "$tap_status"
)

stderr_is()
(
	tap_catch stderr; tap_got=$tap_file tap_want=$1; shift
	"$@" 2>"$tap_got"
	tap_status=$?
	if tap_differs "$tap_want" "$tap_got"; then tap_status=90; fi
	exit "$tap_status"
)

silent()
(
	tap_catch silent; tap_got=$tap_file
	"$@" >"$tap_got" 2>&1
	tap_status=$?
	cat "$tap_got"
	[ ! -s "$tap_got" ] || { tap_why 'it was not silent'; tap_status=90; }
	exit "$tap_status"
)

skip_one() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $1 # SKIP $2"; }

skip()
{
	if [ "$tap_n" = 0 ] && [ -z "$tap_plan" ]; then
		echo "1..0 # SKIP $*"
	elif [ -z "$tap_plan" ]; then
		done_testing
	else
		while [ "$tap_n" -lt "$tap_plan" ]; do
			skip_one "$test_name" "$*"
		done
	fi
	exit 0
}

need()
{
	for tap_cmd in "$@"; do
		command -v "$tap_cmd" >/dev/null || skip "$tap_cmd is not installed"
	done
}

# Preloaded before a sanitizer's runtime faketime may not only fail but hang; on a busy machine it may be late; and it
# names what it shares by its process id, so that something of a process that was killed may be in its way.
faketime_works()
{
	command -v faketime >/dev/null || return 1
	for tap_try in 1 2 3; do
		if timeout -k 1 10 faketime '2024-06-01 00:00:00' count-query --version >"$tap_dir/tap/clock" 2>&1; then
			! grep -q Sanitizer "$tap_dir/tap/clock"
			return
		fi
		grep -q '^faketime: s[eh]m_open' "$tap_dir/tap/clock" || [ "$tap_try" = 1 ] || return 1
	done
	return 1
}

shared() { [ -n "$COUNT_SHARED" ] && [ -e "$COUNT_SHARED/$1" ] && echo "$COUNT_SHARED/$1"; }

background()
{
	"$@" &
	pid=$!
	tap_pids="$tap_pids $pid"
}
