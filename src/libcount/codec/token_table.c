/*
 * token_table.c - the bytes that describe a table of tokens, and the frequencies that follow from them; see token.h.
 *
 * What is written is the logarithm of each token's frequency, in steps of 1, 1/2 or 1/4, as the difference from the
 * token before it.  Neighbours are much alike, so that takes 2 to 4 bits; and any levels make a valid table.
 */
#include "codec/token_fit.h"

#define HEAD_FINE 0x03			/* the first byte */
#define HEAD_RESOLUTION 0x0c
#define HEAD_RESOLUTION_SHIFT 2
#define HEAD_ONE 0x0c			/* in place of a resolution: one token only */
#define HEAD_GOLOMB 0x30
#define HEAD_GOLOMB_SHIFT 4
#define HEAD_CENTRE 0x40
#define HEAD_SLOTS 0x80			/* 2^12 slots, else 2^10 */

#define CODE_ABSENT 3			/* the code for a run of absent tokens */
#define LEVEL_RANGE 63			/* from the lowest to the highest level, in steps of 1/4 */
#define MAX_CODES (2 * TOKEN_SPAN)
#define RANGE_GOLOMB 4			/* the order of the codes of first and span */

const uint32_t token_roots[4] = { 65536, 77936, 92682, 110218 };

void token_frequencies(const int8_t *level, unsigned span, unsigned resolution, unsigned slot_bits, uint16_t *freq)
{
	uint32_t weight[TOKEN_SPAN], slots = UINT32_C(1) << slot_bits;
	unsigned present = 0, largest = 0, sum = 0;
	uint64_t total = 0, scale;
	int lowest = INT8_MAX;

	for (unsigned i = 0; i < span; i++) {
		if (level[i] != INT8_MIN && level[i] < lowest)
			lowest = level[i];
	}
	for (unsigned i = 0; i < span; i++) {
		unsigned step = (unsigned)(level[i] - lowest) << (2 - resolution);

		weight[i] = 0;
		if (level[i] == INT8_MIN)
			continue;
		weight[i] = token_roots[step & 3] << (step >> 2);
		total += weight[i];
		present++;
		if (weight[i] > weight[largest])
			largest = i;
	}
	scale = ((uint64_t)(slots - present) << 32) / total;
	for (unsigned i = 0; i < span; i++) {
		freq[i] = weight[i] == 0 ? 0 : (uint16_t)(1 + (weight[i] * scale >> 32));
		sum += freq[i];
	}
	freq[largest] = (uint16_t)(freq[largest] + slots - sum);
}

static unsigned code_of(int difference)
{
	unsigned c = (unsigned)zigzag(difference);

	return c + (c >= CODE_ABSENT);
}

/* The levels as codes: of the difference from the present token before, or CODE_ABSENT and the length of a run. */
static unsigned codes_of(const struct token_table *t, uint16_t *code)
{
	unsigned number = 0;
	int before = t->level[0];

	for (unsigned i = 1; i < t->span; i++) {
		unsigned run = 0;

		while (t->level[i] == INT8_MIN) {
			run++;
			i++;
		}
		if (run != 0) {
			code[number++] = CODE_ABSENT;
			code[number++] = (uint16_t)(run - 1);
		}
		code[number++] = (uint16_t)code_of(t->level[i] - before);
		before = t->level[i];
	}
	return number;
}

/* Exponential Golomb codes of order k: zeros, as many as v + 2^k has bits beyond k + 1; a one; its lower bits. */
static unsigned golomb_bits(unsigned v, unsigned k)
{
	return 2 * bits_length(v + (1u << k)) - 1 - k;
}

static void golomb_put(struct bit_writer *w, unsigned v, unsigned k)
{
	unsigned above = v + (1u << k), length = bits_length(above);

	bits_put(w, UINT64_C(1) << (length - 1 - k), length - k);
	bits_put(w, above ^ 1u << (length - 1), length - 1);
}

static bool golomb_get(struct bit_reader *r, unsigned k, unsigned *v)
{
	unsigned zeros = 0;
	uint64_t bit, low;

	for (;;) {
		if (!bits_get_short(r, 1, &bit))
			return false;
		if (bit != 0)
			break;
		if (++zeros + k > 10)
			return false;
	}
	if (!bits_get_short(r, zeros + k, &low))
		return false;
	*v = (unsigned)low + (1u << (zeros + k)) - (1u << k);
	return true;
}

unsigned token_code_bits(int difference, unsigned golomb)
{
	return golomb_bits(code_of(difference), golomb);
}

/* Chooses the order of the codes and says how long the table is. */
void token_table_measure(struct token_table *t)
{
	uint16_t code[MAX_CODES];
	uint8_t varint[VARINT_MAX];
	unsigned number = t->span == 1 ? 0 : codes_of(t, code), least = ~0u, range;

	for (unsigned k = 0; k <= HEAD_GOLOMB >> HEAD_GOLOMB_SHIFT; k++) {
		unsigned bits = 0;

		for (unsigned i = 0; i < number; i++)
			bits += golomb_bits(code[i], k);
		if (bits < least) {
			least = bits;
			t->golomb = (uint8_t)k;
		}
	}
	range = golomb_bits(t->first, RANGE_GOLOMB) + (t->span == 1 ? 0 : golomb_bits(t->span - 2, RANGE_GOLOMB));
	t->bytes = 1 + (range + least + 7) / 8;
	if (t->centre != 0)
		t->bytes += varint_put(varint, zigzag(t->centre));
}

bool token_table_put(struct buf *out, const struct token_table *t)
{
	uint16_t code[MAX_CODES];
	struct bit_writer w;
	unsigned number, head;
	uint8_t *p;

	if (!buf_reserve(out, t->bytes + 8))
		return false;
	p = out->data + out->len;
	head = t->span == 1 ? HEAD_ONE : (unsigned)t->resolution << HEAD_RESOLUTION_SHIFT |
	       (unsigned)t->golomb << HEAD_GOLOMB_SHIFT | (t->slot_bits == 12 ? HEAD_SLOTS : 0u);
	*p++ = (uint8_t)(head | t->fine | (t->centre != 0 ? HEAD_CENTRE : 0));
	if (t->centre != 0)
		p += varint_put(p, zigzag(t->centre));
	w = (struct bit_writer){ .p = p };
	golomb_put(&w, t->first, RANGE_GOLOMB);
	if (t->span != 1) {
		golomb_put(&w, t->span - 2u, RANGE_GOLOMB);
		number = codes_of(t, code);
		for (unsigned i = 0; i < number; i++)
			golomb_put(&w, code[i], t->golomb);
	}
	out->len = (size_t)(bits_flush(&w) - out->data);
	return true;
}

/* The levels of tokens 1 to span - 1; that of token 0 is 0. */
static bool levels_get(struct bit_reader *r, unsigned span, unsigned golomb, unsigned resolution, int8_t *level)
{
	int range = LEVEL_RANGE >> (2 - resolution), now = 0, lowest = 0, highest = 0;

	level[0] = 0;
	for (unsigned i = 1; i < span; i++) {
		unsigned c, run;

		if (!golomb_get(r, golomb, &c))
			return false;
		if (c == CODE_ABSENT) {
			if (!golomb_get(r, golomb, &run) || run >= span - i - 1)
				return false;
			memset(level + i, INT8_MIN, run + 1);
			i += run + 1;
			if (!golomb_get(r, golomb, &c) || c == CODE_ABSENT)
				return false;
		}
		now += (int)unzigzag(c - (c > CODE_ABSENT));
		lowest = now < lowest ? now : lowest;
		highest = now > highest ? now : highest;
		if (highest - lowest > range)
			return false;
		level[i] = (int8_t)now;
	}
	return true;
}

typedef uint32_t four_t __attribute__((vector_size(16)));
typedef uint32_t sixteen_t __attribute__((vector_size(64)));

/* So many at a time that the last store may go beyond the token's: what follows is filled later. */
static void put_slots(const uint16_t *freq, unsigned span, uint32_t *slot)
{
	for (uint32_t i = 0; i < span; i++) {
		four_t low = (four_t){ 0, 1, 2, 3 } << 8 | (i | (uint32_t)freq[i] << 20), high = low + (4u << 8);

		for (uint32_t k = 0; k < freq[i]; k += 8) {
			memcpy(slot + k, &low, sizeof(low));
			memcpy(slot + k + 4, &high, sizeof(high));
			low += 8u << 8;
			high += 8u << 8;
		}
		slot += freq[i];
	}
}

#if defined(__x86_64__)

__attribute__((target("avx512f"))) static void put_slots_avx512(const uint16_t *freq, unsigned span, uint32_t *slot)
{
	const sixteen_t number = (sixteen_t){ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } << 8;

	for (uint32_t i = 0; i < span; i++) {
		sixteen_t slots = number | (i | (uint32_t)freq[i] << 20);

		for (uint32_t k = 0; k < freq[i]; k += TOKEN_AT_ONCE) {
			memcpy(slot + k, &slots, sizeof(slots));
			slots += (uint32_t)TOKEN_AT_ONCE << 8;
		}
		slot += freq[i];
	}
}

#endif

static void fill_slots(struct token_decoder *d, const int8_t *level, unsigned resolution)
{
	uint16_t freq[TOKEN_SPAN];

	token_frequencies(level, d->span, resolution, d->slot_bits, freq);
#if defined(__x86_64__)
	if (cpu_level() == CPU_AVX512) {
		put_slots_avx512(freq, d->span, d->slot);
		return;
	}
#endif
	put_slots(freq, d->span, d->slot);
}

/* What is common to all tokens: their raw bits and least values. */
static void fill_tokens(struct token_decoder *d)
{
	for (unsigned i = 0; i < d->span; i++) {
		d->raw[i] = (uint8_t)token_raw(d->first + i, d->fine);
		d->base[i] = token_base(d->first + i, d->fine);
	}
	d->longest = d->raw[d->span - 1];
}

const uint8_t *token_table_get(const uint8_t *p, const uint8_t *end, struct token_decoder *d)
{
	unsigned head, first, span, golomb, resolution;
	int8_t level[TOKEN_SPAN];
	struct bit_reader r;
	uint64_t centre = 0;

	d->ahead_n = 0;
	if (p == end)
		return NULL;
	head = *p++;
	golomb = (head & HEAD_GOLOMB) >> HEAD_GOLOMB_SHIFT;
	resolution = (head & HEAD_RESOLUTION) >> HEAD_RESOLUTION_SHIFT;
	if ((head & HEAD_CENTRE) != 0 && ((p = varint_get(p, end, &centre)) == NULL || centre == 0))
		return NULL;
	d->centre = unzigzag(centre);
	d->fine = head & HEAD_FINE;
	d->slot_bits = (head & HEAD_SLOTS) != 0 ? 12 : 10;
	r = (struct bit_reader){ .p = p, .end = end };
	if (!golomb_get(&r, RANGE_GOLOMB, &first) || first >= token_number(d->fine))
		return NULL;
	d->first = (uint16_t)first;
	d->span = 1;
	if ((head & HEAD_RESOLUTION) == HEAD_ONE) {
		if ((head & (HEAD_GOLOMB | HEAD_SLOTS)) != 0)
			return NULL;
	} else {
		if (!golomb_get(&r, RANGE_GOLOMB, &span) || span > TOKEN_SPAN - 2 ||
		    first + span + 1 >= token_number(d->fine))
			return NULL;
		d->span = (uint16_t)(span + 2);
		if (!levels_get(&r, d->span, golomb, resolution, level))
			return NULL;
		fill_slots(d, level, resolution);
	}
	fill_tokens(d);
	return bits_end(&r);
}
