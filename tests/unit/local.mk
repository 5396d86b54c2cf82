# Unit tests: one program a module, cmocka, linked with the core so that private functions are reached.
# To add one: put test-x in unit_tests and tests_unit_test_x_SOURCES = tests/unit/test-x.c below.
unit_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/src/libcount $(CMOCKA_CFLAGS)
unit_ldadd = libcount-core.la $(CMOCKA_LIBS) -lm
