#!/bin/sh
# t0021 - libcount(3) has the synopsis of every call of the headers, word for word, explains each once, and
# names no other.
. "${srcdir:-$(dirname "$0")}/tap.sh"
page=$top_srcdir/man/libcount.3
cat "$top_srcdir/src/include/"*.h >header.h
header=header.h

# declared HEADER: the COUNT_API declarations without blanks and comments, one a line, sorted.
declared()
{
	sed '/^#/d' "$1" | tr '\n' ' ' | sed 's|/\*|\n&|g; s|\*/|&\n|g' | sed '/^\/\*/d' | tr -d '\n' | tr ';' '\n' |
		sed -n 's/.*COUNT_API //p' | tr -d ' \t' | LC_ALL=C sort
}

# shown PAGE: the same, from .Ft, .Fo and .Fa.
shown()
{
	awk '{ text = $0; sub(/^\.[A-Za-z]+ /, "", text); gsub(/[" ]/, "", text) }
		/^\.Ft/ { type = text }
		/^\.Fo/ { line = type text "("; comma = "" }
		/^\.Fa/ && line != "" { line = line comma text; comma = "," }
		/^\.Fc/ { print line ")"; line = "" }' "$1" | LC_ALL=C sort
}

explained() { sed -n 's/^\.It Fn //p' "$1" | LC_ALL=C sort; }
named() { sed -n 's/^\.\(It \)*F[no] //p' "$1" | sed 's/ .*//' | LC_ALL=C sort -u; }

declared "$header" >declarations
sed '/^\.It Fn count_open$/d; s/"double value"/"float value"/' "$page" >worse.3

plan 7
ok 'declarations are found'		test "$(wc -l <declarations)" -gt 40
ok 'the synopsis is the header'		prints declarations shown "$page"
ok 'every call is explained, once'	prints "$top_srcdir/src/libcount/libcount.sym" explained "$page"
ok 'no other name is there'		prints "$top_srcdir/src/libcount/libcount.sym" named "$page"
ok 'a wrong type is seen'		exits 90 prints declarations shown worse.3
ok 'a call not explained is seen'	exits 90 prints "$top_srcdir/src/libcount/libcount.sym" explained worse.3
sed -n 's/.*Dv \(COUNT_[A-Z_]*\).*/\1/p' "$page" | sort -u >constants
unknown() { while read -r name; do grep -qw "$name" "$header" || echo "$name"; done <constants; }
ok 'its constants are of the header'	prints /dev/null unknown
