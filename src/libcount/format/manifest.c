/* manifest.c - the structures of a manifest and of an object, without their text; see manifest.h. */
#include "format/manifest.h"

#include <stdlib.h>
#include <string.h>

/* NULL stays NULL; false: out of memory. */
static bool copy_text(const char *from, char **to)
{
	*to = from == NULL ? NULL : strdup(from);
	return from == NULL || *to != NULL;
}

void manifest_block_free(struct manifest_block *b)
{
	free(b->key);
	free(b->etag);
	free(b->checksum);
	free(b->writer);
	free(b->codec);
	free(b->days);
	free(b->other);
	*b = (struct manifest_block){ 0 };
}

int manifest_block_copy(const struct manifest_block *from, struct manifest_block *to)
{
	bool fine;

	*to = *from;
	to->days = NULL;
	to->ndays = 0;
	fine = copy_text(from->key, &to->key);
	fine &= copy_text(from->etag, &to->etag);
	fine &= copy_text(from->checksum, &to->checksum);
	fine &= copy_text(from->writer, &to->writer);
	fine &= copy_text(from->codec, &to->codec);
	fine &= copy_text(from->other, &to->other);
	if (from->ndays > 0) {
		to->days = reallocarray(NULL, from->ndays, sizeof(*to->days));
		fine &= to->days != NULL;
		if (to->days != NULL) {
			memcpy(to->days, from->days, from->ndays * sizeof(*to->days));
			to->ndays = from->ndays;
		}
	}
	if (!fine)
		manifest_block_free(to);
	return fine ? COUNT_OK : COUNT_ERR_NOMEM;
}

void manifest_free(struct manifest *m)
{
	for (size_t i = 0; i < m->nblocks; i++)
		manifest_block_free(&m->blocks[i]);
	for (size_t i = 0; i < m->ngarbage; i++)
		free(m->garbage[i].key);
	free(m->series);
	free(m->writer);
	free(m->blocks);
	free(m->garbage);
	free(m->other);
	*m = (struct manifest){ 0 };
}

/* Room for one more of n things of that size in *v; false: out of memory. */
static bool grow(void **v, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap < 8 ? 8 : *cap * 2;
	void *p;

	if (n < *cap)
		return true;
	p = reallocarray(*v, more, size);
	if (p == NULL)
		return false;
	*v = p;
	*cap = more;
	return true;
}

struct manifest_block *manifest_add_block(struct manifest *m)
{
	void *v = m->blocks;
	bool fine = grow(&v, m->nblocks, &m->blocks_cap, sizeof(*m->blocks));

	m->blocks = v;
	if (!fine)
		return NULL;
	m->blocks[m->nblocks] = (struct manifest_block){ 0 };
	return &m->blocks[m->nblocks++];
}

struct manifest_garbage *manifest_add_garbage(struct manifest *m)
{
	void *v = m->garbage;
	bool fine = grow(&v, m->ngarbage, &m->garbage_cap, sizeof(*m->garbage));

	m->garbage = v;
	if (!fine)
		return NULL;
	m->garbage[m->ngarbage] = (struct manifest_garbage){ 0 };
	return &m->garbage[m->ngarbage++];
}

static int copy_lists(const struct manifest *from, struct manifest *to)
{
	for (size_t i = 0; i < from->nblocks; i++) {
		struct manifest_block *b = manifest_add_block(to);

		if (b == NULL || manifest_block_copy(&from->blocks[i], b) != COUNT_OK)
			return COUNT_ERR_NOMEM;
	}
	for (size_t i = 0; i < from->ngarbage; i++) {
		struct manifest_garbage *g = manifest_add_garbage(to);

		if (g == NULL || !copy_text(from->garbage[i].key, &g->key))
			return COUNT_ERR_NOMEM;
		g->since_s = from->garbage[i].since_s;
	}
	return COUNT_OK;
}

int manifest_copy(const struct manifest *from, struct manifest *to)
{
	bool fine;

	*to = (struct manifest){
		.series_len = from->series_len, .version = from->version, .has_unit = from->has_unit,
		.unit = from->unit, .seq = from->seq,
	};
	fine = copy_text(from->series, &to->series);
	fine &= copy_text(from->writer, &to->writer);
	fine &= copy_text(from->other, &to->other);
	if (!fine || copy_lists(from, to) != COUNT_OK) {
		manifest_free(to);
		return COUNT_ERR_NOMEM;
	}
	return COUNT_OK;
}

void manifest_drop_block(struct manifest *m, size_t i)
{
	manifest_block_free(&m->blocks[i]);
	m->nblocks--;
	memmove(&m->blocks[i], &m->blocks[i + 1], (m->nblocks - i) * sizeof(*m->blocks));
}

bool manifest_overlaps(const struct manifest *m, size_t i)
{
	const struct manifest_block *b = &m->blocks[i];

	for (size_t k = 0; k < m->nblocks; k++)
		if (k != i && m->blocks[k].start <= b->end && b->start <= m->blocks[k].end)
			return true;
	return false;
}

bool manifest_extent(const struct manifest *m, int64_t *first, int64_t *last)
{
	for (size_t i = 0; i < m->nblocks; i++) {
		if (i == 0 || m->blocks[i].start < *first)
			*first = m->blocks[i].start;
		if (i == 0 || m->blocks[i].end > *last)
			*last = m->blocks[i].end;
	}
	return m->nblocks > 0;
}

void cold_object_free(struct cold_object *o)
{
	for (size_t i = 0; i < o->nreplaces; i++)
		free(o->replaces[i]);
	free(o->replaces);
	free(o->series);
	manifest_block_free(&o->block);
	buf_free(&o->chunks);
	buf_free(&o->legacy_times);
	buf_free(&o->legacy_values);
	*o = (struct cold_object){ 0 };
}
