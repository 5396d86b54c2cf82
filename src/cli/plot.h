/* plot.h - count-query --plot: lines of braille dots on a terminal, or in a mail. */
#ifndef CLI_PLOT_H
#define CLI_PLOT_H

#include "count.h"
#include "out.h"

struct plot;

/* width is that of the terminal, in characters; from to to is the x axis; tz is for its labels.
 * NULL: no memory. */
struct plot *plot_new(unsigned width, int64_t from, int64_t to, enum count_unit unit, const char *tz);
/* Take points; when the series changes, the plot of the one before is printed. */
void plot_batch(struct plot *p, const struct count_batch *b, struct out *out);
/* Print the last one. */
void plot_end(struct plot *p, struct out *out);
void plot_free(struct plot *p);

#endif
