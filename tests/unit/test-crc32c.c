/* test-crc32c.c - base/crc32c: the vectors of RFC 3720, and both ways against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/crc32c.h"

typedef uint32_t way(uint32_t crc, const void *p, size_t len);

static void check_vectors(way *crc)
{
	uint8_t b[48] = { 0 };
	static const uint8_t scsi_read[48] = {
		0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0,
		0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0,
	};

	assert_int_equal(crc(0, "", 0), 0);
	assert_int_equal(crc(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc(0, b, 32), 0x8a9136aa);
	memset(b, 0xff, 32);
	assert_int_equal(crc(0, b, 32), 0x62a8ab43);
	for (int i = 0; i < 32; i++)
		b[i] = (uint8_t)i;
	assert_int_equal(crc(0, b, 32), 0x46dd794e);
	for (int i = 0; i < 32; i++)
		b[i] = (uint8_t)(31 - i);
	assert_int_equal(crc(0, b, 32), 0x113fdb5c);
	assert_int_equal(crc(0, scsi_read, 48), 0xd9963a56);
}

static void test_vectors(void **state)
{
	(void)state;
	check_vectors(crc32c);
	check_vectors(crc32c_portable);
	if (crc32c_have_hardware())
		check_vectors(crc32c_hardware);
}

/* Every length and offset around the sizes at which the ways change step. */
static void test_agree(void **state)
{
	static const size_t around[] = { 0, 64, 768, 1536, 12288, 12288 + 768, 24576, 40000 };
	uint8_t *b = malloc(41000);

	(void)state;
	if (!crc32c_have_hardware())
		skip();
	for (size_t i = 0; i < 41000; i++)
		b[i] = (uint8_t)(i * 2654435761U >> 13);
	for (size_t a = 0; a < sizeof(around) / sizeof(around[0]); a++)
		for (size_t len = around[a] < 20 ? 0 : around[a] - 20; len < around[a] + 20; len++)
			for (size_t off = 0; off < 9; off += 4)
				assert_int_equal(crc32c_hardware((uint32_t)len, b + off, len),
						 crc32c_portable((uint32_t)len, b + off, len));
	free(b);
}

static void test_chaining(void **state)
{
	uint8_t b[2000];

	(void)state;
	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)(i * 31);
	for (size_t cut = 0; cut <= sizeof(b); cut += 37)
		assert_int_equal(crc32c(crc32c(0, b, cut), b + cut, sizeof(b) - cut),
				 crc32c_portable(0, b, sizeof(b)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors), cmocka_unit_test(test_agree),
		cmocka_unit_test(test_chaining),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
