#!/bin/sh
# check-style.sh [TOP] - holds what a machine can see of the style: tabs, at most 120 columns (the
# aim is 100; a shell test may have 160, a generated *_table.h any), no trailing blanks, a comment
# at the head of each file, a function's brace in the first column, no paths of somebody's machine,
# no words that promise later work.  Prints FILE:LINE: why, and is then false.
cd "${1:-.}" || exit 2

text=$(sh tools/files.sh text)
[ -n "$text" ] || { echo "check-style: no sources in $PWD" >&2; exit 2; }

# The words are put together here so that this file passes its own check.
later='TO''DO|FIX''ME|X''XX|HA''CK|not (yet )?impl''emented|place''holder|for n''ow'
machine='(^|[^A-Za-z0-9_.$}*-])/(ho''me|ro''ot|wo''rk|Us''ers)(/|$)'

# shellcheck disable=SC2086 # our own file names have no blanks
awk -v later="(^|[^A-Za-z_])($later)([^A-Za-z_]|\$)" -v machine="$machine" '
	function bad(why) { printf "%s:%d: %s\n", FILENAME, FNR, why; failed = 1 }
	function width(s,   i, w) {
		for (i = 1; i <= length(s); i++)
			w = substr(s, i, 1) == "\t" ? w - w % 8 + 8 : w + 1
		return w
	}
	FNR == 1 {
		c = FILENAME ~ /\.[ch]$/
		sh = FILENAME ~ /\.sh$/ || FILENAME == "quickstart" || FILENAME ~ /^(bootstrap|\.ci\/run)$/
		if (c && !/^\/\*/)
			bad("begins with a comment that says what the file is")
		if (sh && !/^#/)
			bad("begins with #! or a comment")
	}
	FNR == 2 && sh && !/^#/ { bad("begins with a comment that says what the file is") }
	/[ \t]$/ { bad("blanks at the end of the line") }
	/\r/ { bad("a carriage return") }
	c && /^(  |    |         *)[^ *]/ || sh && /^  +[^ ]/ && !here { bad("indent with tabs") }
	FNR == 1 { columns = FILENAME ~ /_table\.h$/ ? 9999 : FILENAME ~ /^tests\/t[0-9]/ ? 160 : 120 }
	(c || sh) && width($0) > columns { bad("over " columns " columns") }
	c && /^[A-Za-z_].*\)[ \t]*\{[ \t]*$/ && !/(struct|enum|union|=)[^()]*\{/ {
		bad("the brace of a function stands alone")
	}
	$0 ~ later { bad("a word that promises later work") }
	$0 ~ machine { bad("a path of one machine") }
	END { exit failed }' $text
