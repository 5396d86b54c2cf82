/* test-buf.c - base/buf and base/bytes: growth, varints at every edge, cut varints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/bytes.h"

static void test_growth(void **state)
{
	struct buf b = { 0 };

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		buf_put_u32(&b, i);
	assert_false(b.failed);
	assert_int_equal(b.len, 4000);
	assert_int_equal(get_u32(b.data + 4 * 999), 999);
	buf_free(&b);
	assert_null(b.data);
}

static void test_huge_reserve_fails_and_stays_failed(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_put_u8(&b, 1);
	assert_false(buf_reserve(&b, SIZE_MAX));
	buf_put_u8(&b, 2);
	assert_true(b.failed);
	assert_int_equal(b.len, 1);
	buf_free(&b);
}

static void test_varint_edges(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		for (int d = -1; d <= 1; d++) {
			uint64_t v = (UINT64_C(1) << bit) + (uint64_t)(int64_t)d, got = ~v;
			uint8_t p[VARINT_MAX];
			size_t n = varint_put(p, v);

			assert_ptr_equal(varint_get(p, p + n, &got), p + n);
			assert_int_equal(got, v);
			assert_null(varint_get(p, p + n - 1, &got));
			assert_int_equal(unzigzag(zigzag((int64_t)v)), (int64_t)v);
		}
	}
}

static void test_varint_over_64_bits(void **state)
{
	static const uint8_t p[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02 };
	uint64_t v;

	(void)state;
	assert_null(varint_get(p, p + sizeof(p), &v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_huge_reserve_fails_and_stays_failed),
		cmocka_unit_test(test_varint_edges),
		cmocka_unit_test(test_varint_over_64_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
