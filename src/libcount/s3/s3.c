/* s3.c - the object store on S3: open, settings, and which requests are under way; see s3.h. */
#include "s3/s3.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "s3/s3_impl.h"

#define JOBS 8			/* unless the configuration says otherwise */
#define RETRIES 5
#define TIMEOUT_S 20
#define TIMEOUT_MAX_S 3600

int64_t s3_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

uint64_t s3_random(struct s3_store *s)	/* xorshift64*: only spreads retries */
{
	s->random ^= s->random >> 12;
	s->random ^= s->random << 25;
	s->random ^= s->random >> 27;
	return (s->random * UINT64_C(2685821657736338717)) >> 16;
}

void s3_log(const struct s3_store *s, int level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (s->cfg.log == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->cfg.log(s->cfg.log_arg, level, text);
}

/* ---- The queue ---- */

static void enqueue(struct s3_store *s, struct s3_transfer *t)
{
	t->next = NULL;
	*s->waiting_end = t;
	s->waiting_end = &t->next;
}

static void unlink_waiting(struct s3_store *s, struct s3_transfer **at)
{
	struct s3_transfer *t = *at;

	*at = t->next;
	if (s->waiting_end == &t->next)
		s->waiting_end = at;
	t->next = NULL;
}

/* What has been begun before goes ahead of what has not. */
void s3_wait_until(struct s3_store *s, struct s3_transfer *t, int64_t due_ms)
{
	t->due_ms = due_ms;
	t->next = s->waiting;
	if (s->waiting == NULL)
		s->waiting_end = &t->next;
	s->waiting = t;
}

static void s3_submit(objstore *base, struct objstore_req *req)
{
	struct s3_store *s = s3_of(base);
	struct s3_transfer *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		objstore_finish(base, req, OBJSTORE_NOMEM);
		return;
	}
	t->req = req;
	if (req->op == OBJSTORE_GET && req->get.body != NULL)
		t->body_start = req->get.body->len;
	req->transfer = t;
	enqueue(s, t);
}

static struct http *take_handle(struct s3_store *s)
{
	struct http *h;

	if (s->nidle > 0)
		return s->idle[--s->nidle];
	h = http_new(&s->http);
	s->nhandles += h != NULL;
	return h;
}

/* Out of the running ones; its handle is free for another. */
static void stop_running(struct s3_store *s, struct s3_transfer *t)
{
	struct s3_transfer **at = &s->running;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->next = NULL;
	s->nrunning--;
	curl_multi_remove_handle(s->multi, http_easy(t->http));
	s->idle[s->nidle++] = t->http;
}

static void start_one(struct s3_store *s, struct s3_transfer *t)
{
	struct http *h = take_handle(s);

	t->http = h;
	if (h == NULL) {
		s3_transfer_finish(s, t, OBJSTORE_NOMEM);
		return;
	}
	if (!s3_transfer_start(s, t)) {
		s->idle[s->nidle++] = h;
		return;
	}
	if (curl_multi_add_handle(s->multi, http_easy(h)) != CURLM_OK) {
		s->idle[s->nidle++] = h;
		s3_transfer_finish(s, t, OBJSTORE_NOMEM);
		return;
	}
	t->next = s->running;
	s->running = t;
	s->nrunning++;
}

/* Start those that are due, as far as there is room; returns how long until the next one is, -1: none waits. */
static int64_t start_due(struct s3_store *s)
{
	int64_t now = s3_now_ms(), next = -1;
	struct s3_transfer **at = &s->waiting;

	while (*at != NULL && s->nrunning < s->window.limit) {
		struct s3_transfer *t = *at;
		int64_t left = t->due_ms - now;

		if (left > 0) {
			next = next < 0 || left < next ? left : next;
			at = &t->next;
			continue;
		}
		unlink_waiting(s, at);
		start_one(s, t);
	}
	return next;
}

static void take_ended(struct s3_store *s)
{
	struct CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(s->multi, &left)) != NULL) {
		CURLcode code = m->data.result;
		struct http *h = m->msg == CURLMSG_DONE ? http_of(m->easy_handle) : NULL;
		struct s3_transfer *t = s->running;

		while (t != NULL && t->http != h)
			t = t->next;
		if (t == NULL)
			continue;
		http_end(h, code);
		stop_running(s, t);	/* h keeps its reply until it is used again */
		s3_transfer_ended(s, t);
	}
}

static void run(struct s3_store *s, int timeout_ms)
{
	int64_t end = timeout_ms < 0 ? 0 : s3_now_ms() + timeout_ms;

	while (s->base.done.head == NULL && (s->running != NULL || s->waiting != NULL)) {
		int64_t wait = start_due(s), left = timeout_ms < 0 ? INT64_MAX : end - s3_now_ms();
		size_t began = s->nrunning;
		int still;

		if (s->base.done.head != NULL)
			return;
		curl_multi_perform(s->multi, &still);
		take_ended(s);
		if (s->base.done.head != NULL || left <= 0)
			return;
		if (s->nrunning != began)
			continue;	/* there is room, and what has ended may want to begin again */
		if (wait < 0 || wait > left)
			wait = left;
		curl_multi_poll(s->multi, NULL, 0, wait > 1000 ? 1000 : (int)wait, NULL);
	}
}

/*
 * OpenSSL writes to sockets without MSG_NOSIGNAL, and a library must not change what a signal does: so
 * SIGPIPE is held back while libcurl works, and one that came of it is taken away.
 */
static void s3_drive(objstore *base, int timeout_ms)
{
	sigset_t pipe_set, old, pending;
	bool before;

	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	sigpending(&pending);
	before = sigismember(&pending, SIGPIPE) == 1;
	pthread_sigmask(SIG_BLOCK, &pipe_set, &old);
	run(s3_of(base), timeout_ms);
	sigpending(&pending);
	if (!before && sigismember(&pending, SIGPIPE) == 1)
		sigtimedwait(&pipe_set, NULL, &(struct timespec){ 0, 0 });
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void s3_cancel(objstore *base)
{
	struct s3_store *s = s3_of(base);

	while (s->running != NULL) {
		struct s3_transfer *t = s->running;

		stop_running(s, t);
		s3_transfer_finish(s, t, OBJSTORE_STOPPED);
	}
	while (s->waiting != NULL) {
		struct s3_transfer *t = s->waiting;

		unlink_waiting(s, &s->waiting);
		s3_transfer_finish(s, t, OBJSTORE_STOPPED);
	}
}

/* ---- Open and close ---- */

static const char **const_strings(struct s3_config *c, size_t i)
{
	const char **all[] = { &c->bucket, &c->endpoint, &c->region, &c->storage_class, &c->sse, &c->sse_kms_key_id,
		&c->tags, &c->request_payer, &c->ca_bundle, &c->user_agent };

	return i < sizeof(all) / sizeof(all[0]) ? all[i] : NULL;
}

static void s3_close(objstore *base)
{
	struct s3_store *s = s3_of(base);
	const char **str;

	while (s->nidle > 0)
		http_delete(s->idle[--s->nidle]);
	curl_multi_cleanup(s->multi);
	s3_auth_free(&s->auth);
	for (size_t i = 0; (str = const_strings(&s->cfg, i)) != NULL; i++)
		free((void *)*str);
	free(s->url);
	free(s);
	curl_global_cleanup();
}

static const struct objstore_ops s3_ops = { s3_submit, s3_drive, s3_cancel, s3_close };

/* An empty setting is one that is not set. */
static bool copy_settings(struct s3_store *s, const struct s3_config *cfg)
{
	const char **str;
	bool ok = true;

	s->cfg = *cfg;
	for (size_t i = 0; (str = const_strings(&s->cfg, i)) != NULL; i++) {
		*str = *str == NULL || **str == '\0' ? NULL : strdup(*str);
		ok &= *str != NULL || *const_strings((struct s3_config *)cfg, i) == NULL ||
		      **const_strings((struct s3_config *)cfg, i) == '\0';
	}
	return ok && asprintf(&s->url, "s3://%s", s->cfg.bucket == NULL ? "" : s->cfg.bucket) >= 0;
}

static uint32_t within(uint32_t v, uint32_t preset, uint32_t most)
{
	return v == 0 ? preset : v > most ? most : v;
}

static int check_settings(struct s3_store *s, struct count_error *err)
{
	int ret = endpoint_init(&s->endpoint, &s->cfg, err);

	if (ret == COUNT_OK)
		ret = s3_request_check(&s->cfg, err);
	if (ret == COUNT_OK && s->cfg.ca_bundle != NULL && access(s->cfg.ca_bundle, R_OK) != 0) {
		err_sys(err, COUNT_ERR_INVALID, "S3_CA_BUNDLE %.200s", s->cfg.ca_bundle);
		ret = COUNT_ERR_INVALID;
	}
	return ret;
}

static void start_machinery(struct s3_store *s)
{
	uint32_t jobs = within(s->cfg.jobs, JOBS, S3_JOBS_MAX);

	s->http = (struct http_settings){ .ca_bundle = s->cfg.ca_bundle, .user_agent = s->cfg.user_agent,
		.timeout_s = within(s->cfg.timeout_s, TIMEOUT_S, TIMEOUT_MAX_S), .https = s->endpoint.https };
	s->policy = (struct retry_policy){ .tries = within(s->cfg.retries, RETRIES, 100),
		.timeout_ms = s->http.timeout_s * 1000 };
	retry_window_init(&s->window, jobs);
	if (getrandom(&s->random, sizeof(s->random), GRND_NONBLOCK) != (ssize_t)sizeof(s->random) || s->random == 0)
		s->random = (uint64_t)s3_now_ms() | 1;
	curl_multi_setopt(s->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)jobs);
	curl_multi_setopt(s->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)jobs);
	curl_multi_setopt(s->multi, CURLMOPT_MAXCONNECTS, (long)jobs);
	curl_multi_setopt(s->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
}

int s3_open(const struct s3_config *cfg, objstore **store, struct count_error *err)
{
	struct s3_store *s = calloc(1, sizeof(*s));
	int ret;

	if (s == NULL)
		return err_nomem(err);
	s->base.ops = &s3_ops;
	s->waiting_end = &s->waiting;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	s->multi = curl_multi_init();
	ret = s->multi != NULL && copy_settings(s, cfg) ? check_settings(s, err) : err_nomem(err);
	if (ret != COUNT_OK) {
		s3_close(&s->base);
		return ret;
	}
	s->base.url = s->url;
	start_machinery(s);
	*store = &s->base;
	return COUNT_OK;
}

const char *s3_credentials_source(const objstore *store)
{
	const struct s3_store *s = (const struct s3_store *)store;

	return s->auth.creds.access_key != NULL ? s->auth.creds.source : NULL;
}

const char *s3_region(const objstore *store)
{
	const struct s3_store *s = (const struct s3_store *)store;

	return s->auth.has_region ? s->auth.region : NULL;
}

void s3_set_region(objstore *store, const char *region)
{
	struct s3_store *s = s3_of(store);

	if (!reply_region_valid(region))
		return;
	snprintf(s->auth.region, sizeof(s->auth.region), "%s", region);
	s->auth.has_region = true;
	s->auth.key_day[0] = '\0';
}
