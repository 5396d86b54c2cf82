# libcount: the core is one convenience library, built from a folder per layer;
# the installed library exports only what libcount.sym names.
include_HEADERS += src/include/count.h
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = src/libcount/libcount.pc

noinst_LTLIBRARIES += libcount-core.la
libcount_core_la_SOURCES =

include src/libcount/base/local.mk
include src/libcount/codec/local.mk
include src/libcount/format/local.mk
include src/libcount/hot/local.mk
include src/libcount/store/local.mk
include src/libcount/engine/local.mk
