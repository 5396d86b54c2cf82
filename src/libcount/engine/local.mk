libcount_core_la_SOURCES += \
	src/libcount/engine/config.c \
	src/libcount/engine/config.h \
	src/libcount/engine/config_file.c \
	src/libcount/engine/config_file.h \
	src/libcount/engine/config_load.c \
	src/libcount/engine/db.c \
	src/libcount/engine/db.h \
	src/libcount/engine/merge.c \
	src/libcount/engine/merge.h \
	src/libcount/engine/piece.c \
	src/libcount/engine/piece.h \
	src/libcount/engine/piece_list.c \
	src/libcount/engine/snapshot.h
