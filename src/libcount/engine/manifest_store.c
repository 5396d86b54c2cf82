/* manifest_store.c - a changed manifest to the bucket, and garbage out of it; see manifest_run.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/manifest_run.h"

static int remember(struct manifest_run *r, struct count_error *err)
{
	struct coldindex_facts facts = { 0 };
	int ret = cold_tier_facts(&r->tier, cold_index_facts(r->index)->synced_s, &facts);

	ret = ret == COUNT_OK ? cold_index_set_facts(r->index, &facts, err) : err_nomem(err);
	coldindex_facts_free(&facts);
	return ret;
}

/* Conditions that a server may ignore without a word are found out by writing, once for a bucket. */
static int know_abilities(struct manifest_run *r, struct objstore_abilities *a, struct count_error *err)
{
	char key[OBJSTORE_KEY_MAX + 1];
	enum objstore_result result;

	*a = objstore_abilities(r->tier.store);
	if (a->if_absent != OBJSTORE_UNKNOWN && a->if_match != OBJSTORE_UNKNOWN)
		return COUNT_OK;
	snprintf(key, sizeof(key), "%s/!probe/%s", r->db->cold.text[COLD_PREFIX], r->tier.writer);
	result = objstore_probe(r->tier.store, key, a, err);
	return result == OBJSTORE_OK ? remember(r, err) : objstore_status(result);
}

static int too_late(const char *key, struct count_error *err)
{
	return err_set(err, COUNT_ERR_COLD, "%.300s: another run changed it meanwhile; nothing of it was changed "
		       "here: run this again", key);
}

/* Without conditions: look, then write; right as long as this is the only writer. */
static int look_first(struct manifest_run *r, const char *key, const char *etag, struct count_error *err)
{
	struct objstore_req head = { .op = OBJSTORE_HEAD, .key = key };
	enum objstore_result result = objstore_run(r->tier.store, &head);
	int ret = COUNT_OK;

	if (!r->warned)
		log_msg(&r->db->dir.log, 1, "%s: the server has no conditional puts: only one host may write to this "
			"prefix", objstore_url(r->tier.store));
	r->warned = true;
	if (result == OBJSTORE_NOT_FOUND ? etag != NULL : result == OBJSTORE_OK &&
	    (etag == NULL || strcmp(head.etag, etag) != 0))
		ret = too_late(key, err);
	else if (result != OBJSTORE_OK && result != OBJSTORE_NOT_FOUND)
		ret = err_set(err, head.err.code, "%s", head.err.text);
	objstore_req_free(&head);
	return ret;
}

static int put(struct manifest_run *r, const char *key, const struct buf *text, const char *etag,
	       char new_etag[OBJSTORE_ETAG_MAX + 1], struct count_error *err)
{
	struct objstore_req req = { .op = OBJSTORE_PUT, .key = key, .put = {
		.data = text->data, .len = text->len, .content_type = "application/json", .if_match = etag,
		.condition = etag != NULL ? OBJSTORE_IF_MATCH : OBJSTORE_IF_ABSENT } };
	struct objstore_abilities a;
	enum objstore_result result;
	int ret = know_abilities(r, &a, err);

	if (ret == COUNT_OK && (etag != NULL ? a.if_match : a.if_absent) != OBJSTORE_HONOURED) {
		ret = look_first(r, key, etag, err);
		req.put.condition = OBJSTORE_ALWAYS;
		req.put.if_match = NULL;
	}
	if (ret != COUNT_OK)
		return ret;
	result = objstore_run(r->tier.store, &req);
	if (result == OBJSTORE_PRECONDITION || result == OBJSTORE_CONFLICT || result == OBJSTORE_NOT_FOUND)
		ret = too_late(key, err);
	else if (result != OBJSTORE_OK)
		ret = err_set(err, req.err.code, "%s", req.err.text);
	memcpy(new_etag, req.etag, sizeof(req.etag));
	objstore_req_free(&req);
	return ret;
}

int manifest_run_store(struct manifest_run *r, struct manifest *m, const char *etag, struct count_error *err)
{
	char key[OBJSTORE_KEY_MAX + 1], new_etag[OBJSTORE_ETAG_MAX + 1] = "";
	struct buf text = { 0 };
	char *writer = strdup(r->tier.writer);
	int ret = writer == NULL ? err_nomem(err) : cold_manifest_key(&r->tier, m->series, m->series_len, key, err);

	if (ret != COUNT_OK) {
		free(writer);
		return ret;
	}
	free(m->writer);
	m->writer = writer;
	m->seq += m->seq < INT64_MAX;	/* what parses must be printed so that it parses again */
	m->version = MANIFEST_VERSION;
	m->has_unit = true;
	m->unit = r->db->dir.format.unit;
	if (r->tier.json->manifest_print(m, &text) != COUNT_OK)
		ret = err_nomem(err);
	if (ret == COUNT_OK)
		ret = put(r, key, &text, etag, new_etag, err);
	if (ret == COUNT_OK)
		ret = cold_index_put(r->index, m->series, m->series_len, m, new_etag, r->now_s, err);
	buf_free(&text);
	return ret;
}

/* ---- Garbage ---- */

/* Of age, and an object: a list that names a manifest, or anything else, deletes nothing. */
static bool is_old(const struct manifest_run *r, const struct manifest_garbage *g)
{
	const char *part;
	size_t part_len;
	int64_t start, end;

	return g->since_s <= r->now_s - GARBAGE_AGE_S &&
	       cold_key_parse(&r->tier, g->key, &part, &part_len, &start, &end) == COLD_KEY_BLOCK;
}

bool manifest_run_has_old_garbage(const struct manifest_run *r, const struct manifest *m)
{
	for (size_t i = 0; i < m->ngarbage; i++)
		if (is_old(r, &m->garbage[i]))
			return true;
	return false;
}

/* A key that a block names too is no garbage, whatever the list says. */
static bool named(const struct manifest *m, const char *key)
{
	for (size_t i = 0; i < m->nblocks; i++)
		if (strcmp(m->blocks[i].key, key) == 0)
			return true;
	return false;
}

static int delete_object(struct manifest_run *r, const struct manifest *m, const char *key, struct count_error *err)
{
	struct objstore_req req = { .op = OBJSTORE_DELETE, .key = key };
	int ret = COUNT_OK;

	if (!r->opt->dry_run && objstore_run(r->tier.store, &req) != OBJSTORE_OK)
		ret = err_set(err, req.err.code, "%s", req.err.text);
	objstore_req_free(&req);
	if (ret != COUNT_OK)
		return ret;
	return manifest_run_find(r, COUNT_DID_DELETE, m->series, key, 0, err, "%.300s: deleted: other objects took "
				 "its place over 24 h ago", key);
}

/* The list of the bucket may be minutes old, and a key that another host deleted since be in use again. */
static int still_stands(struct manifest_run *r, const struct manifest *m, const char *etag, struct count_error *err)
{
	char key[OBJSTORE_KEY_MAX + 1];
	struct objstore_req head = { .op = OBJSTORE_HEAD, .key = key };
	int ret = cold_manifest_key(&r->tier, m->series, m->series_len, key, err);

	if (ret != COUNT_OK)
		return ret;
	switch (objstore_run(r->tier.store, &head)) {
	case OBJSTORE_OK:
		ret = strcmp(head.etag, etag) == 0 ? COUNT_OK : too_late(key, err);
		break;
	case OBJSTORE_NOT_FOUND:
		ret = too_late(key, err);
		break;
	default:
		ret = err_set(err, head.err.code, "%s", head.err.text);
	}
	objstore_req_free(&head);
	return ret;
}

/* Objects first: a manifest that forgot them would leave them for ever. */
int manifest_run_sweep(struct manifest_run *r, struct manifest *m, const char *etag, struct count_error *err)
{
	size_t kept = 0;
	int ret = r->opt->dry_run ? COUNT_OK : still_stands(r, m, etag, err);

	for (size_t i = 0; i < m->ngarbage; i++) {
		struct manifest_garbage *g = &m->garbage[i];
		bool goes = ret == COUNT_OK && is_old(r, g);

		if (goes && !named(m, g->key))
			ret = delete_object(r, m, g->key, err);
		if (goes && ret == COUNT_OK)
			free(g->key);
		else
			m->garbage[kept++] = *g;
	}
	m->ngarbage = kept;
	return ret;
}
