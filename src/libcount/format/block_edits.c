/* block_edits.c - times by what differs from a base; see block_edits.h. */
#include "format/block_edits.h"

#include <string.h>

#include "base/bytes.h"

enum { EDIT_SKIP, EDIT_ADD, EDIT_MOVE, EDIT_KINDS };	/* the low two bits of an edit */

static int64_t base_at(const struct block_base *b, size_t j)
{
	return b->v != NULL ? b->v[j] : (int64_t)((uint64_t)b->first + b->step * j);
}

/* Whether the base has a time number j; one at equal distances ends where times do. */
static bool base_has(const struct block_base *b, size_t j)
{
	return b->v != NULL ? j < b->n : j == 0 || (b->step != 0 && base_at(b, j) > base_at(b, j - 1));
}

/* ---- Writing ---- */

struct edits {
	struct buf *out;
	size_t taken;		/* from the base since the last edit */
	size_t skipped;		/* since then */
};

static void end_skip(struct edits *e)
{
	if (e->skipped == 0)
		return;
	buf_put_varint(e->out, (uint64_t)e->taken << 2 | EDIT_SKIP);
	buf_put_varint(e->out, e->skipped - 1);
	e->taken = e->skipped = 0;
}

static void put_edit(struct edits *e, unsigned kind, uint64_t by)
{
	end_skip(e);
	buf_put_varint(e->out, (uint64_t)e->taken << 2 | kind);
	buf_put_varint(e->out, by);
	e->taken = 0;
}

bool block_edits_put(const struct block_base *base, const int64_t *times, size_t n, size_t limit,
		     struct buf *out)
{
	struct edits e = { .out = out };
	size_t start = out->len, i = 0, j = 0;

	while (i < n && out->len - start < limit) {
		int64_t t = times[i], b;

		if (base_has(base, j) && (b = base_at(base, j)) == t) {
			end_skip(&e);
			e.taken++;
			i++;
			j++;
		} else if (base_has(base, j) && b < t && base_has(base, j + 1) && base_at(base, j + 1) <= t) {
			size_t by = base->v != NULL ? 1 : (size_t)(((uint64_t)t - (uint64_t)b) / base->step);

			e.skipped += by;
			j += by;
		} else if (base_has(base, j) && (b < t || i + 1 == n || times[i + 1] > b)) {
			put_edit(&e, EDIT_MOVE, zigzag((int64_t)((uint64_t)t - (uint64_t)b)));
			i++;
			j++;
		} else {
			put_edit(&e, EDIT_ADD, i == 0 ? 0 : (uint64_t)t - (uint64_t)times[i - 1]);
			i++;
		}
	}
	return i == n && out->len - start < limit && !out->failed;
}

/* ---- Reading ---- */

static bool take_base(const struct block_base *base, size_t *j, uint64_t count, int64_t *times, size_t *i, size_t n)
{
	if (count > n - *i || (base->v != NULL && count > base->n - *j))
		return false;
	if (base->v != NULL)
		memcpy(times + *i, base->v + *j, (size_t)count * sizeof(*times));
	else
		for (size_t k = 0; k < count; k++)
			times[*i + k] = base_at(base, *j + k);
	*i += (size_t)count;
	*j += (size_t)count;
	return true;
}

static bool skip_base(const struct block_base *base, size_t *j, uint64_t by)
{
	if (base->v != NULL && by >= base->n - *j)
		return false;
	*j += (size_t)by + 1;
	return true;
}

bool block_edits_apply(const struct block_base *base, const uint8_t *p, size_t len, int64_t first,
		       int64_t *times, size_t n)
{
	const uint8_t *end;
	size_t i = 0, j = 0;

	if (len == 0)
		p = (const uint8_t *)"";	/* NULL is no bytes too, but not for p + len */
	end = p + len;
	while (p != end) {
		uint64_t head, by;
		unsigned kind;

		p = varint_get(p, end, &head);
		if (p != NULL)
			p = varint_get(p, end, &by);
		if (p == NULL || !take_base(base, &j, head >> 2, times, &i, n))
			return false;
		kind = (unsigned)head & 3;
		if (kind == EDIT_SKIP) {
			if (!skip_base(base, &j, by))
				return false;
			continue;
		}
		if (kind >= EDIT_KINDS || i == n || (kind == EDIT_MOVE && base->v != NULL && j == base->n))
			return false;
		if (kind == EDIT_ADD)
			times[i] = (int64_t)((uint64_t)(i == 0 ? first : times[i - 1]) + by);
		else
			times[i] = (int64_t)((uint64_t)base_at(base, j++) + (uint64_t)unzigzag(by));
		i++;
	}
	return take_base(base, &j, n - i, times, &i, n);
}
