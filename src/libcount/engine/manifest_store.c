/* manifest_store.c - a changed manifest to the bucket, and garbage out of it; see manifest_run.h. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cold/probe.h"
#include "cold/update.h"
#include "engine/manifest_run.h"

bool manifest_run_garbage_due(const struct manifest_run *r, const struct manifest *m)
{
	for (size_t i = 0; i < m->ngarbage; i++)
		if (cold_garbage_due(&r->tier, m, i, r->now_s))
			return true;
	return false;
}

/* What was deleted of m's garbage, or would be. */
static int tell_deleted(struct manifest_run *r, const struct manifest *m, const struct cold_update *u,
			struct count_error *err)
{
	int ret = COUNT_OK;

	for (size_t i = 0; i < m->ngarbage && ret == COUNT_OK; i++) {
		const char *key = m->garbage[i].key;

		if (u != NULL ? u->deleted != NULL && u->deleted[i] : cold_garbage_due(&r->tier, m, i, r->now_s))
			ret = manifest_run_find(r, COUNT_DID_DELETE, m->series, key, 0, err, "%.300s: deleted: other "
						"objects took its place over 24 h ago", key);
	}
	return ret;
}

/* 1, or a status. */
static int update(struct manifest_run *r, struct cold_update *u, struct count_error *err)
{
	bool warned = cold_is_lax(&r->tier);	/* then an earlier run did */
	int ret = cold_probe(&r->tier, err);

	if (ret == COUNT_OK)
		ret = cold_update_run(u, err);
	cold_warn_lax(&r->tier, &warned);
	return ret;
}

static int store(struct manifest_run *r, const struct manifest *m, struct cold_update *u, struct count_error *err)
{
	struct count_error why = { 0 };
	int ret, after;

	if (manifest_copy(m, &u->m) != COUNT_OK)
		return err_nomem(err);
	ret = update(r, u, err);
	after = tell_deleted(r, m, u, &why);	/* also if the manifest was not stored */
	if (after == COUNT_OK)
		after = cold_keep_facts(&r->tier, r->index, &why);
	if (ret == 1)
		ret = cold_index_put(r->index, m->series, m->series_len, &u->m, u->etag, r->now_s, err);
	if (ret == COUNT_OK && after != COUNT_OK)
		return err_set(err, after, "%s", why.text);
	if (ret == COUNT_OK && !u->keep_garbage && manifest_run_garbage_due(r, &u->m))
		ret = err_set(err, COUNT_ERR_COLD, "%.300s: not every replaced object could be deleted: run this again",
			      u->key);
	return ret;
}

int manifest_run_store(struct manifest_run *r, const struct manifest *m, const char *etag, bool keep_garbage,
		       struct count_error *err)
{
	struct cold_update u = {
		.tier = &r->tier, .series = m->series, .len = m->series_len, .exists = etag != NULL, .once = true,
		.keep_garbage = keep_garbage, .now_s = r->now_s,
	};
	int ret;

	if (r->opt->dry_run)
		return keep_garbage ? COUNT_OK : tell_deleted(r, m, NULL, err);
	if (etag != NULL)
		memcpy(u.etag, etag, strnlen(etag, OBJSTORE_ETAG_MAX));
	ret = store(r, m, &u, err);
	cold_update_free(&u);
	return ret;
}
