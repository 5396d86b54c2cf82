/*
 * fuzz-walframe - hostile bytes into the parser of the log.
 *
 * Input: one byte, then a segment or a frame.  Bit 0 of the byte: a frame alone, its checksums put
 * right first, so that what lies behind them is reached.  Runs that are accepted must give
 * ascending times within the frame's, and survive being encoded again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "count.h"
#include "format/walframe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void encode_again(const struct walframe_run *run, const int64_t *t, const double *v, uint32_t n)
{
	struct walframe_series s = { .name = run->name, .name_len = (uint32_t)run->name_len, .n = n,
				     .hash = walframe_hash(run->name, run->name_len),
				     .times = t, .values = v };
	struct walframe_cursor cur = { 0 };
	struct walframe_run again;
	struct buf b = { 0 };
	struct walframe f;
	int64_t *t2 = malloc(n * sizeof(*t2));
	double *v2 = malloc(n * sizeof(*v2));
	size_t got = n;

	must(walframe_encode(&s, 1, &b) == COUNT_OK);
	walframe_seal(b.data, 1);
	must(walframe_get(b.data, NULL, &f) == COUNT_OK && f.len == b.len);
	must(walframe_run_name(b.data, &f, 0, &again) == COUNT_OK);
	must(walframe_run_parse(&f, &again) == COUNT_OK && again.n == n);
	must(walframe_run_next(&again, &cur, t2, v2, &got) == COUNT_OK && got == n);
	must(memcmp(t, t2, n * sizeof(*t)) == 0 && memcmp(v, v2, n * sizeof(*v)) == 0);
	buf_free(&b);
	free(t2);
	free(v2);
}

static void read_run(const struct walframe *f, struct walframe_run *run)
{
	struct walframe_cursor cur = { 0 };
	uint32_t n = run->n < 4096 ? run->n : 4096;
	int64_t *t = malloc(n * sizeof(*t));	/* exact: an overrun is seen */
	double *v = malloc(n * sizeof(*v));
	size_t got = n;

	must(run->first >= f->first && run->last <= f->last && run->n <= f->npoints);
	if (walframe_run_next(run, &cur, t, v, &got) == COUNT_OK) {
		must(got == n && t[0] == run->first && t[n - 1] <= run->last);
		for (uint32_t i = 1; i < n; i++)
			must(t[i - 1] < t[i]);
		encode_again(run, t, v, n);
	}
	free(t);
	free(v);
}

/* p has f->len bytes; with repair its checksums may be changed. */
static void read_frame(uint8_t *p, const struct walframe *f, bool repair)
{
	struct walframe_run run;

	if (!repair && walframe_check_dir(p, f) != COUNT_OK)
		return;
	for (uint32_t i = 0; i < f->nruns && i < 64; i++) {
		if (walframe_run_name(p, f, i, &run) != COUNT_OK)
			continue;
		if (repair)
			put_u32(p + (run.p - p), crc32c(f->salt, run.p + 4, run.len - 4));
		if (walframe_run_parse(f, &run) == COUNT_OK)
			read_run(f, &run);
	}
}

static void read_segment(uint8_t *p, size_t len)
{
	struct walseg seg;
	struct walframe f;
	size_t at = 0;
	const uint32_t *salt = NULL;

	if (len >= WALSEG_HEADER && walseg_get(p, &seg) == COUNT_OK)
		salt = &seg.salt;
	while ((at = walframe_seek(p, at, len, salt)) < len) {
		must(walframe_get(p + at, salt, &f) == COUNT_OK);
		if (f.len > len - at)
			break;
		read_frame(p + at, &f, false);
		at += f.len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct walframe f;
	size_t len = size - 1;
	uint8_t *p;

	if (size < 1 + WALFRAME_HEADER)
		return 0;
	p = malloc(len);
	memcpy(p, data + 1, len);
	if ((data[0] & 1) == 0) {
		read_segment(p, len);
	} else {
		memcpy(p, "cFr1", 4);
		put_u32(p + 8, (uint32_t)len);
		put_u32(p + 52, crc32c(get_u32(p + 4), p, 52));
		if (walframe_get(p, NULL, &f) == COUNT_OK)
			read_frame(p, &f, true);
	}
	free(p);
	return 0;
}
