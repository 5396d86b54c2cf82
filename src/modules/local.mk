# Modules: parts with a library that is slow to load (PCRE2, libarchive, jansson), opened with dlopen()
# when first needed, so that ingesting a line or querying local data loads none of them.  They are
# installed in $(pkglibdir), known to those who load them as COUNT_MODULE_DIR; in the build tree
# they lie in src/modules/.libs, where tests/tap.sh points the environment variable of the same
# name.  A module exports one table of functions (-export-symbols-regex) and links its own library
# only, not the core; the header that both sides agree on stands with who loads it, in base or cli.
# (-iquote, since libarchive has an archive.h, too, and that is meant by <archive.h>.)
module_cppflags = $(public_cppflags) -iquote $(top_srcdir)/src/cli
module_ldflags = -module -avoid-version -shared -no-undefined -export-symbols-regex '^count_'

if WITH_ARCHIVE
pkglib_LTLIBRARIES += src/modules/input.la
endif
src_modules_input_la_SOURCES = src/modules/gunzip.c src/modules/gunzip.h src/modules/input.c
src_modules_input_la_CPPFLAGS = $(module_cppflags) $(ARCHIVE_CFLAGS) $(ZLIB_CFLAGS)
src_modules_input_la_LDFLAGS = $(module_ldflags)
src_modules_input_la_LIBADD = $(ARCHIVE_LIBS) $(ZLIB_LIBS)

# The text of the cold tier.  What its code calls of the core is compiled into it once more.
pkglib_LTLIBRARIES += src/modules/json.la
src_modules_json_la_SOURCES = src/modules/json.c \
	src/libcount/base/base64.c \
	src/libcount/base/base64_avx2.c \
	src/libcount/base/buf.c \
	src/libcount/base/cpu.c \
	src/libcount/base/error.c \
	src/libcount/base/num_format.c \
	src/libcount/base/num_parse.c \
	src/libcount/base/series.c \
	src/libcount/base/series_read.c \
	src/libcount/base/stamp.c \
	src/libcount/base/utf8.c \
	src/libcount/format/manifest.c
src_modules_json_la_CPPFLAGS = $(AM_CPPFLAGS)
src_modules_json_la_LDFLAGS = -module -avoid-version -shared -no-undefined \
	-export-symbols-regex '^count_json_module$$'
src_modules_json_la_LIBADD = libcount-json.la $(JANSSON_LIBS) $(ZLIB_LIBS) -lm

if WITH_REGEX
pkglib_LTLIBRARIES += src/modules/regex.la
endif
src_modules_regex_la_SOURCES = src/modules/regex.c
src_modules_regex_la_CPPFLAGS = $(public_cppflags) -I$(top_srcdir)/src/libcount $(PCRE2_CFLAGS)
src_modules_regex_la_LDFLAGS = $(module_ldflags)
src_modules_regex_la_LIBADD = $(PCRE2_LIBS)

# The client of S3; the same holds for what it calls of the core.
if WITH_S3
pkglib_LTLIBRARIES += src/modules/s3.la
endif
src_modules_s3_la_SOURCES = src/modules/s3.c \
	src/libcount/base/buf.c \
	src/libcount/base/error.c \
	src/libcount/base/utf8.c \
	src/libcount/store/objstore.c
src_modules_s3_la_CPPFLAGS = $(AM_CPPFLAGS)
src_modules_s3_la_LDFLAGS = -module -avoid-version -shared -no-undefined \
	-export-symbols-regex '^count_s3_module$$'
src_modules_s3_la_LIBADD = libcount-s3.la
