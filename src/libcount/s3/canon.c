/* canon.c - the canonical form of a request; see canon.h. */
#include "s3/canon.h"

#include <string.h>

static bool alnum(unsigned char c)	/* isalnum() would ask the locale */
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool unreserved(unsigned char c)
{
	return alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int status(const struct buf *out)
{
	return out->failed ? COUNT_ERR_NOMEM : COUNT_OK;
}

int canon_encode(const char *s, size_t len, bool encode_slash, struct buf *out)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (unreserved(c) || (c == '/' && !encode_slash)) {
			buf_put_u8(out, c);
		} else {
			char code[3] = { '%', hex[c >> 4], hex[c & 15] };

			buf_put(out, code, sizeof(code));
		}
	}
	return status(out);
}

/* Take the last segment and its slash off out, but nothing before start. */
static void drop_segment(struct buf *out, size_t start)
{
	while (out->len > start && out->data[--out->len] != '/')
		;
}

/* Dot segments and empty ones dropped, as the test suite has it: /a/./b//../c/ is /a/c/, /a/.. is /. */
static int normalised(const char *path, struct buf *out)
{
	size_t start = out->len;
	const char *s = path;

	while (*s != '\0') {
		size_t len;
		bool last;

		s += strspn(s, "/");
		len = strcspn(s, "/");
		last = s[len] == '\0';
		if (len == 2 && memcmp(s, "..", 2) == 0) {
			drop_segment(out, start);
		} else if (len > 0 && !(len == 1 && *s == '.')) {
			buf_put_u8(out, '/');
			canon_encode(s, len, false, out);
		}
		s += len;
		if (!last && s[strspn(s, "/")] == '\0') {	/* slashes at the end stay as one */
			buf_put_u8(out, '/');
			break;
		}
	}
	if (out->len == start)
		buf_put_u8(out, '/');
	return status(out);
}

int canon_path(const char *path, bool normalise, struct buf *out)
{
	if (normalise)
		return normalised(path, out);
	if (*path != '/')
		buf_put_u8(out, '/');
	return canon_encode(path, strlen(path), false, out);
}

/* One encoded parameter, as offsets: the buffer it stands in may move while it grows. */
struct param {
	size_t name, name_len, value, value_len;
};

static int compare_bytes(const uint8_t *a, size_t alen, const uint8_t *b, size_t blen)
{
	int c = memcmp(a, b, alen < blen ? alen : blen);

	return c != 0 ? c : (alen > blen) - (alen < blen);
}

static int compare_params(const uint8_t *base, const struct param *a, const struct param *b)
{
	int c = compare_bytes(base + a->name, a->name_len, base + b->name, b->name_len);

	if (c != 0)
		return c;
	return compare_bytes(base + a->value, a->value_len, base + b->value, b->value_len);
}

static struct param encode_param(const struct canon_pair *pair, struct buf *text)
{
	struct param p = { .name = text->len };

	canon_encode(pair->name, strlen(pair->name), true, text);
	p.name_len = text->len - p.name;
	p.value = text->len;
	canon_encode(pair->value, strlen(pair->value), true, text);
	p.value_len = text->len - p.value;
	return p;
}

int canon_query(const struct canon_pair *query, size_t n, struct buf *out)
{
	struct param params[CANON_PAIRS_MAX];
	struct buf text = { 0 };

	if (n > CANON_PAIRS_MAX)
		return COUNT_ERR_INVALID;
	for (size_t i = 0; i < n && !text.failed; i++) {
		struct param p = encode_param(&query[i], &text);
		size_t at = i;

		if (text.failed)
			break;
		for (; at > 0 && compare_params(text.data, &params[at - 1], &p) > 0; at--)
			params[at] = params[at - 1];
		params[at] = p;
	}
	out->failed |= text.failed;
	for (size_t i = 0; i < n && !out->failed; i++) {
		if (i > 0)
			buf_put_u8(out, '&');
		buf_put(out, text.data + params[i].name, params[i].name_len);
		buf_put_u8(out, '=');
		buf_put(out, text.data + params[i].value, params[i].value_len);
	}
	buf_free(&text);
	return status(out);
}

static int compare_names(const char *a, const char *b)	/* without case, without locale */
{
	while (*a != '\0' && lower(*a) == lower(*b))
		a++, b++;
	return (unsigned char)lower(*a) - (unsigned char)lower(*b);
}

/* A token of RFC 9110 and a value without control characters: nothing can slip in a header. */
static bool header_valid(const struct canon_pair *h)
{
	const char *s = h->name;

	for (; *s != '\0'; s++)
		if (!alnum((unsigned char)*s) && strchr("!#$%&'*+-.^_`|~", *s) == NULL)
			return false;
	if (s == h->name)
		return false;
	for (s = h->value; *s != '\0'; s++)
		if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f)
			return false;
	return true;
}

static void put_lower(const char *s, struct buf *out)
{
	for (; *s != '\0'; s++)
		buf_put_u8(out, (uint8_t)lower(*s));
}

static void put_trimmed(const char *s, struct buf *out)
{
	s += strspn(s, " \t");
	while (*s != '\0') {
		size_t len = strcspn(s, " \t");

		buf_put(out, s, len);
		s += len;
		s += strspn(s, " \t");
		if (*s != '\0')
			buf_put_u8(out, ' ');
	}
}

int canon_headers(const struct canon_pair *headers, size_t n, struct buf *out, struct buf *names)
{
	const struct canon_pair *sorted[CANON_PAIRS_MAX];

	if (n > CANON_PAIRS_MAX)
		return COUNT_ERR_INVALID;
	for (size_t i = 0; i < n; i++) {	/* stable: repeated ones keep their order */
		size_t at = i;

		if (!header_valid(&headers[i]))
			return COUNT_ERR_INVALID;
		for (; at > 0 && compare_names(sorted[at - 1]->name, headers[i].name) > 0; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = &headers[i];
	}
	for (size_t i = 0; i < n; i++) {
		bool again = i > 0 && compare_names(sorted[i - 1]->name, sorted[i]->name) == 0;
		bool more = i + 1 < n && compare_names(sorted[i]->name, sorted[i + 1]->name) == 0;

		if (!again) {
			if (i > 0)
				buf_put_u8(names, ';');
			put_lower(sorted[i]->name, names);
			put_lower(sorted[i]->name, out);
			buf_put_u8(out, ':');
		}
		put_trimmed(sorted[i]->value, out);
		buf_put_u8(out, more ? ',' : '\n');
	}
	return names->failed ? COUNT_ERR_NOMEM : status(out);
}

int canon_request(const struct canon_request *req, struct buf *out, struct buf *names)
{
	size_t names_at = names->len;
	int ret;

	buf_printf(out, "%s\n", req->method);
	ret = canon_path(req->path, req->normalise, out);
	buf_put_u8(out, '\n');
	if (ret == COUNT_OK)
		ret = canon_query(req->query, req->nquery, out);
	buf_put_u8(out, '\n');
	if (ret == COUNT_OK)
		ret = canon_headers(req->headers, req->nheaders, out, names);
	if (ret != COUNT_OK)
		return ret;
	buf_put_u8(out, '\n');
	buf_put(out, names->data + names_at, names->len - names_at);
	buf_printf(out, "\n%s", req->payload_hash);
	return status(out);
}
