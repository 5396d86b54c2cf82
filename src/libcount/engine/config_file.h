/*
 * config_file.h - lines KEY=value, as systemd's EnvironmentFile and a shell read them.
 *
 *	KEY=value		blanks around key, = and value do not count
 *	KEY="a \"b\" # c"	in double quotes \ takes \ " ` $ literally; else it is itself
 *	KEY='a b'		in single quotes everything is itself
 *	export KEY=value	the word export is passed over
 *	# comment		also "; comment", and from a # after a blank to the end of a line
 *
 * A value ends on its line: there are no continuation lines.  Bytes in memory only.
 */
#ifndef COUNT_ENGINE_CONFIG_FILE_H
#define COUNT_ENGINE_CONFIG_FILE_H

#include <stddef.h>

#include "base/buf.h"
#include "count.h"

#define CONFIG_FILE_MAX_BYTES (1u << 20)

/* Called for each setting; the strings end in NUL and live until it returns. */
typedef int config_file_fn(void *arg, const char *key, const char *value, size_t line,
			   struct count_error *err);

/* Stops at the first status that is not COUNT_OK.  COUNT_ERR_INVALID: "NAME:LINE: why". */
int config_file_parse(const char *name, const char *text, size_t len, config_file_fn *fn, void *arg,
		      struct count_error *err);

#endif
