/* test-log.c - hot/log: what is a tear, what a warning, what damage; gaps; finding series. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "waldir.h"

#define FRAMES 4

static struct waldir dir;
static struct buf segment;		/* FRAMES frames of two series, in segment 1 */
static size_t starts[FRAMES + 1];

static void make_segment(void)
{
	struct hot_appender *a;
	struct hot_log log;

	waldir_make(&dir);
	assert_int_equal(hot_appender_open(dir.fd, dir.path, NULL, NULL, &a, NULL), COUNT_OK);
	for (int i = 0; i < FRAMES; i++) {
		int64_t t[] = { 100 * i, 100 * i + 1, 100 * i + 50 };
		double v[] = { i + 0.5, 2, 3 }, w[] = { i, 5, 6 };
		struct walframe_series s[] = { one_series("a", t, v, 3), one_series("b", t, w, 3) }, x = s[0];

		if (walframe_order(&s[0], &s[1]) > 0) {
			s[0] = s[1];
			s[1] = x;
		}
		assert_int_equal(hot_append(a, s, 2, NULL), COUNT_OK);
	}
	hot_appender_close(a);
	assert_int_equal(hot_log_open(dir.fd, dir.path, 1, &log, NULL), COUNT_OK);
	assert_int_equal(log.nframes, FRAMES);
	assert_false(log.damaged);
	for (int i = 0; i < FRAMES; i++)
		starts[i] = log.frames[i].offset;
	waldir_get(&dir, 1, &segment);
	starts[FRAMES] = segment.len;
	hot_log_close(&log);
}

/* How many points of both series are read; each is compared.  bad: runs or directories refused. */
static unsigned read_points(const struct hot_log *log, unsigned *bad)
{
	unsigned n = 0;

	*bad = 0;
	for (size_t i = 0; i < log->nframes; i++) {
		for (const char *name = "a\0b\0"; *name != '\0'; name += 2) {
			struct hot_run_cursor cur = { 0 };
			struct hot_run run;
			int64_t t[4];
			double v[4];
			size_t got = 4;
			int ret = hot_frame_find(&log->frames[i], name, 1, hot_hash(name, 1), &run);

			assert_int_not_equal(ret, COUNT_ERR_NOTFOUND);
			if (ret != COUNT_OK) {
				++*bad;
				continue;
			}
			assert_int_equal(hot_run_next(&run, &cur, t, v, &got), COUNT_OK);
			assert_int_equal(got, 3);
			assert_true(t[0] % 100 == 0 && t[1] == t[0] + 1 && t[2] == t[0] + 50);
			assert_true(v[0] == (double)(t[0] / 100) + (*name == 'a' ? 0.5 : 0));
			assert_true(v[1] == (*name == 'a' ? 2 : 5) && v[2] == v[1] + 1);
			n += 3;
		}
	}
	return n;
}

static void test_every_cut_is_silent(void **state)
{
	(void)state;
	for (size_t len = 0; len <= segment.len; len++) {
		struct hot_log log;
		unsigned bad, whole = 0;

		while (whole < FRAMES && starts[whole + 1] <= len)
			whole++;
		waldir_put(&dir, 1, segment.data, len);
		assert_int_equal(hot_log_open(dir.fd, dir.path, 1, &log, NULL), COUNT_OK);
		assert_false(log.damaged);
		assert_int_equal(log.warnings.len, 0);
		assert_int_equal(read_points(&log, &bad), whole * 6);
		assert_int_equal(bad, 0);
		hot_log_close(&log);
	}
}

/* One flipped byte: found as damage (current boot) or as a warning (earlier), but for the trailers, and
 * costs at most one frame. */
static void flips(bool soft)
{
	for (size_t at = 0; at < segment.len; at++) {
		struct hot_log log;
		unsigned bad, points;
		bool trailer = false;

		for (int i = 1; i <= FRAMES; i++)
			trailer |= at >= starts[i] - WALFRAME_TRAILER && at < starts[i];
		segment.data[at] ^= 0x10;
		waldir_put(&dir, 1, segment.data, segment.len);
		segment.data[at] ^= 0x10;
		assert_int_equal(hot_log_open(dir.fd, dir.path, 1, &log, NULL), COUNT_OK);
		points = read_points(&log, &bad);
		assert_true(points >= (at < WALSEG_HEADER || trailer ? FRAMES : FRAMES - 1) * 6);
		if (trailer) {
			assert_true(!log.damaged && log.warnings.len == 0 && bad == 0);
		} else if (at < WALSEG_HEADER) {
			assert_true(log.damaged);	/* frames behind it prove that it was there */
		} else {
			assert_true(bad > 0 || (soft ? log.warnings.len > 0 : log.damaged));
			assert_true(!soft || !log.damaged);
			for (size_t i = 0; i < log.nframes; i++)
				assert_int_equal(log.frames[i].soft, soft);
		}
		assert_int_equal(log.segments[0].damaged, log.damaged);
		hot_log_close(&log);
	}
}

static void test_flips_of_this_boot(void **state)
{
	(void)state;
	flips(false);
}

static void test_flips_of_an_earlier_boot(void **state)
{
	struct buf saved = { 0 };

	(void)state;
	buf_put(&saved, segment.data, segment.len);
	segment.data[12] ^= 1;
	put_u32(segment.data + 36, crc32c(0, segment.data, 36));
	flips(true);
	memcpy(segment.data, saved.data, saved.len);
	buf_free(&saved);
}

static void test_zeros(void **state)
{
	uint8_t zeros[9000] = { 0 };
	struct hot_log log;

	(void)state;
	waldir_put(&dir, 1, zeros, sizeof(zeros));
	assert_int_equal(hot_log_open(dir.fd, dir.path, 1, &log, NULL), COUNT_OK);
	assert_true(!log.damaged && log.warnings.len > 0 && log.nframes == 0);
	hot_log_close(&log);
}

/* A frame of another segment, as the bytes of a value, is no frame here. */
static void test_stray_frame(void **state)
{
	struct buf b = { 0 };
	struct hot_log log;
	unsigned bad;

	(void)state;
	buf_put(&b, segment.data, starts[1]);
	buf_put(&b, segment.data + starts[1], starts[2] - starts[1]);
	walframe_seal(b.data + starts[1], 0xdeadbeef);		/* good, but for another salt */
	buf_put(&b, segment.data + starts[2], segment.len - starts[2]);
	waldir_put(&dir, 1, b.data, b.len);
	assert_int_equal(hot_log_open(dir.fd, dir.path, 1, &log, NULL), COUNT_OK);
	assert_true(log.damaged);
	assert_int_equal(read_points(&log, &bad), (FRAMES - 1) * 6);
	hot_log_close(&log);
	buf_free(&b);
}

static void test_newer_version(void **state)
{
	uint8_t h[WALSEG_HEADER];
	struct hot_log log;

	(void)state;
	memcpy(h, segment.data, sizeof(h));
	put_u32(h + 8, WALSEG_VERSION + 1);
	put_u32(h + 36, crc32c(0, h, 36));
	waldir_put(&dir, 1, h, sizeof(h));
	assert_int_equal(hot_log_open(dir.fd, dir.path, 1, &log, NULL), COUNT_ERR_VERSION);
	hot_log_close(&log);
}

static void test_gaps(void **state)
{
	struct hot_log log;

	(void)state;
	waldir_empty(&dir);
	assert_int_equal(hot_log_open(dir.fd, dir.path, 5, &log, NULL), COUNT_OK);
	assert_int_equal(log.nsegments, 0);
	hot_log_close(&log);
	waldir_put(&dir, 4, segment.data, segment.len);
	waldir_put(&dir, 6, segment.data, segment.len);
	assert_int_equal(hot_log_open(dir.fd, dir.path, 6, &log, NULL), COUNT_OK);
	assert_int_equal(log.nframes, FRAMES);
	hot_log_close(&log);
	assert_int_equal(hot_log_open(dir.fd, dir.path, 4, &log, NULL), COUNT_ERR_NOTFOUND);
	assert_true(log.damaged);		/* the rest is there all the same */
	assert_int_equal(log.nframes, 2 * FRAMES);
	hot_log_close(&log);
	assert_int_equal(hot_log_open(dir.fd, dir.path, 5, &log, NULL), COUNT_ERR_NOTFOUND);
	hot_log_close(&log);
	assert_int_equal(hot_log_open(dir.fd, dir.path, 7, &log, NULL), COUNT_OK);
	assert_int_equal(log.nsegments, 0);
	hot_log_close(&log);
}

static void test_names(void **state)
{
	uint64_t n;
	char name[SEGMENT_NAME_MAX];

	(void)state;
	segment_name(12345678901234567u, name);
	assert_true(segment_parse_name(name, &n) && n == 12345678901234567u);
	assert_true(segment_parse_name("000000000001.wal", &n) && n == 1);
	assert_false(segment_parse_name("000000000000.wal", &n));
	assert_false(segment_parse_name("1.wal", &n));
	assert_false(segment_parse_name("0000000000001.wal", &n));
	assert_false(segment_parse_name("000000000001.wal~", &n));
	assert_false(segment_parse_name("18446744073709551616.wal", &n));
}

static void test_find_and_list(void **state)
{
	struct hot_log log;
	struct hot_run run;

	(void)state;
	waldir_put(&dir, 1, segment.data, segment.len);
	assert_int_equal(hot_log_open(dir.fd, dir.path, 1, &log, NULL), COUNT_OK);
	assert_int_equal(hot_frame_find(&log.frames[0], "c", 1, hot_hash("c", 1), &run), COUNT_ERR_NOTFOUND);
	/* another name under the hash of one that is there */
	assert_int_equal(hot_frame_find(&log.frames[0], "c", 1, hot_hash("a", 1), &run), COUNT_ERR_NOTFOUND);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(hot_frame_run(&log.frames[0], i, &run), COUNT_OK);
		assert_true(run.name_len == 1 && (*run.name == 'a' || *run.name == 'b'));
		assert_int_equal(hot_run_check(&run), COUNT_OK);
		assert_true(run.points == 3 && run.first_time == 0 && run.last_time == 50);
	}
	hot_log_close(&log);
}

/* Many frames of all sizes: what is read at first and what comes from the map later are the same runs. */
static void test_reads_and_map(void **state)
{
	enum { N = 300, MOST = 6000 };
	static int64_t t[MOST];
	static double v[MOST];
	struct hot_appender *a;
	struct hot_log log;
	unsigned copies = 0;

	(void)state;
	waldir_empty(&dir);
	assert_int_equal(hot_appender_open(dir.fd, dir.path, NULL, NULL, &a, NULL), COUNT_OK);
	for (int i = 0; i < N; i++) {
		uint32_t n = i % 50 == 7 ? MOST : 1 + (uint32_t)(i * i) % 90;
		struct walframe_series s = one_series(i % 3 == 0 ? "three" : "other", t, v, n);

		for (uint32_t k = 0; k < n; k++) {
			t[k] = 10000 * i + k;
			v[k] = i + k / 7.0;
		}
		assert_int_equal(hot_append(a, &s, 1, NULL), COUNT_OK);
	}
	hot_appender_close(a);
	assert_int_equal(hot_log_open(dir.fd, dir.path, 1, &log, NULL), COUNT_OK);
	assert_int_equal(log.nframes, N);
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < N; i++) {
			struct hot_run_cursor cur = { 0 };
			struct hot_run run;
			size_t got = MOST;
			int ret = hot_frame_find(&log.frames[i], "three", 5, hot_hash("three", 5), &run);

			assert_int_equal(ret, i % 3 == 0 ? COUNT_OK : COUNT_ERR_NOTFOUND);
			if (ret != COUNT_OK)
				continue;
			copies += run.enc.p < log.segments[0].map.data ||
				  run.enc.p >= log.segments[0].map.data + log.segments[0].map.len;
			assert_int_equal(hot_run_next(&run, &cur, t, v, &got), COUNT_OK);
			assert_int_equal(got, i % 50 == 7 ? MOST : 1 + (i * i) % 90);
			for (size_t k = 0; k < got; k++)
				assert_true(t[k] == (int64_t)(10000 * i + (int64_t)k) && v[k] == i + (double)k / 7.0);
		}
	}
	assert_true(copies > 0 && copies < N / 3);
	hot_log_close(&log);
	waldir_empty(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cut_is_silent),
		cmocka_unit_test(test_flips_of_this_boot),
		cmocka_unit_test(test_flips_of_an_earlier_boot),
		cmocka_unit_test(test_zeros),
		cmocka_unit_test(test_stray_frame),
		cmocka_unit_test(test_newer_version),
		cmocka_unit_test(test_find_and_list),
		cmocka_unit_test(test_reads_and_map),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_names),
	};
	int failed;

	make_segment();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	waldir_remove(&dir);
	buf_free(&segment);
	return failed;
}
