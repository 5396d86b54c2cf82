/* sweep.c - removing what earlier runs left behind in blocks/; see datadir_sweep.c for how. */
#include <stdlib.h>

#include "base/error.h"
#include "engine/blockname.h"
#include "engine/flush.h"

static int by_number(const void *a, const void *b)
{
	uint64_t p = *(const uint64_t *)a, q = *(const uint64_t *)b;

	return p < q ? -1 : p > q;
}

/* The numbers that CURRENT names, sorted; the caller frees. */
static uint64_t *named(const struct current *cur)
{
	uint64_t *v = calloc(cur->nblocks + 1, sizeof(*v));

	if (v == NULL)
		return NULL;
	for (size_t i = 0; i < cur->nblocks; i++)
		v[i] = cur->blocks[i].number;
	qsort(v, cur->nblocks, sizeof(*v), by_number);
	return v;
}

struct keep {
	const uint64_t *v;
	size_t n;
};

static bool unnamed(const void *arg, const char *name)
{
	const struct keep *keep = arg;
	uint64_t number;
	bool tmp;

	return block_parse_name(name, &number, &tmp) &&
	       (tmp || bsearch(&number, keep->v, keep->n, sizeof(*keep->v), by_number) == NULL);
}

int sweep(const struct datadir *dir, const struct current *cur, struct count_error *err)
{
	uint64_t *v = named(cur);
	struct keep keep = { v, cur->nblocks };
	int ret;

	if (v == NULL)
		return err_nomem(err);
	ret = datadir_sweep(dir, dir->blocks_fd, dir->blocks_path, cur->generation, unnamed, &keep, err);
	free(v);
	return ret;
}
