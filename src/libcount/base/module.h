/*
 * module.h - parts of count with a library that is slow to load, opened when first needed.
 *
 * A module is NAME.so and exports one table of functions that begins with a uint32_t version; it
 * uses no symbol of the library.
 */
#ifndef COUNT_BASE_MODULE_H
#define COUNT_BASE_MODULE_H

#include <stdint.h>

#include "count.h"

struct module {		/* all zero: none */
	void *handle;
};

/*
 * Looks for NAME.so in $COUNT_MODULE_DIR alone if that is set, else in the directory where modules
 * are installed, else where the build tree of an uninstalled program has them.  *table
 * is valid until module_close().  COUNT_ERR_INVALID: none there, or of another version; err says
 * where it was looked for, and what for (`purpose`: "regular expressions").
 */
int module_open(struct module *m, const char *name, const char *symbol, uint32_t version,
		const char *purpose, const void **table, struct count_error *err);
void module_close(struct module *m);	/* leaves none */

#endif
