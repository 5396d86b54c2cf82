/*
 * probe.h - what the server of a bucket can do: found out once by writing, remembered in the index, warned of.
 */
#ifndef COUNT_COLD_PROBE_H
#define COUNT_COLD_PROBE_H

#include "cold/index.h"
#include "cold/tier.h"

/* Makes requests only if the store does not know yet whether the server holds to conditions. */
int cold_probe(struct cold_tier *t, struct count_error *err);
/* Does it refuse or ignore one?  Then only one host at a time may write to the prefix. */
bool cold_is_lax(const struct cold_tier *t);
/* Says that, unless *warned; which is true from then on. */
void cold_warn_lax(const struct cold_tier *t, bool *warned);
/* What the store learned goes to the index, if it is news. */
int cold_keep_facts(const struct cold_tier *t, struct cold_index *x, struct count_error *err);

#endif
