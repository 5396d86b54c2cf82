/*
 * parse.h - a text of whole lines to points: the half of an ingest that needs no store, so that
 * several threads can do it.
 *
 * A parser knows the spellings it met and numbers them; a text's new ones are listed with their canonical
 * names, and whoever stores its points keeps the store's id for each number (parser->ids).
 */
#ifndef CLI_PARSE_H
#define CLI_PARSE_H

#include "line.h"
#include "names.h"
#include "refused.h"
#include "scan.h"

struct parser {
	struct line line;
	scan_fn *scan;			/* NULL: of a format that has no plain lines */
	struct names names;		/* spelled -> number */
	size_t names_limit;
	uint32_t next;
	/* of whoever stores the points; nothing here reads it */
	uint32_t *ids;
	size_t nids, ids_cap;
	bool same;			/* each id is its number */
};

struct parsed_name { size_t offset, len; };	/* in parsed->names */

struct parsed_refusal {
	size_t npoints;			/* points that stand before it */
	uint64_t line, skipped, floored;	/* up to and with this one, from the text's beginning */
	size_t offset, len;		/* its bytes in the text, without the newline */
};

struct parsed {			/* zeroed: empty; memory is kept from text to text */
	uint32_t *numbers;		/* of the series */
	int64_t *times;
	double *values;
	size_t npoints, points_cap;
	bool anew;			/* the parser forgot its spellings: numbers begin at 0 again */
	char *names;
	size_t names_len, names_cap;
	struct parsed_name *series;	/* the new numbers, in their order */
	size_t nseries, series_cap;
	struct parsed_refusal *refused;
	size_t nrefused, refused_cap;
	char why[REFUSED_SHOWN][640];	/* of the first ones */
	uint64_t lines, skipped, floored;
	bool failed;			/* no memory: what is here is not all */
};

/* Reads s[0, len), whole lines, with SCAN_PAD bytes behind them that may be read; *out becomes what they say. */
void parse_text(struct parser *p, const char *s, size_t len, struct parsed *out);
void parser_forget(struct parser *p);	/* all numbers, and the ids kept for them */
void parser_free(struct parser *p);
void parsed_free(struct parsed *p);

#endif
