/*
 * canon.c - rewrites "series value stamp" lines with the value as the bits of its double.
 *
 * An oracle for round trips: it shares no code with libcount (values by the C library's strtod)
 * so that text that differs but reads to the same double compares equal, and text that is
 * close but another double does not.  A series may hold blanks: value and stamp are the last two
 * fields.  Stamps are copied as they are.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* Cuts the last blank-separated field off line and returns it, or NULL. */
static char *last_field(char *line)
{
	char *blank = strrchr(line, ' ');

	if (blank == NULL)
		return NULL;
	*blank = '\0';
	return blank + 1;
}

int main(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	while ((len = getline(&line, &cap, stdin)) > 0) {
		char *stamp, *text, *end;
		double value;
		uint64_t bits;

		line[strcspn(line, "\n")] = '\0';
		stamp = last_field(line);
		text = stamp == NULL ? NULL : last_field(line);
		if (text == NULL) {
			fprintf(stderr, "canon: not a point: %s\n", line);
			return 1;
		}
		value = strtod(text, &end);
		if (end == text || *end != '\0') {
			fprintf(stderr, "canon: not a number: %s\n", text);
			return 1;
		}
		memcpy(&bits, &value, sizeof(bits));
		if (value != value)
			bits = UINT64_C(0x7ff8000000000000);
		printf("%s %016" PRIx64 " %s\n", line, bits, stamp);
	}
	free(line);
	return ferror(stdin) || fflush(stdout) != 0;
}
