/*
 * test-source-cold.c - queries over all tiers against a model: a second directory into which every point was
 * inserted, the cold ones first; and what was foretold against what was done.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "coldfix.h"

#define BASE INT64_C(1700006400000)	/* a midnight */
#define DAY INT64_C(86400000)
#define DAYS 8
#define SERIES 5

struct fixture {
	char top[64];
	count_db *ref, *db;
	struct cold_settings settings;
	struct datadir d;
	struct cold_tier tier;
	uint64_t seed;
	int warnings;
	unsigned exact, none;	/* forecasts that were, and that were of nothing */
};

static uint64_t rnd(struct fixture *f, uint64_t n)
{
	f->seed ^= f->seed << 13;
	f->seed ^= f->seed >> 7;
	f->seed ^= f->seed << 17;
	return f->seed % n;
}

static void on_log(void *arg, int level, const char *text)
{
	struct fixture *f = arg;

	(void)text;
	f->warnings += level == 1;
}

static void below(const struct fixture *f, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", f->top, name);
}

static count_db *open_db(struct fixture *f, const char *name, bool s3, const char *cache)
{
	struct count_config cfg;
	struct count_error err = { 0 };
	char path[128], url[160];
	count_db *db = NULL;

	below(f, name, path);
	count_config_init(&cfg);
	assert_int_equal(count_config_set(&cfg, "DATA_DIR", path, "test", &err), COUNT_OK);
	if (s3) {
		snprintf(url, sizeof(url), "file://%s/s3", f->top);
		assert_int_equal(count_config_set(&cfg, "S3_ENABLED", "true", "test", &err), COUNT_OK);
		assert_int_equal(count_config_set(&cfg, "S3_BUCKET", "bucket", "test", &err), COUNT_OK);
		assert_int_equal(count_config_set(&cfg, "S3_ENDPOINT", url, "test", &err), COUNT_OK);
		assert_int_equal(count_config_set(&cfg, "CACHE_SIZE", cache, "test", &err), COUNT_OK);
	}
	assert_int_equal(count_open(&cfg, COUNT_OPEN_CREATE, &db, &err), COUNT_OK);
	count_config_free(&cfg);
	count_set_log(db, on_log, f);
	count_set_sync(db, COUNT_SYNC_NONE);
	return db;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char path[128];

	f->seed = 88172645463325252u;
	strcpy(f->top, "/tmp/count-test-XXXXXX");
	if (mkdtemp(f->top) == NULL)
		return -1;
	below(f, "s3", path);
	if (mkdir(path, 0700) != 0 || !coldfix_open(&f->tier, &f->settings, &f->d, path))
		return -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char cmd[128];

	count_close(f->ref);
	count_close(f->db);
	cold_tier_close(&f->tier);
	cold_settings_free(&f->settings);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", f->top);
	free(f);
	return system(cmd);
}

static void fresh_dirs(struct fixture *f, const char *cache)
{
	char cmd[300];

	count_close(f->ref);
	count_close(f->db);
	snprintf(cmd, sizeof(cmd), "cd '%s' && rm -rf ref data s3/bucket/count-data", f->top);
	assert_int_equal(system(cmd), 0);
	f->ref = open_db(f, "ref", false, NULL);
	f->db = open_db(f, "data", true, cache);
}

/* ---- Random data ---- */

static void insert(count_db *db, const char *name, const int64_t *times, const double *values, size_t n)
{
	struct count_point *p = calloc(n + 1, sizeof(*p));

	for (size_t i = 0; i < n; i++)
		p[i] = (struct count_point){ times[i], values[i] };
	assert_int_equal(count_insert(db, name, p, n, NULL), COUNT_OK);
	free(p);
}

/* An ascending run from somewhere on. */
static size_t make_run(struct fixture *f, int64_t from, int64_t to, int64_t step, int64_t **times, double **values)
{
	size_t n = 0, cap = (size_t)((to - from) / step) + 2;
	int64_t t = from + (int64_t)rnd(f, (uint64_t)step), tick = 60000;	/* so that times meet */

	*times = calloc(cap, sizeof(**times));
	*values = calloc(cap, sizeof(**values));
	for (t -= t % tick; t < to && n < cap; t += tick * (1 + (int64_t)rnd(f, 2 * (uint64_t)(step / tick)))) {
		if (t < from)
			continue;
		(*times)[n] = t;
		(*values)[n++] = 1 + (double)rnd(f, 100000) / 16;
	}
	return n;
}

static void make_cold(struct fixture *f, const char *name)
{
	struct coldfix_block blocks[4] = { 0 };
	size_t nblocks = 1 + rnd(f, 4), n = 0;
	int64_t step = 60000 << rnd(f, 7), at = BASE + (int64_t)rnd(f, 2) * DAY;
	bool overlapping = rnd(f, 3) == 0;

	for (size_t i = 0; i < nblocks; i++) {
		int64_t to = at + DAY / 2 + (int64_t)rnd(f, 2 * DAY), *times;
		double *values;
		size_t k = make_run(f, at, to, step, &times, &values);

		if (k == 0) {
			free(times);
			free(values);
			continue;
		}
		blocks[n++] = (struct coldfix_block){ times, values, k, rnd(f, 6) == 0, rnd(f, 5) == 0, rnd(f, 2) };
		at = overlapping ? at + (int64_t)rnd(f, DAY) : times[k - 1] + 1 + (int64_t)rnd(f, DAY);
	}
	assert_true(coldfix_put(&f->tier, name, blocks, n));
	for (size_t i = 0; i < n; i++) {
		insert(f->ref, name, blocks[i].times, blocks[i].values, blocks[i].n);
		free((void *)blocks[i].times);
		free((void *)blocks[i].values);
	}
}

static void make_local(struct fixture *f, const char *name)
{
	unsigned runs = (unsigned)rnd(f, 4);

	for (unsigned i = 0; i < runs; i++) {
		int64_t at = BASE + (int64_t)rnd(f, DAYS * DAY), *times;
		double *values;
		int64_t len = 1 + (int64_t)rnd(f, rnd(f, 2) ? DAY : DAY / 100);
		size_t n = make_run(f, at, at + len, 60000, &times, &values);

		insert(f->ref, name, times, values, n);
		insert(f->db, name, times, values, n);
		free(times);
		free(values);
		if (rnd(f, 3) == 0)
			assert_int_equal(count_flush(f->db, NULL, NULL), COUNT_OK);
	}
}

/* ---- Comparing ---- */

struct row {
	char series[64];
	int64_t time;
	double value;
	bool empty;
};

struct rows { struct row *v; size_t n, cap; };

static void run(count_db *db, const struct count_query *q, struct rows *out, struct count_requests *req)
{
	struct count_error err = { 0 };
	struct count_batch b;
	count_cursor *c = NULL;
	int ret = count_query_open(db, q, &c, &err);

	out->n = 0;
	while (ret == COUNT_OK && (ret = count_cursor_next(c, &b, &err)) == 1) {
		for (size_t i = 0; i < b.n + (q->mode == COUNT_QUERY_LIST); i++) {
			struct row *r;

			if (out->n == out->cap) {
				out->cap = out->cap * 2 + 1024;
				out->v = reallocarray(out->v, out->cap, sizeof(*out->v));
			}
			r = &out->v[out->n++];
			memset(r, 0, sizeof(*r));
			memcpy(r->series, b.series, b.series_len);
			if (b.n > 0) {
				r->time = b.times[i];
				r->value = b.values[i];
				r->empty = b.empty != NULL && b.empty[i];
			}
		}
		ret = COUNT_OK;
	}
	if (ret != COUNT_OK)
		print_message("%s\n", err.text);
	assert_int_equal(ret, COUNT_OK);
	if (req != NULL)
		count_cursor_requests(c, req);
	count_cursor_close(c);
}

static bool near(double a, double b)
{
	return a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-15 * fabs(a);
}

static void same_rows(const struct rows *a, const struct rows *b, bool exact)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		assert_string_equal(a->v[i].series, b->v[i].series);
		assert_int_equal(a->v[i].time, b->v[i].time);
		assert_int_equal(a->v[i].empty, b->v[i].empty);
		if (exact)
			assert_memory_equal(&a->v[i].value, &b->v[i].value, 8);
		else if (!near(a->v[i].value, b->v[i].value))
			fail_msg("%s %lld: %.17g %.17g", a->v[i].series, (long long)a->v[i].time, a->v[i].value,
				 b->v[i].value);
	}
}

static void random_query(struct fixture *f, struct count_query *q, struct count_agg_spec aggs[3],
			 struct count_duration *step)
{
	static const char *const names[] = { "avg", "sum", "min", "max", "count", "first", "last", "delta", "increase",
					     "p50" };
	static const struct count_duration steps[] = {
		{ 1, COUNT_DURATION_DAY }, { 6, COUNT_DURATION_HOUR }, { 2, COUNT_DURATION_DAY },
		{ 1, COUNT_DURATION_WEEK }, { 5, COUNT_DURATION_MINUTE },
	};

	count_query_init(q);
	if (rnd(f, 3) > 0) {
		q->from = BASE + (int64_t)rnd(f, DAYS * DAY);
		if (rnd(f, 2) == 0)
			q->from -= (q->from - BASE) % DAY;
	}
	if (rnd(f, 3) > 0)
		q->to = BASE + (int64_t)rnd(f, DAYS + 1) * DAY + (rnd(f, 2) ? (int64_t)rnd(f, DAY) : 0);
	switch (rnd(f, 6)) {
	case 0:
		q->mode = COUNT_QUERY_LAST;
		break;
	case 1:
		q->mode = COUNT_QUERY_LIST;
		break;
	case 2:
		break;
	default:
		q->aggs = aggs;
		q->naggs = 1 + rnd(f, 3);
		for (size_t i = 0; i < q->naggs; i++) {
			const char *name = names[rnd(f, rnd(f, 3) ? 7 : 10)];

			assert_int_equal(count_agg_parse(name, strlen(name), &aggs[i]), COUNT_OK);
		}
		*step = steps[rnd(f, 5)];
		if (rnd(f, 4) > 0)
			q->step = step;
		q->fold = rnd(f, 4) == 0;
	}
}

/* An entry without a size makes the bytes unknown, not the requests. */
static void same_requests(struct fixture *f, const struct count_query *q, const struct count_requests *plan,
			  const struct count_requests *done)
{
	assert_true(done->get <= plan->get);
	if (plan->at_most && (q->mode != COUNT_QUERY_POINTS || q->naggs > 0))
		return;
	assert_int_equal(done->get, plan->get);
	if (!plan->at_most)
		assert_int_equal(done->bytes_down, plan->bytes_down);
	f->exact += !plan->at_most;
	f->none += plan->get == 0;
}

static void compare(struct fixture *f)
{
	struct rows want = { 0 }, got = { 0 };

	for (unsigned i = 0; i < 40; i++) {
		struct count_agg_spec aggs[3];
		struct count_duration step;
		struct count_requests plan, done;
		struct count_query q;

		random_query(f, &q, aggs, &step);
		assert_int_equal(count_query_explain(f->db, &q, NULL, NULL, &plan, NULL), COUNT_OK);
		run(f->ref, &q, &want, NULL);
		run(f->db, &q, &got, &done);
		same_rows(&want, &got, q.naggs == 0);
		same_requests(f, &q, &plan, &done);
		q.limit = 1 + rnd(f, 50);
		run(f->ref, &q, &want, NULL);
		run(f->db, &q, &got, &done);
		same_rows(&want, &got, q.naggs == 0);
	}
	free(want.v);
	free(got.v);
}

static void test_model(void **state)
{
	struct fixture *f = *state;

	for (unsigned round = 0; round < 24; round++) {
		fresh_dirs(f, round % 4 == 3 ? "100M" : "0");
		for (unsigned k = 0; k < SERIES; k++) {
			char name[32];

			snprintf(name, sizeof(name), "s%u{k=\"%u\"}", k, k % 2);
			if (k < 4)
				make_cold(f, name);
			if (k > 0)
				make_local(f, name);
		}
		compare(f);
	}
	assert_int_equal(f->warnings, 0);
	assert_true(f->exact > 400 && f->none > 100 && f->exact - f->none > 100);
}

/* ---- Without a request ---- */

static void fill_days(struct fixture *f, const char *name, unsigned days)
{
	size_t n = days * 1440;
	int64_t *times = calloc(n, sizeof(*times));
	double *values = calloc(n, sizeof(*values));
	struct coldfix_block b = { .times = times, .values = values, .n = n };

	for (size_t i = 0; i < n; i++) {
		times[i] = BASE + (int64_t)i * 60000;
		values[i] = (double)(i % 100);
	}
	assert_true(coldfix_put(&f->tier, name, &b, 1));
	free(times);
	free(values);
}

static uint64_t gets(struct fixture *f, const struct count_query *q)
{
	struct count_requests plan, done;
	struct rows rows = { 0 };

	assert_int_equal(count_query_explain(f->db, q, NULL, NULL, &plan, NULL), COUNT_OK);
	run(f->db, q, &rows, &done);
	assert_true(rows.n > 0);
	free(rows.v);
	assert_int_equal(plan.get, done.get);
	assert_false(plan.at_most);
	return done.get;
}

static void test_no_request(void **state)
{
	static const struct count_duration day = { 1, COUNT_DURATION_DAY }, hour = { 1, COUNT_DURATION_HOUR };
	struct count_agg_spec avg = { .agg = COUNT_AGG_AVG, .name = "avg" };
	struct count_agg_spec p99 = { .agg = COUNT_AGG_QUANTILE, .quantile = 0.99, .name = "p99" };
	struct fixture *f = *state;
	struct count_query q;

	fresh_dirs(f, "0");
	fill_days(f, "cpu", 5);
	count_query_init(&q);
	q.mode = COUNT_QUERY_LIST;
	assert_int_equal(gets(f, &q), 0);
	q.to = BASE + DAY + 1;
	assert_int_equal(gets(f, &q), 0);		/* the first point is in the range */
	q.mode = COUNT_QUERY_LAST;
	q.to = INT64_MAX;
	assert_int_equal(gets(f, &q), 0);
	q.to = BASE + 3 * DAY;
	assert_int_equal(gets(f, &q), 0);		/* the last of a day */
	q.to += DAY / 2;
	assert_int_equal(gets(f, &q), 1);
	q.mode = COUNT_QUERY_POINTS;
	q.aggs = &avg;
	q.naggs = 1;
	q.step = &day;
	q.to = INT64_MAX;
	assert_int_equal(gets(f, &q), 0);
	q.from = BASE + DAY;
	q.to = BASE + 3 * DAY;
	assert_int_equal(gets(f, &q), 0);
	q.tz = "Asia/Kolkata";				/* its days are not those of the rows */
	assert_int_equal(gets(f, &q), 1);
	q.tz = NULL;
	q.from++;
	assert_int_equal(gets(f, &q), 1);
	q.from--;
	q.step = &hour;
	assert_int_equal(gets(f, &q), 1);
	q.step = &day;
	q.aggs = &p99;
	assert_int_equal(gets(f, &q), 1);
	q.aggs = &avg;
	insert(f->db, "cpu", &(int64_t){ BASE + DAY + 30000 }, &(double){ 7 }, 1);
	assert_int_equal(gets(f, &q), 1);		/* a late point stands in a day */
	q.from = BASE + 2 * DAY;
	assert_int_equal(gets(f, &q), 0);		/* not in this one */
}

static int each_once(void *arg, const char *series, const char *key, uint64_t bytes, bool cached)
{
	unsigned *n = arg;

	assert_string_equal(series, "cpu");
	assert_non_null(strstr(key, "/cpu/block_"));
	assert_true(bytes > 0);
	*n += cached ? 100 : 1;
	return *n == 1000;
}

static void test_cost(void **state)
{
	struct fixture *f = *state;
	struct count_requests plan;
	struct count_error err = { 0 };
	struct count_config cfg;
	count_cursor *c = NULL;
	char path[128], url[160];
	struct count_query q;
	unsigned n = 0;

	fresh_dirs(f, "10M");
	fill_days(f, "cpu", 2);
	count_query_init(&q);
	assert_int_equal(count_query_explain(f->db, &q, each_once, &n, &plan, &err), COUNT_OK);
	assert_int_equal(n, 1);
	assert_true(isnan(plan.usd));		/* a directory has no price */
	q.max_cost = 0;
	assert_int_equal(gets(f, &q), 1);	/* so nothing is refused */
	assert_int_equal(gets(f, &q), 0);	/* cached by now */
	n = 0;
	assert_int_equal(count_query_explain(f->db, &q, each_once, &n, &plan, &err), COUNT_OK);
	assert_int_equal(n, 100);
	assert_true(plan.usd == 0);

	count_close(f->db);
	count_config_init(&cfg);
	below(f, "data", path);
	snprintf(url, sizeof(url), "file://%s/s3", f->top);
	count_config_set(&cfg, "DATA_DIR", path, "test", &err);
	count_config_set(&cfg, "S3_ENABLED", "true", "test", &err);
	count_config_set(&cfg, "S3_BUCKET", "bucket", "test", &err);
	count_config_set(&cfg, "S3_ENDPOINT", url, "test", &err);
	count_config_set(&cfg, "CACHE_SIZE", "0", "test", &err);
	count_config_set(&cfg, "PRICE_GET", "1000", "test", &err);
	assert_int_equal(count_config_set(&cfg, "PRICE_EGRESS_GB", "0", "test", &err), COUNT_OK);
	assert_int_equal(count_open(&cfg, 0, &f->db, &err), COUNT_OK);
	count_config_free(&cfg);
	assert_int_equal(count_query_explain(f->db, &q, NULL, NULL, &plan, &err), COUNT_OK);
	assert_true(plan.usd == 1);
	q.max_cost = 0.99;
	assert_int_equal(count_query_open(f->db, &q, &c, &err), COUNT_ERR_COST);
	assert_non_null(strstr(err.text, "--max-cost 1"));
	q.max_cost = 1;
	assert_int_equal(gets(f, &q), 1);
	q.max_cost = -1;
	assert_int_equal(gets(f, &q), 1);
	q.max_cost = 0;
	q.to = BASE;
	err = (struct count_error){ 0 };
	assert_int_equal(count_query_open(f->db, &q, &c, &err), COUNT_OK);	/* needs nothing */
	count_cursor_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_model, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_request, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cost, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
