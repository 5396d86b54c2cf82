/* signals.h - how the tools end by signal: in order, with what was accepted kept. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <signal.h>

/*
 * SIGTERM, SIGINT and SIGHUP are blocked from here on and only note their number, so that work is
 * never cut in the middle; they arrive inside ppoll() with the mask given.  What was ignored when
 * the program started (nohup, a shell's &) stays ignored.
 */
void signals_hold(sigset_t *while_waiting);
int signals_stopped(void);		/* the number of the signal that came, or 0 */
/* From here on they end the program at once: nothing is left to save. */
void signals_release(void);

/*
 * A mapped file that cannot be read (a disk that fails, a file cut by somebody) ends in SIGBUS: say
 * which file, as far as it can be told, and end with the status of a storage error.
 */
void signals_bus(const char *tool, const char *data_dir);

#endif
