/* chunk.c - the smallest encoding of each column, and the two columns together; see chunk.h. */
#include "codec/coder.h"

#include <stdlib.h>

/* From here down no other codec is tried: what they could save is less than a block's index entry. */
#define SMALL_ENOUGH 8

#define MAX_CODECS 32		/* that audition() can tell apart */
#define AUDITION_FROM 512	/* values; below, all codecs are tried */
#define AUDITION_RUN 64		/* values */
#define AUDITION_GRACE 24	/* bytes of headers, which count for less in the whole */

struct chunk_coder *chunk_coder_new(void)
{
	return calloc(1, sizeof(struct chunk_coder));
}

void chunk_coder_delete(struct chunk_coder *c)
{
	if (c == NULL)
		return;
	buf_free(&c->best);
	buf_free(&c->trial);
	buf_free(&c->inner_best);
	buf_free(&c->inner_trial);
	for (int i = 0; i < VALUES_PLACES; i++) {
		buf_free(&c->values[i].pages);
		buf_free(&c->values[i].page);
		buf_free(&c->values[i].set);
	}
	buf_free(&c->cached.bytes);
	free(c->cached.dict.v);
	free(c);
}

static void swap(struct buf *a, struct buf *b)
{
	struct buf t = *a;

	*a = *b;
	*b = t;
}

/*
 * The codecs worth trying, as a set of bits by id: in a long column two short runs are coded first,
 * and a codec far behind in these is left out.  A dictionary shows its use only in the whole.
 */
static uint32_t audition(struct chunk_coder *c, const double *values, size_t n, struct buf *trial)
{
	double sample[2 * AUDITION_RUN];
	size_t len[MAX_CODECS] = { 0 }, best = sizeof(sample);
	uint32_t good = 0;

	if (n < AUDITION_FROM)
		return ~UINT32_C(0);
	memcpy(sample, values + n / 4, AUDITION_RUN * sizeof(*values));
	memcpy(sample + AUDITION_RUN, values + n / 4 * 3, AUDITION_RUN * sizeof(*values));
	for (uint8_t i = 1; i < MAX_CODECS && value_codec_find(i) != NULL; i++) {
		const struct value_codec *codec = value_codec_find(i);

		buf_clear(trial);
		len[i] = SIZE_MAX;
		if (codec == &value_dict || codec == &value_constant)
			len[i] = 0;
		else if (codec->put(c, sample, 2 * AUDITION_RUN, best + best / 2, trial))
			len[i] = trial->len;
		if (len[i] != 0 && len[i] < best)
			best = len[i];
	}
	for (uint8_t i = 1; i < MAX_CODECS; i++)
		if (len[i] <= best + best / 8 + AUDITION_GRACE)
			good |= UINT32_C(1) << i;
	return good;
}

/* Leaves the smallest encoding in *best; raw, which needs no trial, to begin with. */
static int best_values(struct chunk_coder *c, const double *values, size_t n, bool inner,
		       struct buf *best, struct buf *trial, uint8_t *id)
{
	size_t limit = n * sizeof(*values);
	uint32_t good = audition(c, values, n, trial);

	buf_clear(best);
	buf_put(best, values, limit);
	*id = 0;
	for (uint8_t i = 1; value_codec_find(i) != NULL && (limit > SMALL_ENOUGH || *id == 0); i++) {
		const struct value_codec *codec = value_codec_find(i);

		if ((good >> i & 1) == 0 || (inner && codec == &value_dict))
			continue;
		buf_clear(trial);
		if (codec->put(c, values, n, limit, trial)) {
			swap(best, trial);
			limit = best->len;
			*id = i;
		}
		if (trial->failed)
			return COUNT_ERR_NOMEM;
	}
	return best->failed ? COUNT_ERR_NOMEM : COUNT_OK;
}

static int best_times(struct chunk_coder *c, const int64_t *times, size_t n, uint8_t *id)
{
	size_t limit = n * sizeof(*times);

	buf_clear(&c->best);
	buf_put(&c->best, times, limit);
	*id = 0;
	for (uint8_t i = 1; time_codec_find(i) != NULL && (limit > SMALL_ENOUGH || *id == 0); i++) {
		buf_clear(&c->trial);
		if (time_codec_find(i)->put(c, times, n, limit, &c->trial)) {
			swap(&c->best, &c->trial);
			limit = c->best.len;
			*id = i;
			if (i == 1)
				break;		/* regular: nothing is smaller */
		}
		if (c->trial.failed)
			return COUNT_ERR_NOMEM;
	}
	return c->best.failed ? COUNT_ERR_NOMEM : COUNT_OK;
}

int value_encode_inner(struct chunk_coder *c, const double *values, size_t n, struct buf **out,
		       uint8_t *id)
{
	*out = &c->inner_best;
	return best_values(c, values, n, true, &c->inner_best, &c->inner_trial, id);
}

static int append(struct buf *out, const struct buf *more)
{
	if (!buf_reserve(out, more->len))
		return COUNT_ERR_NOMEM;
	buf_put(out, more->data, more->len);
	return COUNT_OK;
}

int chunk_encode_times(struct chunk_coder *c, const int64_t *times, size_t n, struct buf *out,
		       uint8_t *id)
{
	int ret;

	if (n == 0 || n > CHUNK_MAX_POINTS)
		return COUNT_ERR_INVALID;
	ret = best_times(c, times, n, id);
	return ret == COUNT_OK ? append(out, &c->best) : ret;
}

int chunk_encode_values(struct chunk_coder *c, const double *values, size_t n, struct buf *out,
			uint8_t *id)
{
	int ret;

	if (n == 0 || n > CHUNK_MAX_POINTS)
		return COUNT_ERR_INVALID;
	ret = best_values(c, values, n, false, &c->best, &c->trial, id);
	return ret == COUNT_OK ? append(out, &c->best) : ret;
}

int chunk_decode_times(struct chunk_coder *c, const uint8_t *p, size_t len, uint8_t id, size_t n,
		       int64_t *times)
{
	const struct time_codec *codec = time_codec_find(id);

	if (n == 0 || n > CHUNK_MAX_POINTS)
		return COUNT_ERR_INVALID;
	if (codec == NULL)
		return COUNT_ERR_VERSION;
	if (len == 0)
		p = (const uint8_t *)"";	/* NULL is no bytes too, but not for p + len */
	return codec->get(c, p, p + len, n, times) ? COUNT_OK : COUNT_ERR_CORRUPT;
}

int chunk_decode_values(struct chunk_coder *c, const uint8_t *p, size_t len, uint8_t id, size_t n,
			double *values)
{
	const struct value_codec *codec = value_codec_find(id);

	if (n == 0 || n > CHUNK_MAX_POINTS)
		return COUNT_ERR_INVALID;
	if (codec == NULL)
		return COUNT_ERR_VERSION;
	if (len == 0)
		p = (const uint8_t *)"";	/* NULL is no bytes too, but not for p + len */
	return codec->get(c, p, p + len, n, values) ? COUNT_OK : COUNT_ERR_CORRUPT;
}

int chunk_encode(struct chunk_coder *c, const int64_t *times, const double *values, size_t n,
		 struct buf *out, struct chunk_codecs *ids)
{
	uint8_t length[VARINT_MAX];
	size_t start = out->len;
	int ret;

	if (n == 0 || n > CHUNK_MAX_POINTS)
		return COUNT_ERR_INVALID;
	ret = best_times(c, times, n, &ids->time);
	if (ret != COUNT_OK)
		return ret;
	if (!buf_reserve(out, sizeof(length)))
		return COUNT_ERR_NOMEM;
	buf_put(out, length, varint_put(length, c->best.len));
	ret = append(out, &c->best);
	if (ret == COUNT_OK)
		ret = chunk_encode_values(c, values, n, out, &ids->value);
	if (ret != COUNT_OK)
		out->len = start;
	return ret;
}

int chunk_decode(struct chunk_coder *c, const uint8_t *p, size_t len, struct chunk_codecs ids,
		 size_t n, int64_t *times, double *values)
{
	const uint8_t *end = p + len;
	uint64_t time_len;
	int ret = COUNT_OK;

	p = varint_get(p, end, &time_len);
	if (p == NULL || time_len > (size_t)(end - p))
		return COUNT_ERR_CORRUPT;
	if (times != NULL)
		ret = chunk_decode_times(c, p, time_len, ids.time, n, times);
	p += time_len;
	if (ret == COUNT_OK && values != NULL)
		ret = chunk_decode_values(c, p, (size_t)(end - p), ids.value, n, values);
	return ret;
}
