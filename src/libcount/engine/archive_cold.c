/* archive_cold.c - a fetched object as pieces; see archive_cold.h. */
#include "engine/archive_cold.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "codec/legacy.h"

#define ALREADY_READ UINT64_MAX		/* as the index of a piece */
#define LEGACY_MAX_POINTS (8u << 20)	/* decoded at once: 128 MiB */

static bool fits(const int64_t *times, size_t n, int64_t first, int64_t last)
{
	return n > 0 && times[0] == first && times[n - 1] == last;
}

/* ---- Objects of the prototype ---- */

struct numbered { int64_t time; double value; size_t at; };

static int by_time(const void *a, const void *b)
{
	const struct numbered *p = a, *q = b;

	if (p->time != q->time)
		return p->time < q->time ? -1 : 1;
	return p->at < q->at ? -1 : p->at > q->at;
}

/* Of equal times the later of the arrays stays. */
static int sort_legacy(struct fetched *f)
{
	struct numbered *v = reallocarray(NULL, f->n, sizeof(*v));
	size_t n = 0;

	if (v == NULL)
		return COUNT_ERR_NOMEM;
	for (size_t i = 0; i < f->n; i++)
		v[i] = (struct numbered){ f->times[i], f->values[i], i };
	qsort(v, f->n, sizeof(*v), by_time);
	for (size_t i = 0; i < f->n; i++) {
		n -= n > 0 && f->times[n - 1] == v[i].time;
		f->times[n] = v[i].time;
		f->values[n++] = v[i].value;
	}
	f->n = n;
	free(v);
	return COUNT_OK;
}

static int open_legacy(struct fetched *f, const struct manifest_block *b, struct count_error *err)
{
	uint64_t points = f->object.block.points, at = 0;
	const struct buf *t = &f->object.legacy_times, *v = &f->object.legacy_values;
	int ret;

	if (points == 0 || points > LEGACY_MAX_POINTS)
		return err_set(err, COUNT_ERR_COLD, "%.300s: %llu points in one object", b->key,
			       (unsigned long long)points);
	f->n = (size_t)points;
	f->times = reallocarray(NULL, f->n, sizeof(*f->times));
	f->values = reallocarray(NULL, f->n, sizeof(*f->values));
	if (f->times == NULL || f->values == NULL)
		return err_nomem(err);
	ret = legacy_decode_times(t->data, t->len, f->n, f->times, &at);
	if (ret == COUNT_OK)
		ret = legacy_decode_values(v->data, v->len, f->n, f->values, &at);
	if (ret != COUNT_OK)
		return err_set(err, COUNT_ERR_COLD, "%.300s: damaged points", b->key);
	if (sort_legacy(f) != COUNT_OK)
		return err_nomem(err);
	if (!fits(f->times, f->n, b->start, b->end))
		return err_set(err, COUNT_ERR_COLD, "%.300s: holds other times than its manifest says", b->key);
	return COUNT_OK;
}

/* ---- Our own ---- */

/* Every chunk read once, counted and hashed. */
static int look_through(struct fetched *f, const struct manifest_block *b, struct chunk_coder *coder,
			struct points_hash *hash, int64_t *times, double *values, struct count_error *err)
{
	uint64_t points = 0, at = 0;
	uint8_t sum[16];

	for (size_t i = 0; i < f->list.n; i++) {
		int ret = chunklist_read(&f->list, i, coder, times, values, &at);

		if (ret == COUNT_ERR_NOMEM)
			return err_nomem(err);
		if (ret != COUNT_OK)
			return err_set(err, COUNT_ERR_COLD, "%.300s: %s chunk %zu: count-manifest verify --deep "
				       "looks at the others", b->key, ret == COUNT_ERR_VERSION ?
				       "a newer program wrote" : "damaged", i + 1);
		points_hash_add(hash, times, values, f->list.v[i].points);
		points += f->list.v[i].points;
	}
	points_hash_end(hash, sum);
	if (f->list.n == 0 || f->list.v[0].first != b->start || f->list.v[f->list.n - 1].last != b->end ||
	    points != b->points)
		return err_set(err, COUNT_ERR_COLD, "%.300s: holds other times than its manifest says", b->key);
	if (b->has_hash && memcmp(sum, b->points_hash, sizeof(sum)) != 0)
		return err_set(err, COUNT_ERR_COLD, "%.300s: holds other points than its manifest says", b->key);
	return COUNT_OK;
}

static int open_chunks(struct fetched *f, const struct manifest_block *b, struct chunk_coder *coder,
		       struct count_error *err)
{
	struct points_hash *hash;
	int64_t *times;
	double *values;
	uint64_t at = 0;
	int ret = chunklist_open(&f->list, f->object.chunks.data, f->object.chunks.len, &at);

	if (ret == COUNT_ERR_NOMEM)
		return err_nomem(err);
	if (ret != COUNT_OK)
		return err_set(err, COUNT_ERR_COLD, "%.300s: damaged list of chunks at byte %llu", b->key,
			       (unsigned long long)at);
	hash = points_hash_new();
	times = reallocarray(NULL, COLUMN_MAX_POINTS, sizeof(*times));
	values = reallocarray(NULL, COLUMN_MAX_POINTS, sizeof(*values));
	ret = hash == NULL || times == NULL || values == NULL ? err_nomem(err) :
	      look_through(f, b, coder, hash, times, values, err);
	points_hash_delete(hash);
	free(times);
	free(values);
	return ret;
}

int fetched_open(struct fetched *f, struct cold_object *o, const struct manifest_block *b,
		 struct chunk_coder *coder, struct count_error *err)
{
	int ret;

	*f = (struct fetched){ .object = *o };
	*o = (struct cold_object){ 0 };
	ret = f->object.kind == OBJECT_LEGACY ? open_legacy(f, b, err) : open_chunks(f, b, coder, err);
	if (ret != COUNT_OK)
		fetched_close(f);
	return ret;
}

void fetched_close(struct fetched *f)
{
	chunklist_close(&f->list);
	cold_object_free(&f->object);
	free(f->times);
	free(f->values);
	*f = (struct fetched){ 0 };
}

/* ---- Pieces ---- */

static int read_chunk(struct piece *p, struct chunk_coder *coder, int64_t *times, double *values, size_t *n,
		      struct count_error *err)
{
	struct fetched *f = p->u.cold.source;
	uint64_t at = 0, index = p->u.cold.index;
	int ret;

	if (index == ALREADY_READ) {
		*n = 0;
		return COUNT_OK;
	}
	if (*n < p->count)
		return err_set(err, COUNT_ERR_INVALID, "no room for a chunk");
	p->u.cold.index = ALREADY_READ;
	*n = (size_t)p->count;
	ret = chunklist_read(&f->list, (size_t)index, coder, times, values, &at);
	if (ret != COUNT_OK)
		f->failed = ret;
	return ret == COUNT_ERR_NOMEM ? err_nomem(err) : ret;
}

/* index is the next point. */
static int read_legacy(struct piece *p, struct chunk_coder *coder, int64_t *times, double *values, size_t *n,
		       struct count_error *err)
{
	struct fetched *f = p->u.cold.source;
	size_t at = (size_t)p->u.cold.index, some = f->n - at < *n ? f->n - at : *n;

	(void)coder;
	(void)err;
	memcpy(times, f->times + at, some * sizeof(*times));
	memcpy(values, f->values + at, some * sizeof(*values));
	p->u.cold.index += some;
	*n = some;
	return COUNT_OK;
}

static const struct piece_ops chunk_ops = { .tier = COUNT_TIER_COLD, .read = read_chunk };
static const struct piece_ops legacy_ops = { .tier = COUNT_TIER_COLD, .read = read_legacy };

int fetched_pieces(struct fetched *f, struct rank rank, int64_t from, int64_t last, struct piece_list *out)
{
	struct piece *p;

	if (f->times != NULL) {
		p = piece_list_add(out);
		if (p == NULL)
			return COUNT_ERR_NOMEM;
		*p = (struct piece){ .first = f->times[0], .last = f->times[f->n - 1], .count = f->n,
				     .rank = rank, .room = 1, .ops = &legacy_ops, .u.cold.source = f };
	}
	for (size_t i = 0; i < f->list.n; i++) {
		const struct chunklist_entry *c = &f->list.v[i];

		if (c->last < from || c->first > last)
			continue;
		p = piece_list_add(out);
		if (p == NULL)
			return COUNT_ERR_NOMEM;
		*p = (struct piece){ .first = c->first, .last = c->last, .count = c->points, .rank = rank,
				     .room = c->points, .ops = &chunk_ops,
				     .u.cold = { .source = f, .index = i } };
	}
	return COUNT_OK;
}
