#!/bin/sh
# check-size.sh [-l] [TOP] - holds the limits: no source file over 600 lines, no function over 100.
# Prints FILE:LINE: why, and is false, when one is broken; -l lists the five longest of each.
list=
[ "${1:-}" != -l ] || { list=1; shift; }
cd "${1:-.}" || exit 2

files=$(sh tools/files.sh c; sh tools/files.sh sh)
[ -n "$files" ] || { echo "check-size: no sources in $PWD" >&2; exit 2; }

# A function is what stands between { and } in the first column, counted from its first line.
# shellcheck disable=SC2086 # our own file names have no blanks
sizes=$(awk '
	FNR == 1 { if (name != "") print "file", lines, name; name = FILENAME; start = 0; head = 1 }
	{ lines = FNR }
	/^[ \t]*$/ || /^[#}]/ || /;[ \t]*$/ || /\*\/[ \t]*$/ { if (!start && !/^}/) head = FNR + 1 }
	/^\{[ \t]*$/ || /^\([ \t]*$/ { if (!start) { start = FNR; from = head } }
	/^[})]/ && start { print "function", FNR - from + 1, FILENAME ":" from; start = 0; head = FNR + 1 }
	END { print "file", lines, name }' $files)

if [ -n "$list" ]; then
	for kind in file function; do
		echo "longest ${kind}s:"
		echo "$sizes" | grep "^$kind " | sort -k2,2nr | head -n 5 | awk '{ print "  " $2, $3 }'
	done
fi
echo "$sizes" | awk '
	$1 == "file" && $2 > 600 { print $3 ": " $2 " lines, the limit is 600"; failed = 1 }
	$1 == "function" && $2 > 100 { print $3 ": a function of " $2 " lines, the limit is 100"; failed = 1 }
	END { exit failed }'
