/*
 * regex.c - the module regex.so: regular expressions by PCRE2; see base/regex_module.h.
 *
 * Patterns come from the command line, so a hostile one must end soon: the work for one text is
 * limited, and what exceeds it is an error rather than "no match".  No JIT: label values are
 * short, and a system that forbids writable code would refuse it.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/regex_module.h"

enum {
	MATCH_LIMIT = 100000,		/* calls of the matcher for one text: a few milliseconds */
	DEPTH_LIMIT = 10000,
	HEAP_LIMIT_KIB = 8192,
	PATTERN_MAX = 65536,
};

struct regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

static void regex_free(void *p)
{
	struct regex *re = p;

	if (re == NULL)
		return;
	pcre2_match_context_free(re->limits);
	pcre2_match_data_free(re->data);
	pcre2_code_free(re->code);
	free(re);
}

static pcre2_code *compile_code(const char *pattern, size_t len, char *why, size_t why_size,
				size_t *at)
{
	uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL |
			   PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY;
	PCRE2_UCHAR text[160];
	PCRE2_SIZE offset = 0;
	pcre2_code *code = NULL;
	int error = 0;

	*at = 0;
	if (len > PATTERN_MAX) {
		snprintf(why, why_size, "the pattern is longer than %d bytes", PATTERN_MAX);
		return NULL;
	}
	code = pcre2_compile((PCRE2_SPTR)pattern, len, options, &error, &offset, NULL);
	if (code == NULL) {
		if (pcre2_get_error_message(error, text, sizeof(text)) < 0)
			snprintf((char *)text, sizeof(text), "error %d", error);
		snprintf(why, why_size, "%s", (const char *)text);
		*at = offset;
	}
	return code;
}

static void *regex_compile(const char *pattern, size_t len, char *why, size_t why_size, size_t *at)
{
	struct regex *re = calloc(1, sizeof(*re));

	*at = 0;
	if (re == NULL) {
		snprintf(why, why_size, "out of memory");
		return NULL;
	}
	re->code = compile_code(pattern, len, why, why_size, at);
	if (re->code == NULL) {
		free(re);
		return NULL;
	}
	re->data = pcre2_match_data_create(1, NULL);
	re->limits = pcre2_match_context_create(NULL);
	if (re->data == NULL || re->limits == NULL) {
		snprintf(why, why_size, "out of memory");
		regex_free(re);
		return NULL;
	}
	pcre2_set_match_limit(re->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(re->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(re->limits, HEAP_LIMIT_KIB);
	return re;
}

static int regex_match(void *p, const char *text, size_t len)
{
	struct regex *re = p;
	int ret = pcre2_match(re->code, (PCRE2_SPTR)text, len, 0, 0, re->data, re->limits);

	if (ret >= 0)
		return 1;
	/* A text that is not UTF-8 (from a damaged file) matches nothing. */
	if (ret == PCRE2_ERROR_NOMATCH ||
	    (ret <= PCRE2_ERROR_UTF8_ERR1 && ret >= PCRE2_ERROR_UTF8_ERR21))
		return 0;
	return -1;
}

extern const struct regex_module count_regex_module;
__attribute__((visibility("default"))) const struct regex_module count_regex_module = {
	.version = REGEX_MODULE_VERSION,
	.compile = regex_compile,
	.match = regex_match,
	.free = regex_free,
};
