/*
 * make-bucket.c - a bucket of the cold tier from points: make-bucket DIR [plain] <LINES
 *
 * Lines are "series value time", a series' points together and ascending; a line "-" begins a new object,
 * which may overlap those before.  The series' manifest is replaced.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coldfix.h"

struct series {
	char name[COUNT_SERIES_MAX + 1];
	struct coldfix_block *v;
	size_t n;
	bool cut, plain;
};

static bool add(struct series *s, int64_t time, double value)
{
	struct coldfix_block *b;
	size_t n;

	if (s->n == 0 || s->cut) {
		s->v = reallocarray(s->v, s->n + 1, sizeof(*s->v));
		s->v[s->n++] = (struct coldfix_block){ .plain = s->plain };
		s->cut = false;
	}
	b = &s->v[s->n - 1];
	n = b->n;
	if ((n & (n - 1)) == 0) {
		b->times = reallocarray((void *)b->times, n == 0 ? 1 : 2 * n, sizeof(*b->times));
		b->values = reallocarray((void *)b->values, n == 0 ? 1 : 2 * n, sizeof(*b->values));
	}
	((int64_t *)b->times)[n] = time;
	((double *)b->values)[n] = value;
	b->n++;
	return true;
}

static bool end(struct cold_tier *t, struct series *s)
{
	bool good = s->n == 0 || coldfix_put(t, s->name, s->v, s->n);

	for (size_t i = 0; i < s->n; i++) {
		free((void *)s->v[i].times);
		free((void *)s->v[i].values);
	}
	free(s->v);
	s->v = NULL;
	s->n = 0;
	s->cut = false;
	return good;
}

/* The last two words; the series may have blanks. */
static bool parse(char *line, char **name, double *value, int64_t *time)
{
	char *b = strrchr(line, ' '), *a;

	if (b == NULL)
		return false;
	*b = '\0';
	*time = strtoll(b + 1, NULL, 10);
	a = strrchr(line, ' ');
	if (a == NULL)
		return false;
	*a = '\0';
	*name = line;
	return count_value_parse(a + 1, strlen(a + 1), value) == COUNT_OK;
}

int main(int argc, char **argv)
{
	struct series s = { .plain = argc > 2 && strcmp(argv[2], "plain") == 0 };
	struct cold_settings settings;
	struct datadir d = { 0 };
	struct cold_tier t;
	char line[COUNT_SERIES_MAX + 100], *name;
	double value;
	int64_t time;
	bool good;

	if (argc < 2 || !coldfix_open(&t, &settings, &d, argv[1]))
		return 1;
	good = true;
	while (good && fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "-") == 0) {
			s.cut = true;
			continue;
		}
		good = parse(line, &name, &value, &time);
		if (good && strcmp(name, s.name) != 0) {
			good = end(&t, &s);
			strcpy(s.name, name);
		}
		good = good && add(&s, time, value);
	}
	good = end(&t, &s) && good;
	cold_tier_close(&t);
	cold_settings_free(&settings);
	return good ? 0 : 1;
}
