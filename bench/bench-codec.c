/*
 * bench-codec - bytes a point and speed of the chunk encodings on real series.
 *
 *	zstdcat set.txt.zst | bench-codec [-c CHUNK_POINTS] [-r ROUNDS] [FILE...]
 *
 * Reads lines `series value unix_ms`, grouped by series and ascending in time, from each FILE or
 * from stdin; codes every series in chunks, decodes them again and compares bit for bit (exit 1 if
 * anything differs).  A line of output a file: bytes a point in all, of times (and were equal
 * columns kept once) and of values, encode and decode speed in million points a second (the best
 * round), decode as a share of memcpy's speed; then what each codec was chosen for.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "codec/chunk.h"
#include "codec/stats.h"

struct points {
	int64_t *times;
	double *values;
	size_t n, cap;
	size_t *starts;		/* of series, with the end after the last */
	size_t series, series_cap;
};

struct chunk {
	size_t from, n;			/* points */
	size_t at, time_len, value_len;	/* bytes */
	struct chunk_codecs ids;
};

struct tally { size_t chunks, points, bytes; };

struct result {
	struct buf bytes;
	struct chunk *chunks;
	size_t n;
	size_t time_bytes, value_bytes;
	size_t shared_bytes;		/* time_bytes, equal columns counted once */
	struct tally time[256], value[256];
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
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

static void encode_all(struct chunk_coder *c, const struct points *p, size_t size, struct result *r)
{
	buf_clear(&r->bytes);
	r->n = 0;
	for (size_t s = 0; s < p->series; s++) {
		for (size_t at = p->starts[s]; at < p->starts[s + 1]; at += size) {
			size_t left = p->starts[s + 1] - at;
			struct chunk *k = &r->chunks[r->n++];

			*k = (struct chunk){ .from = at, .n = left < size ? left : size,
					     .at = r->bytes.len };
			chunk_encode_times(c, p->times + at, k->n, &r->bytes, &k->ids.time);
			k->time_len = r->bytes.len - k->at;
			chunk_encode_values(c, p->values + at, k->n, &r->bytes, &k->ids.value);
			k->value_len = r->bytes.len - k->at - k->time_len;
		}
	}
}

static int decode_all(struct chunk_coder *c, const struct result *r, int64_t *times, double *values)
{
	int ret = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct chunk *k = &r->chunks[i];
		const uint8_t *p = r->bytes.data + k->at;

		ret |= chunk_decode_times(c, p, k->time_len, k->ids.time, k->n, times + k->from);
		ret |= chunk_decode_values(c, p + k->time_len, k->value_len, k->ids.value, k->n,
					   values + k->from);
	}
	return ret;
}

/* Whether an earlier chunk has the same times: a block keeps such a column once. */
static bool is_shared(const struct result *r, size_t i)
{
	const struct chunk *k = &r->chunks[i];

	for (size_t j = 0; j < i; j++) {
		const struct chunk *e = &r->chunks[j];

		if (e->n == k->n && e->time_len == k->time_len && e->ids.time == k->ids.time &&
		    memcmp(r->bytes.data + e->at, r->bytes.data + k->at, k->time_len) == 0)
			return true;
	}
	return false;
}

static void count_codecs(struct result *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct chunk *k = &r->chunks[i];
		struct tally *t = &r->time[k->ids.time], *v = &r->value[k->ids.value];

		r->time_bytes += k->time_len;
		r->shared_bytes += is_shared(r, i) ? 0 : k->time_len;
		r->value_bytes += k->value_len;
		*t = (struct tally){ t->chunks + 1, t->points + k->n, t->bytes + k->time_len };
		*v = (struct tally){ v->chunks + 1, v->points + k->n, v->bytes + k->value_len };
	}
}

static void print_codecs(const char *column, const struct tally *t, const char *(*name)(uint8_t))
{
	for (unsigned i = 0; i < 256; i++)
		if (t[i].chunks != 0)
			printf("  %-6s %-15s %6zu chunks %8zu points %7.4f bytes/point\n", column,
			       name((uint8_t)i), t[i].chunks, t[i].points,
			       (double)t[i].bytes / (double)t[i].points);
}

/* Points per second of copying both columns: what decoding cannot beat. */
static double memcpy_speed(const struct points *p, int64_t *times, double *values)
{
	double best = 1e9, t;

	for (int i = 0; i < 5; i++) {
		t = now();
		memcpy(times, p->times, p->n * sizeof(*times));
		memcpy(values, p->values, p->n * sizeof(*values));
		t = now() - t;
		best = t < best ? t : best;
	}
	return (double)p->n / best;
}

/* Points per second of stats_of(). */
static double stats_speed(const struct points *p, size_t size)
{
	double t = now(), sum = 0;
	struct chunk_stats st;

	for (size_t i = 0; i < p->n; i += size) {
		stats_of(p->times + i, p->values + i, p->n - i < size ? p->n - i : size, &st);
		sum += st.min;
	}
	t = now() - t;
	return sum == 0.1234 ? 0 : (double)p->n / t;	/* the sum must be computed to compare it */
}

static int bench(FILE *in, const char *name, size_t size, int rounds)
{
	struct chunk_coder *c = must(chunk_coder_new());
	struct points p = { 0 };
	struct result *r = must(calloc(1, sizeof(*r)));
	double encode = 1e9, decode = 1e9, copy;
	int64_t *times;
	double *values;
	int ret = read_points(in, name, &p);

	if (ret != 0 || p.n == 0)
		return 1;
	times = must(calloc(p.n, sizeof(*times)));
	values = must(calloc(p.n, sizeof(*values)));
	r->chunks = must(calloc(p.n / size + p.series + 1, sizeof(*r->chunks)));
	copy = memcpy_speed(&p, times, values);
	memset(times, 0, p.n * sizeof(*times));
	memset(values, 0, p.n * sizeof(*values));
	for (int i = 0; i < rounds; i++) {
		double t0 = now(), t1, t2;

		encode_all(c, &p, size, r);
		t1 = now();
		ret |= decode_all(c, r, times, values);
		t2 = now();
		encode = t1 - t0 < encode ? t1 - t0 : encode;
		decode = t2 - t1 < decode ? t2 - t1 : decode;
	}
	count_codecs(r);
	ret = ret != 0 || memcmp(times, p.times, p.n * sizeof(*times)) != 0 ||
	      memcmp(values, p.values, p.n * sizeof(*values)) != 0;
	printf("%-16s %8zu points %7.4f bytes/point: times %7.4f (%6.4f shared) values %7.4f; Mpoints/s: encode %6.1f "
	       "decode %6.0f (%.0f %% of memcpy), statistics %5.0f%s\n", name, p.n,
	       (double)(r->time_bytes + r->value_bytes) / (double)p.n,
	       (double)r->time_bytes / (double)p.n,
	       (double)r->shared_bytes / (double)p.n, (double)r->value_bytes / (double)p.n,
	       (double)p.n / encode / 1e6, (double)p.n / decode / 1e6,
	       (double)p.n / decode / copy * 100, stats_speed(&p, size) / 1e6,
	       ret != 0 ? "  DIFFERS" : "");
	print_codecs("times", r->time, chunk_time_codec_name);
	print_codecs("values", r->value, chunk_value_codec_name);
	chunk_coder_delete(c);
	buf_free(&r->bytes);
	free(r->chunks);
	free(r);
	free(p.times);
	free(p.values);
	free(p.starts);
	free(times);
	free(values);
	return ret;
}

int main(int argc, char **argv)
{
	size_t size = CHUNK_POINTS;
	int rounds = 5, opt, ret = 0;

	while ((opt = getopt(argc, argv, "c:r:")) != -1) {
		if (opt == 'c')
			size = strtoul(optarg, NULL, 10);
		else if (opt == 'r')
			rounds = atoi(optarg);
		else
			return 2;
	}
	if (size == 0 || size > CHUNK_MAX_POINTS || rounds < 1) {
		fprintf(stderr, "bench-codec: chunks have 1 to %d points\n", CHUNK_MAX_POINTS);
		return 2;
	}
	if (optind == argc)
		return bench(stdin, "-", size, rounds);
	for (int i = optind; i < argc; i++) {
		FILE *in = fopen(argv[i], "r");

		if (in == NULL) {
			fprintf(stderr, "bench-codec: %s: %s\n", argv[i], strerror(errno));
			return 3;
		}
		ret |= bench(in, argv[i], size, rounds);
		fclose(in);
	}
	return ret;
}
