/*
 * fuzz-selector.c - any line as a selector, the next as a series: parsed and matched, or refused with
 * a reason; globs on any bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/select.h"
#include "engine/suggest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void match(const struct selector *sel, const struct regex_lib *lib, const char *text,
		  size_t len)
{
	static struct count_series_parts parts;
	struct count_error err = { 0 };
	int ret;

	if (count_series_parse(text, len, &parts) != COUNT_OK)
		return;
	ret = selector_match(sel, lib, &parts, &err);
	if (ret != 0 && ret != 1 && (ret != COUNT_ERR_INVALID || err.text[0] == '\0'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct suggest near;
	const char *text = (const char *)data;
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t len = end != NULL ? (size_t)(end - data) : size, at;
	const char *series = text + len + (end != NULL);
	size_t series_len = size - len - (end != NULL);
	struct regex_lib lib = { 0 };
	struct count_error err = { 0 };
	struct selector sel;
	char *copy;

	if (glob_check(text, len, &at))
		glob_match(text, len, series, series_len);
	if (selector_parse(text, len, &lib, &sel, &err) == COUNT_OK) {
		match(&sel, &lib, series, series_len);
		selector_free(&sel, &lib);
	} else if (err.code == COUNT_OK || err.text[0] == '\0') {
		abort();
	}
	regex_lib_close(&lib);
	copy = strndup(text, len);
	if (copy != NULL) {
		suggest_begin(&near, copy);
		suggest_offer(&near, series, series_len);
	}
	free(copy);
	return 0;
}
