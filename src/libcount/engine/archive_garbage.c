/* archive_garbage.c - the list of replaced objects in a manifest; see archive_edit.h. */
#include <stdlib.h>
#include <string.h>

#include "engine/archive_edit.h"

bool edit_is_garbage(const struct manifest *m, const char *key)
{
	for (size_t i = 0; i < m->ngarbage; i++)
		if (strcmp(m->garbage[i].key, key) == 0)
			return true;
	return false;
}

int edit_add_garbage(struct manifest *m, const char *key, int64_t now_s)
{
	struct manifest_garbage *g;
	char *copy;

	if (edit_is_garbage(m, key))
		return COUNT_OK;
	copy = strdup(key);
	g = copy != NULL ? manifest_add_garbage(m) : NULL;
	if (g == NULL) {
		free(copy);
		return COUNT_ERR_NOMEM;
	}
	*g = (struct manifest_garbage){ copy, now_s };
	return COUNT_OK;
}
