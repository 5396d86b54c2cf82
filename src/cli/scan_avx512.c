/* scan_avx512.c - plain lines 64 bytes at a time. */
#include "scan.h"

#if defined(__x86_64__)

#define SCAN_TARGET __attribute__((target("avx512bw,avx512vl,avx2,bmi,bmi2")))
#include "scan_x86.h"

SCAN_TARGET static inline __m512i load64(const char *s)
{
	return _mm512_loadu_si512(s);
}

SCAN_TARGET static inline bool scan_same(const char *a, const char *b, size_t n)
{
	for (; n > 64; n -= 64, a += 64, b += 64)
		if (_mm512_cmpneq_epi8_mask(load64(a), load64(b)) != 0)
			return false;
	return _bzhi_u64(_mm512_cmpneq_epi8_mask(load64(a), load64(b)), (unsigned)n) == 0;
}

/* Which of 64 bytes are up to 0x20. */
SCAN_TARGET static inline uint64_t low_bytes(const char *s)
{
	return _mm512_cmple_epu8_mask(load64(s), _mm512_set1_epi8(0x20));
}

#include "scan_low.h"
#include "scan_run.h"

SCAN_TARGET size_t scan_avx512(struct line *line, struct names *names, const char *s, size_t len,
			       struct scan_points *out)
{
	return scan_run(line, names, s, len, out);
}

#endif
