/*
 * regex_module.h - what the module regex.so offers: regular expressions for =~ and !~.
 *
 * PCRE2 takes a millisecond to load and most queries have no regular expression, so it sits in a
 * module (base/module.h).  The module exports this one table as count_regex_module and uses no
 * symbol of the library.  A change here raises the version.
 */
#ifndef COUNT_BASE_REGEX_MODULE_H
#define COUNT_BASE_REGEX_MODULE_H

#include <stddef.h>
#include <stdint.h>

#define REGEX_MODULE_VERSION 1
#define REGEX_MODULE_NAME "regex"
#define REGEX_MODULE_SYMBOL "count_regex_module"

struct regex_module {
	uint32_t version;
	/*
	 * Compiles a UTF-8 pattern that must match the whole text.  NULL: why holds one line and *at the byte
	 * of the pattern.
	 */
	void *(*compile)(const char *pattern, size_t len, char *why, size_t why_size, size_t *at);
	/* 1 or 0; -1: the pattern asks for too much work on this text, or memory ran out. */
	int (*match)(void *regex, const char *text, size_t len);
	void (*free)(void *regex);	/* NULL is fine */
};

#endif
