libcount_core_la_SOURCES += \
	src/libcount/store/datadir.c \
	src/libcount/store/datadir.h \
	src/libcount/store/datadir_create.c \
	src/libcount/store/datadir_create.h
