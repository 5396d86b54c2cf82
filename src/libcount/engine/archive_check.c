/*
 * archive_check.c - what an archive run relies on without having stored it, asked for before local points leave; see
 * archive_job.h.
 *
 * That an object holds points which are here too is known from the index, after a run that died or kept them.
 * Since then others may have taken it away.  So each such object gets a HEAD, and so does the manifest where no put
 * on condition will tell that it stands.
 */
#include <string.h>

#include "base/error.h"
#include "engine/archive_job.h"

static void ask(struct archive_job *j, enum objstore_op op, const char *key)
{
	j->fetching = true;
	buf_clear(&j->fetched);
	j->fetch.op = op;
	j->fetch.key = key;
	j->fetch.user = &j->fetch_waiter;
	j->fetch.get = (struct objstore_get){ .max = OBJECT_MAX_BYTES, .body = &j->fetched };
}

static bool relies(const struct archive_job *j)
{
	return !j->up->a->opt->keep_local && edit_relied(j->edit, 0) < j->base.nblocks;
}

size_t job_checks(const struct archive_job *j)
{
	size_t n = 0;

	if (!relies(j))
		return 0;
	for (size_t i = 0; (i = edit_relied(j->edit, i)) < j->base.nblocks; i++)
		n++;
	return n + !edit_changes(j->edit);
}

/* ---- The manifest ---- */

static int manifest_key(struct archive_job *j, struct count_error *err)
{
	struct cold_update *u = &j->update;

	cold_update_free(u);
	*u = (struct cold_update){ 0 };
	return cold_manifest_key(&j->up->a->tier, j->s->name, j->s->name_len, u->key, err);
}

int job_reread(struct archive_job *j)
{
	struct count_error why = { 0 };

	if (manifest_key(j, &why) != COUNT_OK)
		return j->err.code;
	ask(j, OBJSTORE_GET, j->update.key);
	j->fetch.get.max = MANIFEST_MAX_BYTES;
	j->fetch.get.if_none_match = j->etag[0] != '\0' ? j->etag : NULL;
	objstore_submit(j->up->a->tier.store, &j->fetch);
	return COUNT_OK;
}

int job_take_reread(struct archive_job *j)
{
	struct cold_update *u = &j->update;
	int ret = 0;

	if (j->fetch.result == OBJSTORE_OK && strcmp(j->fetch.etag, j->etag) != 0)
		ret = cold_manifest_take(&j->up->a->tier, &j->fetch, j->s->name, j->s->name_len, &u->m, NULL);
	buf_free(&j->fetched);
	if (ret != 1)
		return 0;
	u->exists = true;
	memcpy(u->etag, j->fetch.etag, sizeof(u->etag));
	j->err = (struct count_error){ 0 };
	return 1;
}

/* ---- Objects ---- */

bool job_check(struct archive_job *j)
{
	struct count_error why = { 0 };

	if (!relies(j) || j->check > j->base.nblocks)
		return false;
	j->check = edit_relied(j->edit, j->check);
	if (j->check < j->base.nblocks)
		ask(j, j->base.blocks[j->check].size != 0 ? OBJSTORE_HEAD : OBJSTORE_GET, j->base.blocks[j->check].key);
	else if (!edit_changes(j->edit) && j->nabandoned == 0 && manifest_key(j, &why) == COUNT_OK)
		ask(j, OBJSTORE_HEAD, j->update.key);
	else
		return false;
	objstore_submit(j->up->a->tier.store, &j->fetch);
	return true;
}

/* The bytes themselves: a bucket that was copied has other ETags. */
static int take_object(struct archive_job *j, const struct manifest_block *b)
{
	struct cold_object o = { 0 };
	int ret = cold_object_take(&j->up->a->tier, b, j->s->name, j->s->name_len, j->fetched.data, j->fetched.len, &o,
				   &j->err);

	buf_free(&j->fetched);
	cold_object_free(&o);
	return ret;
}

static int gone(struct archive_job *j)
{
	return err_set(&j->err, COUNT_ERR_COLD, "%.300s: it is not there any more, or another one, so what it holds "
		       "stays here: count-manifest verify tells what else is wrong", j->fetch.key);
}

int job_take_check(struct archive_job *j)
{
	const struct manifest_block *b = j->check < j->base.nblocks ? &j->base.blocks[j->check] : NULL;
	const char *etag = b != NULL ? b->etag : j->etag;
	int ret = COUNT_OK;

	if (j->fetch.result == OBJSTORE_NOT_FOUND)
		return gone(j);
	if (j->fetch.result != OBJSTORE_OK) {
		j->err = j->fetch.err;
		return j->err.code;
	}
	if (j->fetch.op == OBJSTORE_GET)
		ret = take_object(j, b);
	else if (b != NULL && b->size != j->fetch.size)
		ret = gone(j);
	else if (etag == NULL || strcmp(etag, j->fetch.etag) != 0) {
		if (b == NULL)
			return gone(j);
		ask(j, OBJSTORE_GET, b->key);
		objstore_submit(j->up->a->tier.store, &j->fetch);
		return COUNT_OK;
	}
	j->check += ret == COUNT_OK;
	return ret;
}
