#!/bin/sh
# t0020 - libcount exports what count.h marks COUNT_API, and nothing else.
. "${srcdir:-$(dirname "$0")}/tap.sh"
check=$top_srcdir/tools/check-symbols.sh
library=$top_builddir/.libs/libcount.so

mkdir -p tree/src/include tree/src/libcount
cat >tree/src/include/count.h <<'END'
#define COUNT_API __attribute__((visibility("default")))
/* COUNT_API in words; count_no(x) */
COUNT_API int count_b(int x,
		      int y);
COUNT_API const char *count_a(void);
END

with() { printf '%s\n' "$@" >tree/src/libcount/libcount.sym; sh "$check" tree; }

plan 6
ok 'libcount.sym is what count.h declares'	sh "$check" "$top_srcdir"
if [ -e "$library" ]; then
	ok 'the library exports just that'	sh "$check" "$top_srcdir" "$library"
else
	skip_one 'the library exports just that' 'no shared library was built'
fi
ok 'declarations over two lines are found'	with count_a count_b
ok 'one too few is seen'			exits 1 with count_a
ok 'one too many is seen'			exits 1 with count_a count_b count_c
ok 'a wrong order is seen'			exits 1 with count_b count_a
