libcount_core_la_SOURCES += \
	src/libcount/format/block.h \
	src/libcount/format/block_chunks.c \
	src/libcount/format/block_layout.h \
	src/libcount/format/block_open.h \
	src/libcount/format/block_reader.c \
	src/libcount/format/block_stats.c \
	src/libcount/format/block_stats.h \
	src/libcount/format/block_times.c \
	src/libcount/format/block_times.h \
	src/libcount/format/block_writer.c \
	src/libcount/format/chunklist.c \
	src/libcount/format/chunklist.h \
	src/libcount/format/coldindex.h \
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
	src/libcount/format/walframe_layout.h
