#!/bin/sh
# budget.sh [FILE] - instructions of five central paths, counted by callgrind, against the budget in FILE
# (bench/budget.txt): false if one costs 3 % more than it did.
#	UPDATE=1	write what was counted into FILE
#	COUNTS=FILE	compare these counts instead of counting (the same form as the budget)
# The budget holds for one compiler, its flags, one libc, one valgrind, and for what valgrind tells programs the
# processor is: it emulates AVX2 and no AVX-512 (3.19).  Elsewhere nothing is compared: exit status 77.
# Needs the built tools and gen-devops in PATH.  Profiles stay in KEEP, if it names a folder, for callgrind_annotate.
set -eu
unset CDPATH
here=$(cd "$(dirname "$0")" && pwd)
budget=${1:-$here/budget.txt}
percent=3

# clean CMD...: nothing of the caller's environment, which lies on the stack of what is counted, but PATH.
clean() { env -i PATH="$PATH" LC_ALL=C TZ=UTC HOME=/nonexistent S3_ENABLED=false MEMORY_BUFFER_SIZE=1000000000 "$@"; }

# machine: what the counts depend on and the sources do not say.
machine()
{
	cpu=$(awk '/^flags/ { s = "plain"; if (/ avx2 /) s = "avx2"; print s; exit }' /proc/cpuinfo)
	echo "compiler: $(${CC:-gcc} --version | head -n 1)"
	echo "flags: ${CFLAGS--g -O2}"
	echo "libc: $(getconf GNU_LIBC_VERSION)"
	echo "valgrind: $(valgrind --version)"
	echo "processor: $(uname -m) ${cpu:-plain}"
}

# jobs_1 TOOL: the option for one thread, where the tool has it.
jobs_1()
{
	"$1" --help | grep -q -e '--jobs' && echo '--jobs=1'
	true
}

# count NAME CMD...: prints NAME and how many instructions CMD takes; what CMD prints goes to a file.
count()
{
	name=$1; shift
	if ! clean valgrind --tool=callgrind --callgrind-out-file="$profiles/$name" "$@" >"$tmp/out" 2>"$tmp/err"; then
		cat "$tmp/err" >&2
		exit 1
	fi
	sed -n "s/^summary: /$name /p" "$profiles/$name" | grep . || { echo "budget: no count of $name" >&2; exit 1; }
}

# count_all: the five paths.  Names of files have the same length everywhere: all are relative.  With the default
# --sync the frames of the log, and so its bytes, would depend on how long valgrind takes.
count_all()
{
	cd "$tmp"
	gen-devops 1000 300 >lines
	gen-devops 200 10000 >long
	clean count-ingest -q --sync exit -d many long
	clean count-flush -q -d many
	clean count-ingest -q --sync exit -d data lines
	last=$(awk 'NR == 100 { print $1; exit }' long)
	# shellcheck disable=SC2046 # one option or none
	count ingest "$(command -v count-ingest)" -q $(jobs_1 count-ingest) --sync exit -d ingested lines
	# shellcheck disable=SC2046
	count flush "$(command -v count-flush)" -q $(jobs_1 count-flush) -d data
	# shellcheck disable=SC2046
	count dump "$(command -v count-query)" -q $(jobs_1 count-query) -d data
	# shellcheck disable=SC2046
	count max-1h "$(command -v count-query)" -q $(jobs_1 count-query) -d many --step 1h --agg max
	# shellcheck disable=SC2046
	count last "$(command -v count-query)" -q $(jobs_1 count-query) -d many --last "$last"
}

# compare: the counts against the budget, line by line.
compare()
{
	awk -v percent="$percent" '
		/^[a-z]*: / || /^(#|$)/ { next }
		NR == FNR { want[$1] = $2; next }
		!($1 in want) { printf "%-8s %14d, not in the budget\n", $1, $2; failed = 1; next }
		{
			change = ($2 / want[$1] - 1) * 100
			verdict = "within " percent " %"
			if (change > percent) { verdict = "SLOWER"; failed = 1 }
			if (change < -percent) { verdict = "faster: keep it so with UPDATE=1"; }
			printf "%-8s %14d instructions, budget %14d, %+6.2f %%: %s\n", $1, $2, want[$1], change, verdict
			delete want[$1]
		}
		END {
			for (name in want) { printf "%-8s was not counted\n", name; failed = 1 }
			exit failed
		}' "$budget" "$tmp/counts"
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
profiles=${KEEP:-$tmp}
[ -z "${KEEP:-}" ] || { mkdir -p "$KEEP" && profiles=$(cd "$KEEP" && pwd); }

if [ -n "${COUNTS:-}" ]; then
	grep '^[a-z]*: ' "$COUNTS" >"$tmp/machine" || :
	grep -v '^[a-z]*: ' "$COUNTS" >"$tmp/counts" || :
else
	command -v valgrind >/dev/null || { echo 'budget: valgrind is not installed: nothing compared'; exit 77; }
	machine >"$tmp/machine"
fi
if [ -z "${UPDATE:-}" ] && ! grep '^[a-z]*: ' "$budget" | diff - "$tmp/machine" >"$tmp/differs"; then
	echo 'budget: another machine (>) than the budget holds for (<): nothing compared'
	grep '^[<>]' "$tmp/differs"
	exit 77
fi
[ -n "${COUNTS:-}" ] || (count_all) >"$tmp/counts"
if [ -n "${UPDATE:-}" ]; then
	{
		sed -n '/^#/p' "$budget" 2>/dev/null
		cat "$tmp/machine" "$tmp/counts"
	} >"$tmp/new"
	cp "$tmp/new" "$budget"
	cat "$budget"
	exit
fi
compare
