/* cold_view.c - what a query knows and has open of the cold tier; see source_cold.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/source_cold.h"

int cold_view_open(const count_db *db, const struct current *cur, struct cold_view **view, struct count_error *err)
{
	struct cold_view *v;
	int ret = cold_settings_check(&db->cold, err);

	if (ret != COUNT_OK)
		return ret;
	v = calloc(1, sizeof(*v));
	if (v == NULL)
		return err_nomem(err);
	v->db = db;
	v->scope = cold_scope(&db->cold);
	v->cache = v->scope == NULL ? NULL : cold_cache_new(&db->dir, v->scope, db->cold.cache_bytes);
	if (v->cache == NULL)
		ret = err_nomem(err);
	else
		ret = cold_index_open(&db->dir, cur, v->scope, &v->index, err);
	if (ret != COUNT_OK) {
		cold_view_close(v);
		return ret;
	}
	v->ncold = cur->ncold;
	memcpy(v->cold, cur->cold, sizeof(v->cold));
	*view = v;
	return COUNT_OK;
}

void cold_view_close(struct cold_view *v)
{
	if (v == NULL)
		return;
	cold_fetch_delete(v->fetch);
	if (v->tier_open)
		cold_tier_close(&v->tier);
	cold_cache_delete(v->cache);
	cold_index_close(v->index);
	for (size_t i = 0; i < v->nleft_keys; i++)
		free(v->left_keys[i]);
	free(v->left_keys);
	free(v->scope);
	free(v);
}

int cold_view_tier(struct cold_view *v, struct count_error *err)
{
	int ret;

	if (v->tier_open)
		return COUNT_OK;
	ret = cold_tier_open(&v->tier, &v->db->cold, &v->db->dir, err);
	if (ret != COUNT_OK)
		return ret;
	v->tier_open = true;
	cold_tier_learn(&v->tier, cold_index_facts(v->index));
	return COUNT_OK;
}

int cold_view_fetch(struct cold_view *v, struct count_error *err)
{
	int ret;

	if (v->fetch != NULL)
		return COUNT_OK;
	ret = cold_view_tier(v, err);
	if (ret != COUNT_OK)
		return ret;
	v->before = objstore_counts(v->tier.store);
	v->fetch = cold_fetch_new(&v->tier, v->cache, v->db->cold.jobs);
	return v->fetch != NULL ? COUNT_OK : err_nomem(err);
}

static uint64_t sum_requests(const struct objstore_counts *c)
{
	uint64_t n = 0;

	for (size_t i = 0; i <= OBJSTORE_LIST; i++)
		n += c->requests[i];
	return n;
}

void cold_view_requests(const struct cold_view *v, struct count_requests *r)
{
	struct objstore_counts now;

	*r = (struct count_requests){ 0 };
	if (!v->tier_open)
		return;
	now = objstore_counts(v->tier.store);
	if (v->fetch == NULL) {		/* nothing but learning, until now */
		r->probes = sum_requests(&now);
		return;
	}
	r->probes = sum_requests(&v->before);
	r->get = now.requests[OBJSTORE_GET] - v->before.requests[OBJSTORE_GET];
	r->put = now.requests[OBJSTORE_PUT] - v->before.requests[OBJSTORE_PUT];
	r->head = now.requests[OBJSTORE_HEAD] - v->before.requests[OBJSTORE_HEAD];
	r->list = now.requests[OBJSTORE_LIST] - v->before.requests[OBJSTORE_LIST];
	r->del = now.requests[OBJSTORE_DELETE] - v->before.requests[OBJSTORE_DELETE];
	r->bytes_up = now.bytes_up - v->before.bytes_up;
	r->bytes_down = now.bytes_down - v->before.bytes_down;
}
