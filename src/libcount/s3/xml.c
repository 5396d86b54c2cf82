/* xml.c - lists and errors in XML; see xml.h. */
#include "s3/xml.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* What the text of an element is for. */
enum field {
	NOTHING, ROOT_LIST, ROOT_ERROR, CONTENTS,
	KEY, SIZE, ETAG, TRUNCATED, TOKEN, ENCODING,
	CODE, MESSAGE, REGION,
};

static const struct { enum field parent; const char *name; enum field field; } known[] = {
	{ NOTHING, "ListBucketResult", ROOT_LIST },
	{ NOTHING, "Error", ROOT_ERROR },
	{ ROOT_LIST, "Contents", CONTENTS },
	{ ROOT_LIST, "IsTruncated", TRUNCATED },
	{ ROOT_LIST, "NextContinuationToken", TOKEN },
	{ ROOT_LIST, "EncodingType", ENCODING },
	{ CONTENTS, "Key", KEY },
	{ CONTENTS, "Size", SIZE },
	{ CONTENTS, "ETag", ETAG },
	{ ROOT_ERROR, "Code", CODE },
	{ ROOT_ERROR, "Message", MESSAGE },
	{ ROOT_ERROR, "Region", REGION },
};

struct reader {
	XML_Parser parser;
	const char *prefix;
	struct objstore_page page;
	struct xml_error error;
	bool list, is_error, broken, nomem, truncated, url_encoded;
	unsigned depth;
	enum field open[XML_DEPTH_MAX + 1];	/* open[depth] is the innermost element; [0] the document */
	char text[XML_TEXT_MAX + 1];
	size_t text_len;
	/* the entry being read */
	char key[XML_TEXT_MAX + 1], etag[OBJSTORE_ETAG_MAX + 1];
	size_t key_len;
	uint64_t size;
	bool has_key, has_size;
};

static void stop(struct reader *r)
{
	r->broken = true;
	XML_StopParser(r->parser, XML_FALSE);
}

static void on_doctype(void *arg, const XML_Char *name, const XML_Char *sysid, const XML_Char *pubid, int internal)
{
	(void)name, (void)sysid, (void)pubid, (void)internal;
	stop(arg);
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *r = arg;
	enum field parent = r->open[r->depth], field = NOTHING;

	(void)attributes;
	if (r->broken)
		return;
	if (r->depth == XML_DEPTH_MAX) {
		stop(r);
		return;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].parent == parent && (parent != NOTHING || r->depth == 0) &&
		    strcmp(known[i].name, name) == 0)
			field = known[i].field;
	r->open[++r->depth] = field;
	r->text_len = 0;
	r->list |= field == ROOT_LIST;
	r->is_error |= field == ROOT_ERROR;
	if (field == CONTENTS) {
		r->has_key = r->has_size = false;
		r->etag[0] = '\0';
	}
}

static void on_text(void *arg, const XML_Char *text, int len)
{
	struct reader *r = arg;

	if (r->broken || r->open[r->depth] < KEY)
		return;
	if ((size_t)len > XML_TEXT_MAX - r->text_len) {
		stop(r);
		return;
	}
	memcpy(r->text + r->text_len, text, (size_t)len);
	r->text_len += (size_t)len;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* As a form is encoded: %XX, and + for a blank. */
static bool url_decode(char *s, size_t *len)
{
	size_t out = 0;

	for (size_t i = 0; i < *len; i++) {
		char c = s[i];

		if (c == '%') {		/* s ends in NUL, which is no digit */
			int hi = hex_digit(s[i + 1]), lo = hi < 0 ? -1 : hex_digit(s[i + 2]);

			if (lo < 0)
				return false;
			c = (char)(hi << 4 | lo);
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		s[out++] = c;
	}
	*len = out;
	s[out] = '\0';
	return true;
}

/* The encoding may be said after the entries: so keys are decoded at the end. */
static bool decode_keys(struct reader *r)
{
	size_t prefix_len = strlen(r->prefix);

	for (size_t i = 0; i < r->page.len; i++) {
		char *key = (char *)r->page.v[i].key;
		size_t len = strlen(key);

		if (r->url_encoded && !url_decode(key, &len))
			return false;
		if (len == 0 || len > OBJSTORE_KEY_MAX || strlen(key) != len || !utf8_valid(key, len) ||
		    strncmp(key, r->prefix, prefix_len) != 0)
			return false;
	}
	return true;
}

static bool read_size(const char *s, uint64_t *v)
{
	uint64_t n = 0;

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n))
			return false;
	*v = n;
	return true;
}

static void copy_printable(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && n + 1 < size; text++)
		out[n++] = (char)((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f ? '?' : *text);
	out[n] = '\0';
}

static void take_etag(struct reader *r)
{
	char *s = r->text;
	size_t len = r->text_len;

	if (len >= 2 && s[0] == '"' && s[len - 1] == '"') {
		s++;
		len -= 2;
	}
	if (len <= OBJSTORE_ETAG_MAX) {
		memcpy(r->etag, s, len);
		r->etag[len] = '\0';
	}
}

static void take_entry(struct reader *r)
{
	if (!r->has_key || !r->has_size || r->page.len >= 10 * OBJSTORE_PAGE_MAX) {
		stop(r);
	} else if (!objstore_page_add(&r->page, r->key, r->key_len, r->size, r->etag)) {
		r->nomem = true;
		stop(r);
	}
}

static void take_text(struct reader *r, enum field field)
{
	switch (field) {
	case KEY:
		memcpy(r->key, r->text, r->text_len + 1);
		r->key_len = r->text_len;
		r->has_key = true;
		break;
	case SIZE:
		r->has_size = read_size(r->text, &r->size);
		break;
	case ETAG:
		take_etag(r);
		break;
	case TRUNCATED:
		r->truncated = strcmp(r->text, "true") == 0;
		break;
	case TOKEN:
		free(r->page.token);
		r->page.token = strdup(r->text);
		r->nomem |= r->page.token == NULL;
		break;
	case ENCODING:
		r->url_encoded = strcmp(r->text, "url") == 0;
		break;
	case CODE:
		copy_printable(r->error.code, sizeof(r->error.code), r->text);
		break;
	case MESSAGE:
		copy_printable(r->error.message, sizeof(r->error.message), r->text);
		break;
	case REGION:
		copy_printable(r->error.region, sizeof(r->error.region), r->text);
		break;
	default:
		break;
	}
}

static void on_end(void *arg, const XML_Char *name)
{
	struct reader *r = arg;
	enum field field = r->open[r->depth];

	(void)name;
	if (r->broken)
		return;
	r->depth--;
	r->text[r->text_len] = '\0';
	if (field == CONTENTS)
		take_entry(r);
	else
		take_text(r, field);
	r->text_len = 0;
}

static void free_page(struct objstore_page *page)
{
	struct objstore_req req = { .page = *page };

	objstore_req_free(&req);
}

static enum xml_kind judge(struct reader *r, bool well_formed)
{
	if (r->nomem)
		return XML_NOMEM;
	if (!well_formed || r->broken)
		return XML_BROKEN;
	if (r->is_error)
		return r->error.code[0] != '\0' ? XML_ERROR : XML_BROKEN;
	if (!r->list || (r->truncated && (r->page.token == NULL || r->page.token[0] == '\0')))
		return XML_BROKEN;
	return decode_keys(r) ? XML_LIST : XML_BROKEN;
}

enum xml_kind xml_read(const void *data, size_t len, const char *prefix, struct objstore_page *page,
		       struct xml_error *e)
{
	struct reader *r = calloc(1, sizeof(*r));
	enum xml_kind kind = XML_NOMEM;
	bool good;

	if (r == NULL)
		return XML_NOMEM;
	r->prefix = prefix;
	r->parser = XML_ParserCreate(NULL);
	if (r->parser != NULL && len <= INT32_MAX) {
		XML_SetUserData(r->parser, r);
		XML_SetElementHandler(r->parser, on_start, on_end);
		XML_SetCharacterDataHandler(r->parser, on_text);
		XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
		good = XML_Parse(r->parser, data, (int)len, 1) == XML_STATUS_OK;
		r->nomem |= XML_GetErrorCode(r->parser) == XML_ERROR_NO_MEMORY;
		kind = judge(r, good);
	}
	if (kind == XML_LIST) {
		if (!r->truncated) {
			free(r->page.token);
			r->page.token = NULL;
		}
		*page = r->page;
	} else {
		free_page(&r->page);
	}
	if (kind == XML_ERROR)
		*e = r->error;
	XML_ParserFree(r->parser);
	free(r);
	return kind;
}

bool xml_read_error(const void *data, size_t len, struct xml_error *e)
{
	struct objstore_page page = { 0 };
	enum xml_kind kind = len == 0 ? XML_BROKEN : xml_read(data, len, "", &page, e);

	if (kind == XML_LIST)
		free_page(&page);
	return kind == XML_ERROR;
}
