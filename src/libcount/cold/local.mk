libcount_core_la_SOURCES += \
	src/libcount/cold/endpoint.c \
	src/libcount/cold/endpoint.h \
	src/libcount/cold/index.h \
	src/libcount/cold/settings.c \
	src/libcount/cold/settings.h \
	src/libcount/cold/settings_set.c \
	src/libcount/cold/tier.h
