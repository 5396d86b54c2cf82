libcount_core_la_SOURCES += \
	src/libcount/hot/append.c \
	src/libcount/hot/append.h \
	src/libcount/hot/bytes.c \
	src/libcount/hot/bytes.h \
	src/libcount/hot/log.c \
	src/libcount/hot/log.h \
	src/libcount/hot/rotate.c \
	src/libcount/hot/run.c \
	src/libcount/hot/segment.c \
	src/libcount/hot/segment.h
