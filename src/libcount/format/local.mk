# Beside the core: the text of manifests and objects needs jansson and zlib, which no tool links.  The
# module json.so is made of libcount-json.la; unit tests and fuzzers link it with the core.
noinst_LTLIBRARIES += libcount-json.la
libcount_json_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(ZLIB_CFLAGS)
libcount_json_la_LIBADD = $(JANSSON_LIBS) $(ZLIB_LIBS)
libcount_json_la_SOURCES = \
	src/libcount/format/gzip.c \
	src/libcount/format/gzip.h \
	src/libcount/format/json_block.c \
	src/libcount/format/json_block.h \
	src/libcount/format/json_read.c \
	src/libcount/format/json_read.h \
	src/libcount/format/json_write.c \
	src/libcount/format/json_write.h \
	src/libcount/format/manifest_json.c \
	src/libcount/format/manifest_json.h \
	src/libcount/format/object_json.c \
	src/libcount/format/object_json.h

libcount_core_la_SOURCES += \
	src/libcount/format/block.h \
	src/libcount/format/block_chunks.c \
	src/libcount/format/block_cut.c \
	src/libcount/format/block_cut.h \
	src/libcount/format/block_edits.c \
	src/libcount/format/block_edits.h \
	src/libcount/format/block_encode.c \
	src/libcount/format/block_layout.h \
	src/libcount/format/block_open.h \
	src/libcount/format/block_points.c \
	src/libcount/format/block_reader.c \
	src/libcount/format/block_stats.c \
	src/libcount/format/block_stats.h \
	src/libcount/format/block_table.c \
	src/libcount/format/block_times.c \
	src/libcount/format/block_times.h \
	src/libcount/format/block_writer.c \
	src/libcount/format/block_writer.h \
	src/libcount/format/chunklist.c \
	src/libcount/format/chunklist.h \
	src/libcount/format/coldindex.c \
	src/libcount/format/coldindex.h \
	src/libcount/format/coldindex_body.h \
	src/libcount/format/coldindex_body_get.c \
	src/libcount/format/coldindex_body_put.c \
	src/libcount/format/coldindex_layout.h \
	src/libcount/format/coldindex_write.c \
	src/libcount/format/current.c \
	src/libcount/format/current.h \
	src/libcount/format/formatfile.c \
	src/libcount/format/json_module.h \
	src/libcount/format/lines.c \
	src/libcount/format/lines.h \
	src/libcount/format/manifest.c \
	src/libcount/format/manifest.h \
	src/libcount/format/points_hash.c \
	src/libcount/format/walframe.c \
	src/libcount/format/walframe.h \
	src/libcount/format/walframe_encode.c \
	src/libcount/format/walframe_layout.h \
	src/libcount/format/walframe_values.c \
	src/libcount/format/walframe_values.h
