libcount_core_la_SOURCES += \
	src/libcount/cold/cache.c \
	src/libcount/cold/cache.h \
	src/libcount/cold/cache_evict.c \
	src/libcount/cold/cache_impl.h \
	src/libcount/cold/endpoint.c \
	src/libcount/cold/endpoint.h \
	src/libcount/cold/index.c \
	src/libcount/cold/index.h \
	src/libcount/cold/index_change.c \
	src/libcount/cold/index_impl.h \
	src/libcount/cold/index_sweep.c \
	src/libcount/cold/index_write.c \
	src/libcount/cold/key.c \
	src/libcount/cold/price.c \
	src/libcount/cold/price.h \
	src/libcount/cold/settings.c \
	src/libcount/cold/settings.h \
	src/libcount/cold/settings_set.c \
	src/libcount/cold/sync.c \
	src/libcount/cold/sync.h \
	src/libcount/cold/sync_impl.h \
	src/libcount/cold/sync_read.c \
	src/libcount/cold/take.c \
	src/libcount/cold/tier.c \
	src/libcount/cold/tier.h \
	src/libcount/cold/update.c \
	src/libcount/cold/update.h
