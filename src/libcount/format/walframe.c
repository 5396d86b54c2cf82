/* walframe.c - reading frames of the log; see walframe.h and count-wal(5). */
#include "format/walframe.h"

#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/num.h"
#include "count.h"
#include "format/walframe_layout.h"

int walseg_get(const uint8_t *p, struct walseg *s)
{
	if (memcmp(p, WALSEG_MAGIC, 8) != 0 || crc32c(0, p, 36) != get_u32(p + 36))
		return COUNT_ERR_CORRUPT;
	if (get_u32(p + 8) > WALSEG_VERSION)
		return COUNT_ERR_VERSION;
	if (get_u32(p + 8) == 0)
		return COUNT_ERR_CORRUPT;
	memcpy(s->boot, p + 12, sizeof(s->boot));
	memcpy(s->seed, p + 28, sizeof(s->seed));
	s->salt = walseg_salt(s->seed);
	return COUNT_OK;
}

int walframe_get(const uint8_t *p, const uint32_t *salt, struct walframe *f)
{
	struct walframe h = {
		.salt = get_u32(p + 4), .len = get_u32(p + 8), .number = get_u32(p + 12),
		.nruns = get_u32(p + 16), .npoints = get_u32(p + 20),
		.first = get_i64(p + 24), .last = get_i64(p + 32), .names = get_u64(p + WALFRAME_NAMES),
	};

	if (memcmp(p, WALFRAME_MAGIC, 4) != 0 || (salt != NULL && h.salt != *salt) ||
	    crc32c(h.salt, p, WALFRAME_CRC) != get_u32(p + WALFRAME_CRC))
		return COUNT_ERR_CORRUPT;
	/* A good checksum is no promise: whoever wrote it may have meant harm. */
	if (h.nruns == 0 || h.npoints < h.nruns || h.npoints > WALFRAME_MAX_POINTS ||
	    h.len > WALFRAME_MAX_LEN || h.first > h.last ||
	    h.len < WALFRAME_HEADER + WALFRAME_TRAILER + (12 + WALRUN_MIN) * (uint64_t)h.nruns)
		return COUNT_ERR_CORRUPT;
	*f = h;
	return COUNT_OK;
}

int walframe_check_dir(const uint8_t *p, const struct walframe *f)
{
	uint32_t crc = crc32c(f->salt, p + WALFRAME_HEADER, 12 * (size_t)f->nruns);

	return crc == get_u32(p + WALFRAME_DIRCRC) ? COUNT_OK : COUNT_ERR_CORRUPT;
}

size_t walframe_seek(const uint8_t *p, size_t from, size_t len, const uint32_t *salt)
{
	uint8_t mark[8];
	size_t mark_len = salt == NULL ? 4 : 8;

	memcpy(mark, WALFRAME_MAGIC, 4);
	if (salt != NULL)
		put_u32(mark + 4, *salt);
	while (from < len && len - from >= WALFRAME_HEADER) {
		const uint8_t *hit = memmem(p + from, len - from, mark, mark_len);
		struct walframe f;
		size_t at;

		if (hit == NULL)
			return len;
		at = (size_t)(hit - p);
		if (len - at >= WALFRAME_HEADER && walframe_get(hit, salt, &f) == COUNT_OK &&
		    (f.len > len - at || walframe_check_dir(hit, &f) == COUNT_OK))
			return at;
		from = at + 1;
	}
	return len;
}

uint64_t walframe_dir_hash(const uint8_t *p, uint32_t i)
{
	return get_u64(p + WALFRAME_HEADER + 8 * (size_t)i);
}

uint32_t walframe_lower_bound(const uint8_t *p, const struct walframe *f, uint64_t hash)
{
	uint32_t lo = 0, hi = f->nruns;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (walframe_dir_hash(p, mid) < hash)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int walframe_run_place(const uint8_t *p, const struct walframe *f, uint32_t i, uint32_t *at, uint32_t *len)
{
	const uint8_t *offsets = p + WALFRAME_HEADER + 8 * (size_t)f->nruns;
	uint32_t lo = (uint32_t)(WALFRAME_HEADER + 12 * (size_t)f->nruns);
	uint32_t hi = f->len - WALFRAME_TRAILER;
	uint32_t from = get_u32(offsets + 4 * (size_t)i);
	uint32_t to = i + 1 < f->nruns ? get_u32(offsets + 4 * (size_t)(i + 1)) : hi;

	if (from < lo || to > hi || from > to || to - from < WALRUN_MIN)
		return COUNT_ERR_CORRUPT;
	*at = from;
	*len = to - from;
	return COUNT_OK;
}

int walframe_run_at(const uint8_t *p, size_t len, struct walframe_run *run)
{
	const uint8_t *name, *end = p + len;
	uint64_t name_len;

	if (len < WALRUN_MIN)
		return COUNT_ERR_CORRUPT;
	name = varint_get(p + 5, end, &name_len);
	if (name == NULL || name_len == 0 || name_len > COUNT_SERIES_MAX ||
	    name_len > (size_t)(end - name))
		return COUNT_ERR_CORRUPT;
	*run = (struct walframe_run){ .p = p, .len = len, .name = (const char *)name, .name_len = (size_t)name_len };
	return COUNT_OK;
}

int walframe_run_name(const uint8_t *p, const struct walframe *f, uint32_t i,
		      struct walframe_run *run)
{
	uint32_t at, len;
	int ret = walframe_run_place(p, f, i, &at, &len);

	return ret == COUNT_OK ? walframe_run_at(p + at, len, run) : ret;
}

bool walframe_run_intact(const struct walframe *f, const struct walframe_run *run)
{
	return crc32c(f->salt, run->p + 4, run->len - 4) == get_u32(run->p);
}

/* Reads step and span and finds where the times are.  NULL: broken. */
static const uint8_t *parse_times(const uint8_t *p, const uint8_t *end, struct walframe_run *run)
{
	uint64_t span = 0, bytes;

	if (run->n > 1) {
		p = varint_get(p, end, &run->step);
		if (p == NULL || run->step == 0)
			return NULL;
		if (__builtin_mul_overflow(run->step, (uint64_t)run->n - 1, &span))
			return NULL;
		if (run->time_width != 0)
			p = varint_get(p, end, &span);
	} else if (run->time_width != 0) {
		return NULL;
	}
	if (p == NULL || span > (uint64_t)INT64_MAX - (uint64_t)run->first)
		return NULL;	/* wraps: the distance from first up to INT64_MAX */
	run->last = (int64_t)((uint64_t)run->first + span);
	run->times = p;
	bytes = (uint64_t)(run->n - 1) * run->time_width;
	return bytes <= (size_t)(end - p) ? p + bytes : NULL;
}

static const uint8_t *parse_values(const uint8_t *p, const uint8_t *end, struct walframe_run *run)
{
	uint64_t zz = 0, bytes = run->value_code == WALRUN_SAME ? 8 :
				 (uint64_t)run->n * value_width(run->value_code);

	if (run->value_code >= WALRUN_DECIMAL) {
		if (p == end || *p == 0 || *p > WALRUN_DECIMALS_MAX)
			return NULL;
		run->pow10 = num_exact_pow10[*p++];
	}
	if (run->value_code >= WALRUN_INT) {
		p = varint_get(p, end, &zz);
		run->base = unzigzag(zz);
		if (p == NULL || run->base < -(int64_t)WALRUN_INT_MAX || run->base > (int64_t)WALRUN_INT_MAX)
			return NULL;
	}
	run->values = p;
	return bytes <= (size_t)(end - p) ? p + bytes : NULL;
}

int walframe_run_parse(const struct walframe *f, struct walframe_run *run)
{
	const uint8_t *p = (const uint8_t *)run->name + run->name_len, *end = run->p + run->len;
	uint8_t enc = run->p[4];
	uint64_t n, start;

	if (!walframe_run_intact(f, run))
		return COUNT_ERR_CORRUPT;
	run->value_code = enc >> 4;
	if ((enc & 15) >= WALRUN_TIME_CODES || run->value_code >= WALRUN_CODES)
		return COUNT_ERR_CORRUPT;
	run->time_width = (uint8_t)time_width(enc & 15);
	p = varint_get(p, end, &n);
	if (p == NULL || n == 0 || n > f->npoints)
		return COUNT_ERR_CORRUPT;
	run->n = (uint32_t)n;
	p = varint_get(p, end, &start);
	if (p == NULL || start > (uint64_t)f->last - (uint64_t)f->first)
		return COUNT_ERR_CORRUPT;
	run->first = (int64_t)((uint64_t)f->first + start);
	p = parse_times(p, end, run);
	if (p != NULL)
		p = parse_values(p, end, run);
	return p == end && run->last <= f->last ? COUNT_OK : COUNT_ERR_CORRUPT;
}

/* What the distance before point i has more than the step. */
static uint64_t more_at(const struct walframe_run *run, uint32_t i)
{
	const uint8_t *p = run->times + (size_t)(i - 1) * run->time_width;

	switch (run->time_width) {
	case 1: return *p;
	case 2: return get_u16(p);
	case 4: return get_u32(p);
	case 8: return get_u64(p);
	default: return 0;
	}
}

static int decode_times(const struct walframe_run *run, uint32_t from, uint32_t n, int64_t time,
			int64_t *out)
{
	for (uint32_t i = 0; i < n; i++) {
		if (from + i > 0) {
			uint64_t left = (uint64_t)run->last - (uint64_t)time;
			uint64_t more = more_at(run, from + i), d = run->step + more;

			if (d < more || d > left)
				return COUNT_ERR_CORRUPT;
			time = (int64_t)((uint64_t)time + d);
		}
		out[i] = time;
	}
	return from + n == run->n && time != run->last ? COUNT_ERR_CORRUPT : COUNT_OK;
}

static void decode_integers(const struct walframe_run *run, const uint8_t *p, size_t width, uint32_t n,
			    double *out)
{
	switch (width) {
	case 0:
		for (uint32_t i = 0; i < n; i++)
			out[i] = (double)run->base;
		break;
	case 1:
		for (uint32_t i = 0; i < n; i++)
			out[i] = (double)(run->base + p[i]);
		break;
	case 2:
		for (uint32_t i = 0; i < n; i++)
			out[i] = (double)(run->base + get_u16(p + 2 * (size_t)i));
		break;
	default:
		for (uint32_t i = 0; i < n; i++)
			out[i] = (double)(run->base + get_u32(p + 4 * (size_t)i));
		break;
	}
}

static void decode_values(const struct walframe_run *run, uint32_t from, uint32_t n, double *out)
{
	size_t width = value_width(run->value_code);
	const uint8_t *p = run->values + from * width;

	switch (run->value_code) {
	case WALRUN_RAW:
		memcpy(out, p, (size_t)n * 8);
		break;
	case WALRUN_SAME:
		for (uint32_t i = 0; i < n; i++)
			out[i] = get_f64(run->values);
		break;
	default:
		decode_integers(run, p, width, n, out);
		break;
	}
	if (run->value_code >= WALRUN_DECIMAL)
		for (uint32_t i = 0; i < n; i++)
			out[i] /= run->pow10;
}

int walframe_run_next(const struct walframe_run *run, struct walframe_cursor *cur, int64_t *times,
		      double *values, size_t *n)
{
	uint32_t left = run->n - cur->done, take = *n < left ? (uint32_t)*n : left;
	int64_t from = cur->done == 0 ? run->first : cur->time;

	*n = 0;
	if (take == 0)
		return COUNT_OK;
	if (decode_times(run, cur->done, take, from, times) != COUNT_OK)
		return COUNT_ERR_CORRUPT;
	decode_values(run, cur->done, take, values);
	cur->done += take;
	cur->time = times[take - 1];
	*n = take;
	return COUNT_OK;
}
