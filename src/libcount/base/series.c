/*
 * series.c - the canonical text of a series; the rules are at count_series_build() in count.h.
 *
 * Equal series have equal texts, so that everything else compares and hashes bytes.
 */
#include "base/series.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "count.h"

#define SMALL_SET 16	/* up to so many labels are sorted by insertion */

bool series_plain_byte(unsigned char c)
{
	/* A-Za-z0-9_.:/%- as two bits of 64 for the ASCII half */
	static const uint64_t set[2] = { UINT64_C(0x07ffe02000000000), UINT64_C(0x07fffffe87fffffe) };

	return c >= 0x80 || (set[c >> 6] >> (c & 63) & 1);
}

bool series_plain(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!series_plain_byte((unsigned char)s[i]))
			return false;
	return len > 0;
}

static int check_text(const char *what, const char *s, size_t len, struct count_error *err)
{
	size_t at;

	switch (utf8_check_text(s, len, &at)) {
	case UTF8_TEXT:
		return COUNT_OK;
	case UTF8_CONTROL:
		return err_set(err, COUNT_ERR_INVALID, "%s has a control character at byte %zu",
			       what, at + 1);
	default:
		return err_set(err, COUNT_ERR_INVALID, "%s is not UTF-8 at byte %zu", what, at + 1);
	}
}

static int too_long(struct count_error *err)
{
	return err_set(err, COUNT_ERR_INVALID, "the series is longer than %d bytes", COUNT_SERIES_MAX);
}

static int check_parts(const char *name, size_t name_len, const struct count_label *labels, size_t n,
		       struct count_error *err)
{
	int ret;

	if (name_len == 0)
		return err_set(err, COUNT_ERR_INVALID, "a series needs a name");
	if (name_len > COUNT_SERIES_MAX)
		return too_long(err);
	ret = check_text("the series name", name, name_len, err);
	for (size_t i = 0; i < n && ret == COUNT_OK; i++) {
		if (labels[i].key_len == 0)
			return err_set(err, COUNT_ERR_INVALID, "a label needs a key");
		if (labels[i].key_len > COUNT_SERIES_MAX || labels[i].value_len > COUNT_SERIES_MAX)
			return too_long(err);
		ret = check_text("a label key", labels[i].key, labels[i].key_len, err);
		if (ret == COUNT_OK)
			ret = check_text("a label value", labels[i].value, labels[i].value_len, err);
	}
	return ret;
}

static int compare_keys(const struct count_label *a, const struct count_label *b)
{
	size_t n = a->key_len < b->key_len ? a->key_len : b->key_len;
	int c = memcmp(a->key, b->key, n);

	return c != 0 ? c : (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

static int compare_pointers(const void *a, const void *b)
{
	return compare_keys(*(const struct count_label *const *)a,
			    *(const struct count_label *const *)b);
}

/* Labels by key; most come sorted or nearly so. */
static void sort_labels(const struct count_label **v, size_t n)
{
	if (n > SMALL_SET) {
		qsort(v, n, sizeof(*v), compare_pointers);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		const struct count_label *l = v[i];
		size_t k = i;

		for (; k > 0 && compare_keys(v[k - 1], l) > 0; k--)
			v[k] = v[k - 1];
		v[k] = l;
	}
}

/* The text so far; one that outgrows COUNT_SERIES_MAX stays at its length and is `full`. */
struct text {
	char *p;
	size_t len;
	bool full;
};

static void put_bytes(struct text *t, const char *s, size_t len)
{
	if (t->full || len > COUNT_SERIES_MAX - t->len) {
		t->full = true;
		return;
	}
	memcpy(t->p + t->len, s, len);
	t->len += len;
}

static void put_quoted(struct text *t, const char *s, size_t len)
{
	const char *end = s + len, *run = s;

	put_bytes(t, "\"", 1);
	for (; s < end; s++)
		if (*s == '"' || *s == '\\') {
			put_bytes(t, run, (size_t)(s - run));
			put_bytes(t, "\\", 1);
			run = s;
		}
	put_bytes(t, run, (size_t)(s - run));
	put_bytes(t, "\"", 1);
}

static void put_word(struct text *t, const char *s, size_t len)
{
	if (series_plain(s, len))
		put_bytes(t, s, len);
	else
		put_quoted(t, s, len);
}

static void put_series(struct text *t, const char *name, size_t name_len,
		       const struct count_label **labels, size_t n)
{
	bool plain = series_plain(name, name_len);

	if (plain)
		put_bytes(t, name, name_len);
	if (plain && n == 0)
		return;
	put_bytes(t, "{", 1);
	if (!plain)
		put_quoted(t, name, name_len);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 || !plain)
			put_bytes(t, ",", 1);
		put_word(t, labels[i]->key, labels[i]->key_len);
		put_bytes(t, "=", 1);
		put_quoted(t, labels[i]->value, labels[i]->value_len);
	}
	put_bytes(t, "}", 1);
}

/* Sorts, refuses repeated keys, then leaves out empty values; returns in *n what is left. */
static int arrange(const struct count_label **v, size_t *n, struct count_error *err)
{
	size_t kept = 0;

	sort_labels(v, *n);
	for (size_t i = 1; i < *n; i++)
		if (compare_keys(v[i - 1], v[i]) == 0)
			return err_set(err, COUNT_ERR_INVALID, "label %.*s is given twice",
				       (int)(v[i]->key_len < 100 ? v[i]->key_len : 100), v[i]->key);
	for (size_t i = 0; i < *n; i++)
		if (v[i]->value_len > 0)
			v[kept++] = v[i];
	*n = kept;
	return COUNT_OK;
}

int count_series_build(const char *name, size_t name_len, const struct count_label *labels,
		       size_t nlabels, char out[COUNT_SERIES_MAX + 1], size_t *out_len,
		       struct count_error *err)
{
	/* Empty labels do not reach the text, so the bound on them is one of decency. */
	const struct count_label *sorted[COUNT_LABELS_MAX];
	struct text text = { .p = out };
	int ret;

	if (nlabels > COUNT_LABELS_MAX)
		return err_set(err, COUNT_ERR_INVALID, "more than %d labels", COUNT_LABELS_MAX);
	ret = check_parts(name, name_len, labels, nlabels, err);
	if (ret != COUNT_OK)
		return ret;
	for (size_t i = 0; i < nlabels; i++)
		sorted[i] = &labels[i];
	ret = arrange(sorted, &nlabels, err);
	if (ret != COUNT_OK)
		return ret;
	put_series(&text, name, name_len, sorted, nlabels);
	if (text.full)
		return too_long(err);
	out[text.len] = '\0';
	if (out_len != NULL)
		*out_len = text.len;
	return COUNT_OK;
}
