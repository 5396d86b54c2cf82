/*
 * creds_json.c - credentials as processes and endpoints print them, and their times; see creds_impl.h.
 *
 * The bytes come from outside and hold secrets: a message tells which field is wrong, never what was in
 * it, and the copies that jansson made are wiped.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "s3/creds_impl.h"

#define DEPTH_MAX 32
#define KEY_MAX 4096		/* AWS: 20 and 40 bytes */
#define TOKEN_MAX 32768		/* AWS: about 1,000 bytes, no limit is promised */

/* ---- Times ---- */

/* n digits at *s as a number, and past them; false: something else. */
static bool digits(const char **s, int n, int *value)
{
	*value = 0;
	for (; n > 0; n--, ++*s) {
		if (**s < '0' || **s > '9')
			return false;
		*value = *value * 10 + (**s - '0');
	}
	return true;
}

static bool byte(const char **s, char c)
{
	if (**s != c)
		return false;
	++*s;
	return true;
}

/* Z, +hh:mm or +hhmm, to the end. */
static bool zone(const char *s, int *offset_s)
{
	int sign = *s == '-' ? -1 : 1, h, m;

	*offset_s = 0;
	if (*s == 'Z' || *s == 'z')
		return s[1] == '\0';
	if (*s != '+' && *s != '-')
		return false;
	s++;
	if (!digits(&s, 2, &h))
		return false;
	if (*s == ':')
		s++;
	if (!digits(&s, 2, &m) || *s != '\0' || h > 23 || m > 59)
		return false;
	*offset_s = sign * (h * 3600 + m * 60);
	return true;
}

bool creds_time_parse(const char *s, int64_t *t)
{
	int year, month, day, h, m, sec, offset;

	if (!digits(&s, 4, &year) || !byte(&s, '-') || !digits(&s, 2, &month) || !byte(&s, '-') ||
	    !digits(&s, 2, &day) || !(byte(&s, 'T') || byte(&s, ' ')) || !digits(&s, 2, &h) || !byte(&s, ':') ||
	    !digits(&s, 2, &m) || !byte(&s, ':') || !digits(&s, 2, &sec))
		return false;
	if (byte(&s, '.'))
		s += strspn(s, "0123456789");
	if (!zone(s, &offset) || year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > civil_month_days(year, month) || h > 23 || m > 59 || sec > 60)
		return false;
	*t = civil_to_days(year, month, day) * DAY_S + h * 3600 + m * 60 + sec - offset;
	return true;
}

void creds_time_format(int64_t t, char out[48])
{
	struct civil c = civil_from_days(floor_div(t, DAY_S));
	int rest = (int)floor_mod(t, DAY_S);

	snprintf(out, 48, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)c.year, c.month, c.day, rest / 3600,
		 rest / 60 % 60, rest % 60);
}

/* ---- JSON ---- */

/* Nesting is looked at before the parser recurses into it. */
static bool too_deep(const struct buf *body)
{
	bool string = false;
	int depth = 0;

	for (size_t i = 0; i < body->len; i++) {
		char c = (char)body->data[i];

		if (string && c == '\\')
			i++;
		else if (c == '"')
			string = !string;
		else if (!string && (c == '{' || c == '['))
			depth++;
		else if (!string && (c == '}' || c == ']'))
			depth--;
		if (depth > DEPTH_MAX)
			return true;
	}
	return false;
}

static json_t *load(const struct buf *body)
{
	json_t *root;

	if (body->len == 0 || too_deep(body))
		return NULL;
	root = json_loadb((const char *)body->data, body->len, JSON_REJECT_DUPLICATES, NULL);
	if (root != NULL && !json_is_object(root)) {
		json_decref(root);
		return NULL;
	}
	return root;
}

/* The strings of an object belong to it alone, so to overwrite them is safe. */
static void wipe(json_t *root)
{
	const char *name;
	json_t *value;

	json_object_foreach(root, name, value)
		if (json_is_string(value))
			explicit_bzero((char *)json_string_value(value), json_string_length(value));
	json_decref(root);
}

/* A copy of the text of that field; NULL with *why. */
static char *text(const json_t *root, const char *name, size_t max, const char **why)
{
	const json_t *value = json_object_get(root, name);
	const char *s = json_string_value(value);
	char *copy;

	if (s == NULL || s[0] == '\0')
		*why = value == NULL ? "is missing" : "is not a text";
	else if (strlen(s) != json_string_length(value) || strlen(s) > max || !creds_printable(s))
		*why = "holds bytes that are never in one, or too many";
	else if ((copy = strdup(s)) != NULL)
		return copy;
	else
		*why = NULL;
	return NULL;
}

static int take_text(const char *who, const json_t *root, const char *name, size_t max, char **out,
		     struct count_error *err)
{
	const char *why;

	*out = text(root, name, max, &why);
	if (*out != NULL)
		return COUNT_OK;
	return why == NULL ? err_nomem(err) : err_set(err, COUNT_ERR_DENIED, "%s: %s %s", who, name, why);
}

static int take_expiry(const char *who, const json_t *root, int64_t now_s, struct creds *c,
		       struct count_error *err)
{
	const json_t *value = json_object_get(root, "Expiration");
	char end[48], now[48];

	if (value == NULL || json_is_null(value))
		return COUNT_OK;
	if (!json_is_string(value) || !creds_time_parse(json_string_value(value), &c->expires_s))
		return err_set(err, COUNT_ERR_DENIED, "%s: Expiration is not a time like 2024-05-01T10:00:00Z", who);
	if (c->expires_s > now_s)
		return COUNT_OK;
	creds_time_format(c->expires_s, end);
	creds_time_format(now_s, now);
	return err_set(err, COUNT_ERR_DENIED, "%s: the credentials that it gives ended at %s, and here it is %s; "
		       "renew them there, and look at the clock", who, end, now);
}

static int take(const char *who, const struct creds_form *form, const json_t *root, int64_t now_s,
		struct creds *c, struct count_error *err)
{
	const json_t *version = json_object_get(root, "Version"), *token = json_object_get(root, form->token);
	int ret;

	if (form->version_1 && (!json_is_integer(version) || json_integer_value(version) != 1))
		return err_set(err, COUNT_ERR_DENIED, "%s: its JSON lacks \"Version\": 1", who);
	ret = take_text(who, root, "AccessKeyId", KEY_MAX, &c->access_key, err);
	if (ret == COUNT_OK)
		ret = take_text(who, root, "SecretAccessKey", KEY_MAX, &c->secret, err);
	if (ret == COUNT_OK && json_is_string(token) && json_string_length(token) > 0)
		ret = take_text(who, root, form->token, TOKEN_MAX, &c->token, err);
	return ret == COUNT_OK ? take_expiry(who, root, now_s, c, err) : ret;
}

int creds_json_parse(const char *who, const struct creds_form *form, const struct buf *body, int64_t now_s,
		     struct creds *c, struct count_error *err)
{
	json_t *root = load(body);
	char failure[160];
	int ret;

	if (root == NULL)
		return err_set(err, COUNT_ERR_DENIED, "%s: what it gave (%zu bytes) is not a JSON object", who,
			       body->len);
	creds_json_failure(body, failure, sizeof(failure));
	if (failure[0] != '\0' && json_object_get(root, "AccessKeyId") == NULL)
		ret = err_set(err, COUNT_ERR_DENIED, "%s: it gives no credentials%s", who, failure);
	else
		ret = take(who, form, root, now_s, c, err);
	wipe(root);
	return ret;
}

static const char *either(const json_t *root, const char *a, const char *b)
{
	const char *s = json_string_value(json_object_get(root, a));

	return s != NULL ? s : json_string_value(json_object_get(root, b));
}

void creds_json_failure(const struct buf *body, char *out, size_t size)
{
	json_t *root = load(body);
	const char *code, *message;

	out[0] = '\0';
	if (root == NULL)
		return;
	code = either(root, "Code", "code");
	message = either(root, "Message", "message");
	if (code != NULL && strcmp(code, "Success") != 0)
		snprintf(out, size, " (%.40s%s%.100s)", code, message != NULL ? ": " : "",
			 message != NULL ? message : "");
	else if (message != NULL)
		snprintf(out, size, " (%.120s)", message);
	wipe(root);
}
