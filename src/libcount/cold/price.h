/*
 * price.h - what requests and bytes cost, in USD.
 *
 * A price that is set holds anywhere.  Those that are not set are known for AWS and the storage class STANDARD alone:
 * us-east-1, as published on 2025-01-01, first tier, without the free allowance.  Elsewhere a price that is needed
 * and not set makes the sum unknown.
 */
#ifndef COUNT_COLD_PRICE_H
#define COUNT_COLD_PRICE_H

#include "cold/settings.h"
#include "count.h"

struct cold_prices {		/* USD; NaN: unknown */
	double put, get;	/* of a request: PUT and LIST; GET and HEAD.  DELETE costs nothing */
	double gb_month;	/* of 1e9 bytes kept for a month */
	double egress_gb;	/* of 1e9 bytes read */
};

struct cold_prices cold_prices(const struct cold_settings *s);
/* The requests and bytes of r, its usd and probes left out.  NaN: a price that is needed is not known. */
double cold_cost(const struct cold_settings *s, const struct count_requests *r);

#endif
