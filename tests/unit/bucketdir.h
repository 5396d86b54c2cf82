/* bucketdir.h - for tests: the settings of a bucket in a directory. */
#ifndef COUNT_TEST_BUCKETDIR_H
#define COUNT_TEST_BUCKETDIR_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cold/settings.h"

/* TOP/bucket, prefix count-data; for cold_settings_free(). */
static void bucketdir_settings(struct cold_settings *s, const char *top)
{
	char url[128];

	snprintf(url, sizeof(url), "file://%s", top);
	cold_settings_init(s);
	s->enabled = true;
	s->text[COLD_BUCKET] = strdup("bucket");
	s->text[COLD_ENDPOINT] = strdup(url);
	free(s->text[COLD_PREFIX]);
	s->text[COLD_PREFIX] = strdup("count-data");
}

#endif
