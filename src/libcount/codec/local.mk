libcount_core_la_SOURCES += \
	src/libcount/codec/chunk.h \
	src/libcount/codec/stats.h
