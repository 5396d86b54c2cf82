/*
 * s3_transfer.c - one request of the caller through its tries; see s3_impl.h.
 *
 * A try that failed may have been carried out all the same: its reply was lost, or the server
 * stumbled after it had stored the object.  For get, head, list and delete that makes no difference, nor
 * for an unconditional put; but a conditional put that is tried again then meets its own object and is
 * told 412.  So such a 412 is not believed: the object is read and compared, and equal bytes are success.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "s3/s3_impl.h"
#include "s3/xml.h"

#define LOG_KEY_MAX 200

enum objstore_op s3_transfer_op(const struct s3_transfer *t)
{
	return t->comparing ? OBJSTORE_GET : t->req->op;
}

/* ---- The body of a GET ---- */

/* "bytes 2-5/10": false if it is not what was asked for. */
static bool read_content_range(const char *s, uint64_t *first, uint64_t *last, uint64_t *size)
{
	int end = 0;

	return s[0] != '\0' && sscanf(s, "bytes %" SCNu64 "-%" SCNu64 "/%" SCNu64 "%n", first, last, size, &end) == 3 &&
	       s[end] == '\0' && *first <= *last && *last < *size;
}

/* What of the reply's body is to be delivered, from its head. */
static enum objstore_result plan_body(struct s3_transfer *t, const struct http_reply *r)
{
	const struct objstore_get *g = &t->req->get;
	uint64_t first = 0, last = 0, size = r->length, want;

	if (g->if_none_match != NULL && strcmp(g->if_none_match, r->etag) == 0)
		return OBJSTORE_UNCHANGED;	/* a server that did not look */
	if (r->status == 206) {
		if (!read_content_range(r->content_range, &first, &last, &size) || first != g->offset)
			return OBJSTORE_DAMAGED;
		want = last - first + 1;
		t->skip = 0;
	} else {		/* whole: what was asked for, or a server that knows no ranges */
		t->skip = g->offset;
		want = !r->has_length ? UINT64_MAX : size > g->offset ? size - g->offset : 0;
	}
	if (g->len > 0 && want > g->len)
		want = g->len;
	t->left = want;
	t->req->size = size;
	if (want != UINT64_MAX && want > g->max)
		return OBJSTORE_TOO_LARGE;
	if (t->delivered > 0) {		/* on a further try the sink gets each byte once */
		if (strcmp(t->etag, r->etag) != 0)
			return OBJSTORE_CONFLICT;
		t->skip += t->delivered;
		t->left -= t->delivered < t->left ? t->delivered : t->left;
	}
	memcpy(t->etag, r->etag, sizeof(t->etag));
	return OBJSTORE_OK;
}

static enum objstore_result deliver(struct s3_transfer *t, const uint8_t *data, size_t len)
{
	const struct objstore_get *g = &t->req->get;

	if (len > t->left)
		len = (size_t)t->left;
	if (len == 0)
		return OBJSTORE_OK;
	t->left -= len;
	if (g->body == NULL) {
		t->delivered += len;
		if (t->delivered > g->max)
			return OBJSTORE_TOO_LARGE;
		return g->sink(g->ctx, data, len) ? OBJSTORE_OK : OBJSTORE_STOPPED;
	}
	if (g->body->len - t->body_start + len > g->max)
		return OBJSTORE_TOO_LARGE;
	buf_put(g->body, data, len);
	return g->body->failed ? OBJSTORE_NOMEM : OBJSTORE_OK;
}

/* Ours against the server's, as it comes; `delivered` counts what was equal. */
static void compare(struct s3_transfer *t, const uint8_t *data, size_t len)
{
	const struct objstore_put *p = &t->req->put;

	if (len > p->len - t->delivered || memcmp((const uint8_t *)p->data + t->delivered, data, len) != 0)
		t->differs = true;
	else
		t->delivered += len;
}

bool s3_transfer_sink(void *ctx, const uint8_t *data, size_t len)
{
	struct s3_transfer *t = ctx;
	const struct http_reply *r = http_reply(t->http);

	if (t->comparing) {
		compare(t, data, len);
		return !t->differs;
	}
	if (!t->began) {
		t->began = true;
		t->refused = plan_body(t, r);
		if (t->refused != OBJSTORE_OK)
			return false;
		if (t->req->get.body != NULL && t->left <= t->req->get.max)
			buf_reserve(t->req->get.body, (size_t)t->left);
	}
	if (len <= t->skip) {
		t->skip -= len;
		return true;
	}
	t->refused = deliver(t, data + t->skip, len - (size_t)t->skip);
	t->skip = 0;
	return t->refused == OBJSTORE_OK;
}

/* ---- Begin and end ---- */

/* Before each try: nothing of the one before. */
static void rewind_body(struct s3_transfer *t)
{
	struct buf *body = t->req->op == OBJSTORE_GET ? t->req->get.body : NULL;

	t->began = false;
	t->refused = OBJSTORE_OK;
	if (body != NULL) {
		body->len = t->body_start;
		body->failed = false;
	}
	if (t->comparing) {
		t->differs = false;
		t->delivered = 0;
	}
}

void s3_transfer_finish(struct s3_store *s, struct s3_transfer *t, enum objstore_result result)
{
	struct objstore_req *req = t->req;

	if (req->op == OBJSTORE_GET && req->get.body != NULL && result != OBJSTORE_OK) {
		bool failed = req->get.body->failed;

		rewind_body(t);
		req->get.body->failed = failed && result == OBJSTORE_NOMEM;
	}
	buf_free(&t->url);
	buf_free(&t->host);
	free(t);
	req->transfer = NULL;
	objstore_finish(&s->base, req, result);
}

bool s3_transfer_start(struct s3_store *s, struct s3_transfer *t)
{
	enum objstore_op op = s3_transfer_op(t);
	enum objstore_result result;
	int ret;

	if (t->tries == 0)
		t->first_ms = s3_now_ms();
	t->begun_ms = s3_now_ms();
	t->tries++;
	rewind_body(t);
	ret = s3_auth_ready(s, &t->req->err);
	if (ret == COUNT_OK)
		ret = s3_request_begin(s, t);
	if (ret == COUNT_OK)
		return true;
	if (t->req->err.code == COUNT_OK && ret == COUNT_ERR_INVALID)
		objstore_fail(&s->base, t->req, OBJSTORE_INVALID, false, "this key, or a setting, has a character "
			      "that a request for %s cannot carry", op == OBJSTORE_PUT ? "writing" : "reading");
	result = ret == COUNT_ERR_NOMEM ? OBJSTORE_NOMEM :
		 ret == COUNT_ERR_INVALID ? OBJSTORE_INVALID : OBJSTORE_DENIED;
	if (t->req->err.code != COUNT_OK)
		t->req->err.code = objstore_status(result);
	s3_transfer_finish(s, t, result);
	return false;
}

static void log_try(const struct s3_store *s, const struct s3_transfer *t, const struct http_reply *r,
		    const struct reply_verdict *v)
{
	static const char *const names[] = { "GET", "PUT", "HEAD", "DELETE", "LIST" };
	char key[LOG_KEY_MAX + 1], status[80];
	size_t n = 0;

	if (s->cfg.log == NULL)
		return;
	for (const char *k = t->req->key; *k != '\0' && n < LOG_KEY_MAX; k++)
		key[n++] = (char)((unsigned char)*k < 0x20 || *k == 0x7f ? '?' : *k);
	key[n] = '\0';
	if (r->end == HTTP_REPLY)
		snprintf(status, sizeof(status), "%d%s%s", r->status, v->code[0] != '\0' ? " " : "", v->code);
	else
		snprintf(status, sizeof(status), "no reply: %.60s", r->why);
	s3_log(s, 3, "%s/%s: %s: %s, up %" PRIu64 ", down %" PRIu64 " bytes, %lld ms, try %u%s%s", s->url, key,
	       names[s3_transfer_op(t)], status, r->up, r->down + r->body.len, (long long)(s3_now_ms() - t->begun_ms),
	       (unsigned)t->tries, r->request_id[0] != '\0' ? ", id " : "", r->request_id);
}

static void count_try(struct s3_store *s, const struct s3_transfer *t, const struct http_reply *r)
{
	struct objstore_counts *c = &s->base.counts;
	unsigned sent = r->sent;

	c->requests[s3_transfer_op(t)] += sent;
	c->retries += t->tries > 1 || t->comparing ? sent : sent > 1 ? sent - 1 : 0;
	c->bytes_up += r->up;
	c->bytes_down += r->down;
}

static void ask(const struct s3_store *s, const struct s3_transfer *t, const struct http_reply *r,
		struct reply_question *q)
{
	*q = (struct reply_question){ .op = s3_transfer_op(t), .condition = t->req->put.condition,
		.bucket = s->cfg.bucket, .host = (const char *)t->host.data, .region = s->auth.region,
		.source = s->auth.creds.source,
		.key_id = s->auth.creds.access_key != NULL ? s->auth.creds.access_key : "-", .now_s = t->signed_s,
		.timeout_s = s->http.timeout_s, .token = s->auth.creds.token,
		.own_ca = s->http.ca_bundle != NULL, .kms = s->cfg.sse != NULL && strcmp(s->cfg.sse, "AES256") != 0,
		.body = r->body.len > 0 ? r->body.data : (const void *)"", .body_len = r->body.len };
}

/* The sink ended it: the transfer's end is then HTTP_STOPPED, or in time still a whole reply. */
static void judge_refused(struct s3_store *s, struct s3_transfer *t, struct reply_verdict *v)
{
	*v = (struct reply_verdict){ .result = t->refused };
	(void)s;
	switch (t->refused) {
	case OBJSTORE_TOO_LARGE:
		snprintf(v->text, sizeof(v->text), "%" PRIu64 " bytes, at most %" PRIu64 " are taken", t->req->size,
			 t->req->get.max);
		break;
	case OBJSTORE_CONFLICT:
		snprintf(v->text, sizeof(v->text), "it changed while it was read");
		break;
	case OBJSTORE_DAMAGED:
		v->retry = true;
		snprintf(v->text, sizeof(v->text), "the reply has another range than was asked for");
		break;
	default:
		break;
	}
}

static void read_list(struct s3_transfer *t, const struct http_reply *r, struct reply_question *q,
		      struct reply_verdict *v)
{
	struct xml_error e;

	switch (xml_read(q->body, q->body_len, t->req->key, &t->req->page, &e)) {
	case XML_LIST:
		break;
	case XML_NOMEM:
		v->result = OBJSTORE_NOMEM;
		break;
	case XML_ERROR:		/* with status 200 */
		q->op = OBJSTORE_DELETE;
		reply_judge(q, r, v);
		break;
	case XML_BROKEN:
		v->result = OBJSTORE_DAMAGED;
		v->retry = true;
		snprintf(v->text, sizeof(v->text), "the list is damaged, or not one of S3's");
	}
}

/* A reply that is good as far as its head goes: the rest of it. */
static void take_answer(struct s3_store *s, struct s3_transfer *t, const struct http_reply *r,
			struct reply_question *q, struct reply_verdict *v)
{
	struct objstore_req *req = t->req;

	if (t->comparing) {
		if (t->delivered != req->put.len)
			t->differs = true;
		memcpy(req->etag, r->etag, sizeof(req->etag));
		req->size = req->put.len;
		return;
	}
	switch (req->op) {
	case OBJSTORE_GET:
		if (!t->began) {	/* not one byte came */
			t->refused = plan_body(t, r);
			if (t->refused != OBJSTORE_OK)
				judge_refused(s, t, v);
			else if (t->left > 0 && t->left != UINT64_MAX)
				v->result = OBJSTORE_DAMAGED;
		}
		if (v->result == OBJSTORE_OK && r->status == 200 && (req->get.offset > 0 || req->get.len > 0) &&
		    req->get.offset >= r->down) {
			v->result = OBJSTORE_DAMAGED;
			snprintf(v->text, sizeof(v->text), "asked for bytes from %" PRIu64 " on, it has %" PRIu64,
				 req->get.offset, r->down);
		}
		if (!r->has_length && r->status == 200)
			req->size = r->down;
		memcpy(req->etag, r->etag, sizeof(req->etag));
		break;
	case OBJSTORE_HEAD:
		req->size = r->length;
		memcpy(req->etag, r->etag, sizeof(req->etag));
		break;
	case OBJSTORE_PUT:
		req->size = req->put.len;
		memcpy(req->etag, r->etag, sizeof(req->etag));
		req->proved = t->checksum[0] != '\0' && strcmp(t->checksum, r->checksum) == 0;
		break;
	case OBJSTORE_LIST:
		read_list(t, r, q, v);
		break;
	case OBJSTORE_DELETE:
		break;
	}
}

/* What the end of the comparison says about the put; false: it is to be tried again. */
static void judge_comparison(struct s3_transfer *t, struct reply_verdict *v)
{
	if (t->differs) {
		*v = (struct reply_verdict){ .result = OBJSTORE_PRECONDITION };
		snprintf(v->text, sizeof(v->text), "%s", t->req->put.condition == OBJSTORE_IF_ABSENT ?
			 "exists already, with other bytes" : "changed by another writer");
	} else if (v->result == OBJSTORE_NOT_FOUND) {	/* it was there a moment ago */
		*v = (struct reply_verdict){ .result = OBJSTORE_CONFLICT };
		snprintf(v->text, sizeof(v->text), "put, or not, and deleted by another writer");
	}
}

static void finish_with(struct s3_store *s, struct s3_transfer *t, const struct reply_verdict *v, int status)
{
	if (v->text[0] != '\0' && v->result != OBJSTORE_OK) {
		objstore_fail(&s->base, t->req, v->result, false, "%s", v->text);
		t->req->err.http_status = status;
	}
	s3_transfer_finish(s, t, v->result);
}

/* Once for each kind of repair and request: sign anew, at once. */
static bool repaired(struct s3_store *s, struct s3_transfer *t, const struct reply_verdict *v,
		     const struct http_reply *r)
{
	unsigned bit = 1u << v->repair;

	if (v->repair == REPLY_NO_REPAIR || (t->repairs & bit) != 0 || !s3_auth_repair(s, t, v, r))
		return false;
	t->repairs |= bit;
	s3_wait_until(s, t, 0);
	return true;
}

static void learn(struct s3_store *s, const struct s3_transfer *t, const struct reply_verdict *v)
{
	if (v->result != OBJSTORE_UNSUPPORTED)
		return;
	if (t->req->put.condition == OBJSTORE_IF_ABSENT)
		s->base.abilities.if_absent = OBJSTORE_REFUSED;
	else
		s->base.abilities.if_match = OBJSTORE_REFUSED;
}

static void judge(struct s3_store *s, struct s3_transfer *t, const struct http_reply *r, struct reply_verdict *v)
{
	struct reply_question q;

	ask(s, t, r, &q);
	reply_judge(&q, r, v);
	if (t->refused != OBJSTORE_OK)
		judge_refused(s, t, v);
	else if (v->result == OBJSTORE_OK)
		take_answer(s, t, r, &q, v);
	if (v->result == OBJSTORE_UNCHANGED)
		snprintf(t->req->etag, sizeof(t->req->etag), "%s", t->req->get.if_none_match);
	if (t->comparing)
		judge_comparison(t, v);
}

void s3_transfer_ended(struct s3_store *s, struct s3_transfer *t)
{
	struct http_reply *r = http_reply(t->http);
	struct reply_verdict v;
	int64_t now = s3_now_ms(), wait;
	bool put = !t->comparing && t->req->op == OBJSTORE_PUT;

	judge(s, t, r, &v);
	count_try(s, t, r);
	log_try(s, t, r, &v);
	if (v.throttled)
		retry_window_throttled(&s->window, t->begun_ms, now);
	else if (v.result == OBJSTORE_OK)
		retry_window_good(&s->window, now);
	if (repaired(s, t, &v, r))
		return;
	/* libcurl sends again on its own when an old connection turns out dead. */
	t->maybe_done |= put && (v.maybe_done || r->sent > 1);
	if (put && v.result == OBJSTORE_PRECONDITION && t->maybe_done) {
		t->comparing = true;
		t->hash[0] = '\0';
		s3_wait_until(s, t, 0);
		return;
	}
	wait = v.retry ? retry_wait(&s->policy, t->tries, t->first_ms, now, r->retry_after_s, s3_random(s)) : -1;
	if (wait >= 0) {
		s3_wait_until(s, t, now + wait);
		return;
	}
	learn(s, t, &v);
	finish_with(s, t, &v, r->status);
}
