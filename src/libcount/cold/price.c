/* price.c - what requests and bytes cost, in USD; see price.h. */
#include "cold/price.h"

#include <math.h>
#include <string.h>

/* AWS, us-east-1, STANDARD, 2025-01-01: https://aws.amazon.com/s3/pricing/ */
static const struct cold_prices aws = {
	.put = 0.005 / 1000, .get = 0.0004 / 1000, .gb_month = 0.023, .egress_gb = 0.09,
};

static const struct cold_prices unknown = { .put = NAN, .get = NAN, .gb_month = NAN, .egress_gb = NAN };

struct cold_prices cold_prices(const struct cold_settings *s)
{
	const char *class = s->text[COLD_STORAGE_CLASS];
	bool standard = class == NULL || strcmp(class, "STANDARD") == 0;
	struct cold_prices p = s->text[COLD_ENDPOINT] == NULL && standard ? aws : unknown;

	if (s->price_put >= 0)
		p.put = s->price_put / 1000;
	if (s->price_get >= 0)
		p.get = s->price_get / 1000;
	if (s->price_gb_month >= 0)
		p.gb_month = s->price_gb_month;
	if (s->price_egress_gb >= 0)
		p.egress_gb = s->price_egress_gb;
	return p;
}

/* What is not bought needs no price. */
static double cost(double amount, double price)
{
	return amount == 0 ? 0 : amount * price;
}

double cold_cost(const struct cold_settings *s, const struct count_requests *r)
{
	struct cold_prices p = cold_prices(s);

	return cost((double)(r->put + r->list), p.put) + cost((double)(r->get + r->head), p.get) +
	       cost((double)r->bytes_down / 1e9, p.egress_gb);
}
