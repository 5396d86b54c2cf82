/*
 * num_format.c - the shortest decimal of a double, and decimal integers.
 *
 * Metrics are mostly integers and short decimals.  So first: is v, scaled by a power of ten to 15
 * digits and rounded, n, such that n / 10^k is v again?  Both are doubles without rounding, so the
 * division answers for the text n / 10^k; and decimals of up to 15 digits all read back as
 * different doubles, so no other of them would do.
 *
 * Else Schubfach (R. Giulietti, The Schubfach way to render doubles, 2020-2022): scale the
 * interval of decimals that read back as v so that one or two, or one of a tenth of the
 * precision, fall in it, and of these take the one nearest to v.
 */
#include "base/bytes.h"
#include "base/num.h"
#include "base/pow10_table.h"
#include "count.h"

#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1075	/* v = c * 2^(exponent - 1075) with the mantissa as an integer */

static const char pairs[201] =
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839"
	"40414243444546474849505152535455565758596061626364656667686970717273747576777879"
	"8081828384858687888990919293949596979899";

static const uint64_t pow10_u64[20] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
	UINT64_C(10000000000), UINT64_C(100000000000), UINT64_C(1000000000000),
	UINT64_C(10000000000000), UINT64_C(100000000000000), UINT64_C(1000000000000000),
	UINT64_C(10000000000000000), UINT64_C(100000000000000000),
	UINT64_C(1000000000000000000), UINT64_C(10000000000000000000),
};

static unsigned count_digits(uint64_t v)
{
	/* 1233 / 4096 is log10(2): right, or one too many when v is below that power of ten */
	unsigned bits = 64 - (unsigned)__builtin_clzll(v | 1), n = bits * 1233 >> 12;

	return n + (v >= pow10_u64[n] || n == 0);
}

/* Exactly n digits of v, which has no more. */
static void put_digits(char *out, uint64_t v, unsigned n)
{
	for (; n >= 2; n -= 2, v /= 100)
		memcpy(out + n - 2, pairs + 2 * (v % 100), 2);
	if (n == 1)
		*out = (char)('0' + v);
}

size_t num_put_u64(char *out, uint64_t v)
{
	unsigned n = count_digits(v);

	put_digits(out, v, n);
	return n;
}

/* n significant digits of a decimal, digits * 10^exp. */
struct decimal {
	uint64_t digits;	/* not 0, not a multiple of 10 */
	int exp;
};

static void strip_zeros(struct decimal *d)
{
	while (d->digits % 100000000 == 0) {
		d->digits /= 100000000;
		d->exp += 8;
	}
	if (d->digits % 10000 == 0) {
		d->digits /= 10000;
		d->exp += 4;
	}
	if (d->digits % 100 == 0) {
		d->digits /= 100;
		d->exp += 2;
	}
	if (d->digits % 10 == 0) {
		d->digits /= 10;
		d->exp++;
	}
}

/*
 * Is a a decimal of at most 15 digits?  k is chosen so that a * 10^k has 15 digits, or 14 where the
 * exponent alone does not tell.  The product may be rounded, by less than half a unit: the division
 * is what decides.
 */
static bool short_decimal(double a, struct decimal *d)
{
	int log2 = (int)(f64_bits(a) >> MANTISSA_BITS) - 1023;
	int k = 14 - ((log2 * 1233 + 4095) >> 12);	/* 1233 / 4096 is log10(2) */

	if (k < 1 || k > NUM_EXACT_POW10)
		return false;

	int64_t n = (int64_t)(a * num_exact_pow10[k] + 0.5);	/* below 10^16; signed converts faster */

	if (n >= (int64_t)pow10_u64[15] || (double)n / num_exact_pow10[k] != a)
		return false;
	*d = (struct decimal){ (uint64_t)n, -k };
	strip_zeros(d);
	return true;
}

/* floor(g * c / 2^128), its last bit set when that is not exact ("round to odd"). */
static uint64_t round_to_odd(struct pow10 g, uint64_t c)
{
	uint64_t low = (uint64_t)(((unsigned __int128)g.lo * c) >> 64);
	unsigned __int128 y = (unsigned __int128)g.hi * c + low;

	return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

/* 10^-k from above, as the proof of Schubfach wants it. */
static struct pow10 pow10_above(int q)
{
	struct pow10 g = pow10_table[q - POW10_FIRST];

	g.lo += POW10_ROUNDED_DOWN(q);
	g.hi += POW10_ROUNDED_DOWN(q) && g.lo == 0;
	return g;
}

/* The names are those of Giulietti's paper; bits are of a positive finite double. */
static struct decimal schubfach(uint64_t bits)
{
	uint64_t fraction = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
	int exponent = (int)(bits >> MANTISSA_BITS);
	uint64_t c = exponent == 0 ? fraction : fraction | UINT64_C(1) << MANTISSA_BITS;
	int q = (exponent == 0 ? 1 : exponent) - EXPONENT_BIAS;
	/* Below a power of two the doubles lie twice as close. */
	bool irregular = fraction == 0 && exponent > 1;
	bool odd = c & 1;	/* the ends of the interval read back as v only when c is even */

	/* floor(log10(2^q)), or of 3/4 * 2^q; then h so that the scaled values keep 2 spare bits */
	int k = (q * 1262611 - (irregular ? 524031 : 0)) >> 22;
	int h = q + ((-k * 1741647) >> 19) + 1;
	struct pow10 g = pow10_above(-k);
	uint64_t lower = round_to_odd(g, (4 * c - 2 + irregular) << h) + odd;
	uint64_t middle = round_to_odd(g, (4 * c) << h);
	uint64_t upper = round_to_odd(g, (4 * c + 2) << h) - odd;
	uint64_t s = middle / 4;

	if (s >= 10) {
		uint64_t sp = s / 10;
		bool under = lower <= 40 * sp, over = 40 * sp + 40 <= upper;

		if (under != over)
			return (struct decimal){ sp + over, k + 1 };
	}

	bool under = lower <= 4 * s, over = 4 * s + 4 <= upper;

	if (under == over)	/* both: the nearer one, at a tie the even one */
		over = middle > 4 * s + 2 || (middle == 4 * s + 2 && (s & 1));
	return (struct decimal){ s + over, k };
}

static size_t put_exponent(char *out, int e)
{
	unsigned a = (unsigned)(e < 0 ? -e : e), n = count_digits(a);

	out[0] = 'e';
	out[1] = e < 0 ? '-' : '+';
	put_digits(out + 2, a, n);
	return 2 + n;
}

/* ECMAScript, Number::toString: n digits, the point after the first `point` of them. */
static size_t put_decimal(char *out, struct decimal d)
{
	int n = (int)count_digits(d.digits), point = n + d.exp;

	if (point > 21 || point < -5) {
		if (n == 1) {
			out[0] = (char)('0' + d.digits);
			return 1 + put_exponent(out + 1, point - 1);
		}
		put_digits(out + 1, d.digits, (unsigned)n);
		out[0] = out[1];
		out[1] = '.';
		return (size_t)n + 1 + put_exponent(out + n + 1, point - 1);
	}
	if (point <= 0) {	/* 0.00012 */
		memset(out, '0', 8);
		out[1] = '.';
		put_digits(out + 2 - point, d.digits, (unsigned)n);
		return (size_t)(2 - point + n);
	}
	put_digits(out, d.digits, (unsigned)n);
	if (point >= n) {	/* 1200 */
		memset(out + n, '0', (size_t)(point - n));
		return (size_t)point;
	}
	memmove(out + point + 1, out + point, (size_t)(n - point));
	out[point] = '.';
	return (size_t)n + 1;
}

static size_t put_positive(char *out, double a)
{
	struct decimal d;

	if (a < 0x1p53 && (double)(int64_t)a == a)
		return num_put_u64(out, (uint64_t)a);
	if (!short_decimal(a, &d)) {
		d = schubfach(f64_bits(a));
		strip_zeros(&d);
	}
	return put_decimal(out, d);
}

size_t count_value_format(double v, char out[COUNT_VALUE_MAX])
{
	uint64_t bits = f64_bits(v), magnitude = bits & ~(UINT64_C(1) << 63);
	size_t n = 0;

	if (magnitude >= UINT64_C(0x7ff) << MANTISSA_BITS) {
		bool nan = magnitude != UINT64_C(0x7ff) << MANTISSA_BITS;
		const char *word = nan ? "NaN" : bits >> 63 ? "-Inf" : "+Inf";

		n = strlen(word);
		memcpy(out, word, n + 1);
		return n;
	}
	if (bits >> 63)
		out[n++] = '-';
	n += put_positive(out + n, f64_from_bits(magnitude));
	out[n] = '\0';
	return n;
}
