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
	src/libcount/engine/select.c \
	src/libcount/engine/select.h \
	src/libcount/engine/select_glob.c \
	src/libcount/engine/select_parse.c \
	src/libcount/engine/selection.c \
	src/libcount/engine/selection.h \
	src/libcount/engine/snapshot.h \
	src/libcount/engine/source.c \
	src/libcount/engine/source.h \
	src/libcount/engine/source_local.c \
	src/libcount/engine/source_newest.c \
	src/libcount/engine/suggest.c \
	src/libcount/engine/suggest.h
