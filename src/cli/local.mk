# libcount-cli: what the tools share.  Of the library it uses count.h alone: no private header is on
# its include path.
cli_cppflags = $(public_cppflags) -I$(top_srcdir)/src/cli -DCOUNT_MODULE_DIR='"$(pkglibdir)"'

noinst_LTLIBRARIES += libcount-cli.la
libcount_cli_la_CPPFLAGS = $(cli_cppflags)
libcount_cli_la_SOURCES = \
	src/cli/archive.c \
	src/cli/archive.h \
	src/cli/check.c \
	src/cli/check.h \
	src/cli/cli.c \
	src/cli/cli.h \
	src/cli/digits.c \
	src/cli/digits.h \
	src/cli/explain.c \
	src/cli/explain.h \
	src/cli/format_graphite.c \
	src/cli/format_json.c \
	src/cli/ingest.c \
	src/cli/ingest.h \
	src/cli/input.c \
	src/cli/input.h \
	src/cli/input_module.h \
	src/cli/jobs.c \
	src/cli/jobs.h \
	src/cli/line.c \
	src/cli/line.h \
	src/cli/manifest.c \
	src/cli/manifest.h \
	src/cli/names.c \
	src/cli/names.h \
	src/cli/number.h \
	src/cli/options.c \
	src/cli/options.h \
	src/cli/out.c \
	src/cli/out.h \
	src/cli/parse.c \
	src/cli/parse.h \
	src/cli/parts.c \
	src/cli/parts.h \
	src/cli/plot.c \
	src/cli/plot.h \
	src/cli/print.c \
	src/cli/print.h \
	src/cli/query.c \
	src/cli/query.h \
	src/cli/refused.c \
	src/cli/refused.h \
	src/cli/scan.c \
	src/cli/scan.h \
	src/cli/scan_avx2.c \
	src/cli/scan_avx512.c \
	src/cli/scan_low.h \
	src/cli/scan_plain.c \
	src/cli/scan_run.h \
	src/cli/scan_x86.h \
	src/cli/secrets.c \
	src/cli/secrets.h \
	src/cli/signals.c \
	src/cli/signals.h \
	src/cli/sink.c \
	src/cli/sink.h
