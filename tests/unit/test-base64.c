/* test-base64.c - base/base64: the vectors of RFC 4648, every length and byte, one spelling only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/base64.h"
#include "count.h"

static void check_vector(const char *plain, const char *coded)
{
	struct buf out = { 0 };

	base64_encode((const uint8_t *)plain, strlen(plain), &out);
	assert_int_equal(out.len, strlen(coded));
	assert_memory_equal(out.data == NULL ? "" : (char *)out.data, coded, out.len);
	buf_clear(&out);
	assert_int_equal(base64_decode(coded, strlen(coded), &out), COUNT_OK);
	assert_int_equal(out.len, strlen(plain));
	assert_memory_equal(out.data == NULL ? "" : (char *)out.data, plain, out.len);
	buf_free(&out);
}

static void test_vectors(void **state)
{
	(void)state;
	check_vector("", "");
	check_vector("f", "Zg==");
	check_vector("fo", "Zm8=");
	check_vector("foo", "Zm9v");
	check_vector("foob", "Zm9vYg==");
	check_vector("fooba", "Zm9vYmE=");
	check_vector("foobar", "Zm9vYmFy");
}

static void test_round_trip(void **state)
{
	uint8_t bytes[600];
	struct buf text = { 0 }, back = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 167 + i / 256);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		buf_clear(&text);
		buf_put(&text, "before", 6);
		base64_encode(bytes, len, &text);
		assert_int_equal(text.len, 6 + (len + 2) / 3 * 4);
		buf_clear(&back);
		buf_put(&back, "x", 1);
		assert_int_equal(base64_decode((char *)text.data + 6, text.len - 6, &back), COUNT_OK);
		assert_int_equal(back.len, 1 + len);
		assert_memory_equal(back.data + 1, bytes, len);
	}
	buf_free(&text);
	buf_free(&back);
}

static void refuses(const char *text, size_t len)
{
	struct buf out = { 0 };

	buf_put(&out, "kept", 4);
	if (base64_decode(text, len, &out) != COUNT_ERR_CORRUPT)
		fail_msg("accepted: %.*s", (int)len, text);
	assert_int_equal(out.len, 4);
	buf_free(&out);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"Z", "Zg", "Zg=", "=", "====", "Z===", "=g==", "Zg=g", "Zg==Zg==", "Zm8=Zm8=", "Zm9v=", "Zh==", "Zm9=",
		"Zm9\n", "Zm 9", "Zm9-", "Zm9_", "Zm9vYg==\n", "Zm9v\xc3\xa9Zm",
	};
	char text[4];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuses(bad[i], strlen(bad[i]));
	for (unsigned c = 0; c < 256; c++) {		/* each byte in each place */
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/')
			continue;
		for (size_t i = 0; i < 4; i++) {
			memcpy(text, "AAAA", 4);
			text[i] = (char)c;
			if (c != '=' || i != 3)
				refuses(text, 4);
		}
	}
}

/* With vectors and without: the same text, the same bytes, the same refusal. */
static void test_kernels(void **state)
{
	uint8_t bytes[300];
	struct buf plain = { 0 }, text = { 0 }, back = { 0 }, again = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * i * 31 + i * 7);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		buf_clear(&plain);
		buf_clear(&text);
		base64_encode_plain(bytes, len, &plain);
		base64_encode(bytes, len, &text);
		assert_int_equal(text.len, plain.len);
		assert_true(plain.len == 0 || memcmp(text.data, plain.data, plain.len) == 0);
	}
	for (size_t at = 0; at < text.len; at++) {
		uint8_t was = text.data[at];

		for (unsigned c = 0; c < 256; c++) {
			int want, got;

			text.data[at] = (uint8_t)c;
			buf_clear(&back);
			buf_clear(&again);
			want = base64_decode_plain((char *)text.data, text.len, &back);
			got = base64_decode((char *)text.data, text.len, &again);
			assert_int_equal(got, want);
			assert_int_equal(again.len, back.len);
			assert_memory_equal(again.data, back.data, back.len);
		}
		text.data[at] = was;
	}
	buf_free(&plain);
	buf_free(&text);
	buf_free(&back);
	buf_free(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
