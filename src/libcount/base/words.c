/* words.c - words that a setting may have; see words.h. */
#include "base/words.h"

#include <stddef.h>
#include <strings.h>

bool words_bool(const char *value, bool *v)
{
	static const char *const words[][2] = {
		{ "false", "true" }, { "0", "1" }, { "no", "yes" }, { "off", "on" },
	};

	for (size_t i = 0; i < 4; i++) {
		for (size_t truth = 0; truth < 2; truth++) {
			if (strcasecmp(value, words[i][truth]) == 0) {
				*v = truth != 0;
				return true;
			}
		}
	}
	return false;
}

const char *words_whole(const char *value, uint64_t *v)
{
	uint64_t r = 0;
	const char *p;

	for (p = value; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(r, 10u, &r) || __builtin_add_overflow(r, (unsigned)(*p - '0'), &r))
			return NULL;
	*v = r;
	return p > value ? p : NULL;
}
