#!/bin/sh
# t9040 - what make install puts down is enough: the examples compile against it with the flags of pkg-config
# and run, in C and, the header, in C++; make uninstall takes it all away again.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need make pkg-config
: "${CC:=cc}"
root=$PWD/root
in_build() { MAKEFLAGS='' make -s -C "$top_builddir" "$@" DESTDIR="$root" V=0; }

# The prefix that configure got, from the installed file: tests run with any.
pc=$(in_build install >install.log 2>&1; find "$root" -name libcount.pc)
[ -n "$pc" ] || { cat install.log; plan 1; ok 'make install' false; exit 0; }
libdir=$(sed -n 's/^libdir=//p' "$pc") prefix=$(sed -n 's/^prefix=//p' "$pc") exec_prefix=$(sed -n 's/^exec_prefix=//p' "$pc")
libdir=$(echo "$libdir" | sed "s|\${exec_prefix}|$exec_prefix|; s|\${prefix}|$prefix|")
PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH
static=
[ -e "$root$libdir/libcount.so" ] || static=--static
flags() { pkg-config $static "$@" libcount; }
# A build with sanitizers needs their runtime in the program too.
extra=$(sed -n 's/^CFLAGS = //p' "$top_builddir/Makefile" | tr ' ' '\n' | grep '^-fsanitize=' | tr '\n' ' ')

compile()
{
	# shellcheck disable=SC2046,SC2086 # lists of flags
	$CC $extra -Wall -Werror "$top_srcdir/examples/$1.c" $(flags --cflags --libs) -o "$1"
}
run() { LD_LIBRARY_PATH="$root$libdir" "$@"; }

ok 'pkg-config knows the version'	prints - flags --modversion <<END
$(sed -n 's/^AC_INIT(\[count\], \[\([0-9.]*\)\].*/\1/p' "$top_srcdir/configure.ac")
END
for example in insert_query stream_writer cursor; do
	ok "$example compiles"		compile "$example"
done
if [ -e "$root$libdir/libcount.so" ]; then
	ok 'insert_query runs'		run ./insert_query
	ok 'cursor runs'		run ./cursor 'temp*'
else
	skip_one 'the examples run' 'no shared library was installed'
fi

cat >plus.cc <<'END'
#include <count.h>
int main()
{
	count_config config;
	count_error err = {};
	count_db *db;
	count_config_init(&config);
	config.data_dir = "none";
	return count_open(&config, COUNT_OPEN_EXISTING, &db, &err) == COUNT_ERR_NOTFOUND ? 0 : 1;
}
END
# shellcheck disable=SC2046,SC2086 # lists of flags
plus() { g++ -std="$1" $extra -Wall -Wextra -Wpedantic -Werror plus.cc $(flags --cflags --libs) -o plus; }
# shellcheck disable=SC2046 # a list of flags
alone() { echo '#include <count.h>' >alone.c; $CC -std=c11 -Wall -Wextra -Wpedantic -Werror $(flags --cflags) -c alone.c; }
ok 'the header stands alone, in ISO C11'	alone
if command -v g++ >/dev/null; then
	ok 'it is C++ too'		plus c++11
	if [ -e "$root$libdir/libcount.so" ]; then
		ok '... and links'	run ./plus
	fi
else
	skip_one 'it is C++ too' 'g++ is not installed'
fi

if command -v mandoc >/dev/null; then
	cd "$root$(sed -n 's/^mandir = //p' "$top_builddir/Makefile" | sed "s|\${datarootdir}|$prefix/share|; s|\${prefix}|$prefix|")" || exit 99
	ok 'man count_open finds libcount(3)'	sh -c 'mandoc man3/count_open.3 | grep -q "tiered store"'
	cd "$tap_dir/work" || exit 99
else
	skip_one 'man count_open finds libcount(3)' 'mandoc is not installed'
fi

leftovers() { find "$root" ! -type d; }
ok 'make uninstall'		in_build uninstall
ok '... leaves nothing'		prints /dev/null leftovers
done_testing
