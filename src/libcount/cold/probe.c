/* probe.c - what the server of a bucket can do; see probe.h. */
#include "cold/probe.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

int cold_probe(struct cold_tier *t, struct count_error *err)
{
	struct objstore_abilities able = objstore_abilities(t->store);
	struct count_error why = { 0 };
	char key[OBJSTORE_KEY_MAX + 1];
	int n, ret;

	if (able.if_absent != OBJSTORE_UNKNOWN && able.if_match != OBJSTORE_UNKNOWN)
		return COUNT_OK;
	n = snprintf(key, sizeof(key), "%s/!probe-%s", t->settings->text[COLD_PREFIX], t->writer);
	if (n < 0 || (size_t)n >= sizeof(key))
		return err_set(err, COUNT_ERR_INVALID, "S3_PREFIX is too long");
	ret = objstore_status(objstore_probe(t->store, key, &able, &why));
	if (ret == COUNT_ERR_NOTFOUND)		/* of the bucket, not of a local file */
		ret = COUNT_ERR_COLD;
	return ret == COUNT_OK ? COUNT_OK : err_set(err, ret, "%s", why.text);
}

static bool not_held(enum objstore_ability a)
{
	return a == OBJSTORE_REFUSED || a == OBJSTORE_IGNORED;
}

bool cold_is_lax(const struct cold_tier *t)
{
	struct objstore_abilities able = objstore_abilities(t->store);

	return not_held(able.if_absent) || not_held(able.if_match);
}

void cold_warn_lax(const struct cold_tier *t, bool *warned)
{
	if (*warned || !cold_is_lax(t))
		return;
	*warned = true;
	log_msg(&t->dir->log, 1, "%s: the server does not hold to conditional puts: only one host at a time may "
		"archive to this prefix", objstore_url(t->store));
}

int cold_keep_facts(const struct cold_tier *t, struct cold_index *x, struct count_error *err)
{
	const struct coldindex_facts *old = cold_index_facts(x);
	struct coldindex_facts f = { 0 };
	bool same;
	int ret = cold_tier_facts(t, old->synced_s, &f);

	if (ret != COUNT_OK)
		return err_nomem(err);
	same = old->if_absent == f.if_absent && old->if_match == f.if_match && old->bare_etag == f.bare_etag &&
	       (f.region == NULL || (old->region != NULL && strcmp(old->region, f.region) == 0));
	if (!same)
		ret = cold_index_set_facts(x, &f, err);
	coldindex_facts_free(&f);
	return ret;
}
