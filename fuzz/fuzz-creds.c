/*
 * fuzz-creds.c - any bytes as what gives credentials: a file of AWS's tools, the JSON of a process or an
 * endpoint, a time, a command line, an address.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "s3/creds_impl.h"
#include "s3/creds_ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lies within the text, and a section comes first. */
static void on_line(void *arg, struct creds_ini_text section, struct creds_ini_text name,
		    struct creds_ini_text value)
{
	unsigned *sum = arg;

	for (size_t i = 0; i < section.len; i++)
		*sum += (unsigned char)section.p[i];
	for (size_t i = 0; i < name.len; i++)
		*sum += (unsigned char)name.p[i];
	for (size_t i = 0; i < value.len; i++)
		*sum += (unsigned char)value.p[i];
}

static void json(const uint8_t *data, size_t size, bool version_1)
{
	const struct creds_form form = { .token = version_1 ? "SessionToken" : "Token", .version_1 = version_1 };
	struct buf body = { 0 };
	struct creds c = { 0 };

	buf_put(&body, data, size);
	if (creds_json_parse("fuzz", &form, &body, 1000, &c, NULL) == COUNT_OK &&
	    (!creds_printable(c.access_key) || !creds_printable(c.secret) ||
	     (c.token != NULL && !creds_printable(c.token)) || (c.expires_s != 0 && c.expires_s <= 1000)))
		abort();
	creds_free(&c);
	buf_free(&body);
}

static void text(const char *s)
{
	static const char *const none[] = { NULL };
	char **argv, out[48], origin[40];
	int64_t t, back;

	if (creds_process_split(s, &argv) == COUNT_OK) {
		if (argv[0] == NULL)
			abort();
		free(argv);
	}
	if (creds_time_parse(s, &t)) {
		creds_time_format(t, out);
		if (t >= 0 && (!creds_time_parse(out, &back) || back != t) && strlen(out) == 20)
			abort();
	}
	creds_http_check(s, none, true, origin, sizeof(origin));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1);
	unsigned sum = 0;
	size_t line;

	if (s == NULL)
		return 0;
	memcpy(s, data, size);
	s[size] = '\0';
	creds_ini_parse((const char *)data, size, on_line, &sum, &line);
	json(data, size, true);
	json(data, size, false);
	text(s);
	free(s);
	return 0;
}
