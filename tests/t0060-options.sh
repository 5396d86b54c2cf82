#!/bin/sh
# t0060 - --help, the manual pages and the completions of the shells know the same options.
. "${srcdir:-$(dirname "$0")}/tap.sh"

tools='count-ingest count-query count-flush count-archive count-manifest'

# help_options TOOL: long and short options as --help lists them, sorted.
help_options()
{
	"$1" --help | sed -n 's/^  \(-.\), \(--[a-z-]*\).*/\1\n\2/p; s/^      \(--[a-z-]*\).*/\1/p' | LC_ALL=C sort
}

# man_options TOOL: those with an item of their own in the page.
man_options()
{
	awk '/^\.It Fl / {
		for (i = 3; i <= NF; i++) {
			if ($i == "Fl") continue
			if ($(i - 1) == "Fl" || $(i - 1) == ",") print "-" $i
		}
	}' "$top_srcdir/man/$1.1" | LC_ALL=C sort
}

for t in $tools; do
	help_options "$t" >"help.$t"
	man_options "$t" >"man.$t"
	ok "$t: --help lists options"		test "$(wc -l <"help.$t")" -ge 10
	ok "$t: the page has the same"		diff "help.$t" "man.$t"
	# An unknown option must be the only reason for "unknown option".
	while read -r o; do
		"$t" "$o" --no-such-option 2>&1 </dev/null | grep -q -e "unknown option $o\$" && echo "$o"
	done <"help.$t" >"unknown.$t"
	rm -rf -- --no-such-option	# some option took it for its file or directory
	ok "$t: the tool takes each of them"	test ! -s "unknown.$t"
	for s in SYNOPSIS ENVIRONMENT FILES 'EXIT STATUS' EXAMPLES CAVEATS; do
		ok "$t: the page has $s"	grep -q "^\.Sh $s" "$top_srcdir/man/$t.1"
	done
done

count-ingest -q <<'END'
cpu.usage 1 1
cpu.load 1 1
mem 1 1
END
echo 'elsewhere 1 1' | count-ingest -q -d other

# values TOOL OPTION: the words that a bad value makes the tool name.
values()
{
	"$1" "$2" 'no such word' 2>&1 </dev/null | sed -n "s/.*': it is //p" | sed 's/([^)]*)//g; s/, / /g; s/ or / /g' |
		tr -s ' ' '\n' | LC_ALL=C sort
}
enums='count-ingest:--format count-ingest:--time-unit count-ingest:--sync count-ingest:--precision
	count-query:--format count-query:--time-unit count-query:--time-format count-query:--fill
	count-manifest:--time-format'

# check_shell SHELL: its function offer prints what SHELL offers for a line.
check_shell()
{
	for t in $tools; do
		grep -e '^--' "help.$t" >want
		offer "$t --" | grep -e '^--' | LC_ALL=C sort -u >got
		ok "$1: options of $t"		diff want got
	done
	for e in $enums; do
		values "${e%:*}" "${e#*:}" >want
		offer "${e%:*} ${e#*:} " | LC_ALL=C sort -u >got
		ok "$1: values of ${e%:*} ${e#*:}" diff want got
		[ -s want ] || ok '... the tool names them' false
	done
	printf 'rebuild\nrepair\n' >want
	offer 'count-manifest re' | LC_ALL=C sort -u >got
	ok "$1: commands of count-manifest"	diff want got
	printf 'cpu.load\ncpu.usage\n' >want
	offer 'count-query cpu' | LC_ALL=C sort -u >got
	ok "$1: series by their first letters"	diff want got
	echo elsewhere >want
	offer 'count-query -d other else' | sort -u >got
	ok "$1: series of the directory of -d"	diff want got
	offer 'count-query --agg ' >aggs
	for a in avg p99 rate; do
		ok "$1: aggregate $a"		grep -qx "$a" aggs
	done
}

if command -v bash >/dev/null; then
	cat >offer.bash <<'END'
. "$top_srcdir/completions/bash/${1%% *}"
compopt() { :; }
read -ra COMP_WORDS <<<"$1"
[[ $1 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_count "${COMP_WORDS[0]}"
printf '%s\n' "${COMPREPLY[@]}"
END
	offer() { bash offer.bash "$1"; }
	check_shell bash
else
	skip_one 'bash' 'bash is not installed'
fi

if command -v fish >/dev/null; then
	offer()
	{
		fish -N -c "source $top_srcdir/completions/fish/${1%% *}.fish; complete -C '$1'" 2>fish.err |
			cut -f1
	}
	check_shell fish
else
	skip_one 'fish' 'fish is not installed'
fi

# zsh completes only on a terminal: zpty gives it one, and compadd is made to tell.
if command -v zsh >/dev/null && zsh -fc 'zmodload zsh/zpty' 2>/dev/null; then
	cat >offer.zsh <<'END'
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "source $PWD/inner.zsh"
zpty -r -m z out '*READY*'
zpty -w -n z "$1"$'\x18'
for i in {1..100}; do
	sleep 0.05
	[[ -e done ]] && break
done
zpty -d z
cat hits
END
	cat >inner.zsh <<'END'
PS1= PS2= RPS1=
fpath=($top_srcdir/completions/zsh $fpath)
autoload -Uz compinit
compinit -u -D
: >hits
rm -f done
compadd()
{
	local -a found
	builtin compadd -O found "$@" 2>/dev/null
	(( $#found )) && print -rl -- $found >>hits
	builtin compadd "$@"
}
tell() { _main_complete; : >done }
zle -C tell complete-word tell
bindkey '^X' tell
print RE""ADY
END
	offer() { timeout 20 zsh -f offer.zsh "$1" 2>zsh.err; }
	check_shell zsh
else
	skip_one 'zsh' 'zsh with zpty is not installed'
fi
done_testing
