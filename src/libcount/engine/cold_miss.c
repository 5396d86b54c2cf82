/*
 * cold_miss.c - what becomes of a query when an object cannot be had; see source_cold.h.
 *
 * An object may have been replaced since its manifest was read: so that is read once more, and the rest of
 * the series planned anew.  Then the answer is an error that says which points are missing, or with
 * partial it is given without them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/source_cold.h"

static void note(struct cold_view *v, const char *text)
{
	if (v->left_series++ == 0)
		snprintf(v->why, sizeof(v->why), "%s", text);
	log_msg(&v->db->dir.log, 1, "%s; left out", text);
}

/* "KEY: gone; points of cpu from 2024-05-01T10:00:00Z to 2024-05-02T10:00:00Z are missing" */
static void describe(const struct cold_source *s, const char *why, char text[512])
{
	const struct manifest_block *b = &s->manifest.blocks[s->failed];
	enum count_unit unit = s->view->db->dir.format.unit;
	char from[COUNT_STAMP_MAX], to[COUNT_STAMP_MAX];

	count_stamp_format(b->start, unit, COUNT_TIME_FORMAT_ISO, from);
	count_stamp_format(b->end, unit, COUNT_TIME_FORMAT_ISO, to);
	snprintf(text, 512, "%.280s; points of %.60s from %s to %s are missing", why, s->name, from, to);
}

static int leave_out(struct cold_source *s, const char *text, struct count_error *err)
{
	struct cold_view *v = s->view;
	char **keys = reallocarray(v->left_keys, v->nleft_keys + 1, sizeof(*keys));

	if (keys == NULL)
		return err_nomem(err);
	v->left_keys = keys;
	keys[v->nleft_keys] = strdup(s->manifest.blocks[s->failed].key);
	if (keys[v->nleft_keys] == NULL)
		return err_nomem(err);
	v->nleft_keys++;
	s->blocks[s->failed].left_out = true;
	if (s->left)
		log_msg(&v->db->dir.log, 1, "%s; left out", text);
	else
		note(v, text);
	s->left = true;
	return COUNT_OK;
}

/* What was asked for by the old manifest may stand in no new one. */
static void forget_plan(const struct cold_source *s)
{
	for (size_t i = 0; s->view->fetch != NULL && i < s->manifest.nblocks; i++)
		if (s->blocks[i].certain)
			cold_fetch_forget(s->view->fetch, &s->manifest.blocks[i]);
}

/* Is it the object that is wrong, rather than the way to it?  403 may be either. */
static bool is_of_object(int ret)
{
	return ret == COUNT_ERR_COLD || ret == COUNT_ERR_DENIED;
}

int cold_source_failed(struct cold_source *s, int ret, const struct count_error *why, struct count_error *err)
{
	struct cold_view *v = s->view;
	struct count_error fresh = { 0 };
	char text[512];
	bool changed = false;

	if (!s->has_failed || (!is_of_object(ret) && ret != COUNT_ERR_NET)) {
		if (err != NULL && err->code == COUNT_OK)
			*err = *why;
		return ret;
	}
	s->has_failed = false;
	if (is_of_object(ret) && !s->refreshed) {
		s->refreshed = true;
		if (cold_view_relearn(v, s->name, s->len, &changed, &fresh) == COUNT_OK && changed) {
			forget_plan(s);
			return COUNT_OK;
		}
	}
	if (!is_of_object(ret) && v->fetch != NULL)
		cold_fetch_give_up(v->fetch, ret, why);
	describe(s, why->text, text);
	if (v->partial)
		return leave_out(s, text, err);
	if (err != NULL && err->code == COUNT_OK) {
		err->sys_errno = why->sys_errno;
		err->http_status = why->http_status;
	}
	return err_set(err, ret, "%s (--partial answers without them)", text);
}

int cold_view_failed(struct cold_view *v, int ret, const struct count_error *why, struct count_error *err)
{
	if (!v->partial || (!is_of_object(ret) && ret != COUNT_ERR_NET)) {
		if (err != NULL && err->code == COUNT_OK)
			*err = *why;
		return ret;
	}
	note(v, why->text);
	return COUNT_OK;
}
