/*
 * fuzz-line.c - lines of count-ingest: no bytes may crash a reader, and what one takes is canonical.
 *
 * The first byte chooses format, unit, --tag and --prefix; the rest is the line.  What is accepted
 * must give a canonical text that reads back to itself.  Then the bytes are taken as a text of several
 * lines, twice over, which each kernel of scan.h must read as line_read() does.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"
#include "scanpair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "fuzz-line: %s\n", what);
	abort();
}

/* The text that a point's spelling stands for must be one that stays as it is. */
static void check_point(struct line *line, const struct line_point *pt)
{
	char text[COUNT_SERIES_MAX + 1], again[COUNT_SERIES_MAX + 1];
	size_t len, again_len;

	if (!line->format->canonical(line, pt->spelled, pt->spelled_len, text, &len)) {
		must(line->why[0] != '\0', "refused without a reason");
		return;
	}
	must(count_series_canonical(text, len, again, &again_len, NULL) == COUNT_OK, "not canonical");
	must(len == again_len && memcmp(text, again, len) == 0, "canonical text changes");
}

static void check_kernels(const struct line *line, const uint8_t *data, size_t size)
{
	char *text = calloc(2 * size + SCAN_PAD, 1);
	size_t taken;

	must(text != NULL, "no memory");
	memcpy(text, data, size);
	memcpy(text + size, data, size);
	for (const struct scan_kernel *k = scan_kernels; k->name != NULL; k++)
		if (k->usable())
			must(scan_compare(line, k->run, text, 2 * size, &taken) < 0, "a kernel differs");
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct format *const formats[] = { NULL, &format_graphite, &format_json, &format_value };
	static const struct count_label tag = { "host", 4, "a\"b", 3 };
	struct line *line;
	char *copy;

	if (size == 0)
		return 0;
	line = calloc(1, sizeof(*line));
	copy = malloc(size);	/* of its own: a read past the end is seen */
	must(line != NULL && copy != NULL, "no memory");
	line->fixed = formats[data[0] & 3];
	line->unit = (enum count_unit)(data[0] >> 2 & 3);
	line->given = (data[0] & 16) != 0 ? COUNT_TIME_MS : COUNT_TIME_AUTO;
	line->name = "bare;x=1";
	line->prefix = (data[0] & 32) != 0 ? "p q." : NULL;
	line->tags = &tag;
	line->ntags = (data[0] & 64) != 0;
	memcpy(copy, data + 1, size - 1);
	if (line_read(line, copy, size - 1) == LINE_POINTS)
		for (size_t i = 0; i < line->n; i++)
			check_point(line, &line->points[i]);
	line_free(line);
	line->scratch = NULL;
	line->stamp_len = 0;
	line->floored = 0;
	if (line->fixed == NULL || line->fixed == &format_graphite)
		check_kernels(line, data + 1, size - 1);
	free(line);
	free(copy);
	return 0;
}
