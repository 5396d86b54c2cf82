/* walframe_encode.c - building frames of the log; see walframe.h and count-wal(5). */
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "count.h"
#include "format/walframe.h"
#include "format/walframe_layout.h"
#include "format/walframe_values.h"

#define AHEAD 8

uint64_t walframe_hash(const char *name, size_t len)
{
	return XXH3_64bits(name, len);
}

int walframe_order(const struct walframe_series *a, const struct walframe_series *b)
{
	size_t min = a->name_len < b->name_len ? a->name_len : b->name_len;
	int c;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	c = memcmp(a->name, b->name, min);
	if (c != 0)
		return c;
	return (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

size_t walframe_bound(const struct walframe_series *s)
{
	/* directory, checksum, enc, five varints, decimals and a base; 8 + 8 bytes a point */
	return 12 + 4 + 1 + 5 * VARINT_MAX + 1 + VARINT_MAX + s->name_len + (size_t)s->n * 16;
}

void walseg_put(uint8_t out[WALSEG_HEADER], const uint8_t boot[16], const uint8_t seed[8])
{
	memcpy(out, WALSEG_MAGIC, 8);
	put_u32(out + 8, WALSEG_VERSION);
	memcpy(out + 12, boot, 16);
	memcpy(out + 28, seed, 8);
	put_u32(out + 36, crc32c(0, out, 36));
}

uint32_t walseg_salt(const uint8_t seed[8])
{
	return crc32c(0, seed, 8);
}

/* ---- Times ---- */

struct time_plan { uint64_t step, span; unsigned tw; };

/* The smallest distance, and how wide what the others have more must be. */
static int plan_times(const int64_t *t, uint32_t n, struct time_plan *plan)
{
	uint64_t min = UINT64_MAX, max = 0;

	for (uint32_t i = 1; i < n; i++) {
		uint64_t d = (uint64_t)t[i] - (uint64_t)t[i - 1];

		if (t[i] <= t[i - 1])
			return COUNT_ERR_INVALID;
		min = d < min ? d : min;
		max = d > max ? d : max;
	}
	max -= min;
	plan->step = min;
	plan->span = (uint64_t)t[n - 1] - (uint64_t)t[0];
	plan->tw = max == 0 ? 0 : max <= UINT8_MAX ? 1 : max <= UINT16_MAX ? 2 : max <= UINT32_MAX ? 3 : 4;
	return COUNT_OK;
}

static uint8_t *put_times(uint8_t *p, const int64_t *t, uint32_t n, const struct time_plan *plan)
{
	const uint64_t step = plan->step;

#define MORE(i) ((uint64_t)t[i] - (uint64_t)t[(i) - 1] - step)
	switch (plan->tw) {
	case 1:
		for (uint32_t i = 1; i < n; i++)
			p[i - 1] = (uint8_t)MORE(i);
		break;
	case 2:
		for (uint32_t i = 1; i < n; i++)
			put_u16(p + 2 * (size_t)(i - 1), (uint16_t)MORE(i));
		break;
	case 3:
		for (uint32_t i = 1; i < n; i++)
			put_u32(p + 4 * (size_t)(i - 1), (uint32_t)MORE(i));
		break;
	case 4:
		for (uint32_t i = 1; i < n; i++)
			put_u64(p + 8 * (size_t)(i - 1), MORE(i));
		break;
	}
#undef MORE
	return p + (size_t)(n - 1) * time_width(plan->tw);
}

/* ---- Frames ---- */

static int put_run(struct buf *out, const struct walframe_series *s, int64_t frame_first)
{
	struct time_plan tp = { 0 };
	struct value_plan vp;
	uint8_t *p;

	if (!buf_reserve(out, walframe_bound(s)))
		return COUNT_ERR_NOMEM;
	if (s->n > 1 && plan_times(s->times, s->n, &tp) != COUNT_OK)
		return COUNT_ERR_INVALID;
	walvalues_plan(s->values, s->n, &vp);
	p = out->data + out->len + 4;	/* the checksum comes when it is sealed */
	*p++ = (uint8_t)(tp.tw | vp.ve << 4);
	p += varint_put(p, s->name_len);
	memcpy(p, s->name, s->name_len);
	p += s->name_len;
	p += varint_put(p, s->n);
	p += varint_put(p, (uint64_t)s->times[0] - (uint64_t)frame_first);
	if (s->n > 1) {
		p += varint_put(p, tp.step);
		if (tp.tw != 0)
			p += varint_put(p, tp.span);
		p = put_times(p, s->times, s->n, &tp);
	}
	p = walvalues_put(p, s->values, s->n, &vp);
	out->len = (size_t)(p - out->data);
	return COUNT_OK;
}

struct totals { uint64_t points, bound; int64_t first, last; };

static int add_up(const struct walframe_series *s, size_t n, struct totals *t)
{
	*t = (struct totals){ .bound = WALFRAME_HEADER + WALFRAME_TRAILER,
			      .first = INT64_MAX, .last = INT64_MIN };
	for (size_t i = 0; i < n; i++) {
		if (s[i].n == 0 || s[i].name_len == 0 || s[i].name_len > COUNT_SERIES_MAX)
			return COUNT_ERR_INVALID;
		if (i > 0 && walframe_order(&s[i - 1], &s[i]) >= 0)
			return COUNT_ERR_INVALID;
		t->points += s[i].n;
		t->bound += walframe_bound(&s[i]);
		t->first = s[i].times[0] < t->first ? s[i].times[0] : t->first;
		t->last = s[i].times[s[i].n - 1] > t->last ? s[i].times[s[i].n - 1] : t->last;
		if (t->points > WALFRAME_MAX_POINTS || t->bound > WALFRAME_MAX_LEN)
			return COUNT_ERR_INVALID;
	}
	return n == 0 ? COUNT_ERR_INVALID : COUNT_OK;
}

static void put_header(uint8_t *p, const struct totals *t, uint32_t len, uint32_t nruns)
{
	memcpy(p, WALFRAME_MAGIC, 4);
	put_u32(p + 8, len);
	put_u32(p + 16, nruns);
	put_u32(p + 20, (uint32_t)t->points);
	put_i64(p + 24, t->first);
	put_i64(p + 32, t->last);
	put_u32(p + len - WALFRAME_TRAILER, len);
}

int walframe_encode(const struct walframe_series *series, size_t n, struct buf *out)
{
	size_t start = out->len, dir = start + WALFRAME_HEADER;
	struct totals t;
	int ret = add_up(series, n, &t);

	if (ret != COUNT_OK)
		return ret;
	if (!buf_reserve(out, WALFRAME_HEADER + n * 12))
		return COUNT_ERR_NOMEM;
	memset(out->data + start, 0, WALFRAME_HEADER);
	out->len = dir + n * 12;
	for (size_t i = 0; i < n && ret == COUNT_OK; i++) {
		if (i + AHEAD < n)
			__builtin_prefetch(series[i + AHEAD].name);	/* anywhere: the order is that of hashes */
		put_u64(out->data + dir + 8 * i, series[i].hash);
		put_u32(out->data + dir + 8 * n + 4 * i, (uint32_t)(out->len - start));
		ret = put_run(out, &series[i], t.first);
	}
	if (ret == COUNT_OK && !buf_reserve(out, WALFRAME_TRAILER))
		ret = COUNT_ERR_NOMEM;
	if (ret != COUNT_OK) {
		out->len = start;
		return ret;
	}
	out->len += WALFRAME_TRAILER;
	put_header(out->data + start, &t, (uint32_t)(out->len - start), (uint32_t)n);
	return COUNT_OK;
}

/* Length and name of the run in these bytes, as they stand there. */
static void hash_name(XXH3_state_t *state, const uint8_t *run, size_t len)
{
	const uint8_t *spelled = run + 5, *name;
	uint64_t name_len;

	name = varint_get(spelled, run + len, &name_len);
	XXH3_64bits_update(state, spelled, (size_t)(name - spelled) + (size_t)name_len);
}

void walframe_seal(uint8_t *frame, uint32_t salt)
{
	uint32_t n = get_u32(frame + 16), len = get_u32(frame + 8);
	const uint8_t *offsets = frame + WALFRAME_HEADER + 8 * (size_t)n;
	XXH3_state_t names = { .seed = 0 };	/* reset looks at what it was */

	XXH3_64bits_reset_withSeed(&names, salt);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t from = get_u32(offsets + 4 * (size_t)i);
		uint32_t to = i + 1 < n ? get_u32(offsets + 4 * (size_t)(i + 1)) : len - WALFRAME_TRAILER;

		hash_name(&names, frame + from, to - from);
		put_u32(frame + from, crc32c(salt, frame + from + 4, to - from - 4));
	}
	put_u32(frame + 4, salt);
	put_u64(frame + WALFRAME_NAMES, XXH3_64bits_digest(&names));
	put_u32(frame + WALFRAME_DIRCRC, crc32c(salt, frame + WALFRAME_HEADER, 12 * (size_t)n));
	walframe_number(frame, get_u32(frame + 12));
}

void walframe_number(uint8_t *frame, uint32_t number)
{
	put_u32(frame + 12, number);
	put_u32(frame + WALFRAME_CRC, crc32c(get_u32(frame + 4), frame, WALFRAME_CRC));
}
