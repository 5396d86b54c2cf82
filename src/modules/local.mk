# Modules: parts with a library that is slow to load (PCRE2, libarchive), opened with dlopen() when
# first needed, so that ingesting a line or querying local data loads none of them.  They are
# installed in $(pkglibdir), which the core knows as COUNT_MODULE_DIR; in the build tree they lie
# in src/modules/.libs, where tests/tap.sh points the environment variable of the same name.
#
# A module exports one table of functions and links its own library only:
#
#   if WITH_REGEX
#   pkglib_LTLIBRARIES += src/modules/regex.la
#   endif
#   src_modules_regex_la_SOURCES = src/modules/regex.c
#   src_modules_regex_la_CPPFLAGS = $(module_cppflags) $(PCRE2_CFLAGS)
#   src_modules_regex_la_LDFLAGS = $(module_ldflags)
#   src_modules_regex_la_LIBADD = $(PCRE2_LIBS)
module_cppflags = $(public_cppflags) -I$(top_srcdir)/src/modules
module_ldflags = -module -avoid-version -shared -no-undefined
