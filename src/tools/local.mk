# The tools.  They link the core archive rather than libcount.so: a tool then starts without
# another library to find and relocate, is a plain program in the build tree (no libtool wrapper
# script), and cannot meet a libcount.so of another version.
# What they may call is count.h all the same: no private header is on their include path.
#
#   bin_PROGRAMS += count-ingest
#   count_ingest_SOURCES = src/tools/count-ingest.c
#   count_ingest_CPPFLAGS = $(cli_cppflags)
#   count_ingest_LDADD = $(tool_ldadd)
tool_ldadd = libcount-cli.la libcount-core.la -lm
