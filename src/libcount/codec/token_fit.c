/*
 * token_fit.c - the levels of a table that make values and table shortest together; see token.h, token_table.c.
 *
 * What level a token is given matters little where its count is small, and less than what the level costs to
 * write down.  So of the levels near the ideal one of each token those are taken for which the sum is least
 * (A. Viterbi, "Error bounds for convolutional codes", 1967).  A frequency f costs the c values that have the token
 * c log2(slots / f) bits and, by what it takes from the others, all n values n log2(e) f / slots.
 */
#include "codec/token_fit.h"

#define NEAR 5			/* levels looked at, the ideal one in the middle */
#define OCTAVES_BELOW 3		/* the lowest level stands for 2^-3 slots, beside the one that each token has */
#define LEVELS ((OCTAVES_BELOW + 12 + 1) * 4)
#define LOG2_E 94548		/* times 2^FIX */
#define GAP_BITS 6		/* what it takes to say that tokens are absent, about */
#define INFINITE (UINT64_MAX / 4)

/* The costs of each level from the lowest, 0, on; bits times 2^FIX. */
struct costs {
	int lowest, number;
	uint64_t value[LEVELS];		/* of one value */
	uint64_t share[LEVELS];		/* of all others */
	uint32_t code[2 * LEVELS];	/* of a difference between levels, from -LEVELS on */
};

/* A token that is present: its number, count, and the first of the levels looked at, from the lowest. */
struct step {
	uint8_t token, from[NEAR];
	uint32_t count;
	int first;
};

static void costs_start(struct costs *l, const struct token_table *t, uint64_t n)
{
	int steps = 1 << t->resolution;

	l->lowest = -OCTAVES_BELOW * steps;
	l->number = (OCTAVES_BELOW + t->slot_bits) * steps + 1;
	for (int i = 0; i < l->number; i++) {
		unsigned quarters = (unsigned)i << (2 - t->resolution);
		uint64_t f = 256 + ((uint64_t)token_roots[quarters & 3] << (quarters >> 2) >> (8 + OCTAVES_BELOW));

		l->value[i] = ((uint64_t)(t->slot_bits + 8) << FIX) - log2_fixed(f);
		l->share[i] = n * f * LOG2_E >> (t->slot_bits + 8);
	}
	for (int i = -l->number; i < l->number; i++)
		l->code[i + LEVELS] = (uint32_t)token_code_bits(i, t->golomb) << FIX;
}

/* The level, from the lowest, whose frequency is nearest to c of n. */
static int ideal(uint64_t c, uint64_t n, const struct token_table *t)
{
	uint64_t share = (c << (t->slot_bits + 8)) / n, half_step = UINT64_C(1) << (FIX - t->resolution - 1);

	share = share < 256 + 32 ? 32 : share - 256;		/* slots times 2^8 */
	return (int)((log2_fixed(share) - ((8 - OCTAVES_BELOW) << FIX) + half_step) >> (FIX - t->resolution));
}

/*
 * Lists the tokens that are to be present: those with a count, and others between them where leaving them out
 * takes more bits than their share of the slots.
 */
static unsigned steps_of(const struct token_table *t, const uint32_t *count, uint64_t n, struct step *step)
{
	uint64_t fill = (n * 3 >> t->slot_bits) + 3;		/* half bits for each */
	unsigned number = 0, before = 0;

	for (unsigned i = 0; i < t->span; i++) {
		unsigned gap = i - before;

		if (count[i] == 0)
			continue;
		if (gap > 1 && (gap - 1) * fill < 2 * GAP_BITS) {
			for (unsigned k = before + 1; k < i; k++)
				step[number++] = (struct step){ .token = (uint8_t)k };
		}
		step[number] = (struct step){ .token = (uint8_t)i, .count = count[i] };
		step[number++].first = ideal(count[i], n, t) - NEAR / 2;
		before = i;
	}
	return number;
}

void token_fit(struct token_table *t, const uint32_t *count, uint64_t n)
{
	struct step step[TOKEN_SPAN];
	struct costs l;
	uint64_t total[NEAR], before[NEAR] = { 0 };
	unsigned number = steps_of(t, count, n, step), best = 0;

	costs_start(&l, t, n);
	for (unsigned i = 0; i < number; i++) {
		struct step *s = &step[i];

		for (int k = 0; k < NEAR; k++) {
			int level = s->first + k;

			total[k] = INFINITE;
			if (level < 0 || level >= l.number)
				continue;
			for (int j = 0; j < NEAR; j++) {
				uint64_t bits = before[j];

				if (i != 0 && bits < INFINITE)
					bits += l.code[LEVELS + level - (step[i - 1].first + j)];
				if (bits < total[k]) {
					total[k] = bits;
					s->from[k] = (uint8_t)j;
				}
			}
			total[k] += s->count * l.value[level] + l.share[level];
		}
		memcpy(before, total, sizeof(before));
	}
	memset(t->level, INT8_MIN, t->span);
	for (unsigned k = 0; k < NEAR; k++)
		best = before[k] < before[best] ? k : best;
	for (unsigned i = number; i-- != 0;) {
		t->level[step[i].token] = (int8_t)(step[i].first + (int)best + l.lowest);
		best = step[i].from[best];
	}
}
