/*
 * spawn.c - how long whole processes take, each compared with an empty C program in the same run.
 *
 *	spawn RUNS NAME COMMAND... [-- NAME COMMAND...]...
 *
 * Runs the empty program and every command in turn, RUNS rounds, output to /dev/null, and prints per command the
 * median elapsed time from spawn to exit, the median of processor time, and both above the empty
 * program.  Interleaving makes a slow phase of the machine hit all alike.
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

static void run_once(const struct command *c, const posix_spawn_file_actions_t *fa, int i)
{
	struct rusage ru;
	double start = now_ms();
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
	c->cpu_ms[i] = ms(ru.ru_utime) + ms(ru.ru_stime);
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

int main(int argc, char **argv)
{
	static char *empty_argv[2];
	struct command c[MAX_COMMANDS + 1] = { { .name = "empty C program", .argv = empty_argv } };
	posix_spawn_file_actions_t fa;
	double empty_wall = 0, empty_cpu = 0;
	int runs, n;

	if (argc < 4 || (runs = atoi(argv[1])) < 1) {
		fprintf(stderr, "usage: spawn RUNS NAME COMMAND... [-- NAME COMMAND...]...\n");
		return 2;
	}
	empty_argv[0] = getenv("EMPTY_PROGRAM");
	if (empty_argv[0] == NULL)
		empty_argv[0] = (char *)"/bin/true";
	n = 1 + read_commands(argv + 2, argc - 2, c + 1);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	for (int k = 0; k < n; k++) {
		c[k].wall_ms = calloc((size_t)runs, sizeof(double));
		c[k].cpu_ms = calloc((size_t)runs, sizeof(double));
	}
	for (int i = 0; i < runs; i++)
		for (int k = 0; k < n; k++)
			run_once(&c[k], &fa, i);
	printf("%-24s %9s %9s %9s %9s\n", "median of processes", "ms", "above", "cpu ms", "above");
	for (int k = 0; k < n; k++) {
		double wall = median(c[k].wall_ms, runs), cpu = median(c[k].cpu_ms, runs);

		if (k == 0) {
			empty_wall = wall;
			empty_cpu = cpu;
		}
		printf("%-24s %9.3f %9.3f %9.3f %9.3f\n", c[k].name, wall, wall - empty_wall, cpu,
		       cpu - empty_cpu);
	}
	return 0;
}
