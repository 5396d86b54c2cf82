/* utf8.c - strict UTF-8; see utf8.h. */
#include "base/utf8.h"

#include "base/bytes.h"

unsigned utf8_get(const char *s, size_t len, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s;
	unsigned n;
	uint32_t c;

	if (len == 0)
		return 0;
	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc0 || p[0] >= 0xf8 || len < n)
		return 0;
	c = p[0] & (0x7fU >> n);
	for (unsigned i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*cp = c;
	return n;
}

bool utf8_valid(const char *s, size_t len)
{
	uint32_t cp;

	while (len > 0) {
		unsigned n = utf8_get(s, len, &cp);

		if (n == 0)
			return false;
		s += n;
		len -= n;
	}
	return true;
}

/* Are eight bytes all of 0x20 to 0x7e?  Each test leaves the top bit of a byte that fails. */
static bool plain_eight(const char *s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t v = get_u64(s), del = v ^ (ones * 0x7f);

	return ((v | (v - ones * 0x20) | (del - ones)) & tops) == 0;
}

enum utf8_text utf8_check_text(const char *s, size_t len, size_t *at)
{
	size_t i = 0;
	uint32_t cp;

	while (i < len) {
		if (len - i >= 8 && plain_eight(s + i)) {
			i += 8;
			continue;
		}

		unsigned n = utf8_get(s + i, len - i, &cp);

		if (n == 0 || cp < 0x20 || (cp >= 0x7f && cp <= 0x9f)) {
			*at = i;
			return n == 0 ? UTF8_BAD : UTF8_CONTROL;
		}
		i += n;
	}
	return UTF8_TEXT;
}
