/* block_times.c - where times go; see block_times.h. */
#include "format/block_times.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/block_edits.h"

enum {
	OWN_BYTES = 192,	/* a column up to this stands with its chunk at first */
	INLINE_EDITS = 24,	/* and edits up to this */
	EDIT_SHARE = 8,		/* edits are at most a byte for so many points, */
	SURE_SHARE = 64,	/* and up to one for so many no encoding is tried */
};

void block_times_free(struct block_times *t)
{
	for (size_t i = 0; i < BLOCK_TIMES_SLOTS; i++)
		free(t->slots[i].data);
	buf_free(&t->column);
	buf_free(&t->edits);
	buf_free(&t->trial);
	buf_free(&t->shared);
	memset(t, 0, sizeof(*t));
}

static void forget(struct block_times *t)
{
	for (size_t i = 0; i < BLOCK_TIMES_SLOTS; i++) {
		free(t->slots[i].data);
		t->slots[i] = (struct block_times_slot){ 0 };
	}
	memset(t->recent, 0, sizeof(t->recent));
	t->decoded = NULL;
	t->bytes = 0;
}

/* ---- Slots ---- */

static uint32_t hash_of(const int64_t *times, size_t n)
{
	return crc32c(0, times, n * sizeof(*times));
}

/* The times of a slot; NULL: its column cannot be decoded, which it should. */
static const int64_t *times_of(struct block_times *t, struct chunk_coder *coder, const struct block_times_slot *s)
{
	if (!s->encoded)
		return s->data;
	if (t->decoded == s)
		return t->scratch;
	t->decoded = NULL;
	if (column_decode_times(coder, s->data, s->len, s->first, s->last, s->n, 0, column_pages(s->n),
				t->scratch) != COUNT_OK)
		return NULL;
	t->decoded = s;
	return t->scratch;
}

static struct block_times_slot *find(struct block_times *t, struct chunk_coder *coder, const int64_t *times,
				     size_t n, uint32_t hash)
{
	struct block_times_slot *s = &t->slots[hash % BLOCK_TIMES_SLOTS];
	const int64_t *same;

	if (s->data == NULL || s->hash != hash || s->n != n || s->first != times[0] || s->last != times[n - 1])
		return NULL;
	same = times_of(t, coder, s);
	return same != NULL && memcmp(same, times, n * sizeof(*times)) == 0 ? s : NULL;
}

/* Without memory it is not remembered, which costs space only. */
static void add(struct block_times *t, const int64_t *times, size_t n, uint32_t hash, const uint8_t *column,
		size_t column_len, uint64_t off)
{
	struct block_times_slot *s = &t->slots[hash % BLOCK_TIMES_SLOTS];
	size_t len = column != NULL ? column_len : n * sizeof(*times);
	void *data;

	if (t->bytes + len > BLOCK_TIMES_BYTES)
		forget(t);
	data = malloc(len);
	if (data == NULL)
		return;
	memcpy(data, column != NULL ? (const void *)column : times, len);
	for (size_t i = 0; i < BLOCK_TIMES_RECENT; i++)
		if (t->recent[i] == s)
			t->recent[i] = NULL;
	if (t->decoded == s)
		t->decoded = NULL;
	t->bytes += len - (s->data != NULL ? s->len : 0);
	free(s->data);
	*s = (struct block_times_slot){ .data = data, .len = len, .encoded = column != NULL, .off = off,
					.hash = hash, .n = n, .first = times[0], .last = times[n - 1] };
	for (size_t i = 0; i < BLOCK_TIMES_SAMPLES; i++)
		s->samples[i] = times[(2 * i + 1) * n / (2 * BLOCK_TIMES_SAMPLES)];
	if (column != NULL && off != 0)
		t->recent[t->turn++ % BLOCK_TIMES_RECENT] = s;
}

/* ---- Edits ---- */

static uint64_t distance(int64_t a, int64_t b)
{
	return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

static bool has(const int64_t *times, size_t n, int64_t t)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (times[mid] < t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && times[lo] == t;
}

/* About the same stretch, and half of the samples at least are among the times. */
static bool is_near(const struct block_times_slot *s, const int64_t *times, size_t n)
{
	uint64_t slack = ((uint64_t)times[n - 1] - (uint64_t)times[0]) / 16;
	size_t hits = 0;

	if (n < s->n / 4 * 3 || s->n < n / 4 * 3 || distance(s->first, times[0]) > slack ||
	    distance(s->last, times[n - 1]) > slack)
		return false;
	for (size_t i = 0; i < BLOCK_TIMES_SAMPLES; i++)
		hits += has(times, n, s->samples[i]);
	return 2 * hits >= BLOCK_TIMES_SAMPLES;
}

/* The step that some differences here and there have mostly, 0 if none has. */
static uint64_t usual_step(const int64_t *times, size_t n)
{
	uint64_t d[9];
	size_t m = sizeof(d) / sizeof(d[0]), same = 0;

	if (n < 2 * m)
		return 0;
	for (size_t i = 0; i < m; i++) {
		size_t at = 1 + (n - 2) * i / (m - 1), k = i;
		uint64_t v = (uint64_t)times[at] - (uint64_t)times[at - 1];

		for (; k > 0 && d[k - 1] > v; k--)
			d[k] = d[k - 1];
		d[k] = v;
	}
	for (size_t i = 0; i < m; i++)
		same += d[i] == d[m / 2];
	return same > m / 2 ? d[m / 2] : 0;
}

/* Keeps the trial if it is the smallest. */
static bool try_base(struct block_times *t, const struct block_base *base, const int64_t *times, size_t n, size_t limit)
{
	struct buf swap;

	buf_clear(&t->trial);
	if (t->edits.len > 0 && t->edits.len < limit)
		limit = t->edits.len;
	if (!block_edits_put(base, times, n, limit, &t->trial) || t->trial.len == 0)
		return false;
	swap = t->edits;
	t->edits = t->trial;
	t->trial = swap;
	return true;
}

/* The smallest edits to t->edits, none if there are none worth it; place tells their base. */
static void make_edits(struct block_times *t, struct chunk_coder *coder, const int64_t *times, size_t n,
		       struct block_times_place *place)
{
	struct block_base base = { .first = times[0], .step = usual_step(times, n) };
	size_t limit = n / EDIT_SHARE + 8;

	buf_clear(&t->edits);
	*place = (struct block_times_place){ .kind = BLOCK_TIMES_EDITED };
	if (base.step != 0 && try_base(t, &base, times, n, limit))
		place->step = base.step;
	for (unsigned i = 0; i < BLOCK_TIMES_RECENT && (t->edits.len == 0 || t->edits.len > INLINE_EDITS); i++) {
		const struct block_times_slot *s = t->recent[(t->turn - 1 - i) % BLOCK_TIMES_RECENT];
		struct block_base near = { 0 };

		if (s == NULL || !is_near(s, times, n))
			continue;
		near.v = times_of(t, coder, s);
		near.n = s->n;
		if (near.v != NULL && try_base(t, &near, times, n, limit))
			*place = (struct block_times_place){ .kind = BLOCK_TIMES_EDITED, .off = s->off };
	}
}

/* ---- Where they go ---- */

/* The bytes of a shared column; edited unless place is NULL. */
static int put_shared(struct block_times *t, const int64_t *times, size_t n, const struct block_times_place *place,
		      const uint8_t *bytes, size_t len)
{
	struct buf *b = &t->shared;

	buf_clear(b);
	buf_put_varint(b, (uint64_t)n << 1 | (place != NULL));
	buf_put_varint(b, zigzag(times[0]));
	buf_put_varint(b, (uint64_t)times[n - 1] - (uint64_t)times[0]);
	if (place != NULL)
		buf_put_varint(b, place->off);
	if (place != NULL && place->off == 0)
		buf_put_varint(b, place->step);
	buf_put_varint(b, len);
	buf_put(b, bytes, len);
	if (!b->failed)
		buf_put_u32(b, crc32c(0, b->data, b->len));
	return b->failed ? COUNT_ERR_NOMEM : COUNT_OK;
}

static void give_shared(struct block_times *t, uint64_t off, struct block_times_put *p)
{
	p->place = (struct block_times_place){ .kind = BLOCK_TIMES_SHARED, .off = off };
	p->shared = t->shared.data;
	p->shared_len = t->shared.len;
}

/* Times that were given before: now they are shared, if they were not. */
static int put_known(struct block_times *t, struct chunk_coder *coder, struct block_times_slot *s,
		     const int64_t *times, size_t n, uint64_t off, struct block_times_put *p)
{
	struct block_times_place place;
	int ret;

	if (s->off != 0) {
		p->place = (struct block_times_place){ .kind = BLOCK_TIMES_SHARED, .off = s->off };
		return COUNT_OK;
	}
	if (s->encoded) {
		ret = put_shared(t, times, n, NULL, s->data, s->len);
	} else {
		make_edits(t, coder, times, n, &place);
		ret = t->edits.len == 0 ? COUNT_ERR_NOTFOUND :
		      put_shared(t, times, n, &place, t->edits.data, t->edits.len);
	}
	if (ret != COUNT_OK)
		return ret;
	s->off = off;
	if (s->encoded)
		t->recent[t->turn++ % BLOCK_TIMES_RECENT] = s;
	give_shared(t, off, p);
	return COUNT_OK;
}

static int put_edited(struct block_times *t, const int64_t *times, size_t n, uint32_t hash, uint64_t off,
		      const struct block_times_place *place, struct block_times_put *p)
{
	int ret = COUNT_OK;

	if (t->edits.len <= INLINE_EDITS) {
		p->place = *place;
		p->bytes = t->edits.data;
		p->len = t->edits.len;
		add(t, times, n, hash, NULL, 0, 0);
		return COUNT_OK;
	}
	ret = put_shared(t, times, n, place, t->edits.data, t->edits.len);
	if (ret != COUNT_OK)
		return ret;
	add(t, times, n, hash, NULL, 0, off);
	give_shared(t, off, p);
	return COUNT_OK;
}

static int put_column(struct block_times *t, const int64_t *times, size_t n, uint32_t hash, uint64_t off,
		      const uint8_t *column, size_t len, struct block_times_put *p)
{
	int ret;

	if (len <= OWN_BYTES) {
		p->place = (struct block_times_place){ .kind = BLOCK_TIMES_OWN, .len = (uint32_t)len };
		p->bytes = column;
		p->len = len;
		add(t, times, n, hash, column, len, 0);
		return COUNT_OK;
	}
	ret = put_shared(t, times, n, NULL, column, len);
	if (ret != COUNT_OK)
		return ret;
	add(t, times, n, hash, column, len, off);
	give_shared(t, off, p);
	return COUNT_OK;
}

static bool is_regular(const int64_t *times, size_t n)
{
	uint64_t step = n < 2 ? 0 : (uint64_t)times[1] - (uint64_t)times[0], span, diff = 0;

	for (size_t i = 1; i < n; i++)
		diff |= ((uint64_t)times[i] - (uint64_t)times[i - 1]) ^ step;
	return diff == 0 && !__builtin_mul_overflow(step, n - 1, &span);
}

int block_times_put(struct block_times *t, struct chunk_coder *coder, enum column_level level,
		    const int64_t *times, size_t n, uint64_t off, const uint8_t *column, size_t column_len,
		    struct block_times_put *p)
{
	struct block_times_place place;
	struct block_times_slot *s;
	uint32_t hash;
	int ret = COUNT_OK;

	*p = (struct block_times_put){ 0 };
	if (is_regular(times, n)) {
		p->place.kind = BLOCK_TIMES_REGULAR;
		p->place.step = n < 2 ? 0 : (uint64_t)times[1] - (uint64_t)times[0];
		return COUNT_OK;
	}
	hash = hash_of(times, n);
	s = find(t, coder, times, n, hash);
	if (s != NULL) {
		ret = put_known(t, coder, s, times, n, off, p);
		if (ret != COUNT_ERR_NOTFOUND)
			return ret;
		ret = COUNT_OK;
	}
	make_edits(t, coder, times, n, &place);
	if (t->edits.len > 0 && t->edits.len <= n / SURE_SHARE + 8)
		return put_edited(t, times, n, hash, off, &place, p);
	if (column == NULL) {
		buf_clear(&t->column);
		ret = column_encode_times(coder, level, times, n, &t->column);
		if (ret == COUNT_OK && t->column.failed)
			ret = COUNT_ERR_NOMEM;
		column = t->column.data;
		column_len = t->column.len;
	}
	if (ret != COUNT_OK)
		return ret;
	if (t->edits.len > 0 && t->edits.len < column_len)
		return put_edited(t, times, n, hash, off, &place, p);
	return put_column(t, times, n, hash, off, column, column_len, p);
}
