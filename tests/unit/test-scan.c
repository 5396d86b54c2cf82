/* test-scan.c - the kernels that read plain lines take no line otherwise than line_read() does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scanpair.h"

static uint64_t next_random(uint64_t *state)	/* splitmix64 */
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

struct text { char *s; size_t len, cap; };

static void put(struct text *t, const char *s, size_t len)
{
	while (t->cap - t->len < len + SCAN_PAD) {
		t->cap = t->cap == 0 ? 4096 : 2 * t->cap;
		t->s = realloc(t->s, t->cap);
		assert_non_null(t->s);
	}
	memcpy(t->s + t->len, s, len);
	t->len += len;
}

static void put_str(struct text *t, const char *s)
{
	put(t, s, strlen(s));
}

static const struct line how = { .unit = COUNT_UNIT_MS, .now = 1700000000123 };

/* Every kernel reads t as the reference does; in memory of exactly its size, so that ASan sees more.  Returns how
 * many points the last kernel took. */
static size_t check(const struct line *line, const struct text *t, size_t len)
{
	char *exact = malloc(len + SCAN_PAD);
	size_t taken = 0;

	assert_non_null(exact);
	memcpy(exact, t->s, len);
	/* Behind the end stands what a later read would bring, or rests of an earlier one. */
	for (size_t i = 0; i < SCAN_PAD; i++)
		exact[len + i] = len + i < t->len ? t->s[len + i] : "1 \n7.0"[i % 6];
	for (const struct scan_kernel *k = scan_kernels; k->name != NULL; k++) {
		long differ;

		if (!k->usable())
			continue;
		differ = scan_compare(line, k->run, exact, len, &taken);
		if (differ >= 0)
			print_error("%s: event %ld of\n%.*s\n", k->name, differ, len < 3000 ? (int)len : 3000, exact);
		assert_int_equal(differ, -1);
	}
	free(exact);
	return taken;
}

/* Each case stands between lines that are known, thus guessed, and is repeated: new, then known. */
static void check_line(const struct line *line, const char *s, size_t len, size_t cuts)
{
	struct text t = { 0 };

	for (int i = 0; i < 3; i++) {
		put_str(&t, "before.it 1 1700000000\n");
		put(&t, s, len);
		put_str(&t, "\nafter.it 2.5 1700000001\n");
	}
	check(line, &t, t.len);
	for (size_t cut = 0; cut <= cuts; cut++)
		check(line, &t, t.len - cut);
	free(t.s);
}

static void test_shapes(void **state)
{
	static const char *const lines[] = {
		"", " ", "a", "a ", "a 1", "a 1 ", "a 1 2", "a 1 2 ", "a 1 2 3", " a 1 2", "\ta\t1\t2",
		"a\t1\t2", "a  1 2", "a 1  2", "a \t1 2", "a 1 2\r", "a 1\r", "a\r 1 2", "# 1 2", "#a 1 2",
		"a# 1 2", "a;b=c 1 2", "a;b 1 2", "a{b=\"c d\"} 1 2", "a{b=\"c\"} 1 2", "a{b=\"c 1 2",
		"a{b=\"c 1 2} 1 2", "a{b=\"c\\\" d\"} 1 2", "{\"a b\",c=\"d\"} 1 2", "{\"a b\"} 1",
		"{\"name\":\"x\",\"value\":1,\"time\":2}", "{ 1 2", "} 1 2", "a} 1 2", "a{} 1 2", "a null 2",
		"a nan 2", "a inf 2", "a -inf 2", "a +1 2", "a -1 2", "a - 2", "a . 2", "a -. 2", "a .5 2",
		"a 5. 2", "a -5. 2", "a -.5 2", "a 1.2.3 2", "a 1..2 2", "a --1 2", "a 1-1 2", "a 1e5 2",
		"a 1e 2", "a e5 2", "a 0x10 2", "a 1_0 2", "a 1,5 2", "a -0 2", "a -0.0 2",
		"a 00000000000000001 2", "a 0000000000000000 2", "a 9007199254740992 2",
		"a 9007199254740993 2", "a 9007199254740991 2", "a 9999999999999999 2",
		"a 999999999999999.9 2", "a 0.9999999999999999 2", "a 12345678.12345678 2",
		"a 1234567.123456789 2", "a 1234567890.123456 2", "a .123456789012345 2",
		"a .1234567890123456 2", "a 123456789012345. 2", "a -123456789012345.6 2",
		"a 0.12345678901234567 2", "a 1 -1", "a 1 N", "a 1 -5", "a 1 +5", "a 1 1.5", "a 1 .5",
		"a 1 1e3", "a 1 1700000000", "a 1 170000000012", "a 1 17000000001234", "a 1 1700000000123456",
		"a 1 1700000000123456789", "a 1 99999999999", "a 1 100000000000", "a 1 99999999999999",
		"a 1 100000000000000", "a 1 9999999999999999", "a 1 10000000000000000",
		"a 1 99999999999999999", "a 1 100000000000000000", "a 1 999999999999999999",
		"a 1 9223372036854775807", "a 1 9223372036854775808", "a 1 18446744073709551616",
		"a 1 000000000000000000000001", "a 1 2024-05-01T10:00:00Z", "a 1 2024-05-01T10:00:00.5Z",
		"a 1 /", "a 1 :", "a / 1", "a : 1", "a 1/ 1", "a=1 1 2", "a b=1 2", "a 1 2=3", "a 42% 2",
		"a 1\v2", "a\v1 2", "a 1\f2", "\xc3\xa9 1 2", "\xff 1 2", "a \xff 2", "a 1 \xff",
		"a \xc3\xa9 2", "a 1\xa0 2", "a 1 2\x1f", "a\x1f 1 2", "a\x7f 1 2", "-1 2 3", "1 2 3",
		"a;=b 1 2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		check_line(&how, lines[i], strlen(lines[i]), strlen(lines[i]) + 24);
		for (int unit = COUNT_UNIT_S; unit <= COUNT_UNIT_NS; unit++)
			for (int given = COUNT_TIME_AUTO; given <= COUNT_TIME_NS; given++) {
				struct line other = how;

				other.unit = (enum count_unit)unit;
				other.given = (enum count_time_unit)given;
				other.fixed = (unit + given) % 2 == 0 ? &format_graphite : NULL;
				check_line(&other, lines[i], strlen(lines[i]), 0);
			}
	}
}

/* One byte of a good line replaced by each other one; a NUL too. */
static void test_each_byte(void **state)
{
	char good[] = "web1{cpu=\"3\"} -71.25 1700000000";

	(void)state;
	for (size_t i = 0; i < sizeof(good) - 1; i++)
		for (int c = 0; c < 256; c++) {
			char kept = good[i];
			struct text t = { 0 };

			for (int k = 0; k < 4; k++) {
				good[i] = k == 2 ? (char)c : kept;
				put(&t, good, sizeof(good) - 1);
				put_str(&t, k % 2 == 0 ? "\n" : "\nother 1 2\n");
			}
			good[i] = kept;
			check(&how, &t, t.len);
			free(t.s);
		}
}

/* Names of every length around the widths of registers, and the longest there are. */
static void test_names(void **state)
{
	static const size_t lengths[] = { 254, 255, 256, 257, 4094, 4095, 4096, 4097, 5000 };
	struct text t = { 0 };
	char name[5001];

	(void)state;
	memset(name, 'n', sizeof(name));
	for (int round = 0; round < 4; round++) {
		for (size_t len = 1; len < 200; len++) {
			put(&t, name, len);
			put_str(&t, " 1.5 1700000000\n");
		}
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			put(&t, name, lengths[i]);
			put_str(&t, " -2 1700000010\n");
		}
		if (round == 1)
			name[0] = 'x';		/* equal but for one byte */
	}
	assert_true(check(&how, &t, t.len) > 200);
	free(t.s);
}

/* Series in a fixed order, as scrapes send them, are nearly all taken; so this is what is measured. */
static void test_all_are_taken(void **state)
{
	struct text t = { 0 };
	char line[100];

	(void)state;
	for (int round = 0; round < 30; round++)
		for (int i = 0; i < 100; i++) {
			snprintf(line, sizeof(line), "web%d.load %d.%02d %d\n", i, round * i, i, 1700000000 + round);
			put_str(&t, line);
		}
	assert_int_equal(check(&how, &t, t.len), 2900);
	free(t.s);
}

static void put_random_value(struct text *t, uint64_t *rnd)
{
	static const char bytes[] = "0123456789012345678901234567890123456789..--+eE \tx";
	char s[80];
	double v;
	uint64_t bits;

	switch (next_random(rnd) % 4) {
	case 0:
		bits = next_random(rnd);
		memcpy(&v, &bits, sizeof(v));
		snprintf(s, sizeof(s), "%.17g", v);
		break;
	case 1:
		snprintf(s, sizeof(s), "%.*f", (int)(next_random(rnd) % 12),
			 (double)(int64_t)next_random(rnd) / (double)(next_random(rnd) | 1));
		break;
	case 2:
		snprintf(s, sizeof(s), "%lld", (long long)next_random(rnd) >> next_random(rnd) % 64);
		break;
	default:
		for (bits = 0; bits < next_random(rnd) % 24; bits++)
			s[bits] = bytes[next_random(rnd) % (sizeof(bits) * 6 + 2)];
		s[bits] = '\0';
	}
	put_str(t, s);
}

static void put_random_line(struct text *t, uint64_t *rnd)
{
	static const char *const names[] = {
		"a", "a.b", "cpu{h=\"x y\"}", "cpu{h=\"x\"}", "d;h=x", "{\"odd one\"}", "#", "", "\xc3\xa9",
		"a.very.long.name.that.does.not.fit.into.one.register.of.sixty.four.bytes.at.all",
	};
	static const char *const blanks[] = { " ", " ", " ", " ", " ", " ", "\t", "  ", "" };
	static const char *const ends[] = { "\n", "\n", "\n", "\n", "\n", "\n", "\r\n", " \n", "\n\n", "\xff\n" };
	char s[40];

	put_str(t, names[next_random(rnd) % 10]);
	put_str(t, blanks[next_random(rnd) % 9]);
	put_random_value(t, rnd);
	put_str(t, blanks[next_random(rnd) % 9]);
	snprintf(s, sizeof(s), "%lld", (long long)(next_random(rnd) >> (1 + next_random(rnd) % 63)));
	put_str(t, s);
	put_str(t, ends[next_random(rnd) % 10]);
}

static void test_random(void **state)
{
	uint64_t rnd = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct text t = { 0 };

		for (int i = 0; i < 60; i++)
			put_random_line(&t, &rnd);
		for (uint64_t hurt = next_random(&rnd) % 4; hurt > 0; hurt--)
			t.s[next_random(&rnd) % t.len] = (char)next_random(&rnd);
		check(&how, &t, t.len - next_random(&rnd) % 70);
		free(t.s);
	}
}

/* Decimals of every number of digits with the point in every place, against strtod(). */
static void test_decimals(void **state)
{
	uint64_t rnd = 2;

	(void)state;
	for (int digits = 1; digits <= 18; digits++)
		for (int point = -1; point <= digits; point++)
			for (int round = 0; round < 200; round++) {
				char s[120] = "x 1 1\nx ", *value = s + 8, *p = value;
				struct line line = how;
				struct scan_reading r = { .line = line };
				double want;

				if (round % 3 == 0)
					*p++ = '-';
				for (int i = 0; i < digits; i++) {
					if (i == point)
						*p++ = '.';
					*p++ = (char)(round == 1 ? '9' : round == 2 ? '0' :
						      '0' + next_random(&rnd) % 10);
				}
				if (point == digits)
					*p++ = '.';
				want = strtod(value, NULL);
				memcpy(p, " 1\n", 4);
				for (const struct scan_kernel *k = scan_kernels; k->name != NULL; k++) {
					if (!k->usable())
						continue;
					r.n = 0;
					scan_read(&r, k->run, s, (size_t)(p + 3 - s));
					assert_int_equal(r.n, 2);
					assert_memory_equal(&r.v[1].bits, &want, sizeof(want));
				}
				scan_reading_free(&r);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_each_byte),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_all_are_taken),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_decimals),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
