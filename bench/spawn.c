/*
 * spawn.c - how long whole processes take, each compared with an empty C program in the same run.
 *
 *	spawn [-t] [-p PID] RUNS NAME COMMAND... [-- NAME COMMAND...]...
 *
 * Runs the empty program and every command in turn, RUNS rounds, output to /dev/null, and prints per command the
 * median elapsed time from spawn to exit, the median of processor time (of children that it waited for too), and
 * both above the empty program.  Interleaving makes a slow phase of the machine hit all alike.
 *
 *	-t	one line a command, columns between tabs: name, the four times in ms, greatest resident memory in KiB
 *	-p PID	adds the processor time that process PID, a server asked by the commands, spent meanwhile
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COMMANDS 32

extern char **environ;

struct command {
	const char *name;
	char **argv;		/* NULL-terminated */
	double *wall_ms, *cpu_ms;
	long rss_kib;		/* the greatest */
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), by_value);
	return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static double ms(struct timeval tv)
{
	return (double)tv.tv_sec * 1e3 + (double)tv.tv_usec / 1e3;
}

/* Processor time of another process and all its threads; 0 if there is none to look at. */
static double server_ms(pid_t server)
{
	struct timespec ts;
	clockid_t clock;

	if (server == 0 || clock_getcpuclockid(server, &clock) != 0 || clock_gettime(clock, &ts) != 0)
		return 0;
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void run_once(struct command *c, const posix_spawn_file_actions_t *fa, pid_t server, int i)
{
	struct rusage ru;
	double server_start = server_ms(server), start = now_ms();
	pid_t pid;
	int status;

	if (posix_spawnp(&pid, c->argv[0], fa, NULL, c->argv, environ) != 0) {
		fprintf(stderr, "spawn: cannot run %s\n", c->argv[0]);
		exit(2);
	}
	if (wait4(pid, &status, 0, &ru) != pid || !WIFEXITED(status) || WEXITSTATUS(status) > 1) {
		fprintf(stderr, "spawn: %s failed\n", c->name);
		exit(2);
	}
	c->wall_ms[i] = now_ms() - start;
	c->cpu_ms[i] = ms(ru.ru_utime) + ms(ru.ru_stime) + server_ms(server) - server_start;
	c->rss_kib = ru.ru_maxrss > c->rss_kib ? ru.ru_maxrss : c->rss_kib;
}

/* Splits argv at "--" into commands; returns how many. */
static int read_commands(char **argv, int argc, struct command *c)
{
	int n = 0;

	for (int i = 0; i < argc && n < MAX_COMMANDS; n++) {
		c[n].name = argv[i++];
		c[n].argv = argv + i;
		while (i < argc && strcmp(argv[i], "--") != 0)
			i++;
		argv[i++] = NULL;
	}
	return n;
}

static void print_rows(struct command *c, int n, int runs, int tabs)
{
	double empty_wall = median(c[0].wall_ms, runs), empty_cpu = median(c[0].cpu_ms, runs);

	if (!tabs)
		printf("%-24s %9s %9s %9s %9s\n", "median of processes", "ms", "above", "cpu ms", "above");
	for (int k = 0; k < n; k++) {
		double wall = median(c[k].wall_ms, runs), cpu = median(c[k].cpu_ms, runs);

		printf(tabs ? "%s\t%.3f\t%.3f\t%.3f\t%.3f\t%ld\n" : "%-24s %9.3f %9.3f %9.3f %9.3f\n", c[k].name,
		       wall, wall - empty_wall, cpu, cpu - empty_cpu, c[k].rss_kib);
	}
}

int main(int argc, char **argv)
{
	static char *empty_argv[2];
	struct command c[MAX_COMMANDS + 1] = { { .name = "empty C program", .argv = empty_argv } };
	posix_spawn_file_actions_t fa;
	pid_t server = 0;
	int runs = 0, n, opt, tabs = 0;

	while ((opt = getopt(argc, argv, "+tp:")) != -1) {
		tabs |= opt == 't';
		if (opt == 'p')
			server = (pid_t)atol(optarg);
	}
	if (argc - optind < 3 || (runs = atoi(argv[optind])) < 1) {
		fprintf(stderr, "usage: spawn [-t] [-p PID] RUNS NAME COMMAND... [-- NAME COMMAND...]...\n");
		return 2;
	}
	empty_argv[0] = getenv("EMPTY_PROGRAM");
	if (empty_argv[0] == NULL)
		empty_argv[0] = (char *)"/bin/true";
	n = 1 + read_commands(argv + optind + 1, argc - optind - 1, c + 1);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	for (int k = 0; k < n; k++) {
		c[k].wall_ms = calloc((size_t)runs, sizeof(double));
		c[k].cpu_ms = calloc((size_t)runs, sizeof(double));
	}
	for (int i = 0; i < runs; i++)
		for (int k = 0; k < n; k++)
			run_once(&c[k], &fa, server, i);
	print_rows(c, n, runs, tabs);
	return 0;
}
