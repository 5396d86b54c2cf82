libcount_core_la_SOURCES += \
	src/libcount/cold/index.h \
	src/libcount/cold/settings.h \
	src/libcount/cold/tier.h
