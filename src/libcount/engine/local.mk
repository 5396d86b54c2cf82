libcount_core_la_SOURCES += \
	src/libcount/engine/merge.c \
	src/libcount/engine/merge.h \
	src/libcount/engine/piece.c \
	src/libcount/engine/piece.h \
	src/libcount/engine/piece_list.c
