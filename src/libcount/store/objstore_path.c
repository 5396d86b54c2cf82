/* objstore_path.c - keys of objects <-> names of files; see objstore_path.h. */
#include "store/objstore_path.h"

#include <string.h>

#define ESCAPE OBJPATH_RESERVED "key-"
#define ESCAPE_LEN (sizeof(ESCAPE) - 1)
#define RESERVED_LEN (sizeof(OBJPATH_RESERVED) - 1)
#define ESCAPED_MAX ((OBJPATH_NAME_MAX - ESCAPE_LEN) / 2)	/* bytes whose hex still fits in a name */

static void put_hex(const char *s, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[(unsigned char)s[i] >> 4];
		*out++ = digits[(unsigned char)s[i] & 15];
	}
	*out = '\0';
}

static int hex_digit(char c)	/* -1: none; capitals are none, so that each text has one spelling */
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hex into at most max bytes, none of them NUL; -1: it is not that. */
static int get_hex(const char *s, char *out, size_t max)
{
	size_t n = 0;

	for (; *s != '\0'; s += 2, n++) {
		int high = hex_digit(s[0]), low = high < 0 ? -1 : hex_digit(s[1]);

		if (low < 0 || n == max || (high == 0 && low == 0))
			return -1;
		out[n] = (char)(high << 4 | low);
	}
	out[n] = '\0';
	return (int)n;
}

static bool needs_escape(const char *part, size_t len)
{
	return len == 0 || (len == 1 && part[0] == '.') || (len == 2 && memcmp(part, "..", 2) == 0) ||
	       (len >= RESERVED_LEN && memcmp(part, OBJPATH_RESERVED, RESERVED_LEN) == 0);
}

static const char *encode(const char *part, size_t len, char name[OBJPATH_NAME_MAX + 1])
{
	bool escape = needs_escape(part, len);

	if (len > (escape ? ESCAPED_MAX : OBJPATH_NAME_MAX))
		return "a part of the key between slashes is too long for a file name (255 bytes)";
	if (!escape) {
		memcpy(name, part, len);
		name[len] = '\0';
		return NULL;
	}
	memcpy(name, ESCAPE, ESCAPE_LEN);
	put_hex(part, len, name + ESCAPE_LEN);
	return NULL;
}

const char *objpath_split(const char *key, struct objpath *path)
{
	path->n = 0;
	for (;;) {
		size_t len = strcspn(key, "/");
		const char *why;

		if (path->n == OBJPATH_PARTS_MAX)
			return "the key has too many parts between slashes for a directory (64)";
		why = encode(key, len, path->part[path->n]);
		if (why != NULL)
			return why;
		path->n++;
		if (key[len] == '\0')
			return NULL;
		key += len + 1;
	}
}

bool objpath_decode(const char *name, char part[OBJPATH_NAME_MAX + 1], size_t *len)
{
	size_t name_len = strlen(name);
	int n;

	if (name_len > OBJPATH_NAME_MAX || memchr(name, '/', name_len) != NULL)
		return false;
	if (!needs_escape(name, name_len)) {
		memcpy(part, name, name_len + 1);
		*len = name_len;
		return true;
	}
	if (name_len < ESCAPE_LEN || memcmp(name, ESCAPE, ESCAPE_LEN) != 0)
		return false;
	n = get_hex(name + ESCAPE_LEN, part, OBJPATH_NAME_MAX);
	if (n < 0 || !needs_escape(part, (size_t)n) || memchr(part, '/', (size_t)n) != NULL)
		return false;
	*len = (size_t)n;
	return true;
}

void objpath_token(const char *key, char token[OBJPATH_TOKEN_MAX + 1])
{
	put_hex(key, strlen(key), token);
}

bool objpath_token_read(const char *token, char key[OBJSTORE_KEY_MAX + 1])
{
	return get_hex(token, key, OBJSTORE_KEY_MAX) > 0;
}
