/* times_cache.c - time columns that many series of a block share, decoded once; see times_cache.h. */
#include "engine/times_cache.h"

#include <stdlib.h>

enum { SLOTS = 64 };

struct slot {
	size_t block;
	struct block_chunk chunk;
	int64_t *times;		/* NULL: nothing here */
	size_t room;
};

struct times_cache {
	struct slot slots[SLOTS];
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

static bool holds(const struct slot *s, size_t block, const struct block_chunk *c)
{
	return s->times != NULL && s->block == block && s->chunk.stats.count != 0 && block_same_times(&s->chunk, c);
}

const int64_t *times_cache_find(struct times_cache *c, size_t block, const struct block_chunk *chunk)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		unsigned at = (c->next + i) % SLOTS;

		if (holds(&c->slots[at], block, chunk)) {
			c->next = (at + 1) % SLOTS;
			return c->slots[at].times;
		}
	}
	return NULL;
}

int64_t *times_cache_add(struct times_cache *c, size_t block, const struct block_chunk *chunk)
{
	struct slot *s = &c->slots[c->oldest];

	if (s->room < chunk->stats.count) {
		free(s->times);
		s->room = 0;
		s->times = reallocarray(NULL, (size_t)chunk->stats.count, sizeof(*s->times));
		if (s->times == NULL)
			return NULL;
		s->room = (size_t)chunk->stats.count;
	}
	s->block = block;
	s->chunk = *chunk;
	c->added = c->oldest;
	c->oldest = c->next = (c->oldest + 1) % SLOTS;
	return s->times;
}

void times_cache_drop(struct times_cache *c)
{
	c->slots[c->added].chunk.stats.count = 0;	/* no chunk has none */
}
