# The tools.  They link the core archive rather than libcount.so: a tool then starts without
# another library to find and relocate, is a plain program in the build tree (no libtool wrapper
# script), and cannot meet a libcount.so of another version.
# What they may call is count.h all the same: no private header is on their include path.
tool_ldadd = libcount-cli.la libcount-core.la -lm

bin_PROGRAMS += \
	count-archive \
	count-flush \
	count-ingest \
	count-manifest \
	count-query

count_archive_SOURCES = src/tools/count-archive.c
count_archive_CPPFLAGS = $(cli_cppflags)
count_archive_LDADD = $(tool_ldadd)

count_flush_SOURCES = src/tools/count-flush.c
count_flush_CPPFLAGS = $(cli_cppflags)
count_flush_LDADD = $(tool_ldadd)

count_ingest_SOURCES = src/tools/count-ingest.c
count_ingest_CPPFLAGS = $(cli_cppflags)
count_ingest_LDADD = $(tool_ldadd)

count_manifest_SOURCES = src/tools/count-manifest.c
count_manifest_CPPFLAGS = $(cli_cppflags)
count_manifest_LDADD = $(tool_ldadd)

count_query_SOURCES = src/tools/count-query.c
count_query_CPPFLAGS = $(cli_cppflags)
count_query_LDADD = $(tool_ldadd)
