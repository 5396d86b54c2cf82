/*
 * retry.h - when to try again: exponential backoff with full jitter.
 *
 * After M. Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015): before try n + 1
 * the wait is drawn evenly from 0 to min(cap, base * 2^(n - 1)), so that clients that failed together
 * do not come back together.  A Retry-After of the server is waited for at least.
 *
 * And how many requests at once: additive increase, multiplicative decrease.  A SlowDown halves the
 * number; a good while of successes adds one.
 *
 * Pure: the caller brings clock (milliseconds, monotonic) and random bits.
 */
#ifndef COUNT_S3_RETRY_H
#define COUNT_S3_RETRY_H

#include <stdint.h>

#define RETRY_BASE_MS 100
#define RETRY_CAP_MS 20000
#define RETRY_AFTER_MAX_MS 60000	/* a server that asks for more is not waited for */
#define RETRY_PATIENCE_MS 60000		/* of waiting, beside the time-outs of the tries themselves */

struct retry_policy {
	uint32_t tries;			/* of one request, the first included */
	uint32_t timeout_ms;		/* how long a try may be silent */
};

/*
 * How long to wait now that `tries` tries have failed, the first begun at first_ms; retry_after_s is the
 * server's wish, -1: none.  -1: give up.
 */
int64_t retry_wait(const struct retry_policy *p, uint32_t tries, int64_t first_ms, int64_t now_ms,
		   int64_t retry_after_s, uint64_t random);

struct retry_window {
	uint32_t limit, most;		/* requests at once: now, and at most */
	uint32_t good;			/* successes since it last changed */
	int64_t changed_ms;
};

void retry_window_init(struct retry_window *w, uint32_t most);
void retry_window_good(struct retry_window *w, int64_t now_ms);
/* A request that began at begun_ms was throttled.  One from before the last change tells nothing new. */
void retry_window_throttled(struct retry_window *w, int64_t begun_ms, int64_t now_ms);

#endif
