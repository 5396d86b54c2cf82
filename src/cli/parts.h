/*
 * parts.h - the answer of a query read and formatted by several threads, written in its order.
 *
 * Each takes the next part of the answer (count_cursor_take()), turns it into text and takes another.  Whoever has the
 * oldest part writes; the texts of those ahead are kept, so many bytes of them at most, and who
 * comes to that limit waits until its part is the oldest.  So memory is bounded, one thread always goes on,
 * and none only waits for others: with one thread all this is reading and printing part by part.
 */
#ifndef CLI_PARTS_H
#define CLI_PARTS_H

#include "count.h"
#include "print.h"

/*
 * Prints what helpers of cur can take, by up to njobs threads, after what was printed already; *rows grows.  Threads
 * are started when it turns out to be worth that; sooner if they were asked for.
 * COUNT_OK: what remains, and damage, is for count_cursor_next(), unless print->out->error is set.
 * Else the status that ended the answer, or that ends it at once; everything before it is printed.
 */
int parts_print(count_cursor *cur, unsigned njobs, bool asked, struct print *print, uint64_t *rows,
		struct count_error *err);

#endif
