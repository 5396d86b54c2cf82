/*
 * test-archive-upload.c - engine/archive_{choose,job,object,upload,forecast}, with the real publication: whole runs on
 * a bucket in a directory, that die at each request, race with another host, or are only forecast.
 *
 * A model has the last value of each series and time.  Afterwards the objects of the bucket under what is local
 * must give the model; each object is in exactly one manifest or its garbage.
 */
#include "archiveworld.h"

/* ---- Tests ---- */

static void test_first_and_steady(void **state)
{
	struct host h, *all = &h;
	struct bucket b;

	(void)state;
	open_host(&h, "one");
	fill(&h);
	run_at(&h, 50);		/* cut-off: day 36 */
	assert_int_equal(h.ret, COUNT_OK);
	assert_int_equal(h.report.series, SERIES);
	assert_int_equal(h.report.objects, SERIES);
	assert_int_equal(h.report.points, SERIES * 36 * 24 - (0 + 1 + 2 + 3) * 24);
	assert_int_equal(h.report.cutoff_days, 14);
	assert_int_equal(h.report.requests.put, 2 * SERIES);
	assert_int_equal(h.report.requests.get, SERIES);
	assert_int_equal(h.report.requests.head + h.report.requests.list + h.report.requests.del, 0);
	assert_true(h.report.requests.probes >= 1);
	assert_int_equal(local_before(&h, 36), 0);
	b = check(&all, 1, true, false);
	assert_int_equal(b.entries, SERIES);

	for (int64_t day = 50; day < 60; day++) {	/* nothing is due, nobody is asked */
		run_at(&h, day);
		assert_int_equal(h.ret, COUNT_OK);
		assert_int_equal(nseen, 0);
		assert_int_equal(h.report.series, 0);
		assert_int_equal(h.report.waiting_series, day == 50 ? 0 : SERIES);
		if (day > 50)
			assert_int_equal(h.report.waiting_until_s, (START + 60 * DAY) / 1000);
	}
	run_at(&h, 60);
	assert_int_equal(h.report.objects, SERIES);
	assert_int_equal(nseen, 3 * SERIES);
	assert_int_equal(h.report.requests.probes, 0);
	b = check(&all, 1, true, false);
	assert_int_equal(b.entries, 2 * SERIES);
	count_close(h.db);
}

static void test_late(void **state)
{
	struct host h, *all = &h;
	struct bucket b;

	(void)state;
	open_host(&h, "one");
	fill(&h);
	run_at(&h, 50);
	insert(&h, 1, 24 * 10, 5, 3);	/* new values inside an object */
	run_at(&h, 50);
	assert_int_equal(h.report.series, 1);
	assert_int_equal(h.report.objects, 1);
	assert_int_equal(h.report.requests.get, 2);
	assert_int_equal(h.report.requests.put, 2);
	b = check(&all, 1, true, false);
	assert_int_equal(b.entries, SERIES);
	assert_int_equal(b.garbage, 1);
	assert_int_equal(b.seconds, 1);		/* of the same range as the old one */
	assert_int_equal(local_before(&h, 36), 0);
	count_close(h.db);
}

static void test_force_and_keep(void **state)
{
	struct count_archive_options opt = options(50);
	struct host h, *all = &h;
	uint64_t objects;

	(void)state;
	open_host(&h, "one");
	fill(&h);
	opt.keep_local = true;
	run(&h, &opt);
	assert_int_equal(h.report.objects, SERIES);
	check(&all, 1, true, false);
	assert_true(local_before(&h, 36) > 0);
	run(&h, &opt);			/* what is kept does not go twice */
	assert_int_equal(nseen, 0);
	assert_int_equal(h.report.objects, 0);
	opt.keep_local = false;
	run(&h, &opt);			/* all there: once that is sure it only leaves */
	assert_int_equal(nseen, 2 * SERIES);	/* are object and manifest still there? */
	assert_int_equal(local_before(&h, 36), 0);
	check(&all, 1, true, false);
	opt.force = true;
	opt.older_than = "12h";
	run(&h, &opt);
	objects = h.report.objects;
	assert_int_equal(objects, SERIES);
	assert_int_equal(h.report.cutoff_days, 0);
	assert_int_equal(local_before(&h, 49), 0);
	check(&all, 1, true, false);
	count_close(h.db);
}

/* Killed at each request, before it was done and after; then one clean run. */
static void test_killed(void **state)
{
	(void)state;
	for (unsigned variant = 0; variant < 4; variant++) {
		for (long k = 1; ; k++) {
			struct host h, *all = &h;
			struct bucket b;
			bool died;

			begin(NULL);
			open_host(&h, "one");
			fill(&h);
			if (variant >= 2) {	/* a batch with late points, after a first archive */
				run_at(&h, 50);
				insert(&h, 1, 24 * 10, 5, 3);
				insert(&h, 2, 24 * 30, 100, 2);
			}
			dies_after = k;
			dies_done = variant % 2 == 1;
			run_at(&h, variant >= 2 ? 60 : 50);
			died = dies_after == 0;
			dies_after = -1;
			run_at(&h, variant >= 2 ? 60 : 50);
			assert_int_equal(h.ret, COUNT_OK);
			assert_int_equal(h.first.code, COUNT_OK);
			b = check(&all, 1, true, false);
			assert_int_equal(b.entries, variant >= 2 ? 2 * SERIES : SERIES);
			assert_int_equal(b.garbage, variant >= 2 ? 2 : 0);
			assert_int_equal(b.seconds, variant >= 2 ? 2 : 0);
			assert_int_equal(local_before(&h, variant >= 2 ? 46 : 36), 0);
			count_close(h.db);
			end(NULL);
			if (!died) {
				print_message("variant %u: %ld requests\n", variant, k - 1);
				break;
			}
		}
	}
}

static void forecast_is_true(struct host *h, int64_t day)
{
	struct count_archive_options opt = options(day);
	struct count_archive_report r;
	uint64_t probes;

	opt.dry_run = true;
	run(h, &opt);
	assert_int_equal(h->ret, COUNT_OK);
	assert_int_equal(nseen, 0);
	r = h->report;
	probes = r.requests.probes;
	opt.dry_run = false;
	run(h, &opt);
	assert_int_equal(h->report.objects, r.objects);
	assert_int_equal(h->report.points, r.points);
	assert_int_equal(h->report.series, r.series);
	assert_int_equal(h->report.requests.put, r.requests.put);
	assert_int_equal(h->report.requests.get, r.requests.get);
	assert_int_equal(h->report.requests.head, r.requests.head);
	assert_int_equal(h->report.requests.del, r.requests.del);
	assert_int_equal(h->report.requests.probes, probes);
	if (r.requests.at_most) {
		assert_true(r.bytes >= h->report.bytes);
		return;
	}
	assert_int_equal(h->report.bytes, r.bytes);
	assert_int_equal(r.requests.bytes_up, up);
	if (probes == 0)
		assert_int_equal(r.requests.bytes_down, down);
}

static void test_forecast(void **state)
{
	struct host h, *all = &h;

	(void)state;
	open_host(&h, "one");
	fill(&h);
	forecast_is_true(&h, 50);
	insert(&h, 0, 61 * 24, 24, 1);	/* still in the log when it is forecast */
	forecast_is_true(&h, 60);
	check(&all, 1, true, false);
	insert(&h, 3, 50, 7, 2);
	forecast_is_true(&h, 60);
	check(&all, 1, true, false);
	count_close(h.db);
}

/* ---- Two hosts ---- */

static struct host other;
static unsigned other_acts;

/* The other host archives when we are about to put. */
static void interfere(const struct objstore_req *req)
{
	unsigned keep[OBJSTORE_LIST + 1], n = nseen;
	uint64_t u = up, d = down;

	if (req->op != OBJSTORE_PUT || other_acts == 0 || rnd(3) != 0)
		return;
	other_acts--;
	memcpy(keep, seen, sizeof(keep));
	hook = NULL;
	run_at(&other, 90);
	hook = interfere;
	fine(&other);
	memcpy(seen, keep, sizeof(keep));
	nseen = n;
	up = u;
	down = d;
}

static void test_two_hosts(void **state)
{
	struct host one, *all[2] = { &one, &other };

	(void)state;
	open_host(&one, "one");
	open_host(&other, "other");
	settings.batch_days = 0;
	for (int round = 0; round < 40; round++) {
		size_t s = rnd(SERIES), from = rnd(70 * 24);

		/* Different hours for each: whose value is newer would be anybody's guess. */
		insert(&one, s, from & ~(size_t)1, 1 + rnd(50), 2);
		insert(&other, s, from | 1, 1 + rnd(50), 2);
		other_acts = (unsigned)rnd(3);
		hook = interfere;
		run_at(&one, 90);
		hook = NULL;
		fine(&one);
		check(all, 2, false, false);
		if (round % 5 == 4) {
			run_at(&other, 90);
			fine(&other);
			check(all, 2, false, false);
		}
	}
	count_close(one.db);
	count_close(other.db);
}

/* A server that ignores conditions is found out, warned of once, and one host works on it. */
static void test_lax_server(void **state)
{
	struct host h, *all = &h;

	(void)state;
	open_host(&h, "one");
	ignores_conditions = true;
	fill(&h);
	run_at(&h, 50);
	assert_int_equal(h.ret, COUNT_OK);
	assert_non_null(strstr(warned, "conditional puts"));
	assert_int_equal(h.report.objects, SERIES);
	assert_int_equal(h.report.requests.head, 2 * SERIES);
	check(&all, 1, true, false);
	insert(&h, 0, 30, 3, 1);
	run_at(&h, 60);
	assert_int_equal(h.ret, COUNT_OK);
	check(&all, 1, true, false);
	count_close(h.db);
}

/* One series that cannot be stored stops no other. */
static void test_one_fails(void **state)
{
	struct host h, *all = &h;
	char cmd[256];

	(void)state;
	open_host(&h, "one");
	fill(&h);
	snprintf(cmd, sizeof(cmd), "mkdir -p '%s/bucket/count-data' && echo x >'%s/bucket/count-data/b.c'", top, top);
	assert_int_equal(system(cmd), 0);
	run_at(&h, 50);
	assert_int_equal(h.ret, COUNT_OK);
	assert_int_equal(h.report.failed, 1);
	assert_int_equal(h.report.objects, SERIES - 1);
	assert_int_equal(strncmp(failed, "Error during S3 archival: ", 26), 0);
	assert_non_null(strstr(failed, "b.c"));
	assert_int_not_equal(h.first.code, COUNT_OK);
	assert_true(local_before(&h, 36) > 0);
	snprintf(cmd, sizeof(cmd), "rm '%s/bucket/count-data/b.c'", top);
	assert_int_equal(system(cmd), 0);
	run_at(&h, 50);
	assert_int_equal(h.report.failed, 0);
	assert_int_equal(h.report.objects, 1);
	assert_int_equal(local_before(&h, 36), 0);
	check(&all, 1, true, false);
	count_close(h.db);
}

static int stop_now(void *arg)
{
	return nseen >= *(unsigned *)arg;
}

static void test_stopped(void **state)
{
	struct count_archive_options opt = options(50);
	struct host h, *all = &h;
	unsigned when = 5;

	(void)state;
	open_host(&h, "one");
	fill(&h);
	opt.stopped = stop_now;
	opt.stopped_arg = &when;
	run(&h, &opt);
	assert_int_equal(h.ret, COUNT_ERR_STOPPED);
	assert_string_equal(failed, "");
	run_at(&h, 50);
	assert_int_equal(h.ret, COUNT_OK);
	assert_int_equal(local_before(&h, 36), 0);
	check(&all, 1, true, false);
	count_close(h.db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_first_and_steady, begin, end),
		cmocka_unit_test_setup_teardown(test_late, begin, end),
		cmocka_unit_test_setup_teardown(test_force_and_keep, begin, end),
		cmocka_unit_test(test_killed),
		cmocka_unit_test_setup_teardown(test_forecast, begin, end),
		cmocka_unit_test_setup_teardown(test_two_hosts, begin, end),
		cmocka_unit_test_setup_teardown(test_lax_server, begin, end),
		cmocka_unit_test_setup_teardown(test_one_fails, begin, end),
		cmocka_unit_test_setup_teardown(test_stopped, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
