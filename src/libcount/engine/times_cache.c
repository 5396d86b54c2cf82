/* times_cache.c - times that many series of a block share, decoded once; see times_cache.h. */
#include "engine/times_cache.h"

#include <stdbool.h>
#include <stdlib.h>

enum { SLOTS = 64 };

struct slot {
	size_t block;
	struct block_chunk chunk;
	bool used;		/* asked for once */
	bool filled;		/* twice: here they are */
	int64_t *times;
	size_t room;
};

struct times_cache {
	struct slot slots[SLOTS];
	unsigned n;		/* slots that were ever used */
	unsigned next;		/* series after series asks for the same columns in the same order: look here first */
	unsigned oldest;
	unsigned added;
};

struct times_cache *times_cache_new(void)
{
	return calloc(1, sizeof(struct times_cache));
}

void times_cache_free(struct times_cache *c)
{
	for (unsigned i = 0; c != NULL && i < SLOTS; i++)
		free(c->slots[i].times);
	free(c);
}

/* Where they are or are to be; NULL: nobody asked so far. */
static struct slot *slot_of(struct times_cache *c, size_t block, const struct block_chunk *chunk)
{
	for (unsigned i = 0, at = c->next; i < c->n; i++, at++) {
		struct slot *s;

		if (at >= c->n)
			at = 0;
		s = &c->slots[at];
		if (s->used && s->block == block && block_same_times(&s->chunk, chunk)) {
			c->next = at + 1;
			return s;
		}
	}
	return NULL;
}

const int64_t *times_cache_find(struct times_cache *c, size_t block, const struct block_chunk *chunk)
{
	const struct slot *s = slot_of(c, block, chunk);

	return s != NULL && s->filled ? s->times : NULL;
}

int64_t *times_cache_add(struct times_cache *c, size_t block, const struct block_chunk *chunk)
{
	struct slot *s = slot_of(c, block, chunk);

	if (s == NULL) {
		s = &c->slots[c->oldest];
		s->block = block;
		s->chunk = *chunk;
		s->used = true;
		s->filled = false;
		c->n += c->n < SLOTS;
		c->oldest = c->next = (c->oldest + 1) % SLOTS;
		return NULL;
	}
	if (s->room < chunk->stats.count) {
		free(s->times);
		s->room = 0;
		s->times = reallocarray(NULL, (size_t)chunk->stats.count, sizeof(*s->times));
		if (s->times == NULL)
			return NULL;
		s->room = (size_t)chunk->stats.count;
	}
	s->filled = true;
	c->added = (unsigned)(s - c->slots);
	return s->times;
}

void times_cache_drop(struct times_cache *c)
{
	c->slots[c->added].used = c->slots[c->added].filled = false;
}
