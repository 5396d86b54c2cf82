# s3: what an S3 client is made of that needs libcrypto, in an archive of its own: libcrypto costs a
# program half a millisecond at its start, so neither the library nor a tool may link it.
if WITH_S3
noinst_LTLIBRARIES += libcount-s3.la
endif
libcount_s3_la_CPPFLAGS = $(AM_CPPFLAGS) $(LIBCRYPTO_CFLAGS)
libcount_s3_la_LIBADD = $(LIBCRYPTO_LIBS)
libcount_s3_la_SOURCES = \
	src/libcount/s3/canon.c \
	src/libcount/s3/canon.h \
	src/libcount/s3/creds.h \
	src/libcount/s3/s3.h \
	src/libcount/s3/sigv4.c \
	src/libcount/s3/sigv4.h
