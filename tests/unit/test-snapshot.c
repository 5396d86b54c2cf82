/* test-snapshot.c - engine/snapshot: ranges, damage, and a publisher that never rests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/snapshot.h"

static char top[64];
static struct datadir dir;
static struct current cur;

static int setup(void **state)
{
	struct count_error err = { 0 };

	(void)state;
	strcpy(top, "/tmp/count-test-XXXXXX");
	dir = (struct datadir){ 0 };
	if (mkdtemp(top) == NULL || datadir_open(top, true, COUNT_UNIT_MS, false, &dir, &err) != COUNT_OK)
		return -1;
	return datadir_read_current(&dir, &cur, &err);
}

static int teardown(void **state)
{
	char cmd[128];

	(void)state;
	current_free(&cur);
	datadir_close(&dir);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", top);
	return system(cmd);
}

static int to_buf(void *arg, const void *data, size_t len)
{
	buf_put(arg, data, len);
	return 0;
}

static const char *block_path(uint64_t number)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/blocks/%012" PRIu64 ".blk", top, number);
	return path;
}

/* A block of one series with times first and first + 1, named in cur but not yet published. */
static void add_block(int64_t first, const struct block_info *info)
{
	struct chunk_coder *coder = chunk_coder_new();
	int64_t times[2] = { first, first + 1 };
	double values[2] = { 1, 2 };
	struct block_writer *w;
	struct block_info final;
	struct buf out = { 0 };
	char name[32];

	assert_int_equal(block_writer_new(info, to_buf, &out, &w), COUNT_OK);
	assert_int_equal(block_writer_series(w, "a", 1), COUNT_OK);
	assert_int_equal(block_writer_chunk(w, coder, times, values, 2, 1, 1), COUNT_OK);
	assert_int_equal(block_writer_finish(w, &final), COUNT_OK);
	block_writer_delete(w);
	chunk_coder_delete(coder);
	snprintf(name, sizeof(name), "%012" PRIu64 ".blk", cur.next_number);
	assert_int_equal(fs_replace(dir.blocks_fd, dir.blocks_path, name, out.data, out.len, NULL), COUNT_OK);
	current_add(&cur, &(struct current_block){
		.number = cur.next_number++, .size = out.len, .first_time = first,
		.last_time = first + 1, .seg_lo = 1, .seg_hi = 1, .points = 2,
	});
	buf_free(&out);
}

static struct block_info own(void)
{
	struct block_info info = { .unit = dir.format.unit, .seg_lo = 1, .seg_hi = 1 };

	memcpy(info.id, dir.format.id, sizeof(info.id));
	return info;
}

static void publish(void)
{
	assert_int_equal(datadir_publish(&dir, &cur, NULL), COUNT_OK);
}

static void test_ranges(void **state)
{
	struct block_info info = own();
	struct count_error err = { 0 };
	struct snapshot s;

	(void)state;
	add_block(100, &info);
	add_block(200, &info);
	publish();
	assert_int_equal(snapshot_open(&dir, INT64_MIN, INT64_MAX, &s, &err), COUNT_OK);
	assert_true(s.nblocks == 2 && s.blocks[0].open && s.blocks[1].open && s.ndamages == 0);
	snapshot_close(&s);
	assert_int_equal(snapshot_open(&dir, 102, 200, &s, &err), COUNT_OK);
	assert_true(!s.blocks[0].open && s.blocks[1].open);
	assert_int_equal(snapshot_open_block(&s, 0, &err), COUNT_OK);
	assert_true(s.blocks[0].open && s.blocks[0].block.info.points == 2);
	snapshot_close(&s);
	assert_int_equal(snapshot_open(&dir, 101, 199, &s, &err), COUNT_OK);
	assert_true(s.blocks[0].open && !s.blocks[1].open);
	unlink(block_path(2));
	assert_int_equal(snapshot_open_block(&s, 1, &err), COUNT_ERR_NOTFOUND);
	snapshot_close(&s);
}

/* Opens everything; block 1 must be closed with that text noted, block 2 open. */
static void expect_damage(const char *text)
{
	struct count_error err = { 0 };
	struct snapshot s;

	assert_int_equal(snapshot_open(&dir, INT64_MIN, INT64_MAX, &s, &err), COUNT_OK);
	assert_true(!s.blocks[0].open && s.blocks[1].open);
	assert_int_equal(s.ndamages, 1);
	assert_int_equal(s.damage.code, COUNT_ERR_CORRUPT);
	if (strstr(s.damage.text, text) == NULL || strstr(s.damage.text, "000000000001.blk") == NULL)
		fail_msg("'%s' lacks '%s'", s.damage.text, text);
	snapshot_close(&s);
}

static void test_damage(void **state)
{
	struct block_info info = own();
	FILE *f;

	(void)state;
	add_block(100, &info);
	add_block(200, &info);
	publish();
	f = fopen(block_path(1), "r+");
	assert_non_null(f);
	fputc('x', f);
	fflush(f);
	expect_damage("damaged at byte 0");
	fseek(f, 0, SEEK_END);
	fputc('x', f);
	fclose(f);
	expect_damage("CURRENT says");
	unlink(block_path(1));
	expect_damage("CURRENT names it");
}

static void test_foreign(void **state)
{
	struct block_info info = own(), good = own();

	(void)state;
	info.id[0] ^= 1;
	add_block(100, &info);
	add_block(200, &good);
	publish();
	expect_damage("another data directory");
}

static void test_foreign_unit(void **state)
{
	struct block_info info = own(), good = own();

	(void)state;
	info.unit = COUNT_UNIT_NS;
	add_block(100, &info);
	add_block(200, &good);
	publish();
	expect_damage("time unit");
}

/* Replaces the only block for ever, as a compaction does. */
static void rewrite_for_ever(void)
{
	struct block_info info = own();

	for (;;) {
		uint64_t old = cur.blocks[0].number;

		cur.nblocks = 0;
		add_block(100, &info);
		publish();
		unlink(block_path(old));
	}
}

static void test_publisher(void **state)
{
	struct block_info info = own();
	uint64_t first = 0, last = 0;
	pid_t child;

	(void)state;
	add_block(100, &info);
	publish();
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		rewrite_for_ever();
	/* 300 looks may pass before the child was given a processor. */
	for (int i = 0; i < 300 || (last < first + 20 && i < 1000000); i++) {
		struct count_error err = { 0 };
		struct snapshot s;
		int ret = snapshot_open(&dir, INT64_MIN, INT64_MAX, &s, &err);

		if (ret != COUNT_OK || s.ndamages != 0 || s.nblocks != 1 || !s.blocks[0].open) {
			kill(child, SIGKILL);
			fail_msg("%d: %s%s", i, err.text, ret == COUNT_OK ? s.damage.text : "");
		}
		first = i == 0 ? s.current.generation : first;
		last = s.current.generation;
		snapshot_close(&s);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_true(last > first);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_ranges), T(test_damage), T(test_foreign), T(test_foreign_unit), T(test_publisher),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
