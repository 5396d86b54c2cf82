/* token_count.c - counting tokens, what they will cost, and the table for them; see token.h. */
#include "codec/token_fit.h"

#define SLOTS_SHORT 1024		/* values up to which 2^10 slots do: they are set up sooner */
#define TOKEN_HALF_BITS 7		/* of a table, about, for a token, in half bits */
#define GAP_HALF_BITS 9			/* and where one is absent before it */
#define SAMPLE 63			/* values that a median is taken of */
#define FEW 1500			/* values of which steps of 1/4 are not worth the trouble */
#define MANY 6000			/* and steps of 1 */
#define HEAD_BITS 28			/* of a table, about */

int64_t token_centre(const int64_t *v, size_t n)
{
	int64_t sample[SAMPLE], x;
	size_t step = n / SAMPLE + 1, number = 0, at;

	for (size_t i = step / 2; i < n && number < SAMPLE; i += step) {
		x = v[i];
		for (at = number++; at > 0 && sample[at - 1] > x; at--)
			sample[at] = sample[at - 1];
		sample[at] = x;
	}
	return number == 0 ? 0 : sample[number / 2];
}

void token_count_start(struct token_counts *c, int64_t centre)
{
	memset(c, 0, sizeof(*c));
	c->centre = centre;
}

void token_count(struct token_counts *c, const int64_t *v, size_t n)
{
	unsigned raw;

	for (size_t i = 0; i < n; i++)
		c->count[token_of(zigzag((int64_t)((uint64_t)v[i] - (uint64_t)c->centre)), 3, &raw)]++;
	c->n += n;
}

/* The counts at some fineness, from first to first + span - 1; outside there are none. */
struct merged {
	unsigned fine, first, span;
	uint32_t count[TOKEN_FINEST];
};

/* From one fineness to the next lower one, in place. */
static void coarser(struct merged *m)
{
	unsigned f = m->fine, last = m->first + m->span - 1, whole = 1u << f, at;

	for (unsigned t = m->first; t <= last; t++) {
		uint32_t c = m->count[t];

		m->count[t] = 0;
		at = t < whole ? t : (t >> 1) + whole / 2;
		m->count[at] += c;
	}
	m->fine--;
	m->first = m->first < whole ? m->first : (m->first >> 1) + whole / 2;
	last = last < whole ? last : (last >> 1) + whole / 2;
	m->span = last - m->first + 1;
}

static void merged_start(struct merged *m, const struct token_counts *c)
{
	unsigned first = 0, last = TOKEN_FINEST - 1;

	while (c->count[first] == 0)
		first++;
	while (c->count[last] == 0)
		last--;
	memcpy(m->count, c->count, sizeof(m->count));
	m->fine = TOKEN_MAX_FINE;
	m->first = first;
	m->span = last - first + 1;
}

/* Bits of tokens, raw bits and table, about. */
static uint64_t estimate(const uint32_t *count, unsigned first, unsigned span, unsigned fine, uint64_t n)
{
	uint64_t sum = 0, raw = 0, seeds = (n + TOKEN_PAGE - 1) / TOKEN_PAGE * TOKEN_SEED_BITS * TOKEN_MAX_LANES;
	unsigned present = 0, gaps = 0;

	for (unsigned i = 0; i < span; i++) {
		uint64_t c = count[i];

		if (c == 0)
			continue;
		gaps += present != 0 && count[i - 1] == 0;
		present++;
		raw += c * token_raw(first + i, fine);
		sum += c * log2_fixed(c);
	}
	if (present <= 1)
		return raw + HEAD_BITS / 2;
	if (raw < seeds)
		raw = seeds;		/* what the states could have held */
	return ((n * log2_fixed(n) - sum) >> FIX) + raw + HEAD_BITS +
	       (present * TOKEN_HALF_BITS + gaps * GAP_HALF_BITS) / 2;
}

/* Leaves in m the counts of the fineness that seems best. */
static uint64_t best_fine(struct merged *m, const struct token_counts *c)
{
	uint64_t least = UINT64_MAX;
	struct merged best;

	merged_start(m, c);
	for (;;) {
		uint64_t bits = UINT64_MAX;

		if (m->span <= TOKEN_SPAN)
			bits = estimate(m->count + m->first, m->first, m->span, m->fine, c->n);
		if (bits < least) {
			least = bits;
			best = *m;
		}
		if (m->fine == 0)
			break;
		coarser(m);
	}
	*m = best;
	return least;
}

uint64_t token_cost(const struct token_counts *c)
{
	struct merged m;

	if (c->n == 0)
		return 0;
	return best_fine(&m, c) + (c->centre == 0 ? 0 : bits_length(zigzag(c->centre)) + 7);
}

uint64_t token_cost_lengths(const uint32_t length[65])
{
	uint64_t n = 0;

	for (unsigned i = 0; i < 65; i++)
		n += length[i];
	return n == 0 ? 0 : estimate(length, 0, 65, 0, n);
}

/* Levels, frequencies, and the bits of table and tokens, times 2^FIX. */
static uint64_t try_resolution(struct token_table *t, const struct merged *m, uint64_t n, unsigned resolution)
{
	uint64_t bits;

	t->resolution = (uint8_t)resolution;
	t->golomb = (uint8_t)resolution;	/* about right */
	token_fit(t, m->count + m->first, n);
	token_table_measure(t);
	token_frequencies(t->level, t->span, resolution, t->slot_bits, t->freq);
	bits = n * t->slot_bits + t->bytes * 8;
	bits <<= FIX;
	for (unsigned i = 0; i < m->span; i++) {
		uint64_t c = m->count[m->first + i];

		if (c != 0)
			bits -= c * log2_fixed(t->freq[i]);
	}
	return bits;
}

void token_table_make(struct token_table *t, const struct token_counts *c)
{
	struct token_table tried;
	uint64_t least = UINT64_MAX;
	struct merged m;
	unsigned start = 0;

	best_fine(&m, c);
	tried.centre = c->centre;
	tried.first = (uint16_t)m.first;
	tried.span = (uint16_t)m.span;
	tried.fine = (uint8_t)m.fine;
	tried.slot_bits = c->n <= SLOTS_SHORT ? 10 : 12;
	if (m.span == 1) {
		tried.level[0] = 0;
		tried.freq[0] = 1;
		token_table_measure(&tried);
		*t = tried;
	}
	for (unsigned r = c->n > MANY; r <= (c->n < FEW ? 1 : 2) && m.span != 1; r++) {
		uint64_t bits = try_resolution(&tried, &m, c->n, r);

		if (bits < least) {
			least = bits;
			*t = tried;
		}
	}
	for (unsigned i = 0; i < t->span; i++) {
		t->start[i] = (uint16_t)start;
		start += t->freq[i];
		t->reciprocal[i] = t->freq[i] == 0 ? 0 : ((UINT64_C(1) << 40) + t->freq[i] - 1) / t->freq[i];
	}
}
