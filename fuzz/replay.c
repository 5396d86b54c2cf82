/*
 * replay.c - runs a fuzz target without a fuzzer: over its corpus, then over mutations of it.
 *
 * `make check` links each fuzz/fuzz-x.c with this, so that every build proves the corpus still
 * passes and every compiler and sanitizer sees some thousand hostile inputs; `make fuzz` links the
 * same targets with libFuzzer.  The mutations are the same in each run and on each machine.
 *
 *	fuzz-x			the files of fuzz/corpus/fuzz-x, then the mutations; prints TAP
 *	fuzz-x FILE...		these files only
 *
 * The corpus is under $top_srcdir; REPLAY_RUNS sets the number of mutations.  Before each run the
 * input goes to fuzz-x.input in the current directory; if the target dies it is still there, else
 * it is removed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX (1 << 20)	/* longer files are cut: libFuzzer keeps to 4 KiB by itself */
#define DEFAULT_RUNS 20000
#define MUTATED_MAX 4096	/* mutations are made of the first bytes of a file */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct input {
	uint8_t *data;
	size_t len;
};

struct corpus {
	struct input *v;
	size_t n;
};

static int last_input = -1;	/* the file that holds what runs now */

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(99);
}

static void *must(void *p)
{
	if (p == NULL)
		die("memory");
	return p;
}

/* Run the target on a copy of just that length, so that a sanitizer sees a read past the end. */
static void run(const uint8_t *data, size_t len)
{
	uint8_t *copy = must(malloc(len != 0 ? len : 1));

	if (len != 0)
		memcpy(copy, data, len);
	if (last_input >= 0 && (ftruncate(last_input, 0) != 0 ||
				pwrite(last_input, data, len, 0) != (ssize_t)len))
		die("cannot keep the input");
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static struct input load(const char *path)
{
	struct input in = { .data = must(malloc(INPUT_MAX)) };
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		die(path);
	in.len = fread(in.data, 1, INPUT_MAX, f);
	if (ferror(f))
		die(path);
	fclose(f);
	in.data = must(realloc(in.data, in.len != 0 ? in.len : 1));
	return in;
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* All files of a folder in the order of their names; a folder that is not there has none. */
static struct corpus load_folder(const char *folder)
{
	struct corpus c = { 0 };
	struct dirent **names;
	int n = scandir(folder, &names, visible, alphasort);

	if (n < 0 && errno != ENOENT)
		die(folder);
	c.v = must(calloc(n > 0 ? (size_t)n + 1 : 1, sizeof(*c.v)));
	for (int i = 0; i < n; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, names[i]->d_name) < 0)
			die("memory");
		c.v[c.n++] = load(path);
		free(path);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	if (c.n == 0)
		c.n = 1;	/* an empty input, to mutate */
	return c;
}

static void free_corpus(struct corpus *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i].data);
	free(c->v);
}

/* splitmix64 (Steele, Lea, Flood 2014): one 64-bit state, any seed. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static size_t below(uint64_t *rng, size_t n)
{
	return n != 0 ? (size_t)(next_random(rng) % n) : 0;
}

/* Bytes that parsers trip over: ends of ranges, lengths that lie, marks of the formats. */
static const uint8_t nasty[] = {
	0x00, 0x01, 0x7f, 0x80, 0xff, '"', '\\', '\n', ' ', '{', '}', '-', '0', '='
};

/* One change to buf, which has room for 2 * MUTATED_MAX bytes; returns the new length. */
static size_t mutate_once(uint8_t *buf, size_t len, const struct corpus *c, uint64_t *rng)
{
	size_t at = below(rng, len), n = 1 + below(rng, 8);
	const struct input *other = &c->v[below(rng, c->n)];

	if (n > len - at)
		n = len - at;
	switch (len != 0 ? below(rng, 7) : 5) {
	case 0:			/* flip a bit */
		buf[at] ^= (uint8_t)(1u << below(rng, 8));
		return len;
	case 1:			/* a random byte */
		buf[at] = (uint8_t)next_random(rng);
		return len;
	case 2:			/* a run of a nasty one */
		memset(buf + at, nasty[below(rng, sizeof(nasty))], n);
		return len;
	case 3:			/* cut the end */
		return at;
	case 4:			/* take some out */
		memmove(buf + at, buf + at + n, len - at - n);
		return len - n;
	case 5:			/* put some in */
		n = 1 + below(rng, 8);
		memmove(buf + at + n, buf + at, len - at);
		memset(buf + at, nasty[below(rng, sizeof(nasty))], n);
		return len + n;
	default:		/* the end of another */
		n = below(rng, other->len < MUTATED_MAX ? other->len : MUTATED_MAX);
		if (n > 2 * MUTATED_MAX - at)
			n = 2 * MUTATED_MAX - at;
		if (n != 0)
			memcpy(buf + at, other->data + other->len - n, n);
		return at + n;
	}
}

static void run_mutations(const struct corpus *c, size_t runs)
{
	static uint8_t buf[2 * MUTATED_MAX + 16];
	uint64_t rng = 1;

	for (size_t i = 0; i < runs; i++) {
		const struct input *in = &c->v[i % c->n];
		size_t len = in->len < MUTATED_MAX ? in->len : MUTATED_MAX;
		size_t changes = 1 + below(&rng, 6);

		if (len != 0)
			memcpy(buf, in->data, len);
		for (size_t j = 0; j < changes && len <= 2 * MUTATED_MAX - 8; j++)
			len = mutate_once(buf, len, c, &rng);
		run(buf, len);
	}
}

static int replay(const char *name)
{
	const char *top = getenv("top_srcdir"), *set = getenv("REPLAY_RUNS");
	size_t runs = set != NULL ? strtoul(set, NULL, 10) : DEFAULT_RUNS;
	char folder[4096], keep[256];
	struct corpus c;

	snprintf(folder, sizeof(folder), "%s/fuzz/corpus/%s", top != NULL ? top : ".", name);
	snprintf(keep, sizeof(keep), "%s.input", name);
	last_input = open(keep, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (last_input < 0)
		die(keep);
	printf("1..2\n# should this die, its input is in %s\n", keep);
	fflush(stdout);

	c = load_folder(folder);
	for (size_t i = 0; i < c.n; i++)
		run(c.v[i].data, c.v[i].len);
	printf("ok 1 - corpus of %s, %zu files\n", name, c.n);
	fflush(stdout);
	run_mutations(&c, runs);
	printf("ok 2 - %zu mutations of it\n", runs);
	free_corpus(&c);
	close(last_input);
	unlink(keep);
	return 0;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');

	if (argc < 2)
		return replay(slash != NULL ? slash + 1 : argv[0]);
	for (int i = 1; i < argc; i++) {
		struct input in = load(argv[i]);

		run(in.data, in.len);
		free(in.data);
	}
	return 0;
}
