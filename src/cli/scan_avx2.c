/* scan_avx2.c - plain lines 32 bytes at a time. */
#include "scan.h"

#if defined(__x86_64__)

#define SCAN_TARGET __attribute__((target("avx2,bmi,bmi2")))
#include "scan_x86.h"

SCAN_TARGET static inline __m256i load32(const char *s)
{
	return _mm256_loadu_si256((const __m256i *)s);
}

SCAN_TARGET static inline bool scan_same(const char *a, const char *b, size_t n)
{
	unsigned differ;

	for (; n > 32; n -= 32, a += 32, b += 32)
		if (~_mm256_movemask_epi8(_mm256_cmpeq_epi8(load32(a), load32(b))) != 0)
			return false;
	differ = ~(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(load32(a), load32(b)));
	return _bzhi_u32(differ, (unsigned)n) == 0;
}

/* Which of 64 bytes are up to 0x20. */
SCAN_TARGET static inline uint64_t low_bytes(const char *s)
{
	const __m256i blank = _mm256_set1_epi8(0x20);
	__m256i x = load32(s), y = load32(s + 32);
	unsigned lo = (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(x, blank), x));
	unsigned hi = (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(y, blank), y));

	return (uint64_t)hi << 32 | lo;
}

#include "scan_low.h"
#include "scan_run.h"

SCAN_TARGET size_t scan_avx2(struct line *line, struct names *names, const char *s, size_t len,
			     struct scan_points *out)
{
	return scan_run(line, names, s, len, out);
}

#endif
