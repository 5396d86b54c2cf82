/*
 * test-api-host.c - what the library does to the process around it: threads with a handle each, a
 * disk that is full, the environment, signals, output, file descriptors.
 *
 * Only the public interface, linked with the shared library, as test-api.c.
 */
#include <dirent.h>
#include <locale.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "apidir.h"

/* ---- Threads ---- */

#define ROUNDS 150

struct worker {
	const char *series;
	bool flushes;
	size_t seen;		/* own points in the last look: never fewer than were written */
	int failed;
};

static int look(count_db *d, struct worker *w, int64_t written, struct count_error *e)
{
	struct count_points got;
	int ret = count_query_range(d, w->series, INT64_MIN, INT64_MAX, &got, e);

	if (ret != COUNT_OK)
		return ret;
	w->seen = got.len;
	count_points_free(&got);
	return w->seen == (size_t)written ? COUNT_OK : COUNT_ERR_CORRUPT;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct count_error e = { 0 };
	count_db *d = NULL;
	int ret = count_open(&api_cfg, COUNT_OPEN_EXISTING, &d, &e);

	if (ret == COUNT_OK)
		ret = count_set_sync(d, COUNT_SYNC_NONE);
	for (int64_t i = 0; i < ROUNDS && ret == COUNT_OK; i++) {
		struct count_point own = { i, 1 }, shared = { 2 * i + w->flushes, 2 };

		ret = count_insert(d, w->series, &own, 1, &e);
		if (ret == COUNT_OK)
			ret = count_insert(d, "both", &shared, 1, &e);
		if (ret == COUNT_OK)
			ret = look(d, w, i + 1, &e);
		if (ret == COUNT_OK && w->flushes && i % 15 == 0)
			ret = count_flush(d, NULL, &e);
	}
	count_close(d);
	w->failed = ret;
	return NULL;
}

static void test_threads(void **state)
{
	struct worker w[2] = { { .series = "one" }, { .series = "two", .flushes = true } };
	struct count_points got;
	pthread_t t[2];

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[i], NULL, work, &w[i]), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(t[i], NULL), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(w[i].failed, COUNT_OK);
		assert_int_equal(w[i].seen, ROUNDS);
	}
	assert_int_equal(count_query_range(db, "both", 0, INT64_MAX, &got, &err), COUNT_OK);
	assert_int_equal(got.len, 2 * ROUNDS);
	count_points_free(&got);
}

/* ---- A full disk ---- */

#define MANY 3000

static size_t visible(const char *series)
{
	struct count_points got;
	size_t len;

	assert_int_equal(count_query_range(db, series, INT64_MIN, INT64_MAX, &got, &err), COUNT_OK);
	len = got.len;
	count_points_free(&got);
	return len;
}

static void limit_files(rlim_t bytes)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = bytes == RLIM_INFINITY ? r.rlim_max : bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

/* Wherever the write is cut: the error, no point of the call, all points before, and then it works. */
static void test_full_disk(void **state)
{
	static const rlim_t limits[] = { 0, 1, 39, 40, 41, 100, 1000, 10000 };
	static struct count_point p[MANY];
	size_t before = 0;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	for (int64_t i = 0; i < MANY; i++)
		p[i] = (struct count_point){ i * i * 7919 % 1000003, (double)(i * 48271 % 65537) / 7 };
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct count_point one = { (int64_t)i, 1 };

		limit_files(limits[i]);
		assert_refused(COUNT_ERR_IO, api_dir, count_insert(db, "many", p, MANY, &err));
		assert_int_equal(visible("many"), 0);
		assert_int_equal(visible("one"), before);
		limit_files(RLIM_INFINITY);
		assert_int_equal(count_insert(db, "one", &one, 1, &err), COUNT_OK);
		assert_int_equal(visible("one"), ++before);
	}
	limit_files(100);
	assert_refused(COUNT_ERR_IO, "", count_flush(db, NULL, &err));
	limit_files(RLIM_INFINITY);
	assert_int_equal(visible("one"), before);
	assert_int_equal(count_insert(db, "many", p, MANY, &err), COUNT_OK);
	assert_true(visible("many") > MANY / 2);
	signal(SIGXFSZ, SIG_DFL);
}

/* ---- A writer's ids ---- */

#define NAME_LEN 4000

static size_t name_of(unsigned i, char name[NAME_LEN])
{
	char number[8];

	snprintf(number, sizeof(number), "%06u.", i);
	memset(name, 'x', NAME_LEN);
	memcpy(name, number, 7);
	return NAME_LEN;
}

/* The table is dropped when it is large: ids begin at 0 again, and every point is where it belongs. */
static void test_epochs(void **state)
{
	static char name[NAME_LEN + 1];
	uint32_t epoch, id, next = 0;
	struct count_points got;
	count_writer *w;
	unsigned n, changes = 0;

	(void)state;
	assert_int_equal(count_writer_open(db, COUNT_SYNC_NONE, &w, &err), COUNT_OK);
	epoch = count_writer_epoch(w);
	for (n = 0; changes < 2 && n < 60000; n++) {
		size_t len = name_of(n, name);

		assert_int_equal(count_writer_series(w, name, len, &id, &err), COUNT_OK);
		assert_int_equal(id, next++);
		assert_int_equal(count_writer_epoch(w), epoch);		/* not by asking for an id */
		assert_int_equal(count_writer_add(w, id, 7, n, &err), COUNT_OK);
		if (count_writer_epoch(w) == epoch)
			continue;
		assert_int_equal(count_writer_pending(w), 0);
		assert_int_equal(count_writer_add(w, id, 7, n, NULL), COUNT_ERR_INVALID);
		epoch = count_writer_epoch(w);
		next = 0;
		changes++;
	}
	assert_int_equal(changes, 2);
	assert_int_equal(count_writer_close(w, &err), COUNT_OK);
	for (unsigned i = 0; i < n; i += 997) {
		name_of(i, name);
		assert_int_equal(count_query_range(db, name, 7, 8, &got, &err), COUNT_OK);
		assert_int_equal(got.len, 1);
		assert_true(got.v[0].value == i);
		count_points_free(&got);
	}
}

/* ---- The environment ---- */

static void test_environment(void **state)
{
	static const struct { const char *key, *bad, *good; } vars[] = {
		{ "MEMORY_BUFFER_SIZE", "0", "1" }, { "MEMORY_BUFFER_SIZE", "10k", "20000" },
		{ "RETENTION", "90", "90d" }, { "S3_ENABLED", "maybe", "on" },
		{ "ARCHIVAL_AGE_DAYS", "-1", "0" },
	};
	struct count_config cfg;

	(void)state;
	for (size_t i = 0; i < sizeof(vars) / sizeof(vars[0]); i++) {
		count_config_init(&cfg);
		setenv(vars[i].key, vars[i].bad, 1);
		assert_refused(COUNT_ERR_INVALID, vars[i].key, count_config_env(&cfg, &err));
		assert_int_equal(count_config_env(&cfg, NULL), COUNT_ERR_INVALID);
		setenv(vars[i].key, "", 1);		/* empty is unset */
		assert_int_equal(count_config_env(&cfg, &err), COUNT_OK);
		setenv(vars[i].key, vars[i].good, 1);
		assert_int_equal(count_config_env(&cfg, &err), COUNT_OK);
		unsetenv(vars[i].key);
		assert_refused(COUNT_ERR_INVALID, vars[i].key,
			       count_config_set(&cfg, vars[i].key, vars[i].bad, "--option", &err));
		assert_refused(COUNT_ERR_INVALID, "--option",
			       count_config_set(&cfg, vars[i].key, "", "--option", &err));
		assert_int_equal(count_config_set(&cfg, vars[i].key, vars[i].good, "me", &err), COUNT_OK);
		count_config_free(&cfg);
	}
	count_config_init(&cfg);
	assert_refused(COUNT_ERR_INVALID, "NO_SUCH", count_config_set(&cfg, "NO_SUCH", "1", "me", &err));
	setenv("DATA_DIR", api_dir, 1);
	assert_int_equal(count_config_env(&cfg, &err), COUNT_OK);
	unsetenv("DATA_DIR");
	assert_string_equal(cfg.data_dir, api_dir);
	assert_string_equal(cfg.data_dir_source, "DATA_DIR");
	count_config_free(&cfg);
	assert_string_equal(cfg.data_dir, "./count_data");	/* free leaves the defaults */
	count_config_free(&cfg);
}

/* ---- Side effects ---- */

struct host {
	void (*handlers[32])(int);
	bool blocked[32];
	mode_t umask;
	char locale[64], cwd[256];
	unsigned fds;
};

static void observe(struct host *h)
{
	DIR *d = opendir("/proc/self/fd");
	sigset_t mask;

	memset(h, 0, sizeof(*h));
	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int s = 1; s < 32; s++) {
		struct sigaction a;

		sigaction(s, NULL, &a);
		h->handlers[s] = a.sa_handler;
		h->blocked[s] = sigismember(&mask, s) == 1;
	}
	h->umask = umask(0);
	umask(h->umask);
	snprintf(h->locale, sizeof(h->locale), "%s", setlocale(LC_ALL, NULL));
	assert_non_null(getcwd(h->cwd, sizeof(h->cwd)));
	assert_non_null(d);
	while (readdir(d) != NULL)
		h->fds++;
	closedir(d);
}

/* Every kind of call, with errors and warnings. */
static void do_everything(void)
{
	struct count_config cfg = api_cfg;
	struct count_point p = { 1, 2 };
	struct count_points got;
	struct count_query q;
	count_cursor *cur;
	count_writer *w;
	count_db *d;
	char path[128];

	cfg.data_dir = "/no/where";
	assert_int_equal(count_open(&cfg, COUNT_OPEN_EXISTING, &d, NULL), COUNT_ERR_NOTFOUND);
	chmod(api_dir, 0777);		/* a warning */
	assert_int_equal(count_open(&api_cfg, COUNT_OPEN_CREATE, &d, NULL), COUNT_OK);
	chmod(api_dir, 0700);
	assert_int_equal(count_insert(d, "a", &p, 1, NULL), COUNT_OK);
	assert_int_equal(count_insert(d, "a{", &p, 1, NULL), COUNT_ERR_INVALID);
	assert_int_equal(count_writer_open(d, COUNT_SYNC_ALWAYS, &w, NULL), COUNT_OK);
	assert_int_equal(count_writer_maintain(w, NULL), COUNT_OK);
	assert_int_equal(count_writer_close(w, NULL), COUNT_OK);
	assert_int_equal(count_flush(d, NULL, NULL), COUNT_OK);
	assert_int_equal(count_query_range(d, "a", 0, 9, &got, NULL), COUNT_OK);
	count_points_free(&got);
	snprintf(path, sizeof(path), "%s/CURRENT", api_dir);
	assert_int_equal(truncate(path, 10), 0);	/* damage */
	count_query_init(&q);
	assert_int_equal(count_query_open(d, &q, &cur, NULL), COUNT_ERR_CORRUPT);
	assert_int_equal(count_flush(d, NULL, NULL), COUNT_ERR_CORRUPT);
	count_close(d);
}

static void test_no_side_effects(void **state)
{
	struct host before, after;
	int out = dup(1), err_fd = dup(2);
	char path[64];
	FILE *said;
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/said", api_top);
	said = fopen(path, "w");
	assert_non_null(said);
	fflush(NULL);
	dup2(fileno(said), 1);
	dup2(fileno(said), 2);
	observe(&before);
	do_everything();
	observe(&after);
	fflush(NULL);
	dup2(out, 1);
	dup2(err_fd, 2);
	close(out);
	close(err_fd);
	assert_int_equal(fstat(fileno(said), &st), 0);
	fclose(said);
	assert_int_equal(st.st_size, 0);
	assert_memory_equal(&before, &after, sizeof(before));
}

static void count_lines(void *arg, int level, const char *text)
{
	assert_int_equal(level, 1);
	assert_null(strchr(text, '\n'));
	++*(unsigned *)arg;
}

/* Warnings of the time before wait for count_set_log(), which gives them out at once. */
static void test_log(void **state)
{
	unsigned lines = 0;
	count_db *d;

	(void)state;
	chmod(api_dir, 0777);
	assert_int_equal(count_open(&api_cfg, COUNT_OPEN_EXISTING, &d, &err), COUNT_OK);
	chmod(api_dir, 0700);
	count_set_log(d, NULL, NULL);		/* nobody to tell: they go on waiting */
	count_set_log(d, count_lines, &lines);
	assert_int_equal(lines, 1);
	count_set_log(d, count_lines, &lines);
	assert_int_equal(lines, 1);
	count_close(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_threads, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(test_full_disk, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(test_epochs, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(test_environment, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(test_no_side_effects, api_setup, api_teardown),
		cmocka_unit_test_setup_teardown(test_log, api_setup, api_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
