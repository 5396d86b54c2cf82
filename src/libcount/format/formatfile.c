/*
 * formatfile.c - the text of FORMAT; see current.h and count-block(5).
 *
 *	count-format 1
 *	unit ms
 *	id 00112233445566778899aabbccddeeff
 *	crc32c XXXXXXXX
 */
#include <string.h>

#include "base/error.h"
#include "format/current.h"
#include "format/lines.h"

static const char *const unit_names[] = {
	[COUNT_UNIT_S] = "s", [COUNT_UNIT_MS] = "ms", [COUNT_UNIT_US] = "us", [COUNT_UNIT_NS] = "ns",
};

const char *format_unit_name(enum count_unit unit)
{
	return unit_names[unit];
}

static bool read_unit(const char *s, size_t len, enum count_unit *unit)
{
	for (unsigned i = 0; i < sizeof(unit_names) / sizeof(unit_names[0]); i++) {
		if (strlen(unit_names[i]) == len && memcmp(unit_names[i], s, len) == 0) {
			*unit = (enum count_unit)i;
			return true;
		}
	}
	return false;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_id(const char *s, size_t len, uint8_t id[16])
{
	if (len != 32)
		return false;
	for (size_t i = 0; i < 16; i++) {
		int hi = hex_digit(s[2 * i]), lo = hex_digit(s[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		id[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

/* "KEY WORD" and nothing else. */
static bool read_pair(struct lines *l, const char *key, const char **word, size_t *len)
{
	const char *k;
	size_t n;

	return lines_next(l) && lines_word(l, &k, &n) && n == strlen(key) &&
	       memcmp(k, key, n) == 0 && lines_word(l, word, len) && lines_done(l);
}

int format_file_parse(const char *text, size_t len, struct format_file *f, struct count_error *err)
{
	struct format_file r = { 0 };
	struct lines l;
	const char *word;
	size_t n;
	int ret = lines_open(&l, text, len, "count-format", FORMAT_VERSION, err);

	if (ret != COUNT_OK)
		return ret;
	if (!read_pair(&l, "unit", &word, &n) || !read_unit(word, n, &r.unit))
		return err_set(err, COUNT_ERR_CORRUPT, "line 2: not \"unit s|ms|us|ns\"");
	if (!read_pair(&l, "id", &word, &n) || !read_id(word, n, r.id))
		return err_set(err, COUNT_ERR_CORRUPT, "line 3: not \"id\" and 32 hex digits");
	if (lines_next(&l))
		return lines_bad(&l, err, "nothing is expected here");
	*f = r;
	return COUNT_OK;
}

int format_file_print(const struct format_file *f, struct buf *out)
{
	struct buf b = { 0 };

	buf_printf(&b, "count-format %d\nunit %s\nid ", FORMAT_VERSION, unit_names[f->unit]);
	for (size_t i = 0; i < sizeof(f->id); i++)
		buf_printf(&b, "%02x", f->id[i]);
	buf_printf(&b, "\n");
	lines_finish(&b);
	if (!b.failed)
		buf_put(out, b.data, b.len);
	out->failed |= b.failed;
	buf_free(&b);
	return out->failed ? COUNT_ERR_NOMEM : COUNT_OK;
}
