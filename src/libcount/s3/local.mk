# s3: what an S3 client is made of, in an archive of its own: libcurl and libcrypto cost a program four
# milliseconds at its start, so neither the library nor a tool may link them.
if WITH_S3
noinst_LTLIBRARIES += libcount-s3.la
endif
libcount_s3_la_CPPFLAGS = $(AM_CPPFLAGS) $(EXPAT_CFLAGS) $(JANSSON_CFLAGS) $(LIBCRYPTO_CFLAGS) $(LIBCURL_CFLAGS)
libcount_s3_la_LIBADD = $(EXPAT_LIBS) $(JANSSON_LIBS) $(LIBCRYPTO_LIBS) $(LIBCURL_LIBS)
libcount_s3_la_SOURCES = \
	src/libcount/s3/canon.c \
	src/libcount/s3/canon.h \
	src/libcount/s3/creds.c \
	src/libcount/s3/creds.h \
	src/libcount/s3/creds_container.c \
	src/libcount/s3/creds_http.c \
	src/libcount/s3/creds_impl.h \
	src/libcount/s3/creds_ini.c \
	src/libcount/s3/creds_ini.h \
	src/libcount/s3/creds_instance.c \
	src/libcount/s3/creds_json.c \
	src/libcount/s3/creds_process.c \
	src/libcount/s3/creds_profile.c \
	src/libcount/s3/endpoint.c \
	src/libcount/s3/endpoint.h \
	src/libcount/s3/http.c \
	src/libcount/s3/http.h \
	src/libcount/s3/reply.c \
	src/libcount/s3/reply.h \
	src/libcount/s3/retry.c \
	src/libcount/s3/retry.h \
	src/libcount/s3/s3.c \
	src/libcount/s3/s3.h \
	src/libcount/s3/s3_auth.c \
	src/libcount/s3/s3_impl.h \
	src/libcount/s3/s3_request.c \
	src/libcount/s3/s3_transfer.c \
	src/libcount/s3/sigv4.c \
	src/libcount/s3/sigv4.h \
	src/libcount/s3/xml.c \
	src/libcount/s3/xml.h
