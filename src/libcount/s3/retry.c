/* retry.c - when to try again, and how many at once; see retry.h. */
#include "s3/retry.h"

#define GOOD_PER_STEP 16	/* times limit: so many successes before one more is tried */

static int64_t jitter(uint32_t tries, uint64_t random)
{
	unsigned doublings = tries > 0 ? tries - 1 : 0;
	uint64_t most = doublings >= 20 ? RETRY_CAP_MS : (uint64_t)RETRY_BASE_MS << doublings;

	if (most > RETRY_CAP_MS)
		most = RETRY_CAP_MS;
	return (int64_t)(random % (most + 1));
}

int64_t retry_wait(const struct retry_policy *p, uint32_t tries, int64_t first_ms, int64_t now_ms,
		   int64_t retry_after_s, uint64_t random)
{
	int64_t wait = jitter(tries, random), deadline;

	if (tries >= p->tries)
		return -1;
	if (retry_after_s > RETRY_AFTER_MAX_MS / 1000)
		return -1;
	if (retry_after_s > 0 && wait < retry_after_s * 1000)
		wait = retry_after_s * 1000;
	deadline = first_ms + (int64_t)p->tries * p->timeout_ms + RETRY_PATIENCE_MS;
	return now_ms + wait > deadline ? -1 : wait;
}

void retry_window_init(struct retry_window *w, uint32_t most)
{
	*w = (struct retry_window){ .limit = most, .most = most, .changed_ms = INT64_MIN };
}

void retry_window_good(struct retry_window *w, int64_t now_ms)
{
	if (w->limit >= w->most || ++w->good < w->limit * GOOD_PER_STEP)
		return;
	w->limit++;
	w->good = 0;
	w->changed_ms = now_ms;
}

void retry_window_throttled(struct retry_window *w, int64_t begun_ms, int64_t now_ms)
{
	w->good = 0;
	if (begun_ms < w->changed_ms)
		return;
	w->limit = w->limit > 1 ? w->limit / 2 : 1;
	w->changed_ms = now_ms;
}
