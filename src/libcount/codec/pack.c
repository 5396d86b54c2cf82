/* pack.c - choosing the cheapest form for each group, writing and reading it; see pack.h. */
#include "codec/pack.h"

#define MODE_BASE 65		/* header values from here on: fields relative to a base */
#define MODE_EXCEPTIONS 0x80
#define GROUP_MAX_BYTES (PACK_GROUP * 17 + 64)	/* of one group, with slack for the bit writer */

struct plan {
	int64_t base;
	size_t bytes;		/* of header, base, fields and exceptions */
	uint8_t mode;		/* header without MODE_EXCEPTIONS: width, or MODE_BASE + width */
	uint8_t width;
	uint8_t exceptions;	/* fields with more than width bits */
	uint8_t high;		/* bits above width of the longest field */
};

struct lengths { uint8_t count[4][65]; };	/* four tables: no increment waits for the one before */

static unsigned varint_len(uint64_t v)
{
	return v == 0 ? 1 : (bits_length(v) + 6) / 7;
}

/* Finds the cheapest width up to max_width, for n fields of these lengths, of which longest is the greatest. */
static void best_width(const struct lengths *l, size_t n, unsigned longest, unsigned max_width,
		       struct plan *plan)
{
	unsigned above = 0;

	plan->bytes = SIZE_MAX;
	for (int w = (int)longest; w >= 0; w--) {
		size_t bytes = 1 + (n * (unsigned)w + 7) / 8;
		unsigned high = longest - (unsigned)w;

		if (above != 0)
			bytes += 2 + (above * (7 + high) + 7) / 8;
		if (bytes < plan->bytes && (unsigned)w <= max_width) {
			plan->bytes = bytes;
			plan->width = (uint8_t)w;
			plan->exceptions = (uint8_t)above;
			plan->high = (uint8_t)high;
		}
		above += l->count[0][w] + l->count[1][w] + l->count[2][w] + l->count[3][w];
	}
}

static void plan_zigzag(const int64_t *v, size_t n, struct plan *plan)
{
	struct lengths l = { 0 };
	uint64_t any = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t z = zigzag(v[i]);

		any |= z;
		l.count[i % 4][bits_length(z)]++;
	}
	best_width(&l, n, bits_length(any), 64, plan);
	plan->mode = plan->width;
	plan->base = 0;
}

static void plan_base(const int64_t *v, size_t n, int64_t min, int64_t max, int64_t prev_base,
		      struct plan *plan)
{
	struct lengths l = { 0 };

	for (size_t i = 0; i < n; i++)
		l.count[i % 4][bits_length((uint64_t)v[i] - (uint64_t)min)]++;
	best_width(&l, n, bits_length((uint64_t)max - (uint64_t)min), 127 - MODE_BASE, plan);
	plan->mode = (uint8_t)(MODE_BASE + plan->width);
	plan->base = min;
	plan->bytes += varint_len(zigzag((int64_t)((uint64_t)min - (uint64_t)prev_base)));
}

static void plan_group(const int64_t *v, size_t n, int64_t prev_base, struct plan *plan)
{
	struct plan based;
	int64_t min = v[0], max = v[0];

	for (size_t i = 1; i < n; i++) {
		min = v[i] < min ? v[i] : min;
		max = v[i] > max ? v[i] : max;
	}
	if (min == 0 && max == 0) {
		*plan = (struct plan){ .bytes = 1 };
		return;
	}
	plan_zigzag(v, n, plan);
	plan_base(v, n, min, max, prev_base, &based);
	if (based.bytes < plan->bytes)
		*plan = based;
}

size_t pack_size(const int64_t *v, size_t n, size_t limit)
{
	size_t bytes = 0;
	int64_t base = 0;

	for (size_t i = 0; i < n && bytes < limit; i += PACK_GROUP) {
		struct plan plan;

		plan_group(v + i, n - i < PACK_GROUP ? n - i : PACK_GROUP, base, &plan);
		bytes += plan.bytes;
		if (plan.mode >= MODE_BASE)
			base = plan.base;
	}
	return bytes;
}

static uint8_t *put_exceptions(uint8_t *p, const uint64_t *u, size_t n, const struct plan *plan)
{
	struct bit_writer w = { .p = p + 2 };

	p[0] = plan->exceptions;
	p[1] = plan->high;
	for (size_t i = 0; i < n; i++) {
		if (bits_length(u[i]) > plan->width) {
			bits_put(&w, i, 7);
			bits_put(&w, u[i] >> plan->width, plan->high);
		}
	}
	return bits_flush(&w);
}

static uint8_t *put_group(uint8_t *p, const int64_t *v, size_t n, int64_t prev_base,
			  const struct plan *plan)
{
	uint64_t u[PACK_GROUP], mask = bits_mask(plan->width);
	struct bit_writer w;

	*p++ = (uint8_t)(plan->mode | (plan->exceptions != 0 ? MODE_EXCEPTIONS : 0));
	if (plan->mode >= MODE_BASE) {
		p += varint_put(p, zigzag((int64_t)((uint64_t)plan->base - (uint64_t)prev_base)));
		for (size_t i = 0; i < n; i++)
			u[i] = (uint64_t)v[i] - (uint64_t)plan->base;
	} else {
		for (size_t i = 0; i < n; i++)
			u[i] = zigzag(v[i]);
	}
	w = (struct bit_writer){ .p = p };
	for (size_t i = 0; i < n; i++)
		bits_put(&w, u[i] & mask, plan->width);
	p = bits_flush(&w);
	return plan->exceptions == 0 ? p : put_exceptions(p, u, n, plan);
}

bool pack_put(struct buf *out, const int64_t *v, size_t n)
{
	int64_t base = 0;

	for (size_t i = 0; i < n; i += PACK_GROUP) {
		size_t m = n - i < PACK_GROUP ? n - i : PACK_GROUP;
		struct plan plan;

		if (!buf_reserve(out, GROUP_MAX_BYTES))
			return false;
		plan_group(v + i, m, base, &plan);
		out->len = (size_t)(put_group(out->data + out->len, v + i, m, base, &plan) - out->data);
		if (plan.mode >= MODE_BASE)
			base = plan.base;
	}
	return true;
}

/* Adds the high parts to fields of w bits. */
static const uint8_t *get_exceptions(const uint8_t *p, const uint8_t *end, size_t n, unsigned w,
				     uint64_t *u)
{
	struct bit_reader r;
	unsigned count, high;

	if (end - p < 2)
		return NULL;
	count = p[0];
	high = p[1];
	if (count > n || high == 0 || w + high > 64)
		return NULL;
	r = (struct bit_reader){ .p = p + 2, .end = end };
	for (unsigned i = 0; i < count; i++) {
		uint64_t at, part;

		if (!bits_get(&r, 7, &at) || !bits_get(&r, high, &part) || at >= n)
			return NULL;
		u[at] |= part << w;
	}
	return bits_end(&r);
}

/* Whole groups are computed even when n is less: a constant count is what gcc -O2 vectorises. */
static void finish_zigzag(int64_t *restrict v, const uint64_t *restrict u)
{
	for (size_t i = 0; i < PACK_GROUP; i++)
		v[i] = (int64_t)((u[i] >> 1) ^ (0 - (u[i] & 1)));
}

static void finish_base(int64_t *restrict v, const uint64_t *restrict u, uint64_t base)
{
	for (size_t i = 0; i < PACK_GROUP; i++)
		v[i] = (int64_t)(base + u[i]);
}

const uint8_t *pack_get(const uint8_t *p, const uint8_t *end, size_t n, int64_t *v)
{
	uint64_t u[PACK_GROUP] = { 0 }, base = 0;

	for (size_t i = 0; i < n && p != NULL; i += PACK_GROUP) {
		size_t m = n - i < PACK_GROUP ? n - i : PACK_GROUP;
		unsigned mode, width;
		uint64_t step = 0;
		bool exceptions;

		if (p == end)
			return NULL;
		mode = *p & (MODE_EXCEPTIONS - 1);
		exceptions = (*p++ & MODE_EXCEPTIONS) != 0;
		width = mode < MODE_BASE ? mode : mode - MODE_BASE;
		if (mode >= MODE_BASE && (p = varint_get(p, end, &step)) == NULL)
			return NULL;
		p = unpack(p, end, m, width, u);
		if (p != NULL && exceptions)
			p = get_exceptions(p, end, m, width, u);
		if (mode < MODE_BASE) {
			finish_zigzag(v + i, u);
		} else {
			base += (uint64_t)unzigzag(step);
			finish_base(v + i, u, base);
		}
	}
	return p;
}
