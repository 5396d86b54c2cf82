libcount_core_la_SOURCES += \
	src/libcount/codec/bits.h \
	src/libcount/codec/chunk.c \
	src/libcount/codec/chunk.h \
	src/libcount/codec/coder.h \
	src/libcount/codec/column.c \
	src/libcount/codec/column.h \
	src/libcount/codec/ints.c \
	src/libcount/codec/ints.h \
	src/libcount/codec/legacy.c \
	src/libcount/codec/legacy.h \
	src/libcount/codec/pack.c \
	src/libcount/codec/pack.h \
	src/libcount/codec/registry.c \
	src/libcount/codec/scaled.c \
	src/libcount/codec/scaled.h \
	src/libcount/codec/stats.c \
	src/libcount/codec/stats.h \
	src/libcount/codec/time_delta.c \
	src/libcount/codec/time_regular.c \
	src/libcount/codec/unpack.c \
	src/libcount/codec/value_decimal.c \
	src/libcount/codec/value_dict.c \
	src/libcount/codec/value_plain.c \
	src/libcount/codec/value_quotient.c \
	src/libcount/codec/value_xor.c
