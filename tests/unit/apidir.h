/*
 * apidir.h - a fresh data directory for the tests of the public interface, which know count.h alone.
 * Include it after <cmocka.h>.
 */
#ifndef TESTS_UNIT_APIDIR_H
#define TESTS_UNIT_APIDIR_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "count.h"

static char api_top[32], api_dir[96];
static struct count_config api_cfg;
static struct count_error err;		/* empty at the start of each test */
static count_db *db;			/* opened by api_setup() */

static int api_setup(void **state)
{
	(void)state;
	strcpy(api_top, "/tmp/count-api-XXXXXX");
	if (mkdtemp(api_top) == NULL)
		return -1;
	snprintf(api_dir, sizeof(api_dir), "%s/data", api_top);
	count_config_init(&api_cfg);
	api_cfg.data_dir = api_dir;
	err = (struct count_error){ 0 };
	db = NULL;
	return count_open(&api_cfg, COUNT_OPEN_CREATE, &db, NULL);
}

static int api_teardown(void **state)
{
	char cmd[128];

	(void)state;
	count_close(db);
	count_config_free(&api_cfg);
	snprintf(cmd, sizeof(cmd), "chmod -R u+rwX '%s'; rm -rf '%s'", api_top, api_top);
	return system(cmd);
}

/* A call that must fail: with that code, a line that holds `part`. */
#define assert_refused(want, part, call) do { \
	err = (struct count_error){ 0 }; \
	assert_int_equal(call, want); \
	assert_int_equal(err.code, want); \
	assert_non_null(strstr(err.text, part)); \
	assert_null(strchr(err.text, '\n')); \
	err = (struct count_error){ 0 }; \
} while (0)

#endif
