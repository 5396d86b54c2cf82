/* test-coldindex.c - format/coldindex: records of every kind of manifest, files, searches, every damaged byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/crc32c.h"
#include "format/coldindex.h"
#include "format/coldindex_layout.h"
#include "manifests.h"

#define WRITER "00112233445566778899aabbccddeeff"

/* ---- Records ---- */

static void round_trip(const struct manifest *m)
{
	struct manifest back = { 0 };
	struct coldindex_entry e;
	struct buf out = { 0 };

	assert_int_equal(coldindex_put_record(&out, m->series, m->series_len, m, "tag\"é", -5, true), COUNT_OK);
	assert_int_equal(coldindex_record_read(out.data, out.len, &e), COUNT_OK);
	assert_true(e.name_len == m->series_len && memcmp(e.name, m->series, e.name_len) == 0);
	assert_true(!e.gone && e.foreign && e.checked_s == -5 && e.etag_len == 6 && memcmp(e.etag, "tag\"é", 6) == 0);
	assert_int_equal(e.blocks, m->nblocks);
	assert_int_equal(coldindex_manifest(&e, &back), COUNT_OK);
	assert_true(same_manifest(m, &back));
	manifest_free(&back);
	buf_free(&out);
}

static void test_plain(void **state)
{
	struct manifest m = { 0 };
	struct coldindex_entry e;
	struct buf out = { 0 };

	(void)state;
	make_manifest(&m, "cpu", WRITER, 3, 5, 1);
	round_trip(&m);
	coldindex_put_record(&out, "cpu", 3, &m, "t", 0, false);
	assert_int_equal(coldindex_record_read(out.data, out.len, &e), COUNT_OK);
	assert_true(e.any && e.first == 19000 * DAY_MS && e.last == 19015 * DAY_MS - 60000 && e.points == 15 * 1440);
	assert_int_equal(e.bytes, m.blocks[0].size + m.blocks[1].size + m.blocks[2].size);
	buf_free(&out);
	manifest_free(&m);
}

static void set(char **s, const char *text)
{
	free(*s);
	*s = text == NULL ? NULL : strdup(text);
}

/* Every field in each of its forms: absent, as usual, as nobody expects. */
static void test_forms(void **state)
{
	static const char *const texts[] = {
		NULL, "", "x", WRITER, "00112233445566778899AABBCCDDEEFF", "0011223344556677889900112233445-",
		"xxh128:00112233445566778899aabbccddeeff", "xxh128:", "xxh128:00112233445566778899aabbccddeefg",
		"d41d8cd98f00b204e9800998ecf8427e-12",
	};
	struct manifest m = { 0 };
	size_t n = sizeof(texts) / sizeof(texts[0]);

	(void)state;
	make_manifest(&m, "a.b", WRITER, 3, 2, 9);
	for (size_t i = 0; i < n; i++) {
		set(&m.writer, texts[i]);
		set(&m.blocks[0].codec, texts[i]);
		for (size_t k = 0; k < n; k++) {
			set(&m.blocks[0].checksum, texts[i]);
			set(&m.blocks[0].etag, texts[k]);
			set(&m.blocks[0].writer, texts[k]);
			set(&m.blocks[1].codec, texts[k]);
			round_trip(&m);
		}
	}
	set(&m.blocks[1].checksum, "xxh128:" WRITER);
	set(&m.blocks[1].etag, WRITER);
	m.blocks[1].has_hash = m.blocks[2].has_stats = false;
	memset(m.blocks[1].points_hash, 0, 16);
	set(&m.other, "{\"x\":1}");
	set(&m.blocks[2].other, "{}");
	m.has_unit = false;
	m.version = 0;
	m.seq = UINT64_MAX;
	m.blocks[0].seq = UINT64_MAX;
	m.blocks[1].size = UINT64_MAX;
	round_trip(&m);
	manifest_free(&m);
}

static void test_keys(void **state)
{
	struct manifest m = { 0 };
	char usual[128];

	(void)state;
	make_manifest(&m, "k", WRITER, 2, 1, 3);
	snprintf(usual, sizeof(usual), "count-data/k/block_%" PRId64 "_%" PRId64, m.blocks[1].start, m.blocks[1].end);
	static const char *const tails[] = {
		".json", "_2.json", "_1.json", "_0.json", "_02.json", "_999999999.json", "_1000000000.json", "_.json",
		"_2.jsonx", "_2", "", ".jso", "_99999999999999999999.json",
	};
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		free(m.blocks[1].key);
		m.blocks[1].key = text_of("%s%s", usual, tails[i]);
		round_trip(&m);
	}
	set(&m.blocks[1].key, "elsewhere");
	round_trip(&m);
	set(&m.blocks[0].key, "noslash");
	round_trip(&m);
	set(&m.blocks[0].key, "");
	round_trip(&m);
	manifest_free(&m);
}

static void test_garbage(void **state)
{
	static const char *const keys[] = { "p/s/block_1_2.json", "p/s/block_1_2_2.json", "q", "" };
	struct manifest m = { 0 };

	(void)state;
	make_manifest(&m, "s", WRITER, 0, 0, 0);
	round_trip(&m);		/* no block at all */
	for (int i = 0; i < 4; i++) {
		struct manifest_garbage *g = manifest_add_garbage(&m);

		g->key = strdup(keys[i]);
		g->since_s = i == 2 ? INT64_MIN : 1700000000 + i;
		round_trip(&m);
	}
	manifest_free(&m);
}

/* Doubles and times that differencing could harm. */
static void test_extremes(void **state)
{
	static const double odd[] = { 0.0, -0.0, NAN, -NAN, INFINITY, -INFINITY, 5e-324, 1.7976931348623157e308, 0.1,
				      1, 1e15, 123456.75 };
	static const int64_t times[] = { INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX };
	struct manifest m = { 0 };
	uint64_t r = 7;

	(void)state;
	make_manifest(&m, "x", WRITER, 4, 6, 5);
	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < 4; i++)
			for (size_t d = 0; d < 6; d++) {
				struct chunk_stats *s = &m.blocks[i].days[d];

				s->min = odd[next_random(&r) % 12];
				s->max = odd[next_random(&r) % 12];
				s->sum.hi = odd[next_random(&r) % 12];
				s->sum.lo = odd[next_random(&r) % 12];
				s->first = odd[next_random(&r) % 12];
				s->last = odd[next_random(&r) % 12];
				s->nan_count = next_random(&r) % 3;
			}
		m.blocks[1].stats = m.blocks[2].days[3];
		m.blocks[1].stats.first_time = m.blocks[1].start;
		m.blocks[1].stats.last_time = m.blocks[1].end;
		m.blocks[1].stats.count = m.blocks[1].points;
		round_trip(&m);
	}
	for (size_t i = 0; i < 4; i++) {
		free(m.blocks[i].days);
		m.blocks[i].days = NULL;
		m.blocks[i].ndays = 0;
		m.blocks[i].has_stats = false;
	}
	for (size_t a = 0; a < 7; a++)
		for (size_t b = a; b < 7; b++) {
			m.blocks[1].start = times[a];
			m.blocks[1].end = times[b];
			m.blocks[1].points = m.blocks[3].points = UINT64_MAX;
			round_trip(&m);
		}
	manifest_free(&m);
}

static void test_gone(void **state)
{
	struct manifest m = { 0 };
	struct coldindex_entry e;
	struct buf out = { 0 };

	(void)state;
	assert_int_equal(coldindex_put_record(&out, "s", 1, NULL, NULL, 77, false), COUNT_OK);
	assert_int_equal(coldindex_record_read(out.data, out.len, &e), COUNT_OK);
	assert_true(e.gone && !e.any && e.checked_s == 77);
	assert_int_equal(coldindex_manifest(&e, &m), COUNT_ERR_CORRUPT);
	buf_free(&out);
}

static void test_checked_again(void **state)
{
	struct manifest m = { 0 }, back = { 0 };
	struct coldindex_entry e, f;
	struct buf out = { 0 }, again = { 0 };

	(void)state;
	make_manifest(&m, "s", WRITER, 2, 2, 2);
	coldindex_put_record(&out, "s", 1, &m, "tag", 77, true);
	assert_int_equal(coldindex_record_read(out.data, out.len, &e), COUNT_OK);
	assert_int_equal(coldindex_put_entry(&again, &e, 99), COUNT_OK);
	assert_int_equal(coldindex_record_read(again.data, again.len, &f), COUNT_OK);
	assert_true(f.checked_s == 99 && f.foreign && f.etag_len == 3 && f.points == e.points);
	assert_int_equal(coldindex_manifest(&f, &back), COUNT_OK);
	assert_true(same_manifest(&m, &back));
	manifest_free(&m);
	manifest_free(&back);
	buf_free(&out);
	buf_free(&again);
}

/* 60 bytes a day at most, about 100 a block beyond them. */
static void test_size(void **state)
{
	struct manifest m = { 0 };
	struct buf out = { 0 };

	(void)state;
	make_manifest(&m, "cpu", WRITER, 10, 90, 1);
	coldindex_put_record(&out, "cpu", 3, &m, "t", 0, false);
	print_message("%.1f bytes a day\n", (double)out.len / 900);
	assert_true(out.len < 10 * 120 + 900 * 60);
	buf_free(&out);
	manifest_free(&m);
}

/* ---- Files ---- */

static void make_file(struct buf *out, size_t n, const char *region)
{
	struct coldindex_facts facts = { .scope = (char *)"file:///b/count-data", .unit = COUNT_UNIT_US,
					 .synced_s = 1700000000, .if_absent = 1, .if_match = 3,
					 .bare_etag = region != NULL, .region = (char *)region };
	struct coldindex_writer w;

	assert_int_equal(coldindex_begin(&w, &facts, out), COUNT_OK);
	for (size_t i = 0; i < n; i++) {
		size_t before = out->len;
		struct manifest m = { 0 };
		char name[32];

		snprintf(name, sizeof(name), "s%05zu", 2 * i);
		make_manifest(&m, name, WRITER, i % 3, 2, i + 1);
		assert_int_equal(coldindex_put_record(out, name, 6, i % 5 == 4 ? NULL : &m, "tag", 5, false),
				 COUNT_OK);
		assert_int_equal(coldindex_record(&w, out->len - before), COUNT_OK);
		manifest_free(&m);
	}
	assert_int_equal(coldindex_end(&w, out), COUNT_OK);
	coldindex_writer_free(&w);
}

static void test_file(void **state)
{
	struct coldindex_entry e;
	struct buf out = { 0 };
	struct coldindex x;
	uint64_t i, at;

	(void)state;
	make_file(&out, 100, "eu-west-1");
	assert_int_equal(coldindex_open(&x, out.data, out.len, &at), COUNT_OK);
	assert_int_equal(x.n, 100);
	assert_string_equal(x.facts.scope, "file:///b/count-data");
	assert_string_equal(x.facts.region, "eu-west-1");
	assert_true(x.facts.unit == COUNT_UNIT_US && x.facts.synced_s == 1700000000 && x.facts.if_absent == 1 &&
		    x.facts.if_match == 3 && x.facts.bare_etag);
	assert_int_equal(coldindex_verify(&x, &at), COUNT_OK);
	for (size_t k = 0; k < 200; k++) {
		char name[32];

		snprintf(name, sizeof(name), "s%05zu", k);
		assert_int_equal(coldindex_lower_bound(&x, name, 6, &i, &at), COUNT_OK);
		assert_int_equal(i, (k + 1) / 2);
		if (i < 100) {
			assert_int_equal(coldindex_get(&x, i, &e, &at), COUNT_OK);
			assert_true((k % 2 == 0) == (memcmp(e.name, name, 6) == 0));
			assert_true(e.gone == (i % 5 == 4));
		}
	}
	assert_int_equal(coldindex_lower_bound(&x, "", 0, &i, &at), COUNT_OK);
	assert_int_equal(i, 0);
	assert_int_equal(coldindex_get(&x, 100, &e, &at), COUNT_ERR_CORRUPT);
	coldindex_close(&x);
	buf_free(&out);
}

static void test_no_records(void **state)
{
	struct buf out = { 0 };
	struct coldindex x;
	uint64_t i, at;

	(void)state;
	make_file(&out, 0, NULL);
	assert_int_equal(coldindex_open(&x, out.data, out.len, &at), COUNT_OK);
	assert_true(x.n == 0 && x.facts.region == NULL && !x.facts.bare_etag);
	assert_int_equal(coldindex_lower_bound(&x, "a", 1, &i, &at), COUNT_OK);
	assert_int_equal(i, 0);
	coldindex_close(&x);
	buf_free(&out);
}

static void test_newer(void **state)
{
	struct buf out = { 0 };
	struct coldindex x;
	uint64_t at;

	(void)state;
	make_file(&out, 1, NULL);
	put_u16(out.data + COLDX_VERSION_AT, COLDINDEX_VERSION + 1);
	assert_int_equal(coldindex_open(&x, out.data, out.len, &at), COUNT_ERR_CORRUPT);
	put_u32(out.data + COLDX_HEADER_CRC_AT, crc32c(0, out.data, COLDX_HEADER_CRC_AT));
	assert_int_equal(coldindex_open(&x, out.data, out.len, &at), COUNT_ERR_VERSION);
	buf_free(&out);
}

/* Every flipped bit, and every cut, is seen, and where is inside the file. */
static void test_damage(void **state)
{
	struct buf out = { 0 };
	struct coldindex x;

	(void)state;
	make_file(&out, 6, "r");
	for (size_t i = 0; i < out.len; i++) {
		uint64_t at = UINT64_MAX;
		int ret;

		assert_int_equal(coldindex_open(&x, out.data, i, &at), COUNT_ERR_CORRUPT);
		assert_true(at <= out.len);
		for (unsigned bit = 0; bit < 8; bit++) {
			out.data[i] ^= (uint8_t)(1u << bit);
			at = UINT64_MAX;
			ret = coldindex_open(&x, out.data, out.len, &at);
			if (ret == COUNT_OK) {
				ret = coldindex_verify(&x, &at);
				coldindex_close(&x);
			}
			assert_int_equal(ret, COUNT_ERR_CORRUPT);
			assert_true(at < out.len);
			out.data[i] ^= (uint8_t)(1u << bit);
		}
	}
	buf_free(&out);
}

/* Damage of a body leaves all that needs only heads. */
static void test_damaged_body(void **state)
{
	struct manifest m = { 0 };
	struct coldindex_entry e;
	struct buf out = { 0 };
	struct coldindex x;
	uint64_t i, at;

	(void)state;
	make_file(&out, 20, NULL);
	assert_int_equal(coldindex_open(&x, out.data, out.len, &at), COUNT_OK);
	assert_int_equal(coldindex_get(&x, 7, &e, &at), COUNT_OK);
	out.data[e.body - x.data + 3] ^= 4;
	assert_int_equal(coldindex_lower_bound(&x, "s00014", 6, &i, &at), COUNT_OK);
	assert_int_equal(i, 7);
	assert_int_equal(coldindex_get(&x, i, &e, &at), COUNT_OK);
	assert_int_equal(coldindex_manifest(&e, &m), COUNT_ERR_CORRUPT);
	assert_int_equal(coldindex_verify(&x, &at), COUNT_ERR_CORRUPT);
	assert_int_equal(at, e.body - x.data);
	coldindex_close(&x);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_checked_again),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_no_records),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_damaged_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
