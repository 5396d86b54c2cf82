/* keyname.c - the part of an object's key that stands for a series; see keyname.h. */
#include "base/keyname.h"

#include <string.h>

#define HASH_LEN 32
#define HASHED_LEN (1 + 2 * HASH_LEN)

static bool plain(unsigned char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || (c == '.' && !first);
}

static size_t encoded_len(const char *s, size_t len)	/* no overflow: callers bound len */
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += plain((unsigned char)s[i], i == 0) ? 1 : 3;
	return n;
}

static char *put_hex(char *to, unsigned char c, const char *digits)
{
	*to++ = digits[c >> 4];
	*to++ = digits[c & 15];
	return to;
}

static void encode(const char *s, size_t len, char *to)
{
	for (size_t i = 0; i < len; i++) {
		if (plain((unsigned char)s[i], i == 0)) {
			*to++ = s[i];
		} else {
			*to++ = '%';
			to = put_hex(to, (unsigned char)s[i], "0123456789ABCDEF");
		}
	}
	*to = '\0';
}

bool keyname_is_long(const char *series, size_t len)
{
	return len > KEYNAME_MAX || encoded_len(series, len) > KEYNAME_MAX;
}

int keyname_encode(const char *series, size_t len, keyname_sha256 *sha256, char out[KEYNAME_MAX + 1])
{
	char whole[3 * COUNT_SERIES_MAX + 1], *to = out;
	uint8_t hash[HASH_LEN];
	int ret;

	if (len == 0 || len > COUNT_SERIES_MAX)
		return COUNT_ERR_INVALID;
	if (!keyname_is_long(series, len)) {
		encode(series, len, out);
		return COUNT_OK;
	}
	if (sha256 == NULL)
		return COUNT_ERR_INVALID;
	encode(series, len, whole);
	ret = sha256(whole, strlen(whole), hash);
	if (ret != COUNT_OK)
		return ret;
	*to++ = '~';
	for (size_t i = 0; i < HASH_LEN; i++)
		to = put_hex(to, hash[i], "0123456789abcdef");
	*to = '\0';
	return COUNT_OK;
}

static int digit(char c, char ten)	/* ten: 'A' or 'a'; -1: none */
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= ten && c < ten + 6 ? c - ten + 10 : -1;
}

static bool is_hash(const char *part, size_t len)
{
	if (len != HASHED_LEN || part[0] != '~')
		return false;
	for (size_t i = 1; i < len; i++)
		if (digit(part[i], 'a') < 0)
			return false;
	return true;
}

int keyname_decode(const char *part, size_t part_len, char out[KEYNAME_MAX + 1], size_t *len)
{
	size_t n = 0;

	if (is_hash(part, part_len))
		return COUNT_ERR_NOTFOUND;
	if (part_len == 0 || part_len > KEYNAME_MAX)
		return COUNT_ERR_INVALID;
	for (size_t i = 0; i < part_len; i++, n++) {
		int high, low;

		if (plain((unsigned char)part[i], n == 0)) {
			out[n] = part[i];
			continue;
		}
		high = part[i] == '%' && part_len - i > 2 ? digit(part[i + 1], 'A') : -1;
		low = high < 0 ? -1 : digit(part[i + 2], 'A');
		/* What needs no escape has none: a name has one spelling. */
		if (low < 0 || plain((unsigned char)(high << 4 | low), n == 0))
			return COUNT_ERR_INVALID;
		out[n] = (char)(high << 4 | low);
		i += 2;
	}
	out[n] = '\0';
	*len = n;
	return COUNT_OK;
}
