/*
 * input.c - the module for compressed input: gzip, zstd, xz, bzip2, lz4, and members of tar and zip.
 *
 * Filters and formats are named one by one: some of libarchive's others start programs, and a
 * metrics file needs none of them.  gzip is unpacked by zlib instead; gunzip.h says why.
 */
#include "gunzip.h"
#include "input_module.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

struct reader {
	struct archive *archive;
	struct gunzip *gunzip;
	int opened;
};

static la_ssize_t on_read(struct archive *a, void *arg, const void **bytes)
{
	struct reader *r = arg;
	const char *p = NULL;
	ssize_t n = gunzip_read(r->gunzip, &p);

	/* Of an error libarchive would tell at once and keep what it has read ahead to itself: so damaged
	 * gzip data end here, and the end is then found to be no good one. */
	if (n < 0 && gunzip_error(r->gunzip) != NULL)
		n = 0;
	if (n < 0)
		archive_set_error(a, errno, "read error");
	*bytes = p;
	return n;
}

static void *reader_open(input_feed_fn *feed, void *arg)
{
	struct reader *r = calloc(1, sizeof(*r));
	struct archive *a;

	if (r == NULL)
		return NULL;
	*r = (struct reader){ .archive = archive_read_new(), .gunzip = gunzip_new(feed, arg) };
	a = r->archive;
	if (a == NULL || r->gunzip == NULL) {
		archive_read_free(a);
		gunzip_free(r->gunzip);
		free(r);
		return NULL;
	}
	archive_read_support_filter_bzip2(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_lz4(a);
	archive_read_support_format_tar(a);
	archive_read_support_format_zip_streamable(a);
	archive_read_support_format_raw(a);
	archive_read_support_format_empty(a);
	return r;
}

static int reader_next(void *handle, const char **name)
{
	struct reader *r = handle;
	struct archive_entry *entry = NULL;
	int ret;

	/* Opened here and not in open(): the first read may fail, and then has something to say. */
	if (!r->opened && archive_read_open(r->archive, r, NULL, on_read, NULL) < ARCHIVE_WARN)
		return -1;
	r->opened = 1;
	do {
		ret = archive_read_next_header(r->archive, &entry);
		if (ret == ARCHIVE_EOF)
			return gunzip_error(r->gunzip) != NULL ? -1 : 0;
		if (ret < ARCHIVE_WARN)
			return -1;
	} while (archive_entry_filetype(entry) != AE_IFREG && archive_entry_filetype(entry) != 0);
	*name = archive_format(r->archive) == ARCHIVE_FORMAT_RAW ? NULL : archive_entry_pathname(entry);
	if (*name == NULL && archive_format(r->archive) != ARCHIVE_FORMAT_RAW)
		*name = "?";
	return 1;
}

static ssize_t reader_read(void *handle, void *buf, size_t len)
{
	struct reader *r = handle;
	la_ssize_t n;

	do {
		n = archive_read_data(r->archive, buf, len);
	} while (n == ARCHIVE_RETRY);
	if (n == 0 && archive_format(r->archive) == ARCHIVE_FORMAT_RAW && gunzip_error(r->gunzip) != NULL)
		return -1;
	return n < 0 ? -1 : n;
}

static const char *reader_error(void *handle)
{
	struct reader *r = handle;
	const char *text = gunzip_error(r->gunzip);

	if (text == NULL)
		text = archive_error_string(r->archive);
	return text != NULL ? text : "damaged archive";
}

static void reader_close(void *handle)
{
	struct reader *r = handle;

	archive_read_free(r->archive);
	gunzip_free(r->gunzip);
	free(r);
}

extern const struct input_module count_input_module;

__attribute__((visibility("default")))
const struct input_module count_input_module = {
	.abi = INPUT_MODULE_ABI, .open = reader_open, .next = reader_next, .read = reader_read,
	.error = reader_error, .close = reader_close,
};
