libcount_core_la_SOURCES += \
	src/libcount/store/datadir.c \
	src/libcount/store/datadir.h \
	src/libcount/store/datadir_create.c \
	src/libcount/store/datadir_create.h \
	src/libcount/store/datadir_sweep.c \
	src/libcount/store/objstore.c \
	src/libcount/store/objstore.h \
	src/libcount/store/objstore_dir.c \
	src/libcount/store/objstore_dir.h \
	src/libcount/store/objstore_dir_impl.h \
	src/libcount/store/objstore_dir_list.c \
	src/libcount/store/objstore_dir_put.c \
	src/libcount/store/objstore_dir_walk.c \
	src/libcount/store/objstore_path.c \
	src/libcount/store/objstore_path.h
