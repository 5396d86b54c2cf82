/* sigv4.c - AWS Signature Version 4; see sigv4.h. */
#include "s3/sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define DATE_LEN 8
#define SECRET_MAX 1024		/* AWS's have 40 bytes; other stores let the user choose */

int sigv4_sha256(const void *data, size_t len, uint8_t hash[SIGV4_HASH])
{
	return EVP_Digest(data, len, hash, NULL, EVP_sha256(), NULL) == 1 ? COUNT_OK : COUNT_ERR_NOMEM;
}

static void to_hex(const uint8_t hash[SIGV4_HASH], char hex[SIGV4_HEX])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SIGV4_HASH; i++) {
		hex[2 * i] = digits[hash[i] >> 4];
		hex[2 * i + 1] = digits[hash[i] & 15];
	}
	hex[2 * SIGV4_HASH] = '\0';
}

int sigv4_sha256_hex(const void *data, size_t len, char hex[SIGV4_HEX])
{
	uint8_t hash[SIGV4_HASH];
	int ret = sigv4_sha256(data, len, hash);

	if (ret == COUNT_OK)
		to_hex(hash, hex);
	return ret;
}

static int hmac(const void *key, size_t key_len, const void *data, size_t len, uint8_t out[SIGV4_HASH])
{
	if (HMAC(EVP_sha256(), key, (int)key_len, data, len, out, NULL) == NULL)
		return COUNT_ERR_NOMEM;
	return COUNT_OK;
}

int sigv4_time(int64_t unix_s, char out[SIGV4_TIME])
{
	int64_t days = floor_div(unix_s, DAY_S), in_day = floor_mod(unix_s, DAY_S);
	struct civil c = civil_from_days(days);
	char text[64];

	if (c.year < 0 || c.year > 9999)
		return COUNT_ERR_INVALID;
	snprintf(text, sizeof(text), "%04d%02d%02dT%02d%02d%02dZ", (int)c.year, c.month, c.day,
		 (int)(in_day / 3600), (int)(in_day / 60 % 60), (int)(in_day % 60));
	memcpy(out, text, SIGV4_TIME);
	return COUNT_OK;
}

static bool time_valid(const char *s)
{
	static const char shape[] = "ddddddddTddddddZ";

	if (strlen(s) != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != shape[i])
			return false;
	return true;
}

/* What stands in the header between slashes and commas must not hold one, nor a control. */
static bool word_valid(const char *s)
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~' || *s == '/' || *s == ',')
			return false;
	return true;
}

static bool scope_valid(const struct sigv4_scope *scope)
{
	return time_valid(scope->time) && word_valid(scope->access_key) && word_valid(scope->region) &&
	       word_valid(scope->service);
}

int sigv4_derive(const char *secret, const struct sigv4_scope *scope, struct sigv4_key *key)
{
	char start[4 + SECRET_MAX] = "AWS4";
	size_t len = strlen(secret);
	uint8_t k[SIGV4_HASH];
	int ret;

	if (!scope_valid(scope) || len == 0 || len > SECRET_MAX)
		return COUNT_ERR_INVALID;
	memcpy(start + 4, secret, len);
	ret = hmac(start, 4 + len, scope->time, DATE_LEN, k);
	if (ret == COUNT_OK)
		ret = hmac(k, sizeof(k), scope->region, strlen(scope->region), k);
	if (ret == COUNT_OK)
		ret = hmac(k, sizeof(k), scope->service, strlen(scope->service), k);
	if (ret == COUNT_OK)
		ret = hmac(k, sizeof(k), "aws4_request", strlen("aws4_request"), key->bytes);
	OPENSSL_cleanse(start, sizeof(start));
	OPENSSL_cleanse(k, sizeof(k));
	return ret;
}

void sigv4_forget(struct sigv4_key *key)
{
	OPENSSL_cleanse(key, sizeof(*key));
}

static int sign_text(const struct sigv4_scope *scope, const struct sigv4_key *key, struct sigv4 *s)
{
	char hash[SIGV4_HEX];
	uint8_t signature[SIGV4_HASH];
	int ret = sigv4_sha256_hex(s->canonical.data, s->canonical.len, hash);

	if (ret != COUNT_OK)
		return ret;
	buf_printf(&s->to_sign, ALGORITHM "\n%s\n%.*s/%s/%s/aws4_request\n%s", scope->time, DATE_LEN,
		   scope->time, scope->region, scope->service, hash);
	if (s->to_sign.failed)
		return COUNT_ERR_NOMEM;
	ret = hmac(key->bytes, sizeof(key->bytes), s->to_sign.data, s->to_sign.len, signature);
	if (ret == COUNT_OK)
		to_hex(signature, s->signature);
	return ret;
}

int sigv4_sign(const struct canon_request *req, const struct sigv4_scope *scope,
	       const struct sigv4_key *key, struct sigv4 *s)
{
	struct buf names = { 0 };
	int ret = COUNT_ERR_INVALID;

	buf_clear(&s->canonical);
	buf_clear(&s->to_sign);
	buf_clear(&s->authorization);
	if (scope_valid(scope))
		ret = canon_request(req, &s->canonical, &names);
	if (ret == COUNT_OK)
		ret = sign_text(scope, key, s);
	if (ret == COUNT_OK) {
		buf_printf(&s->authorization, ALGORITHM " Credential=%s/%.*s/%s/%s/aws4_request, SignedHeaders=",
			   scope->access_key, DATE_LEN, scope->time, scope->region, scope->service);
		buf_put(&s->authorization, names.data, names.len);
		buf_printf(&s->authorization, ", Signature=%s", s->signature);
		buf_put_u8(&s->authorization, 0);
		if (s->authorization.failed)
			ret = COUNT_ERR_NOMEM;
	}
	buf_free(&names);
	return ret;
}

void sigv4_free(struct sigv4 *s)
{
	buf_free(&s->canonical);
	buf_free(&s->to_sign);
	buf_free(&s->authorization);
	*s = (struct sigv4){ 0 };
}
