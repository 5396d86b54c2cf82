libcount_core_la_SOURCES += \
	src/libcount/base/buf.c \
	src/libcount/base/buf.h \
	src/libcount/base/bytes.h \
	src/libcount/base/civil.h \
	src/libcount/base/crc32c.c \
	src/libcount/base/crc32c.h \
	src/libcount/base/crc32c_hardware.c \
	src/libcount/base/crc32c_table.h \
	src/libcount/base/duration.c \
	src/libcount/base/duration.h \
	src/libcount/base/error.c \
	src/libcount/base/error.h \
	src/libcount/base/fs.c \
	src/libcount/base/fs.h \
	src/libcount/base/num.h \
	src/libcount/base/num_format.c \
	src/libcount/base/num_parse.c \
	src/libcount/base/pow10_table.h \
	src/libcount/base/series.c \
	src/libcount/base/series.h \
	src/libcount/base/series_read.c \
	src/libcount/base/stamp.c \
	src/libcount/base/stamp.h \
	src/libcount/base/utf8.c \
	src/libcount/base/utf8.h
