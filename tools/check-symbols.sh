#!/bin/sh
# check-symbols.sh TOP [LIBRARY] - libcount.sym names exactly the functions that count.h and
# count_manifest.h mark COUNT_API, sorted; and LIBRARY, the shared object, exports exactly these.
top=${1:-.} library=${2:-}
headers=$top/src/include sym=$top/src/libcount/libcount.sym
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
status=0

# differs A B WHY: shows the lines that only one of the two has.
differs()
{
	cmp -s "$1" "$2" && return
	echo "$3:"
	LC_ALL=C comm -3 "$1" "$2" | sed 's/^\t/  + /; t; s/^/  - /'
	status=1
}

# A declaration may go over several lines: join, cut at ; and take the name before the first (.
cat "$headers"/*.h | sed '/^#/d' | tr '\n' ' ' | sed 's|/\*|\n&|g; s|\*/|&\n|g' | sed '/^\/\*/d' |
	tr '\n;' ' \n' | sed -n 's/.*COUNT_API \([^(]*\)(.*/\1/p' |
	sed 's/.*[^A-Za-z0-9_]//' | LC_ALL=C sort -u >"$dir/header"
LC_ALL=C sort -u "$sym" >"$dir/sym"
[ -s "$dir/header" ] || { echo "no COUNT_API function found in $headers"; status=1; }
cmp -s "$sym" "$dir/sym" || { echo "$sym is not sorted"; status=1; }
differs "$dir/header" "$dir/sym" "only in the header (-), only in libcount.sym (+)"

if [ -n "$library" ]; then
	nm -D --defined-only "$library" | awk '{ print $NF }' | LC_ALL=C sort -u >"$dir/exported"
	differs "$dir/sym" "$dir/exported" "not defined by the library (-), exported without leave (+)"
fi
exit "$status"
