/*
 * credentials.c - finds credentials as the S3 client does and prints what is no secret of them.
 *
 *	credentials [-n TIMES] [-i SECONDS] [-b CA_BUNDLE] [-r]
 *
 * A line each time: SOURCE, KEY ID, "token" or "-", the seconds until they end and until they should be
 * renewed, REGION, with tabs between.  -n asks again, with the same finder, after -i seconds.  -r prints
 * the region and where it comes from, and asks for no credentials.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "s3/creds.h"

static void log_line(void *arg, int level, const char *text)
{
	(void)arg;
	fprintf(stderr, "log %d: %s\n", level, text);
}

static int print_region(struct creds_finder *f, const struct creds_options *opt)
{
	const char *source;
	char *region = creds_region(f, opt, &source);

	if (region != NULL)
		printf("%s\t%s\n", region, source);
	free(region);
	return region != NULL ? 0 : 3;
}

static void print(const struct creds *c, int64_t now_s)
{
	printf("%s\t%s\t%s\t", c->source, c->access_key, c->token != NULL ? "token" : "-");
	if (c->expires_s == 0)
		printf("never\t%s\t", c->refresh_s == 0 ? "never" : "?");
	else
		printf("%" PRId64 "\t%" PRId64 "\t", c->expires_s - now_s, c->refresh_s - now_s);
	printf("%s\n", c->region != NULL ? c->region : "-");
	fflush(stdout);
}

static int find(struct creds_finder *f, struct creds_options *opt, unsigned times, unsigned interval)
{
	struct creds c = { 0 };
	int failed = 0;

	for (unsigned i = 0; i < times; i++) {
		struct count_error err = { 0 };

		if (i > 0)
			sleep(interval);
		opt->now_s = time(NULL);
		if (creds_get(f, opt, &c, &err) == COUNT_OK) {
			print(&c, opt->now_s);
		} else {
			fprintf(stderr, "credentials: %s (%d)\n", err.text, err.code);
			failed = 1;
		}
	}
	creds_free(&c);
	return failed;
}

int main(int argc, char **argv)
{
	struct creds_options opt = { .log = log_line };
	struct creds_finder *f = creds_finder_new();
	unsigned times = 1, interval = 0;
	int c, region = 0, ret = 3;

	while ((c = getopt(argc, argv, "n:i:b:r")) != -1) {
		if (c == 'n')
			times = (unsigned)atoi(optarg);
		else if (c == 'i')
			interval = (unsigned)atoi(optarg);
		else if (c == 'b')
			opt.ca_bundle = optarg;
		else if (c == 'r')
			region = 1;
		else
			return 2;
	}
	if (f != NULL)
		ret = region ? print_region(f, &opt) : find(f, &opt, times, interval);
	creds_finder_delete(f);
	return ret;
}
