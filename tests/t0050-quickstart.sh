#!/bin/sh
# t0050 - quickstart installs what configure asks for, and refuses what it does not know.
. "${srcdir:-$(dirname "$0")}/tap.sh"
quickstart=$top_srcdir/quickstart

# asked_for: the packages that configure.ac names and quickstart does not install.
asked_for()
{
	grep -o '[a-z0-9.+-]*-dev\b' "$top_srcdir/configure.ac" | sort -u | while read -r package; do
		grep -qw -e "$package" "$quickstart" || echo "$package"
	done
}

# gateway: the packages that the tests of S3 install when they can, and quickstart does not.
gateway()
{
	sed -n "s/^rgw_packages='\(.*\)'/\1/p" "$top_srcdir/tests/lib/s3/rgw.sh" | tr ' ' '\n' >packages
	grep -q radosgw packages || echo 'no list in rgw.sh'
	while read -r package; do
		grep "^full_packages=" "$quickstart" | grep -qw -e "$package" || echo "$package"
	done <packages
}

plan 5
ok 'each package that configure names'	prints /dev/null asked_for
ok 'each package of the S3 gateway'	prints /dev/null gateway
ok 'no command: usage, 2'		exits 2 stderr_has usage "$quickstart"
ok 'an unknown one: usage, 2'		exits 2 stderr_has usage "$quickstart" demmo
ok 'an unknown option: usage, 2'	exits 2 stderr_has usage "$quickstart" check --ful
