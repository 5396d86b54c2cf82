/* s3_request.c - one request of the protocol: URL, headers, signature; see s3_impl.h. */
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "s3/s3_impl.h"

#define TAGS_MAX 10		/* of S3 */

/* Headers, and room for the values that are made here. */
struct head {
	struct canon_pair v[S3_HEADERS_MAX];
	size_t n;
	char time[SIGV4_TIME], range[64], match[OBJSTORE_ETAG_MAX + 3], none_match[OBJSTORE_ETAG_MAX + 3];
};

static void add(struct head *h, const char *name, const char *value)
{
	if (value != NULL)
		h->v[h->n++] = (struct canon_pair){ name, value };
}

/* ---- Settings ---- */

static bool plain(const char *s, size_t max)
{
	size_t len = strlen(s);

	if (len == 0 || len > max)
		return false;
	for (; *s != '\0'; s++)
		if (*s < 0x21 || *s > 0x7e)
			return false;
	return true;
}

/* key=value&key=value, percent-encoded as in a query. */
static bool tags_valid(const char *s)
{
	unsigned pairs = 0;

	for (;;) {
		size_t len = strcspn(s, "&"), key = strcspn(s, "=&");

		if (key == 0 || key >= len || ++pairs > TAGS_MAX || memchr(s + key + 1, '=', len - key - 1) != NULL)
			return false;
		for (size_t i = 0; i < len; i++)
			if (strchr("=%+-._~:/@", s[i]) == NULL && !(s[i] >= '0' && s[i] <= '9') &&
			    !(s[i] >= 'A' && s[i] <= 'Z') && !(s[i] >= 'a' && s[i] <= 'z'))
				return false;
		s += len;
		if (*s == '\0')
			return true;
		s++;
	}
}

int s3_request_check(const struct s3_config *cfg, struct count_error *err)
{
	const char *class = cfg->storage_class;

	if (class != NULL && !plain(class, 32))
		return err_set(err, COUNT_ERR_INVALID, "S3_STORAGE_CLASS is the name of a class, like STANDARD_IA");
	if (class != NULL && (strcmp(class, "GLACIER") == 0 || strcmp(class, "DEEP_ARCHIVE") == 0))
		return err_set(err, COUNT_ERR_INVALID, "S3_STORAGE_CLASS=%s: what is there cannot be read at once; "
			       "use GLACIER_IR", class);
	if (cfg->sse != NULL && strcmp(cfg->sse, "AES256") != 0 && strcmp(cfg->sse, "aws:kms") != 0 &&
	    strcmp(cfg->sse, "aws:kms:dsse") != 0)
		return err_set(err, COUNT_ERR_INVALID, "S3_SSE is AES256, aws:kms or aws:kms:dsse");
	if (cfg->sse_kms_key_id != NULL && !plain(cfg->sse_kms_key_id, 2048))
		return err_set(err, COUNT_ERR_INVALID, "S3_SSE_KMS_KEY_ID is the id or ARN of a key");
	if (cfg->sse_kms_key_id != NULL && (cfg->sse == NULL || strncmp(cfg->sse, "aws:kms", 7) != 0))
		return err_set(err, COUNT_ERR_INVALID, "S3_SSE_KMS_KEY_ID needs S3_SSE=aws:kms");
	if (cfg->tags != NULL && !tags_valid(cfg->tags))
		return err_set(err, COUNT_ERR_INVALID, "S3_TAGS is key=value&key=value, at most %d, percent-encoded "
			       "as in a query", TAGS_MAX);
	if (cfg->request_payer != NULL && strcmp(cfg->request_payer, "requester") != 0)
		return err_set(err, COUNT_ERR_INVALID, "S3_REQUEST_PAYER is requester, or nothing");
	if (cfg->region != NULL && !reply_region_valid(cfg->region))
		return err_set(err, COUNT_ERR_INVALID, "S3_REGION is the name of a region, like eu-central-1");
	return COUNT_OK;
}

/* ---- Headers ---- */

static const char *quoted(const char *etag, bool bare, char out[OBJSTORE_ETAG_MAX + 3])
{
	snprintf(out, OBJSTORE_ETAG_MAX + 3, bare ? "%.127s" : "\"%.127s\"", etag);
	return out;
}

static void put_headers(const struct s3_store *s, const struct s3_transfer *t, struct head *h)
{
	const struct objstore_put *p = &t->req->put;

	add(h, "Content-Type", p->content_type);
	add(h, "Content-Encoding", p->content_encoding);
	add(h, "x-amz-storage-class", p->storage_class);
	add(h, "x-amz-server-side-encryption", s->cfg.sse);
	add(h, "x-amz-server-side-encryption-aws-kms-key-id", s->cfg.sse_kms_key_id);
	add(h, "x-amz-tagging", p->tagged ? s->cfg.tags : NULL);
	add(h, "x-amz-checksum-sha256", t->checksum[0] != '\0' ? t->checksum : NULL);
	if (p->condition == OBJSTORE_IF_ABSENT)
		add(h, "If-None-Match", "*");
	else if (p->condition == OBJSTORE_IF_MATCH)
		add(h, "If-Match", quoted(p->if_match, s->base.abilities.bare_etag, h->match));
}

static void get_headers(const struct s3_store *s, const struct s3_transfer *t, struct head *h)
{
	const struct objstore_get *g = &t->req->get;

	(void)s;
	if (t->comparing)
		return;
	if (g->if_none_match != NULL)
		add(h, "If-None-Match", quoted(g->if_none_match, false, h->none_match));
	if (g->offset == 0 && g->len == 0)
		return;
	if (g->len == 0 || g->offset + (g->len - 1) > INT64_MAX)
		snprintf(h->range, sizeof(h->range), "bytes=%" PRIu64 "-", g->offset);
	else
		snprintf(h->range, sizeof(h->range), "bytes=%" PRIu64 "-%" PRIu64, g->offset, g->offset + (g->len - 1));
	add(h, "Range", h->range);
}

static void all_headers(const struct s3_store *s, const struct s3_transfer *t, struct head *h)
{
	enum objstore_op op = s3_transfer_op(t);

	add(h, "Host", (const char *)t->host.data);
	add(h, "x-amz-date", h->time);
	add(h, "x-amz-content-sha256", t->hash);
	add(h, "x-amz-security-token", s->auth.creds.token);
	add(h, "x-amz-request-payer", s->cfg.request_payer);
	if (op == OBJSTORE_PUT)
		put_headers(s, t, h);
	else if (op == OBJSTORE_GET)
		get_headers(s, t, h);
}

/* ---- The whole ---- */

static int hash_body(struct s3_store *s, struct s3_transfer *t, enum objstore_op op)
{
	const struct objstore_put *p = &t->req->put;
	bool body = op == OBJSTORE_PUT;
	uint8_t hash[SIGV4_HASH];
	int ret;

	if (t->hash[0] != '\0' && body)
		return COUNT_OK;	/* of an earlier try */
	t->checksum[0] = '\0';
	ret = sigv4_sha256_hex(body && p->len > 0 ? p->data : "", body ? p->len : 0, t->hash);
	if (ret == COUNT_OK && body && s->endpoint.aws) {
		ret = sigv4_sha256(p->len > 0 ? p->data : "", p->len, hash);
		EVP_EncodeBlock((unsigned char *)t->checksum, hash, sizeof(hash));
	}
	return ret;
}

static const char *method(enum objstore_op op)
{
	static const char *const names[] = { "GET", "PUT", "HEAD", "DELETE", "GET" };

	return names[op];
}

/* /BUCKET/KEY or /KEY, raw; of a list the bucket alone. */
static bool raw_path(const struct s3_store *s, const struct s3_transfer *t, struct buf *path)
{
	if (!s->endpoint.virtual_host)
		buf_printf(path, "/%s", s->cfg.bucket);
	if (t->req->op != OBJSTORE_LIST)
		buf_printf(path, "/%s", t->req->key);
	buf_put_u8(path, '\0');
	return !path->failed;
}

static size_t list_query(const struct s3_transfer *t, struct canon_pair query[6], char max_keys[16])
{
	const struct objstore_list *l = &t->req->list;
	size_t n = 0;

	snprintf(max_keys, 16, "%u", l->max_keys == 0 || l->max_keys > OBJSTORE_PAGE_MAX ? OBJSTORE_PAGE_MAX :
		 l->max_keys);
	query[n++] = (struct canon_pair){ "list-type", "2" };
	query[n++] = (struct canon_pair){ "encoding-type", "url" };	/* XML cannot hold every key */
	query[n++] = (struct canon_pair){ "max-keys", max_keys };
	if (t->req->key[0] != '\0')
		query[n++] = (struct canon_pair){ "prefix", t->req->key };
	if (l->token != NULL)
		query[n++] = (struct canon_pair){ "continuation-token", l->token };
	return n;
}

static int make_url(struct s3_store *s, struct s3_transfer *t, const struct canon_request *c)
{
	int ret = COUNT_OK;

	buf_clear(&t->url);
	buf_printf(&t->url, "%s://%s", s->endpoint.https ? "https" : "http", (const char *)t->host.data);
	ret = canon_path(c->path, false, &t->url);
	if (ret == COUNT_OK && c->nquery > 0) {
		buf_put_u8(&t->url, '?');
		ret = canon_query(c->query, c->nquery, &t->url);
	}
	buf_put_u8(&t->url, '\0');
	return t->url.failed ? COUNT_ERR_NOMEM : ret;
}

static int sign(struct s3_store *s, const struct canon_request *c, struct head *h, struct sigv4 *sig)
{
	struct sigv4_scope scope = { .access_key = s->auth.creds.access_key, .time = h->time,
		.region = s->auth.region, .service = "s3" };
	int ret = s3_auth_key(s, &scope);

	if (ret == COUNT_OK)
		ret = sigv4_sign(c, &scope, &s->auth.key, sig);
	if (ret == COUNT_OK)
		add(h, "Authorization", (const char *)sig->authorization.data);
	return ret;
}

int s3_request_begin(struct s3_store *s, struct s3_transfer *t)
{
	enum objstore_op op = s3_transfer_op(t);
	struct head h = { .n = 0 };
	struct buf path = { 0 };
	struct sigv4 sig = { 0 };
	struct canon_pair query[6];
	char max_keys[16];
	struct canon_request c = { .method = method(op), .query = query, .payload_hash = t->hash };
	struct http_request r = { .method = c.method };
	int ret;

	buf_clear(&t->host);
	endpoint_host(&s->endpoint, s->cfg.bucket, s->auth.region, &t->host);
	ret = hash_body(s, t, op);
	t->signed_s = (int64_t)time(NULL) + s->auth.clock_offset_s;
	if (ret == COUNT_OK)
		ret = sigv4_time(t->signed_s, h.time);
	if (ret == COUNT_OK && (!raw_path(s, t, &path) || t->host.failed))
		ret = COUNT_ERR_NOMEM;
	if (ret == COUNT_OK) {
		all_headers(s, t, &h);
		c.path = (const char *)path.data;
		c.headers = h.v;
		c.nheaders = h.n;
		c.nquery = op == OBJSTORE_LIST ? list_query(t, query, max_keys) : 0;
		ret = make_url(s, t, &c);
	}
	if (ret == COUNT_OK)
		ret = sign(s, &c, &h, &sig);
	if (ret == COUNT_OK) {
		r.url = (const char *)t->url.data;
		r.headers = h.v;
		r.nheaders = h.n;
		r.body = op == OBJSTORE_PUT ? t->req->put.data : NULL;
		r.len = op == OBJSTORE_PUT ? t->req->put.len : 0;
		r.sink = op == OBJSTORE_GET ? s3_transfer_sink : NULL;
		r.ctx = t;
		ret = http_begin(t->http, &r);
	}
	t->creds_number = s->auth.creds_number;
	t->region_number = s->auth.region_number;
	t->clock_number = s->auth.clock_number;
	buf_free(&path);
	sigv4_free(&sig);
	return ret;
}
