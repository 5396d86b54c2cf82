/*
 * signals.c - how the tools end by signal: in order, with what was accepted kept.
 *
 * The only variables of the tools that outlive a call are here: a handler has no other way to
 * reach what it must know.
 */
#include "signals.h"
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stop_signal;
static char bus_text[4352];	/* "count-query: /data/dir", prepared: a handler may not format */

static const int stopping[] = { SIGTERM, SIGINT, SIGHUP };

static void note_stop(int sig)
{
	stop_signal = sig;
}

void signals_hold(sigset_t *while_waiting)
{
	struct sigaction sa = { .sa_handler = note_stop }, old;
	sigset_t block;

	sigemptyset(&block);
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(stopping) / sizeof(stopping[0]); i++) {
		if (sigaction(stopping[i], NULL, &old) != 0 || old.sa_handler == SIG_IGN)
			continue;
		sigaction(stopping[i], &sa, NULL);
		sigaddset(&block, stopping[i]);
	}
	sigprocmask(SIG_BLOCK, &block, while_waiting);
	for (size_t i = 0; i < sizeof(stopping) / sizeof(stopping[0]); i++)
		sigdelset(while_waiting, stopping[i]);
}

int signals_stopped(void)
{
	return stop_signal;
}

void signals_release(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL }, old;
	sigset_t unblock;

	sigemptyset(&unblock);
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(stopping) / sizeof(stopping[0]); i++) {
		if (sigaction(stopping[i], NULL, &old) == 0 && old.sa_handler == note_stop)
			sigaction(stopping[i], &sa, NULL);
		sigaddset(&unblock, stopping[i]);
	}
	sigprocmask(SIG_UNBLOCK, &unblock, NULL);
}

static void put(const char *s, size_t len)
{
	ssize_t n = write(STDERR_FILENO, s, len);

	(void)n;	/* the program is ending with an error as it is */
}

/* One line of /proc/self/maps: does it hold the address?  Its path is then *path. */
static int line_holds(const char *line, size_t len, uintptr_t address, const char **path)
{
	uintptr_t bound[2] = { 0, 0 };
	size_t i = 0;

	for (int b = 0; b < 2; b++, i++) {
		for (; i < len && line[i] != '-' && line[i] != ' '; i++) {
			unsigned c = (unsigned char)line[i];

			bound[b] = bound[b] << 4 | (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
		}
	}
	*path = memchr(line, '/', len);
	return *path != NULL && address >= bound[0] && address < bound[1];
}

/* Write ": FILE" for the mapping that holds the address; with calls that a handler may make only. */
static void put_mapped_file(uintptr_t address)
{
	char buf[8192];
	size_t len = 0;
	ssize_t n = 0;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && (n = read(fd, buf + len, sizeof(buf) - len)) > 0) {
		char *line = buf, *end;
		const char *path;

		len += (size_t)n;
		while ((end = memchr(line, '\n', len - (size_t)(line - buf))) != NULL) {
			if (line_holds(line, (size_t)(end - line), address, &path)) {
				put(": ", 2);
				put(path, (size_t)(end - path));
				close(fd);
				return;
			}
			line = end + 1;
		}
		len -= (size_t)(line - buf);
		memmove(buf, line, len);
		if (len == sizeof(buf))
			len = 0;
	}
	if (fd >= 0)
		close(fd);
}

static void on_bus(int sig, siginfo_t *info, void *context)
{
	static const char why[] = ": a stored file cannot be read (its disk fails, or it was cut)\n";

	(void)sig;
	(void)context;
	put(bus_text, strlen(bus_text));
	put_mapped_file((uintptr_t)info->si_addr);
	put(why, sizeof(why) - 1);
	_exit(CLI_STORAGE);
}

void signals_bus(const char *tool, const char *data_dir)
{
	struct sigaction sa = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO };

	snprintf(bus_text, sizeof(bus_text), "%s: %s", tool, data_dir);
	sigemptyset(&sa.sa_mask);
	sigaction(SIGBUS, &sa, NULL);
}
