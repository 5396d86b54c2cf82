/* parts.c - the answer of a query read and formatted by several threads; see parts.h. */
#include "parts.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
	ALONE_PARTS = 3,		/* of an answer that is too small for threads */
	ALONE_NS = 2000000,		/* the same where nobody asked for them: they cost a tenth of that */
	PARTS_MAX = 256,		/* taken and not yet written */
	AHEAD_BYTES = 2 << 20,		/* of text kept for each thread */
};

struct text {
	struct text *next;
	size_t len;
	bool small;			/* has no room for OUT_SIZE */
	char buf[];
};

struct worker;

struct part {
	struct text *first, **end;	/* not yet written */
	uint64_t rows;
	bool done;
	int ret;			/* of reading; worker->err tells */
	struct worker *worker;
};

struct worker {
	struct parts *parts;
	count_cursor *helper;
	struct part *part;
	bool oldest;			/* part is, as far as it knows; that does not change back */
	struct print print;
	struct out out;
	struct text *text;		/* what out.buf is in */
	struct count_error err;
	pthread_t thread;
};

struct parts {
	struct print *print;		/* of the caller; its out is written by who has the oldest part */
	bool skip;			/* the first byte of all is a comma too many */
	struct worker **workers;
	unsigned nworkers;
	/* guards all below, and taking */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct part ring[PARTS_MAX];
	unsigned first, used;
	size_t kept, most;		/* bytes of text */
	struct text *idle;		/* of OUT_SIZE */
	bool end;			/* nothing more can be taken */
	int end_ret;			/* because of that failure */
	struct count_error end_err;
	bool stop;			/* nothing more is to be printed */
	int ret;			/* because of that failure */
	struct count_error *err;	/* the caller's */
	uint64_t rows;
};

/* ---- Writing: by who has the oldest part ---- */

static void write_bytes(struct parts *p, const char *s, size_t len)
{
	if (p->skip && len > 0) {
		p->skip = false;
		s++;
		len--;
	}
	if (len > OUT_SIZE / 2)
		out_long(p->print->out, s, len);	/* without a copy */
	else
		out_put(p->print->out, s, len);
}

/* Its text so far. */
static void write_kept(struct parts *p, struct part *part)
{
	struct text *t = part->first, *next, *idle = NULL;
	size_t bytes = 0;

	if (t == NULL)
		return;
	part->first = NULL;
	part->end = &part->first;
	for (; t != NULL; t = next) {
		next = t->next;
		write_bytes(p, t->buf, t->len);
		bytes += t->len;
		if (t->small) {
			free(t);
		} else {
			t->next = idle;
			idle = t;
		}
	}
	pthread_mutex_lock(&p->lock);
	p->kept -= bytes;
	while ((t = idle) != NULL) {
		idle = t->next;
		t->next = p->idle;
		p->idle = t;
	}
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

/* ---- Keeping: by the others ---- */

static bool is_oldest(struct worker *w)
{
	w->oldest |= w->part == &w->parts->ring[w->parts->first];
	return w->oldest;
}

static struct text *new_text(struct parts *p)
{
	struct text *t = p->idle;

	if (t != NULL) {
		p->idle = t->next;
		return t;
	}
	t = malloc(sizeof(*t) + OUT_SIZE);
	if (t != NULL)
		t->small = false;
	return t;
}

static void use_text(struct worker *w, struct text *t)
{
	w->text = t;
	w->out.buf = t->buf;
}

static void stop(struct parts *p, int ret, const struct count_error *why)
{
	if (!p->stop && ret < 0) {
		p->ret = ret;
		*p->err = *why;
	}
	p->stop = true;
}

static void no_memory(struct parts *p)
{
	static const struct count_error why = { .code = COUNT_ERR_NOMEM, .text = "out of memory" };

	stop(p, why.code, &why);
}

static void append(struct worker *w, struct text *t)
{
	t->len = w->out.len;
	t->next = NULL;
	*w->part->end = t;
	w->part->end = &t->next;
	w->parts->kept += t->len;
	w->out.len = 0;
}

/* Puts what w has formatted behind the text of its part. */
static void keep(struct worker *w)
{
	bool small = w->out.len <= OUT_SIZE / 4;
	struct text *t = small ? malloc(sizeof(*t) + w->out.len) : new_text(w->parts);

	if (t == NULL) {
		no_memory(w->parts);
	} else if (small) {
		t->small = true;
		memcpy(t->buf, w->out.buf, w->out.len);
		append(w, t);
	} else {
		append(w, w->text);
		use_text(w, t);
	}
}

/* The buffer of w is full: an out's full(). */
static void put_text(struct out *o)
{
	struct worker *w = o->arg;
	struct parts *p = w->parts;

	pthread_mutex_lock(&p->lock);
	while (!p->stop && !is_oldest(w) && p->kept >= p->most)
		pthread_cond_wait(&p->changed, &p->lock);
	if (!p->stop && !w->oldest)
		keep(w);
	if (p->stop)
		o->error = ECANCELED;
	pthread_mutex_unlock(&p->lock);
	if (w->oldest && o->error == 0) {
		write_kept(p, w->part);
		write_bytes(p, o->buf, o->len);
		if (p->print->out->error != 0)
			o->error = ECANCELED;
	}
	o->len = 0;
}

/* ---- Parts ---- */

/* The oldest part is written; those behind it that are done are too, up to one that is in work. */
static void pass_on(struct parts *p)
{
	while (!p->stop) {
		struct part *part = &p->ring[p->first];

		if (p->used == 0 || !part->done)
			break;
		pthread_mutex_unlock(&p->lock);
		write_kept(p, part);
		pthread_mutex_lock(&p->lock);
		p->rows += part->rows;
		if (part->ret < 0 || p->print->out->error != 0)
			stop(p, part->ret, &part->worker->err);
		p->first = (p->first + 1) % PARTS_MAX;
		p->used--;
	}
	pthread_cond_broadcast(&p->changed);
}

/* With the lock held; false: there is none, or it is of no use. */
static bool take(struct worker *w)
{
	struct parts *p = w->parts;
	int ret;

	while (!p->stop && !p->end && (p->used == PARTS_MAX || (p->used > 0 && p->kept >= p->most)))
		pthread_cond_wait(&p->changed, &p->lock);
	if (p->stop || p->end)
		return false;
	ret = count_cursor_take(w->helper, &w->err);
	if (ret != 1) {
		p->end = true;
		p->end_ret = ret;
		p->end_err = w->err;
		pthread_cond_broadcast(&p->changed);
		return false;
	}
	w->part = &p->ring[(p->first + p->used++) % PARTS_MAX];
	*w->part = (struct part){ .end = &w->part->first, .worker = w };
	w->oldest = false;
	return true;
}

static int read_part(count_cursor *helper, struct print *print, uint64_t *rows, struct count_error *err)
{
	struct count_batch batch;
	int ret = 0;

	while (print->out->error == 0 && (ret = count_cursor_next(helper, &batch, err)) == 1) {
		*rows += print->list ? 1 : batch.n;
		print_batch(print, &batch);
	}
	return ret;
}

/* With the lock held. */
static void end_part(struct worker *w)
{
	struct parts *p = w->parts;

	if (p->stop)
		return;
	if (is_oldest(w)) {
		pthread_mutex_unlock(&p->lock);
		write_kept(p, w->part);
		write_bytes(p, w->out.buf, w->out.len);
		w->out.len = 0;
		pthread_mutex_lock(&p->lock);
	} else if (w->out.len > 0) {
		keep(w);
	}
	w->part->done = true;
	if (w->oldest)
		pass_on(p);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct parts *p = w->parts;

	pthread_mutex_lock(&p->lock);
	while (take(w)) {
		pthread_mutex_unlock(&p->lock);
		w->part->ret = read_part(w->helper, &w->print, &w->part->rows, &w->err);
		pthread_mutex_lock(&p->lock);
		end_part(w);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* ---- The whole ---- */

static void free_texts(struct text *t)
{
	while (t != NULL) {
		struct text *next = t->next;

		free(t);
		t = next;
	}
}

static void worker_free(struct worker *w)
{
	count_cursor_close(w->helper);
	free(w->text);
	free(w);
}

/* The helper is its own from then on; NULL: no memory, the helper is closed. */
static struct worker *worker_new(struct parts *p, count_cursor *helper)
{
	struct worker *w = calloc(1, sizeof(*w));
	struct text *t = new_text(p);

	if (w == NULL || t == NULL) {
		count_cursor_close(helper);
		free(w);
		free(t);
		return NULL;
	}
	w->parts = p;
	w->helper = helper;
	out_init(&w->out, -1);
	w->out.full = put_text;
	w->out.arg = w;
	use_text(w, t);
	w->print = *p->print;
	w->print.out = &w->out;
	w->print.rows = 1;	/* each row begins with the comma of the one before */
	return w;
}

/* With what helpers and threads can be had; the first worker is the caller. */
static void work_together(struct parts *p, count_cursor *cur, count_cursor *helper, unsigned njobs)
{
	unsigned started = 1;

	do {
		struct worker *w = worker_new(p, helper);

		if (w == NULL)
			break;
		p->workers[p->nworkers++] = w;
	} while (p->nworkers < njobs && count_cursor_help(cur, &helper, NULL) == COUNT_OK && helper != NULL);
	if (p->nworkers == 0) {
		no_memory(p);
		return;
	}
	for (; started < p->nworkers; started++) {
		struct worker *w = p->workers[started];

		if (pthread_create(&w->thread, NULL, work, w) != 0)
			break;
	}
	work(p->workers[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(p->workers[i]->thread, NULL);
	while (p->nworkers > 0)
		worker_free(p->workers[--p->nworkers]);
}

static struct parts *parts_new(struct print *print, unsigned njobs, struct count_error *err)
{
	struct parts *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->workers = calloc(njobs, sizeof(*p->workers));
	if (p->workers == NULL) {
		free(p);
		return NULL;
	}
	p->print = print;
	p->skip = print->format == PRINT_JSON && print->rows == 0;
	p->most = (size_t)njobs * AHEAD_BYTES;
	p->err = err;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	return p;
}

static void parts_free(struct parts *p)
{
	for (; p->used > 0; p->used--) {
		free_texts(p->ring[p->first].first);
		p->first = (p->first + 1) % PARTS_MAX;
	}
	free_texts(p->idle);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p->workers);
	free(p);
}

static int together(count_cursor *cur, count_cursor *helper, unsigned njobs, struct print *print, uint64_t *rows,
		    struct count_error *err)
{
	struct parts *p = parts_new(print, njobs, err);
	int ret;

	if (p == NULL) {
		count_cursor_close(helper);
		*err = (struct count_error){ .code = COUNT_ERR_NOMEM, .text = "out of memory" };
		return COUNT_ERR_NOMEM;
	}
	work_together(p, cur, helper, njobs);
	if (!p->stop)
		stop(p, p->end_ret, &p->end_err);
	ret = p->ret;
	print->rows += p->rows;
	*rows += p->rows;
	parts_free(p);
	return ret;
}

static int64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* The first parts, as if there were no others.  1: there is more. */
static int alone(count_cursor *helper, bool asked, struct print *print, uint64_t *rows, struct count_error *err)
{
	int64_t until = asked ? 0 : clock_ns() + ALONE_NS;

	for (unsigned i = 0; asked ? i < ALONE_PARTS : clock_ns() < until; i++) {
		int ret = count_cursor_take(helper, err);

		if (ret == 1)
			ret = read_part(helper, print, rows, err);
		else
			return ret;
		if (ret != 0 || print->out->error != 0)
			return ret < 0 ? ret : 0;
	}
	return 1;
}

int parts_print(count_cursor *cur, unsigned njobs, bool asked, struct print *print, uint64_t *rows,
		struct count_error *err)
{
	count_cursor *helper = NULL;
	int ret = count_cursor_help(cur, &helper, err);

	if (ret != COUNT_OK || helper == NULL)
		return ret;
	ret = alone(helper, asked, print, rows, err);
	if (ret == 1)
		return together(cur, helper, njobs, print, rows, err);
	count_cursor_close(helper);
	return ret;
}
