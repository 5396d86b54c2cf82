# libcount: one convenience library, the core, built from a folder per layer.  From it come
#
#   libcount.la       what is installed: exports only the functions that libcount.sym names,
#                     which are those marked COUNT_API in src/include (tests/t0020-symbols.sh)
#   count-*           the tools link the core itself (src/tools/local.mk says why)
#   unit tests, fuzz  link the core too, so that they reach private functions
include_HEADERS += src/include/count.h src/include/count_manifest.h
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = src/libcount/libcount.pc

noinst_LTLIBRARIES += libcount-core.la
libcount_core_la_CPPFLAGS = $(AM_CPPFLAGS) -DCOUNT_MODULE_DIR='"$(pkglibdir)"'
libcount_core_la_SOURCES =

lib_LTLIBRARIES += libcount.la
libcount_la_SOURCES =
libcount_la_LIBADD = libcount-core.la -lm
libcount_la_LDFLAGS = -version-info $(COUNT_VERSION_INFO) -no-undefined \
	-export-symbols $(srcdir)/src/libcount/libcount.sym
libcount_la_DEPENDENCIES = libcount-core.la src/libcount/libcount.sym
EXTRA_DIST += src/libcount/libcount.sym

include src/libcount/base/local.mk
include src/libcount/codec/local.mk
include src/libcount/format/local.mk
include src/libcount/hot/local.mk
include src/libcount/store/local.mk
include src/libcount/s3/local.mk
include src/libcount/cold/local.mk
include src/libcount/engine/local.mk
