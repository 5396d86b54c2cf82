/*
 * creds_ini.h - the files of AWS's tools: sections, and lines "name = value" in them.
 *
 * As aws(1) reads them: # and ; begin a comment only at the start of a line; a name ends at the first = or :
 * and is the same in either case; a line that is indented more than the one with the name belongs to that
 * one's value (nested settings) and is left out.
 */
#ifndef COUNT_S3_CREDS_INI_H
#define COUNT_S3_CREDS_INI_H

#include <stddef.h>

struct creds_ini_text {		/* not NUL-terminated */
	const char *p;
	size_t len;
};

typedef void creds_ini_fn(void *arg, struct creds_ini_text section, struct creds_ini_text name,
			  struct creds_ini_text value);

/* Calls fn for each line with a name, and with an empty name where a section begins.  NULL, or what is
 * wrong, and in *line where. */
const char *creds_ini_parse(const char *text, size_t len, creds_ini_fn *fn, void *arg, size_t *line);

#endif
