/* module.c - open a module and find its table; see module.h. */
#include "base/module.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#ifndef COUNT_MODULE_DIR
#define COUNT_MODULE_DIR "/usr/lib/count"	/* the build says where */
#endif

/* From an uninstalled program: where libtool puts modules, from the top of the tree, from tests/unit. */
static const char *const build_dirs[] = { ".libs", "src/modules/.libs", "../../src/modules/.libs" };

struct search {
	const char *name, *symbol;
	uint32_t version;
	char why[256];		/* the first failure that is more than "no such file" */
};

/* true: m is open and has the table. */
static bool try_file(struct module *m, struct search *s, const char *dir, const void **table)
{
	char path[PATH_MAX];
	const void *found;

	if (snprintf(path, sizeof(path), "%s/%s.so", dir, s->name) >= (int)sizeof(path) ||
	    access(path, R_OK) != 0)
		return false;
	m->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (m->handle == NULL) {
		const char *text = dlerror();

		if (s->why[0] == '\0')
			snprintf(s->why, sizeof(s->why), "%.250s", text != NULL ? text : path);
		return false;
	}
	found = dlsym(m->handle, s->symbol);
	if (found != NULL && *(const uint32_t *)found == s->version) {
		*table = found;
		return true;
	}
	if (s->why[0] == '\0')
		snprintf(s->why, sizeof(s->why), "%.200s is of another version", path);
	module_close(m);
	return false;
}

static bool try_build_tree(struct module *m, struct search *s, const void **table)
{
	char exe[PATH_MAX / 2], dir[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	if (len <= 0)
		return false;
	exe[len] = '\0';
	slash = strrchr(exe, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	for (size_t i = 0; i < sizeof(build_dirs) / sizeof(build_dirs[0]); i++) {
		snprintf(dir, sizeof(dir), "%s/%s", exe, build_dirs[i]);
		if (try_file(m, s, dir, table))
			return true;
	}
	return false;
}

int module_open(struct module *m, const char *name, const char *symbol, uint32_t version,
		const char *purpose, const void **table, struct count_error *err)
{
	struct search s = { .name = name, .symbol = symbol, .version = version };
	const char *dir = secure_getenv("COUNT_MODULE_DIR");
	bool only = dir != NULL && *dir != '\0';

	if (!only)
		dir = COUNT_MODULE_DIR;
	if (try_file(m, &s, dir, table) || (!only && try_build_tree(m, &s, table)))
		return COUNT_OK;
	if (s.why[0] != '\0')
		return err_set(err, COUNT_ERR_INVALID, "%s: cannot load the module: %s", purpose, s.why);
	return err_set(err, COUNT_ERR_INVALID,
		       "%s need the module %s.so, which is not in %s (COUNT_MODULE_DIR names another place)",
		       purpose, name, dir);
}

void module_close(struct module *m)
{
	if (m->handle != NULL)
		dlclose(m->handle);
	m->handle = NULL;
}
