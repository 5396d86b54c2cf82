/*
 * fuzz-current - hostile texts into the readers of CURRENT and FORMAT.
 *
 * Input: the text without its checksum line, which is added.  What is accepted must print and read again
 * as the same.
 */
#include <stdlib.h>
#include <string.h>

#include "format/current.h"
#include "format/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_current(const char *text, size_t len)
{
	struct buf once = { 0 }, twice = { 0 };
	struct count_error err = { 0 };
	struct current c, d;

	if (current_parse(text, len, &c, &err) != COUNT_OK) {
		if (err.code == COUNT_OK || err.text[0] == '\0')
			abort();
		return;
	}
	current_print(&c, &once);
	if (current_parse((char *)once.data, once.len, &d, NULL) != COUNT_OK)
		abort();
	current_print(&d, &twice);
	if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
		abort();
	current_free(&c);
	current_free(&d);
	buf_free(&once);
	buf_free(&twice);
}

static void check_format(const char *text, size_t len)
{
	struct format_file f;
	struct buf again = { 0 };

	if (format_file_parse(text, len, &f, NULL) != COUNT_OK)
		return;
	format_file_print(&f, &again);
	if (again.len != len || memcmp(again.data, text, len) != 0)
		abort();
	buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf b = { 0 };
	char *exact;

	buf_put(&b, data, size);
	lines_finish(&b);
	exact = malloc(b.len);
	memcpy(exact, b.data, b.len);
	check_current(exact, b.len);
	check_current(exact, size);
	check_format(exact, b.len);
	free(exact);
	buf_free(&b);
	return 0;
}
