/* test-num.c - base/num: doubles to text and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/num.h"
#include "count.h"

static uint64_t next_random(uint64_t *state)	/* splitmix64 */
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static int parse(const char *s, double *v)
{
	char *exact = malloc(strlen(s) + 1);	/* so that ASan sees a read past the end */
	int ret;

	memcpy(exact, s, strlen(s));
	ret = count_value_parse(exact, strlen(s), v);
	free(exact);
	return ret;
}

static void test_spelling(void **state)
{
	static const struct { double v; const char *text; } cases[] = {
		{ 0, "0" }, { -0.0, "-0" }, { 1, "1" }, { -1, "-1" }, { 0.1, "0.1" }, { 1.5, "1.5" },
		{ 100, "100" }, { 123456, "123456" }, { 5e-324, "5e-324" },
		{ 1.7976931348623157e308, "1.7976931348623157e+308" },
		{ 2.2250738585072014e-308, "2.2250738585072014e-308" },
		{ 0x1p-44, "5.684341886080802e-14" }, { 9007199254740993.0, "9007199254740992" },
		{ 9007199254740994.0, "9007199254740994" }, { 1e15, "1000000000000000" },
		{ 1e16, "10000000000000000" }, { 1e20, "100000000000000000000" },
		{ 1e21, "1e+21" }, { 1.5e21, "1.5e+21" }, { 1e22, "1e+22" }, { 1e23, "1e+23" },
		{ 123456789012345680000.0, "123456789012345680000" },
		{ 123e-7, "0.0000123" }, { 0.000001, "0.000001" }, { 1e-7, "1e-7" },
		{ 1.5e-7, "1.5e-7" }, { 0.0000012345678901234567, "0.0000012345678901234567" },
		{ -0.0000012345678901234567, "-0.0000012345678901234567" },
		{ 1.0 / 3, "0.3333333333333333" }, { 2.0 / 3, "0.6666666666666666" },
		{ 0.1 + 0.2, "0.30000000000000004" }, { 4.35, "4.35" }, { 99.99, "99.99" },
		{ 999999999999999.0, "999999999999999" }, { 99999999999999.9, "99999999999999.9" },
		{ 9.5367431640625e-7, "9.5367431640625e-7" }, { 4294967295.5, "4294967295.5" },
		{ 2e-44, "2e-44" }, { 9e-265, "9e-265" }, { 8.41e21, "8.41e+21" },
		{ 9.0608011534336e15, "9060801153433600" }, { 5.0e-324, "5e-324" },
		{ 4.8726570057E288, "4.8726570057e+288" }, { 2.0919495182368195e19, "20919495182368195000" },
		{ __builtin_inf(), "+Inf" }, { -__builtin_inf(), "-Inf" }, { __builtin_nan(""), "NaN" },
		{ -__builtin_nan("7"), "NaN" },
	};
	char out[COUNT_VALUE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = count_value_format(cases[i].v, out);

		assert_int_equal(len, strlen(cases[i].text));
		assert_string_equal(out, cases[i].text);
	}
}

/* Significant digits of a decimal text, zeros at both ends left out. */
static int significant(const char *s)
{
	int n = 0, last = 0;

	for (; *s != '\0' && *s != 'e'; s++)
		if (*s >= '0' && *s <= '9' && (n > 0 || *s != '0')) {
			n++;
			if (*s != '0')
				last = n;
		}
	return last;
}

/* Reads back here and in strtod, and is as short as the shortest %.*e that does. */
static void check_shortest(uint64_t bits)
{
	double v = f64_from_bits(bits), back;
	char out[COUNT_VALUE_MAX], libc[40];
	int digits = 0;
	size_t len;

	if (v != v || v - v != 0)
		return;
	len = count_value_format(v, out);
	assert_int_equal(len, strlen(out));
	assert_int_equal(f64_bits(strtod(out, NULL)), bits);
	assert_int_equal(count_value_parse(out, strlen(out), &back), COUNT_OK);
	assert_int_equal(f64_bits(back), bits);
	if (v == 0)
		return;
	do
		snprintf(libc, sizeof(libc), "%.*e", digits, v);
	while (++digits < 17 && strtod(libc, NULL) != v);
	if (significant(out) == significant(libc))	/* of the same length, the nearest */
		return;
	/* just above a power of two the interval is lopsided, and a farther one may be shorter */
	assert_true(significant(out) < significant(libc));
	assert_true((bits & ((UINT64_C(1) << 52) - 1)) == 0);
}

/* 17 digits, read by this parser and by strtod. */
static void check_long_form(uint64_t bits)
{
	double v = f64_from_bits(bits), back;
	char text[64];

	if (v != v || v - v != 0)
		return;
	snprintf(text, sizeof(text), "%.17g", v);
	assert_int_equal(parse(text, &back), COUNT_OK);
	assert_int_equal(f64_bits(back), bits);
	snprintf(text, sizeof(text), "%.25e", v);
	assert_int_equal(parse(text, &back), COUNT_OK);
	assert_int_equal(f64_bits(back), bits);
}

static void test_random_bits(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 30000; i++) {
		uint64_t bits = next_random(&seed);

		check_shortest(bits);
		check_long_form(bits);
		check_shortest(f64_bits((double)(int64_t)bits));
		check_shortest(bits >> (12 + bits % 52));		/* subnormal */
	}
}

static void test_metric_values(void **state)
{
	char text[32], out[COUNT_VALUE_MAX];
	uint64_t seed = 2;
	double v;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint64_t r = next_random(&seed);
		int frac = (int)(r % 7);
		double scale = num_exact_pow10[frac];

		/* both by libc from an exact text: "%.*f" of a short decimal is that decimal */
		snprintf(text, sizeof(text), "%.*f", frac, (double)(r >> 8 & 0xffffffffff) / scale);
		assert_int_equal(parse(text, &v), COUNT_OK);
		assert_true(v == strtod(text, NULL));
		count_value_format(v, out);
		if (strchr(text, '.') != NULL) {	/* cut the zeros %f leaves */
			char *end = text + strlen(text);

			while (end[-1] == '0')
				*--end = '\0';
			if (end[-1] == '.')
				*--end = '\0';
		}
		assert_string_equal(out, text[0] == '\0' ? "0" : text);
	}
}

static void test_powers(void **state)
{
	char text[32];
	double v;

	(void)state;
	for (int e = -1100; e <= 1023; e++) {
		uint64_t bits = f64_bits(__builtin_ldexp(1, e));

		check_shortest(bits);
		check_shortest(bits + 1);
		check_long_form(bits);
		check_long_form(bits + 1);
		if (bits > 0) {
			check_shortest(bits - 1);
			check_long_form(bits - 1);
		}
	}
	for (int e = -400; e <= 308; e++)
		for (int m = 1; m < 100; m++) {
			int len = snprintf(text, sizeof(text), "%de%d", m, e - 1);

			assert_int_equal(count_value_parse(text, (size_t)len, &v),
					 strtod(text, NULL) - strtod(text, NULL) == 0 ?
					 COUNT_OK : COUNT_ERR_INVALID);
			if (strtod(text, NULL) - strtod(text, NULL) == 0)
				assert_int_equal(f64_bits(v), f64_bits(strtod(text, NULL)));
		}
}

/* Texts on, just above and just below the middle of two doubles, at every exponent. */
static void test_halfway(void **state)
{
	uint64_t seed = 3;
	char text[1200];

	(void)state;
	for (int e = -1074; e <= 970; e += 7) {
		long double middle = 0;		/* 2m + 1 times 2^(e-1): exact in 64 bits of mantissa */
		uint64_t m = next_random(&seed) >> 12 | (e == -1074 ? 0 : UINT64_C(1) << 51);
		double v;

		middle = __builtin_ldexpl(2.0L * m + 1, e - 1);
		for (int how = 0; how < 3; how++) {
			int len = snprintf(text, sizeof(text), "%.*Le", 800, middle);
			char *exp = strchr(text, 'e');

			if (how == 1)
				exp[-1] = '1';	/* the last of 800 digits */
			if (how == 2)		/* the first 19 digits only */
				len = (int)(19 + (size_t)snprintf(text + 19, 16, "%s", exp));
			assert_int_equal(count_value_parse(text, (size_t)len, &v), COUNT_OK);
			assert_int_equal(f64_bits(v), f64_bits(strtod(text, NULL)));
		}
	}
}

static void test_hard(void **state)
{
	static const char *const texts[] = {
		"9007199254740993", "9007199254740993.0", "9007199254740992.999999999999999999999",
		"9007199254740993.00000000000000000000000000001", "9007199254740995",
		"2.4703282292062327e-324", "2.4703282292062328e-324", "4.9406564584124654e-324",
		"2.2250738585072011e-308", "2.2250738585072012e-308", "2.2250738585072013e-308",
		"1.7976931348623158e308", "179769313486231580793e288", "8.5e-324", "1e-400",
		"0.000000000000000000000000000000000000000000000000000000000001e100",
		"7.0420557077594588669468784357561207962098443483187940792729600000e+59",
		"1090544144181609348671888949248", "1090544144181609348835077142190",
		"6.63214e-12", "1.000000000000000111022302462515654042363166809082031250",
		"1.00000000000000011102230246251565404236316680908203125001", "30078505129381147446200",
		"1.00000000000000011102230246251565404236316680908203124", "0.3e20", "00000000000000000001",
		"0000000000000000000000000000000000000.00000000000000000000000000000000000000000000001",
		"4503599627370496.5", "4503599627475353.5", "1448997445238699", "3.814697265625e-6",
		"860228122.6654514319E+90", "5e-20", "67e14", "123456789012345678901234567890e-20",
		"0.00000000000000000000e99999", "1e-99999999999999999999", ".5", "5.", "+1", "-.5e1",
		"0e99999999999999999999999", "-0", "0", "18446744073709551615", "18446744073709551616",
		"99999999999999999999", "12345678901234567", "99999999999999999", "00000000000000001",
	};
	double v;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(parse(texts[i], &v), COUNT_OK);
		assert_int_equal(f64_bits(v), f64_bits(strtod(texts[i], NULL)));
	}
}

static void test_words(void **state)
{
	double v = 0;

	(void)state;
	assert_true(parse("nan", &v) == COUNT_OK && f64_bits(v) == NUM_NAN_BITS);
	assert_true(parse("-NaN", &v) == COUNT_OK && f64_bits(v) == NUM_NAN_BITS);
	assert_true(parse("Inf", &v) == COUNT_OK && v == __builtin_inf());
	assert_true(parse("+inf", &v) == COUNT_OK && v == __builtin_inf());
	assert_true(parse("-INFINITY", &v) == COUNT_OK && v == -__builtin_inf());
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"", " ", " 1", "1 ", "1\n", "0x10", "1x", "1e", "1e+", "e1", "1e1.5", "1..2", "1.2.3",
		".", "-", "+", "--1", "+-1", "-.", "1,5", "1_000", "1e999", "-1e999", "1e309",
		"1.7976931348623159e308", "infinit", "infinityy", "na", "nan0", "nan(1)", "in", "i",
		"1e5e5", "1f", "1d", "0b1", "\xd9\xa1", "9e99999999999999999999", "1.e", ".e5",
		"1234567890123456789012345678901234567890x",
	};
	double v = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(parse(texts[i], &v), COUNT_ERR_INVALID);
	assert_int_equal(count_value_parse("1\0", 2, &v), COUNT_ERR_INVALID);
	assert_true(v == 7);	/* out parameters are written only on success */
}

static void test_long_text(void **state)
{
	size_t len = 100000;
	char *text = malloc(len + 16);
	double v;

	(void)state;
	memset(text, '0', len);
	text[0] = '1';
	memcpy(text + len, "e-99990", 7);
	assert_int_equal(count_value_parse(text, len + 7, &v), COUNT_OK);
	assert_true(v == 1e9);
	memset(text, '9', len);
	assert_int_equal(count_value_parse(text, len, &v), COUNT_ERR_INVALID);
	text[1] = '.';
	assert_int_equal(count_value_parse(text, len, &v), COUNT_OK);
	assert_true(v == 10);
	memset(text, '0', len);		/* exactly between 2^53 and its neighbour but for the last digit */
	memcpy(text, "9007199254740993.", 17);
	assert_int_equal(count_value_parse(text, len, &v), COUNT_OK);
	assert_true(v == 9007199254740992.0);
	text[len - 1] = '1';
	assert_int_equal(count_value_parse(text, len, &v), COUNT_OK);
	assert_true(v == 9007199254740994.0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spelling), cmocka_unit_test(test_random_bits),
		cmocka_unit_test(test_metric_values), cmocka_unit_test(test_powers),
		cmocka_unit_test(test_halfway), cmocka_unit_test(test_hard),
		cmocka_unit_test(test_words), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
