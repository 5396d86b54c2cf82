/* selection.c - the series that a query means; see selection.h. */
#include "engine/selection.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

void selection_close(struct selection *s)
{
	if (s->it != NULL)
		s->it->ops->close(s->it);
	for (size_t i = 0; i < s->n; i++) {
		free(s->items[i].name);
		selector_free(&s->items[i].pattern, &s->regex);
	}
	free(s->items);
	free(s->exact);
	free(s->parts);
	regex_lib_close(&s->regex);
	*s = (struct selection){ 0 };
}

/* Is the text a series in any spelling, and is there such a series? */
static int try_exact(struct selection_item *item, selection_exists *exists, void *arg,
		     struct count_error *err)
{
	char name[COUNT_SERIES_MAX + 1];
	struct count_error why = { 0 };
	size_t len;
	int ret = count_series_canonical(item->text, strlen(item->text), name, &len, &why);

	if (ret != COUNT_OK)
		return exists != NULL ? 0 : err_set(err, ret, "%s", why.text);
	item->name = malloc(len + 1);
	if (item->name == NULL)
		return err_nomem(err);
	memcpy(item->name, name, len + 1);
	item->name_len = len;
	return exists != NULL ? exists(arg, name, len, err) : 1;
}

static int open_item(struct selection *s, struct selection_item *item, selection_exists *exists,
		     void *arg, struct count_error *err)
{
	int ret = try_exact(item, exists, arg, err);

	if (ret < 0)
		return ret;
	if (ret == 1) {
		item->exact = true;
		item->matched = exists != NULL;
		s->exact[s->nexact++] = item;
		return COUNT_OK;
	}
	s->scan = true;
	ret = selector_parse(item->text, strlen(item->text), &s->regex, &item->pattern, err);
	if (!item->pattern.name_only)
		s->names_only = false;
	return ret;
}

static int by_name(const void *a, const void *b)
{
	const struct selection_item *const *p = a, *const *q = b;

	return name_order((*p)->name, (*p)->name_len, (*q)->name, (*q)->name_len);
}

int selection_open(struct selection *s, const char *const *texts, size_t n,
		   selection_exists *exists, void *arg, struct count_error *err)
{
	int ret = COUNT_OK;

	*s = (struct selection){ .names_only = true, .scan = n == 0 };
	s->items = calloc(n + 1, sizeof(*s->items));
	s->exact = calloc(n + 1, sizeof(*s->exact));
	s->parts = malloc(sizeof(*s->parts));
	if (s->items == NULL || s->exact == NULL || s->parts == NULL)
		ret = err_nomem(err);
	for (size_t i = 0; i < n && ret == COUNT_OK; i++) {
		s->items[s->n].text = texts[i];
		ret = open_item(s, &s->items[s->n++], exists, arg, err);
	}
	if (ret != COUNT_OK)
		selection_close(s);
	else if (s->nexact > 1)
		qsort(s->exact, s->nexact, sizeof(*s->exact), by_name);
	return ret;
}

int selection_begin(struct selection *s, const struct sources *sources, struct count_error *err)
{
	if (s->it != NULL)
		s->it->ops->close(s->it);
	s->it = NULL;
	s->next_exact = 0;
	s->sources = sources;
	return s->scan ? sources_names(sources, &s->it, err) : COUNT_OK;
}

static int next_exact(struct selection *s, const char **name, size_t *len)
{
	const struct selection_item *item, *before;

	do {
		if (s->next_exact == s->nexact)
			return 0;
		before = s->next_exact > 0 ? s->exact[s->next_exact - 1] : NULL;
		item = s->exact[s->next_exact++];
	} while (before != NULL && by_name(&before, &item) == 0);
	*name = item->name;
	*len = item->name_len;
	return 1;
}

static bool is_exact(struct selection *s, const char *name, size_t len)
{
	while (s->next_exact < s->nexact) {
		const struct selection_item *e = s->exact[s->next_exact];
		int c = name_order(e->name, e->name_len, name, len);

		if (c >= 0)
			return c == 0;
		s->next_exact++;
	}
	return false;
}

/* A name without labels and quotes needs no taking apart. */
static int parse(struct selection *s, const char *name, size_t len)
{
	const char *brace = memchr(name, '{', len);

	if (brace == name || (brace != NULL && !s->names_only))
		return count_series_parse(name, len, s->parts);
	s->parts->name = name;
	s->parts->name_len = brace != NULL ? (size_t)(brace - name) : len;
	s->parts->nlabels = 0;
	return COUNT_OK;
}

/* Asks every pattern that matched nothing so far, so that one behind another is not called useless. */
static int match(struct selection *s, const char *name, size_t len, struct count_error *err)
{
	int found = s->n == 0 || is_exact(s, name, len);

	if (s->n == s->nexact)
		return found;
	if (parse(s, name, len) != COUNT_OK)
		return found;	/* no canonical text: from a damaged file */
	for (size_t i = 0; i < s->n; i++) {
		struct selection_item *item = &s->items[i];
		int ret;

		if (item->exact || (found && item->matched))
			continue;
		ret = selector_match(&item->pattern, &s->regex, s->parts, err);
		if (ret < 0)
			return ret;
		found |= ret;
		item->matched |= ret;
	}
	return found;
}

int selection_next(struct selection *s, const char **name, size_t *len, struct count_error *err)
{
	if (!s->scan)
		return next_exact(s, name, len);
	for (;;) {
		int ret = s->it->ops->next(s->it, name, len, err);

		if (ret == 1)
			ret = match(s, *name, *len, err);
		else
			return ret;
		if (ret != 0)
			return ret;
	}
}
