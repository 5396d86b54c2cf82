/*
 * fetch.h - the objects that a reader needs, asked for ahead of their use, many under way at once.
 *
 * A reader says what it will need, in that order, and takes each object when it comes to it.  Meanwhile
 * up to `jobs` requests are in flight, as long as what is under way or here and not yet taken stays below
 * COLD_FETCH_BYTES.  What the cache has costs no request.  Everything taken was verified against its entry in
 * the manifest.  One thread; requests move when a function of this file is called.
 */
#ifndef COUNT_COLD_FETCH_H
#define COUNT_COLD_FETCH_H

#include "cold/cache.h"
#include "cold/tier.h"

#define COLD_FETCH_BYTES (64u << 20)

struct cold_fetch;

/* tier and cache are borrowed; nothing else may be in flight at tier->store but between settle and the next call. */
struct cold_fetch *cold_fetch_new(struct cold_tier *tier, struct cold_cache *cache, uint32_t jobs);
void cold_fetch_delete(struct cold_fetch *f);		/* cancels; NULL is fine */

/* The object of b will be needed, after all that were asked for before; once more changes nothing. */
int cold_fetch_ask(struct cold_fetch *f, const struct manifest_block *b, struct count_error *err);
/* It will not be needed after all. */
void cold_fetch_forget(struct cold_fetch *f, const struct manifest_block *b);
/* How much was asked for and is not taken yet, as far as the manifests say. */
uint64_t cold_fetch_asked(const struct cold_fetch *f, size_t *objects);
/* Waits for the object that was asked for first, if any, and says how that went; it can still be taken. */
int cold_fetch_try_first(struct cold_fetch *f, struct count_error *err);
/* Lets transfers go on for an instant. */
void cold_fetch_pump(struct cold_fetch *f);
/* Waits until nothing is in flight, and starts nothing more until the next call. */
void cold_fetch_settle(struct cold_fetch *f);

/* The way to the bucket is cut: from now on what is not here yet fails as this did, without a request. */
void cold_fetch_give_up(struct cold_fetch *f, int ret, const struct count_error *why);

/*
 * The object, asked for before or not.  o: empty; the caller's.  COUNT_ERR_COLD: it is gone, damaged or another one;
 * NET, DENIED, IO, NOMEM.  err names the key.
 */
int cold_fetch_take(struct cold_fetch *f, const struct manifest_block *b, const char *series, size_t len,
		    struct cold_object *o, struct count_error *err);

#endif
