/* block_times.c - time columns written lately; see block_times.h. */
#include "format/block_times.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"

void block_times_free(struct block_times *t)
{
	for (size_t i = 0; i < BLOCK_TIMES_SLOTS; i++)
		free(t->slots[i].data);
	memset(t, 0, sizeof(*t));
}

bool block_times_find(const struct block_times *t, const uint8_t *p, size_t len, uint8_t codec,
		      uint64_t *off)
{
	uint32_t hash = crc32c(codec, p, len);
	const struct block_times_slot *s = &t->slots[hash % BLOCK_TIMES_SLOTS];

	if (len < BLOCK_TIMES_MIN || s->data == NULL || s->hash != hash || s->len != len ||
	    s->codec != codec || memcmp(s->data, p, len) != 0)
		return false;
	*off = s->off;
	return true;
}

void block_times_add(struct block_times *t, const uint8_t *p, size_t len, uint8_t codec,
		     uint64_t off)
{
	uint32_t hash = crc32c(codec, p, len);
	struct block_times_slot *s = &t->slots[hash % BLOCK_TIMES_SLOTS];
	uint8_t *data;

	if (len < BLOCK_TIMES_MIN)
		return;
	if (t->bytes + len > BLOCK_TIMES_BYTES)
		block_times_free(t);
	data = malloc(len);
	if (data == NULL)
		return;
	memcpy(data, p, len);
	free(s->data);
	t->bytes += len - (s->data != NULL ? s->len : 0);
	*s = (struct block_times_slot){ .hash = hash, .off = off, .data = data, .len = len,
					.codec = codec };
}
