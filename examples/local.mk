# Examples: built and run by make check (tests/t9*).  examples/data holds real input, and says where
# it came from.  The programs see count.h alone and are linked with the shared library, as by whoever
# installed it: so what libcount.sym exports is proved to be enough.
examples = \
	examples/cursor \
	examples/insert_query \
	examples/s3_integration \
	examples/stream_writer
check_PROGRAMS += $(examples)

example_cppflags = -I$(top_srcdir)/src/include
examples_cursor_SOURCES = examples/cursor.c
examples_cursor_CPPFLAGS = $(example_cppflags)
examples_cursor_LDADD = libcount.la
examples_cursor_LDFLAGS = -no-install
examples_insert_query_SOURCES = examples/insert_query.c
examples_insert_query_CPPFLAGS = $(example_cppflags)
examples_insert_query_LDADD = libcount.la
examples_insert_query_LDFLAGS = -no-install
examples_s3_integration_SOURCES = examples/s3_integration.c
examples_s3_integration_CPPFLAGS = $(example_cppflags)
examples_s3_integration_LDADD = libcount.la
examples_s3_integration_LDFLAGS = -no-install
examples_stream_writer_SOURCES = examples/stream_writer.c
examples_stream_writer_CPPFLAGS = $(example_cppflags)
examples_stream_writer_LDADD = libcount.la
examples_stream_writer_LDFLAGS = -no-install

EXTRA_DIST += \
	examples/alert.sh \
	examples/copy.sh \
	examples/demo.sh \
	examples/monitor-proc.sh \
	examples/plot.sh \
	examples/data/README \
	examples/data/node-exporter.txt.zst
