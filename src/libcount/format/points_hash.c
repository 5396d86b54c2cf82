/* points_hash.c - one hash over the points of an object, whatever their coding; see chunklist.h. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdlib.h>

#include "base/bytes.h"
#include "format/chunklist.h"

#define AT_ONCE 256		/* points */

struct points_hash { XXH3_state_t *state; };

struct points_hash *points_hash_new(void)
{
	struct points_hash *h = malloc(sizeof(*h));

	if (h == NULL)
		return NULL;
	h->state = XXH3_createState();	/* aligned to 64 bytes, which malloc() does not promise */
	if (h->state == NULL) {
		free(h);
		return NULL;
	}
	points_hash_reset(h);
	return h;
}

void points_hash_reset(struct points_hash *h)
{
	XXH3_128bits_reset(h->state);
}

void points_hash_add(struct points_hash *h, const int64_t *times, const double *values, size_t n)
{
	uint8_t bytes[AT_ONCE * 16];

	while (n > 0) {
		size_t some = n < AT_ONCE ? n : AT_ONCE;

		for (size_t i = 0; i < some; i++) {
			put_i64(bytes + 16 * i, times[i]);
			put_f64(bytes + 16 * i + 8, values[i]);
		}
		XXH3_128bits_update(h->state, bytes, some * 16);
		times += some;
		values += some;
		n -= some;
	}
}

void points_hash_end(const struct points_hash *h, uint8_t hash[16])
{
	XXH128_canonical_t c;

	XXH128_canonicalFromHash(&c, XXH3_128bits_digest(h->state));
	memcpy(hash, c.digest, 16);
}

void points_hash_delete(struct points_hash *h)
{
	if (h == NULL)
		return;
	XXH3_freeState(h->state);
	free(h);
}
