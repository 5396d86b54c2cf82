/* aggregate_parse.c - names of aggregates: see count_agg_parse(). */
#include <stdbool.h>
#include <string.h>

#include "count.h"

static const struct {
	const char *name;
	enum count_agg agg;
} agg_names[] = {
	{ "avg", COUNT_AGG_AVG }, { "count", COUNT_AGG_COUNT }, { "delta", COUNT_AGG_DELTA },
	{ "first", COUNT_AGG_FIRST }, { "increase", COUNT_AGG_INCREASE },
	{ "irate", COUNT_AGG_IRATE }, { "last", COUNT_AGG_LAST }, { "max", COUNT_AGG_MAX },
	{ "median", COUNT_AGG_MEDIAN }, { "min", COUNT_AGG_MIN }, { "rate", COUNT_AGG_RATE },
	{ "stddev", COUNT_AGG_STDDEV }, { "sum", COUNT_AGG_SUM },
};

/* p and a decimal from 0 to 100, without sign or exponent. */
static int parse_quantile(const char *text, size_t len, double *quantile)
{
	double percent;

	if (len < 2 || text[0] != 'p')
		return COUNT_ERR_INVALID;
	for (size_t i = 1; i < len; i++)
		if ((text[i] < '0' || text[i] > '9') && text[i] != '.')
			return COUNT_ERR_INVALID;
	if (count_value_parse(text + 1, len - 1, &percent) != COUNT_OK || percent > 100)
		return COUNT_ERR_INVALID;
	*quantile = percent / 100;
	return COUNT_OK;
}

int count_agg_parse(const char *text, size_t len, struct count_agg_spec *spec)
{
	struct count_agg_spec s = { .agg = COUNT_AGG_QUANTILE };
	bool found = false;

	if (len >= sizeof(s.name))
		return COUNT_ERR_INVALID;
	memcpy(s.name, text, len);
	for (size_t i = 0; i < sizeof(agg_names) / sizeof(agg_names[0]); i++) {
		if (strcmp(agg_names[i].name, s.name) == 0) {
			s.agg = agg_names[i].agg;
			found = true;
		}
	}
	if (!found && parse_quantile(text, len, &s.quantile) != COUNT_OK)
		return COUNT_ERR_INVALID;
	*spec = s;
	return COUNT_OK;
}
