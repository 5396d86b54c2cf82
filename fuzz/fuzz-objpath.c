/*
 * fuzz-objpath - hostile keys, file names and tokens into the directory store's mapping.
 *
 * Input: a text, taken as each of the three.  A key that is accepted gives only harmless file names,
 * which give the key again; a file name that is accepted is the one its key gives; a token likewise.
 */
#include <stdlib.h>
#include <string.h>

#include "store/objstore_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool so)
{
	if (!so)
		abort();
}

static void check_name(const char *name)
{
	check(name[0] != '\0' && strlen(name) <= OBJPATH_NAME_MAX && strchr(name, '/') == NULL);
	check(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
	check(strcmp(name, OBJPATH_TMP) != 0 && strcmp(name, OBJPATH_LOCK) != 0);
}

static void as_key(const char *key)
{
	static struct objpath path;
	char again[OBJSTORE_KEY_MAX + 1 + OBJPATH_NAME_MAX + 1];
	size_t at = 0;

	if (strlen(key) > OBJSTORE_KEY_MAX || objpath_split(key, &path) != NULL)
		return;
	check(path.n > 0 && path.n <= OBJPATH_PARTS_MAX);
	for (size_t i = 0; i < path.n; i++) {
		char part[OBJPATH_NAME_MAX + 1];
		size_t len;

		check_name(path.part[i]);
		check(objpath_decode(path.part[i], part, &len) && strlen(part) == len);
		check(at + len + 1 < sizeof(again));
		memcpy(again + at, part, len);
		at += len;
		again[at++] = '/';
	}
	again[at - 1] = '\0';
	check(strcmp(again, key) == 0);
}

static void as_name(const char *name)
{
	static struct objpath path;
	char part[OBJPATH_NAME_MAX + 1];
	size_t len;

	if (name[0] == '\0' || !objpath_decode(name, part, &len))
		return;
	check(strlen(part) == len && strchr(part, '/') == NULL);
	check(objpath_split(part, &path) == NULL && path.n == 1 && strcmp(path.part[0], name) == 0);
}

static void as_token(const char *token)
{
	char key[OBJSTORE_KEY_MAX + 1], again[OBJPATH_TOKEN_MAX + 1];

	if (!objpath_token_read(token, key))
		return;
	check(key[0] != '\0');
	objpath_token(key, again);
	check(strcmp(again, token) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);	/* exact, so that a read past the end is seen */

	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	as_key(text);
	as_name(text);
	as_token(text);
	free(text);
	return 0;
}
