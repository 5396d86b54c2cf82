/*
 * num_parse.c - decimal text to the nearest double.
 *
 * A number is taken as w * 10^q with the first 19 significant digits in w.  Then, in turn:
 *
 *  1. w <= 2^53 and |q| <= 22: both are doubles, one multiplication or division rounds right
 *     (Clinger 1990).
 *  2. The top 64 bits of w times 128 bits of 10^q (D. Lemire, Number Parsing at a Gigabyte per
 *     Second, Software: Practice and Experience 51, 2021; the idea is M. Eisel's).
 *     When digits were cut off, w and w + 1 must round alike.
 *  3. What that leaves, long decimals close to the middle of two doubles, goes to strtod(), as digits
 *     and an exponent without a point, which no locale reads differently.  Beyond 780
 *     digits only "something other than 0 follows" matters: the middle of two doubles has at most 767.
 */
#define POW10_TABLE_DEFINE
#include "base/pow10_table.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/num.h"
#include "count.h"

#define MANTISSA_BITS 52
#define MIN_EXPONENT (-1023)
#define INF_POWER 0x7ff
#define MAX_DIGITS_W 19		/* 10^19 - 1 fits in 64 bits */
#define MAX_DIGITS_KEPT 780
#define EXPONENT_CLAMP INT64_C(100000000000000000)	/* more than any text has digits */

const double num_exact_pow10[NUM_EXACT_POW10 + 1] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

/* A decimal, scanned but not yet converted: digits with an optional point in [first, last). */
struct decimal {
	const char *first, *last;
	int64_t point_exp;	/* the value is all digits, point left out, times 10^point_exp */
	uint64_t w;		/* its first 19 significant digits ... */
	int64_t q;		/* ... and their power of ten */
	bool cut;		/* w is not all of it (though what follows may be zeros) */
};

static bool is_digit(char c)
{
	return (unsigned)(unsigned char)c - '0' <= 9;
}

/* Reads [eE][+-]digits up to end into *e, clamped; false when that is not what stands there. */
static bool scan_exponent(const char *p, const char *end, int64_t *e)
{
	bool neg = false;
	int64_t v = 0;

	if (*p != 'e' && *p != 'E')
		return false;
	p++;
	if (p < end && (*p == '+' || *p == '-'))
		neg = *p++ == '-';
	if (p == end)
		return false;
	for (; p < end; p++) {
		if (!is_digit(*p))
			return false;
		if (v < EXPONENT_CLAMP)
			v = v * 10 + (*p - '0');
	}
	*e = neg ? -v : v;
	return true;
}

/* Many digits: find the first 19 significant ones again and say where they end. */
static void cut_digits(struct decimal *d)
{
	unsigned kept = 0;
	int64_t dropped = 0;

	d->w = 0;
	for (const char *p = d->first; p < d->last; p++) {
		if (*p == '.')
			continue;
		if (kept == MAX_DIGITS_W) {
			dropped++;
			continue;
		}
		d->w = d->w * 10 + (unsigned)(*p - '0');
		kept += d->w != 0;	/* leading zeros are not significant */
	}
	d->cut = dropped > 0;
	d->q = d->point_exp + dropped;
}

static bool scan_decimal(const char *p, const char *end, struct decimal *d)
{
	const char *point = NULL;
	uint64_t w = 0;
	int64_t e = 0;

	d->first = p;
	for (; p < end; p++) {
		if (is_digit(*p))
			w = w * 10 + (unsigned)(*p - '0');	/* may wrap: see cut_digits() */
		else if (*p == '.' && point == NULL)
			point = p;
		else
			break;
	}
	d->last = p;

	size_t ndigits = (size_t)(p - d->first) - (point != NULL);

	if (ndigits == 0 || (p < end && !scan_exponent(p, end, &e)))
		return false;
	d->point_exp = e - (point != NULL ? d->last - point - 1 : 0);
	d->w = w;
	d->q = d->point_exp;
	d->cut = false;
	if (ndigits > MAX_DIGITS_W)
		cut_digits(d);
	return true;
}

/* The 128 bits of w * 10^q that count, w having its top bit set; the low half may lack a carry. */
static unsigned __int128 scaled_product(uint64_t w, int64_t q)
{
	const struct pow10 *ten = &pow10_table[q - POW10_FIRST];
	const uint64_t undecided = UINT64_MAX >> (MANTISSA_BITS + 3);
	unsigned __int128 p = (unsigned __int128)w * ten->hi;

	/* Only when all bits below the mantissa are ones may the rest of 10^q carry into it. */
	if (((uint64_t)(p >> 64) & undecided) == undecided)
		p += ((unsigned __int128)w * ten->lo) >> 64;
	return p;
}

/* Bits of a double from a mantissa with one extra low bit, rounded half up, below the normal range. */
static uint64_t round_subnormal(uint64_t m, int64_t power)
{
	if (1 - power >= 64)
		return 0;
	m >>= 1 - power;
	return (m + (m & 1)) >> 1;	/* a carry into bit 52 is exponent 1, as it should be */
}

/* The bits of w * 10^q rounded to nearest even; INF_POWER << 52 is overflow; false: not decided. */
static bool eisel_lemire(uint64_t w, int64_t q, uint64_t *bits)
{
	if (w == 0 || q < POW10_FIRST) {
		*bits = 0;	/* 10^19 * 10^-343 is below half of the least double */
		return true;
	}
	if (q > 308) {
		*bits = (uint64_t)INF_POWER << MANTISSA_BITS;
		return true;
	}

	int lz = __builtin_clzll(w);
	unsigned __int128 product = scaled_product(w << lz, q);
	uint64_t hi = (uint64_t)(product >> 64), lo = (uint64_t)product;

	/* A low half of all ones may be one carry short, but where 10^q is known well enough. */
	if (lo == UINT64_MAX && (q < -27 || q > 55))
		return false;

	unsigned top = (unsigned)(hi >> 63), shift = top + 64 - MANTISSA_BITS - 3;
	uint64_t m = hi >> shift;
	/* 217706 / 2^16 is log2(10), near enough for these q */
	int64_t power = ((217706 * q) >> 16) + 63 + top - lz - MIN_EXPONENT;

	if (power <= 0) {
		*bits = round_subnormal(m, power);
		return true;
	}
	/* Exactly in the middle, possible only for these q: to even, not up. */
	if (lo <= 1 && q >= -4 && q <= 23 && (m & 3) == 1 && m << shift == hi)
		m &= ~UINT64_C(1);
	m = (m + (m & 1)) >> 1;
	if (m >> (MANTISSA_BITS + 1) != 0) {	/* 1.11...1 became 10.0 */
		m >>= 1;
		power++;
	}
	if (power >= INF_POWER)
		m = 0, power = INF_POWER;
	*bits = (uint64_t)power << MANTISSA_BITS | (m & ((UINT64_C(1) << MANTISSA_BITS) - 1));
	return true;
}

/* The hard ones, by strtod(): correctly rounded there, and slow. */
static double hard_decimal(const struct decimal *d)
{
	char text[MAX_DIGITS_KEPT + 32];
	size_t n = 0;
	int64_t dropped = 0;
	bool rest = false;

	for (const char *p = d->first; p < d->last; p++) {
		if (*p == '.' || (*p == '0' && n == 0))
			continue;
		if (n < MAX_DIGITS_KEPT) {
			text[n++] = *p;
		} else {
			dropped++;
			rest |= *p != '0';
		}
	}
	if (n == 0)
		return 0;
	if (rest) {
		text[n++] = '1';
		dropped--;
	}
	snprintf(text + n, sizeof(text) - n, "e%lld", (long long)(d->point_exp + dropped));
	return strtod(text, NULL);
}

static double convert(const struct decimal *d)
{
	uint64_t bits, above;

	if (!d->cut && d->w <= UINT64_C(1) << 53 && d->q >= -NUM_EXACT_POW10 &&
	    d->q <= NUM_EXACT_POW10)
		return d->q < 0 ? (double)d->w / num_exact_pow10[-d->q]
				: (double)d->w * num_exact_pow10[d->q];
	if (eisel_lemire(d->w, d->q, &bits) &&
	    (!d->cut || (eisel_lemire(d->w + 1, d->q, &above) && above == bits)))
		return f64_from_bits(bits);
	return hard_decimal(d);
}

/* word is in small ASCII letters; not strcasecmp(), which asks the locale. */
static bool is_word(const char *s, size_t len, const char *word)
{
	if (len != strlen(word))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((s[i] | 0x20) != word[i])
			return false;
	return true;
}

bool num_parse_slow(const char *s, size_t len, double *v)
{
	const char *p = s, *end = s + len;
	struct decimal d;
	bool neg = false;
	double r;

	if (len > 0 && (*p == '+' || *p == '-'))
		neg = *p++ == '-';
	if (p == end)
		return false;
	if (is_digit(*p) || *p == '.') {
		if (!scan_decimal(p, end, &d))
			return false;
		r = convert(&d);
		if (r > __DBL_MAX__)
			return false;
	} else if (is_word(p, (size_t)(end - p), "nan")) {
		*v = f64_from_bits(NUM_NAN_BITS);
		return true;
	} else if (is_word(p, (size_t)(end - p), "inf") ||
		   is_word(p, (size_t)(end - p), "infinity")) {
		r = __builtin_inf();
	} else {
		return false;
	}
	*v = neg ? -r : r;
	return true;
}

int count_value_parse(const char *s, size_t len, double *v)
{
	return num_parse(s, len, v) ? COUNT_OK : COUNT_ERR_INVALID;
}
