/* index_sweep.c - names of the files of the cold index, and removing what earlier runs left of them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cold/index_impl.h"

#define PREFIX "cold-"

void index_name(uint64_t number, bool tmp, char out[INDEX_NAME_MAX])
{
	snprintf(out, INDEX_NAME_MAX, PREFIX "%012" PRIu64 "%s", number, tmp ? ".tmp" : ".idx");
}

bool index_parse_name(const char *name, uint64_t *number, bool *tmp)
{
	size_t n = strlen(PREFIX);
	char want[INDEX_NAME_MAX], *end;

	if (strncmp(name, PREFIX, n) != 0 || name[n] < '0' || name[n] > '9')
		return false;
	errno = 0;
	*number = strtoull(name + n, &end, 10);
	if (errno != 0)
		return false;
	*tmp = strcmp(end, ".tmp") == 0;
	index_name(*number, *tmp, want);
	return strcmp(name, want) == 0;
}

static bool is_named(const struct current *cur, uint64_t number)
{
	for (size_t i = 0; i < cur->ncold; i++)
		if (cur->cold[i] == number)
			return true;
	return false;
}

static bool unnamed(const void *arg, const char *name)
{
	uint64_t number;
	bool tmp;

	return index_parse_name(name, &number, &tmp) && (tmp || !is_named(arg, number));
}

int cold_index_sweep(const struct datadir *dir, const struct current *cur, struct count_error *err)
{
	return datadir_sweep(dir, dir->fd, dir->path, cur->generation, unnamed, cur, err);
}
