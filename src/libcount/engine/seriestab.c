/* seriestab.c - the series of one writer; see seriestab.h. */
#include "engine/seriestab.h"

#include <stdlib.h>
#include <string.h>

#include "count.h"

static uint64_t slot_of(uint64_t hash, uint32_t id)
{
	return (hash & 0xffffffff00000000u) | (id + 1);
}

uint32_t seriestab_find(const struct seriestab *t, const char *name, size_t len, uint64_t hash)
{
	if (t->nslots == 0)
		return UINT32_MAX;
	for (uint32_t i = (uint32_t)hash & (t->nslots - 1);; i = (i + 1) & (t->nslots - 1)) {
		uint64_t slot = t->slots[i];
		uint32_t id = (uint32_t)slot - 1;

		if (slot == 0)
			return UINT32_MAX;
		if (slot == slot_of(hash, id) && t->v[id].hash == hash && t->v[id].name_len == len &&
		    memcmp(seriestab_name(t, id), name, len) == 0)
			return id;
	}
}

static void put_slot(uint64_t *slots, uint32_t nslots, uint64_t hash, uint32_t id)
{
	uint32_t i = (uint32_t)hash & (nslots - 1);

	while (slots[i] != 0)
		i = (i + 1) & (nslots - 1);
	slots[i] = slot_of(hash, id);
}

static int grow_slots(struct seriestab *t)
{
	uint32_t n = t->nslots == 0 ? 64 : t->nslots * 2;
	uint64_t *slots = calloc(n, sizeof(*slots));

	if (slots == NULL)
		return COUNT_ERR_NOMEM;
	for (uint32_t id = 0; id < t->len; id++)
		put_slot(slots, n, t->v[id].hash, id);
	free(t->slots);
	t->slots = slots;
	t->nslots = n;
	return COUNT_OK;
}

static int grow_entries(struct seriestab *t)
{
	uint32_t cap = t->cap == 0 ? 32 : t->cap * 2;
	struct seriestab_entry *v;

	if (cap > INT32_MAX / 2)
		return COUNT_ERR_NOMEM;
	v = realloc(t->v, cap * sizeof(*v));
	if (v == NULL)
		return COUNT_ERR_NOMEM;
	t->v = v;
	t->cap = cap;
	return COUNT_OK;
}

int seriestab_add(struct seriestab *t, const char *name, size_t len, uint64_t hash, uint32_t *id)
{
	if (len > UINT32_MAX - t->names.len)
		return COUNT_ERR_NOMEM;
	if (t->len == t->cap && grow_entries(t) != COUNT_OK)
		return COUNT_ERR_NOMEM;
	if ((uint64_t)t->len * 2 >= t->nslots && grow_slots(t) != COUNT_OK)
		return COUNT_ERR_NOMEM;
	if (!buf_reserve(&t->names, len)) {
		t->names.failed = false;
		return COUNT_ERR_NOMEM;
	}
	*id = t->len++;
	t->v[*id] = (struct seriestab_entry){ .hash = hash, .name_off = (uint32_t)t->names.len,
					      .name_len = (uint32_t)len };
	buf_put(&t->names, name, len);
	put_slot(t->slots, t->nslots, hash, *id);
	return COUNT_OK;
}

static int by_hash_and_name(const void *x, const void *y, void *arg)
{
	const struct seriestab *t = arg;
	uint32_t i = *(const uint32_t *)x, j = *(const uint32_t *)y;
	const struct seriestab_entry *a = &t->v[i], *b = &t->v[j];
	uint32_t min = a->name_len < b->name_len ? a->name_len : b->name_len;
	int c;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	c = memcmp(seriestab_name(t, i), seriestab_name(t, j), min);
	return c != 0 ? c : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

void seriestab_sort(const struct seriestab *t, uint32_t *ids, size_t n)
{
	if (n > 1)
		qsort_r(ids, n, sizeof(*ids), by_hash_and_name, (void *)t);
}

const uint32_t *seriestab_order(struct seriestab *t)
{
	uint32_t *order;

	if (t->order != NULL && t->order_len == t->len)
		return t->order;
	order = realloc(t->order, (size_t)t->cap * sizeof(*order) + 1);
	if (order == NULL)
		return NULL;
	t->order = order;
	for (uint32_t i = t->order_len; i < t->len; i++)
		order[i] = i;		/* behind those that are sorted */
	t->order_len = t->len;
	seriestab_sort(t, order, t->len);
	return order;
}

size_t seriestab_bytes(const struct seriestab *t)
{
	return t->names.cap + t->cap * (sizeof(*t->v) + sizeof(*t->order)) + t->nslots * sizeof(*t->slots);
}

void seriestab_free(struct seriestab *t)
{
	buf_free(&t->names);
	free(t->v);
	free(t->slots);
	free(t->order);
	*t = (struct seriestab){ 0 };
}
