/*
 * bench-codec - bytes a point and speed of the column encodings on real series.
 *
 *	bench-codec [-v] [-c CHUNK_POINTS] [-r ROUNDS] [-l LEVEL] FILE...
 *
 * Reads lines `series value unix_ms`, grouped by series and ascending in time, from each FILE; encodes every
 * series in chunks of CHUNK_POINTS (8192) at each level, or only LEVEL (0 fast, 1 default, 2 max), decodes them
 * again and compares bit for bit (exit 1 if anything differs).  A line a file: for each level bytes a point of
 * values and times, equal columns of times counted once, dictionaries included; then millions of points a second of
 * encoding and decoding both columns (processor time, the best round).  -v: also what each encoding was chosen
 * for.  At the end the mean over the files.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "codec/chunk.h"
#include "codec/column.h"

#define LEVELS 3
#define MAX_NAMES 64

struct points {
	int64_t *times;
	double *values;
	size_t n, cap;
	size_t *starts;		/* of series, with the end after the last */
	size_t series, series_cap;
};

struct chunk {
	size_t from, n, series;		/* points */
	size_t at, time_len, value_len;	/* bytes */
	uint64_t time_hash;
	bool dict;
};

struct tally { const char *name; size_t chunks, points, bytes; };

struct result {
	struct buf bytes, dict_bytes;
	struct column_dict *dicts;	/* of each series */
	struct chunk *chunks;
	size_t n;
	size_t time_bytes, value_bytes;	/* equal columns of times counted once */
	double encode, decode;		/* seconds */
	struct tally times[MAX_NAMES], values[MAX_NAMES];
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *must(void *p)
{
	if (p == NULL) {
		fprintf(stderr, "bench-codec: out of memory\n");
		exit(3);
	}
	return p;
}

static void add_point(struct points *p, int64_t time, double value)
{
	if (p->n == p->cap) {
		p->cap = p->cap * 2 + 65536;
		p->times = must(realloc(p->times, p->cap * sizeof(*p->times)));
		p->values = must(realloc(p->values, p->cap * sizeof(*p->values)));
	}
	p->times[p->n] = time;
	p->values[p->n++] = value;
}

static void add_start(struct points *p)
{
	if (p->series == p->series_cap) {
		p->series_cap = p->series_cap * 2 + 1024;
		p->starts = must(realloc(p->starts, p->series_cap * sizeof(*p->starts)));
	}
	p->starts[p->series++] = p->n;
}

static int read_points(FILE *in, const char *name, struct points *p)
{
	char *line = NULL, *series = NULL;
	size_t cap = 0, number = 0;
	int ret = 0;

	while (getline(&line, &cap, in) > 0) {
		char *value, *time, *end;

		number++;
		line[strcspn(line, "\n")] = '\0';
		time = strrchr(line, ' ');
		if (time == NULL || time == line)
			goto bad;
		*time++ = '\0';
		value = strrchr(line, ' ');
		if (value == NULL)
			goto bad;
		*value++ = '\0';
		if (series == NULL || strcmp(series, line) != 0) {
			free(series);
			series = must(strdup(line));
			add_start(p);
		}
		add_point(p, strtoll(time, &end, 10),
			  strcmp(value, "NaN") == 0 ? (double)NAN : strtod(value, NULL));
		if (*end == '\0')
			continue;
bad:
		fprintf(stderr, "%s:%zu: not a point\n", name, number);
		ret = -1;
		break;
	}
	add_start(p);
	p->series--;
	free(line);
	free(series);
	return ret;
}

static void check(int ret, const char *what)
{
	if (ret != COUNT_OK) {
		fprintf(stderr, "bench-codec: %s: error %d\n", what, ret);
		exit(1);
	}
}

static void encode_all(struct chunk_coder *c, enum column_level level, const struct points *p, size_t size,
		       struct result *r)
{
	buf_clear(&r->bytes);
	buf_clear(&r->dict_bytes);
	r->n = 0;
	for (size_t s = 0; s < p->series; s++) {
		size_t end = p->starts[s + 1], at = p->starts[s];
		struct column_dict *dict = &r->dicts[s];

		free(dict->v);
		check(column_dict_make(c, level, p->values + at, end - at, &r->dict_bytes, dict), "dictionary");
		for (; at < end; at += size) {
			size_t left = end - at;
			struct chunk *k = &r->chunks[r->n++];

			*k = (struct chunk){ .from = at, .n = left < size ? left : size, .series = s,
					     .at = r->bytes.len };
			check(column_encode_times(c, level, p->times + at, k->n, &r->bytes), "times");
			k->time_len = r->bytes.len - k->at;
			check(column_encode_values(c, level, dict->n != 0 ? dict : NULL, p->values + at, k->n,
						   &r->bytes, &k->dict), "values");
			k->value_len = r->bytes.len - k->at - k->time_len;
		}
	}
}

static int decode_all(struct chunk_coder *c, const struct points *p, const struct result *r, int64_t *times,
		      double *values)
{
	int ret = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct chunk *k = &r->chunks[i];
		const uint8_t *b = r->bytes.data + k->at;
		unsigned pages = column_pages(k->n);

		ret |= column_decode_times(c, b, k->time_len, p->times[k->from], p->times[k->from + k->n - 1], k->n, 0,
					   pages, times);
		ret |= column_decode_values(c, b + k->time_len, k->value_len, k->dict ? &r->dicts[k->series] : NULL,
					    k->n, 0, pages, values);
	}
	return ret;
}

/* Whether what was encoded last comes back bit for bit. */
static bool same(struct chunk_coder *c, const struct points *p, const struct result *r)
{
	int64_t times[COLUMN_MAX_POINTS];
	double values[COLUMN_MAX_POINTS];

	for (size_t i = 0; i < r->n; i++) {
		const struct chunk *k = &r->chunks[i];
		struct result one = { .bytes = r->bytes, .dicts = r->dicts, .chunks = r->chunks + i, .n = 1 };

		if (decode_all(c, p, &one, times, values) != 0 ||
		    memcmp(times, p->times + k->from, k->n * sizeof(*times)) != 0 ||
		    memcmp(values, p->values + k->from, k->n * sizeof(*values)) != 0)
			return false;
	}
	return true;
}

static uint64_t hash(const uint8_t *p, size_t len)
{
	uint64_t h = len;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* Whether an earlier chunk has the same times: a block keeps such a column once. */
static bool is_shared(const struct result *r, size_t i)
{
	const struct chunk *k = &r->chunks[i];

	for (size_t j = 0; j < i; j++) {
		const struct chunk *e = &r->chunks[j];

		if (e->n == k->n && e->time_len == k->time_len && e->time_hash == k->time_hash)
			return true;
	}
	return false;
}

static void add_tally(struct tally *t, const char *name, size_t points, size_t bytes)
{
	for (; t->name != NULL && strcmp(t->name, name) != 0; t++)
		;
	*t = (struct tally){ name, t->chunks + 1, t->points + points, t->bytes + bytes };
}

static void count_encodings(struct result *r)
{
	r->value_bytes = r->dict_bytes.len;
	for (size_t i = 0; i < r->n; i++) {
		struct chunk *k = &r->chunks[i];
		const uint8_t *b = r->bytes.data + k->at;

		k->time_hash = hash(b, k->time_len);
		r->time_bytes += is_shared(r, i) ? 0 : k->time_len;
		r->value_bytes += k->value_len;
		add_tally(r->times, column_times_name(b, k->time_len, k->n), k->n, k->time_len);
		add_tally(r->values, column_values_name(b + k->time_len, k->value_len, k->n), k->n, k->value_len);
	}
}

static void print_tally(const char *column, const struct tally *t)
{
	for (; t->name != NULL; t++)
		printf("    %-6s %-22s %6zu chunks %8zu points %7.4f bytes/point\n", column, t->name, t->chunks,
		       t->points, (double)t->bytes / (double)t->points);
}

/* What the mean is taken of: bytes a point of values and of both, speed of encoding and decoding. */
struct figures { double values, all, encode, decode; };

static struct figures run(enum column_level level, const struct points *p, size_t size, int rounds, bool verbose,
			  const char *name)
{
	struct chunk_coder *c = must(chunk_coder_new());
	struct result *r = must(calloc(1, sizeof(*r)));
	struct figures f;
	static int64_t times[COLUMN_MAX_POINTS];
	static double values[COLUMN_MAX_POINTS];

	r->chunks = must(calloc(p->n / size + p->series + 1, sizeof(*r->chunks)));
	r->dicts = must(calloc(p->series, sizeof(*r->dicts)));
	r->encode = r->decode = 1e9;
	for (int i = 0; i < rounds; i++) {
		double t0 = now(), t1, t2;

		encode_all(c, level, p, size, r);
		t1 = now();
		check(decode_all(c, p, r, times, values), name);
		t2 = now();
		r->encode = t1 - t0 < r->encode ? t1 - t0 : r->encode;
		r->decode = t2 - t1 < r->decode ? t2 - t1 : r->decode;
	}
	if (!same(c, p, r)) {
		fprintf(stderr, "bench-codec: %s: level %d: points differ\n", name, (int)level);
		exit(1);
	}
	count_encodings(r);
	f = (struct figures){ (double)r->value_bytes / (double)p->n,
			      (double)(r->value_bytes + r->time_bytes) / (double)p->n,
			      (double)p->n / r->encode / 1e6, (double)p->n / r->decode / 1e6 };
	if (verbose) {
		printf("  level %d, dictionaries %zu bytes\n", (int)level, r->dict_bytes.len);
		print_tally("times", r->times);
		print_tally("values", r->values);
	}
	for (size_t s = 0; s < p->series; s++)
		free(r->dicts[s].v);
	buf_free(&r->bytes);
	buf_free(&r->dict_bytes);
	free(r->chunks);
	free(r->dicts);
	free(r);
	chunk_coder_delete(c);
	return f;
}

static void print_figures(const char *name, const struct figures *f, unsigned levels)
{
	const char *base = strrchr(name, '/');

	printf("%-16.16s", base == NULL ? name : base + 1);
	for (int i = LEVELS - 1; i >= 0; i--)
		if ((levels >> i & 1) != 0)
			printf(" | %6.4f %6.4f %5.0f %5.0f", f[i].values, f[i].all, f[i].encode, f[i].decode);
	printf("\n");
	fflush(stdout);
}

static int bench(FILE *in, const char *name, size_t size, int rounds, unsigned levels, bool verbose,
		 struct figures *sum)
{
	struct figures f[LEVELS];
	struct points p = { 0 };

	if (read_points(in, name, &p) != 0 || p.n == 0)
		return 1;
	for (int i = 0; i < LEVELS; i++) {
		if ((levels >> i & 1) == 0)
			continue;
		f[i] = run((enum column_level)i, &p, size, rounds, verbose, name);
		sum[i].values += f[i].values;
		sum[i].all += f[i].all;
		sum[i].encode += f[i].encode;
		sum[i].decode += f[i].decode;
	}
	print_figures(name, f, levels);
	free(p.times);
	free(p.values);
	free(p.starts);
	return 0;
}

int main(int argc, char **argv)
{
	size_t size = COLUMN_MAX_POINTS;
	unsigned levels = (1u << LEVELS) - 1;
	int rounds = 5, opt, ret = 0, files;
	struct figures sum[LEVELS] = { { 0 } };
	bool verbose = false;

	while ((opt = getopt(argc, argv, "c:l:r:v")) != -1) {
		if (opt == 'c')
			size = strtoul(optarg, NULL, 10);
		else if (opt == 'l')
			levels = 1u << (optarg[0] - '0') & ((1u << LEVELS) - 1);
		else if (opt == 'r')
			rounds = atoi(optarg);
		else if (opt == 'v')
			verbose = true;
		else
			return 2;
	}
	files = argc - optind;
	if (size == 0 || size > COLUMN_MAX_POINTS || rounds < 1 || levels == 0 || files == 0) {
		fprintf(stderr, "usage: bench-codec [-v] [-c 1..%d] [-r ROUNDS] [-l 0..2] FILE...\n",
			COLUMN_MAX_POINTS);
		return 2;
	}
	printf("%-16s | for max, default, fast: bytes/point of values, of all; M points/s encode, decode\n", "set");
	for (int i = optind; i < argc; i++) {
		FILE *in = fopen(argv[i], "r");

		if (in == NULL) {
			fprintf(stderr, "bench-codec: %s: %s\n", argv[i], strerror(errno));
			return 3;
		}
		ret |= bench(in, argv[i], size, rounds, levels, verbose, sum);
		fclose(in);
	}
	for (int i = 0; i < LEVELS; i++)
		sum[i] = (struct figures){ sum[i].values / files, sum[i].all / files, sum[i].encode / files,
					   sum[i].decode / files };
	print_figures("mean", sum, levels);
	return ret;
}
