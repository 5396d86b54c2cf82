/* tz.c - time zones from TZif files; see tz.h. */
#include "base/tz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/error.h"

#define ZONE_DIR "/usr/share/zoneinfo/"
#define NAME_MAX_LEN 64
#define FILE_MAX 131072		/* the largest of tz 2025 has under 4 KiB */
#define HEADER_SIZE 44
#define OFFSET_MAX 93600	/* 26 h: RFC 8536 suggests -25 to 26 */

struct tz {
	int64_t *at;		/* ntimes transitions, ascending */
	int32_t *offset;	/* offset[0] before the first, offset[i + 1] from at[i] on */
	size_t ntimes;
	bool has_rule;
	struct tz_posix rule;	/* from the last transition on */
};

static int64_t get_be(const uint8_t *p, unsigned size)
{
	uint64_t v = p[0] & 0x80 ? UINT64_MAX : 0;

	for (unsigned i = 0; i < size; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

/* One of the two data blocks of a file: its counts, and where each part stands. */
struct block {
	unsigned time_size;
	size_t ntimes, ntypes;
	const uint8_t *times, *indices, *types;
	size_t total;		/* bytes, header included */
};

static bool read_block(const uint8_t *p, size_t len, unsigned time_size, struct block *b)
{
	uint64_t isut, isstd, leap, chars;

	if (len < HEADER_SIZE || memcmp(p, "TZif", 4) != 0)
		return false;
	isut = (uint32_t)get_be(p + 20, 4);
	isstd = (uint32_t)get_be(p + 24, 4);
	leap = (uint32_t)get_be(p + 28, 4);
	b->ntimes = (uint32_t)get_be(p + 32, 4);
	b->ntypes = (uint32_t)get_be(p + 36, 4);
	chars = (uint32_t)get_be(p + 40, 4);
	b->time_size = time_size;

	/* each below 2^32: the sum is far from overflow */
	uint64_t total = HEADER_SIZE + (uint64_t)b->ntimes * (time_size + 1) + (uint64_t)b->ntypes * 6 +
			 chars + leap * (time_size + 4) + isstd + isut;

	if (total > len || b->ntypes == 0 || b->ntypes > 256)
		return false;
	if (leap != 0)		/* "right" zones count leap seconds; our time does not */
		return false;
	b->times = p + HEADER_SIZE;
	b->indices = b->times + b->ntimes * time_size;
	b->types = b->indices + b->ntimes;
	b->total = (size_t)total;
	return true;
}

static bool type_offset(const struct block *b, unsigned type, int32_t *offset)
{
	int64_t v;

	if (type >= b->ntypes)
		return false;
	v = get_be(b->types + 6 * (size_t)type, 4);
	*offset = (int32_t)v;
	return v >= -OFFSET_MAX && v <= OFFSET_MAX;
}

static bool fill_transitions(const struct block *b, struct tz *tz)
{
	tz->ntimes = b->ntimes;
	if (!type_offset(b, 0, &tz->offset[0]))
		return false;
	for (size_t i = 0; i < b->ntimes; i++) {
		tz->at[i] = get_be(b->times + i * b->time_size, b->time_size);
		if ((i > 0 && tz->at[i] <= tz->at[i - 1]) ||
		    !type_offset(b, b->indices[i], &tz->offset[i + 1]))
			return false;
	}
	return true;
}

/* The rule between two newlines; none is fine, one that cannot be read is not. */
static bool fill_rule(const uint8_t *p, size_t len, struct tz *tz)
{
	const uint8_t *end;

	if (len == 0 || p[0] != '\n')
		return false;
	end = memchr(p + 1, '\n', len - 1);
	if (end == NULL)
		return false;
	tz->has_rule = end > p + 1;
	return !tz->has_rule || tz_posix_parse((const char *)p + 1, (size_t)(end - p) - 1, &tz->rule);
}

/* Version 1 has 32-bit times and no rule; from 2 on a second block with 64 bits follows. */
static bool find_block(const uint8_t *p, size_t len, struct block *b, size_t *rule_at)
{
	struct block first;

	if (!read_block(p, len, 4, &first))
		return false;
	if (p[4] < '2') {
		*b = first;
		*rule_at = len;
		return true;
	}
	if (!read_block(p + first.total, len - first.total, 8, b))
		return false;
	*rule_at = first.total + b->total;
	return true;
}

int tz_load(const void *data, size_t len, const char *name, struct tz **out, struct count_error *err)
{
	struct tz *tz = NULL;
	struct block b;
	size_t rule_at;

	if (len > FILE_MAX || !find_block(data, len, &b, &rule_at))
		goto bad;
	tz = calloc(1, sizeof(*tz) + b.ntimes * (sizeof(int64_t) + sizeof(int32_t)) + sizeof(int32_t));
	if (tz == NULL)
		return err_nomem(err);
	tz->at = (int64_t *)(tz + 1);
	tz->offset = (int32_t *)(tz->at + b.ntimes);
	if (!fill_transitions(&b, tz) ||
	    (rule_at < len && !fill_rule((const uint8_t *)data + rule_at, len - rule_at, tz)))
		goto bad;
	*out = tz;
	return COUNT_OK;
bad:
	free(tz);
	return err_set(err, COUNT_ERR_INVALID, "time zone %s: its file is damaged or not a time zone", name);
}

void tz_close(struct tz *tz)
{
	free(tz);
}

/* Area/City of letters, digits and _+-.; no part begins with a point. */
static bool valid_name(const char *name)
{
	size_t len = strlen(name);
	bool start = true;

	if (len == 0 || len > NAME_MAX_LEN)
		return false;
	for (; *name != '\0'; name++) {
		char c = *name, lower = (char)(c | 0x20);

		if (start && (c == '.' || c == '/'))
			return false;
		start = c == '/';
		if (!start && !(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') &&
		    strchr("_+-.", c) == NULL)
			return false;
	}
	return !start;
}

/* All of a regular file of at most FILE_MAX bytes; -1 with errno. */
static ssize_t read_file(const char *path, uint8_t *buf)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t total = 0, n = -1;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0) {
		errno = EINVAL;
		if (S_ISREG(st.st_mode) && st.st_size <= FILE_MAX)
			while (total < FILE_MAX &&
			       (n = read(fd, buf + total, (size_t)(FILE_MAX - total))) != 0) {
				if (n < 0 && errno != EINTR)
					break;
				total += n > 0 ? n : 0;
			}
	}
	close(fd);
	return n < 0 ? -1 : total;
}

static int load_path(const char *path, const char *name, struct tz **tz, struct count_error *err)
{
	uint8_t *buf = malloc(FILE_MAX);
	ssize_t len;
	int ret;

	if (buf == NULL)
		return err_nomem(err);
	len = read_file(path, buf);
	if (len < 0)
		ret = err_set(err, COUNT_ERR_INVALID,
			      "unknown time zone %s: no time zone file %s (a name like Europe/Berlin is "
			      "expected, and the package tzdata)", name, path);
	else
		ret = tz_load(buf, (size_t)len, name, tz, err);
	free(buf);
	return ret;
}

int tz_open(const char *name, struct tz **tz, struct count_error *err)
{
	char path[sizeof(ZONE_DIR) + NAME_MAX_LEN] = ZONE_DIR;

	if (name == NULL || strcmp(name, "UTC") == 0 || strcmp(name, "Z") == 0) {
		*tz = calloc(1, sizeof(**tz));
		if (*tz == NULL)
			return err_nomem(err);
		(*tz)->has_rule = true;		/* all zero: UTC for ever */
		return COUNT_OK;
	}
	if (strcmp(name, "local") == 0) {
		if (access("/etc/localtime", F_OK) != 0)	/* localtime(3): UTC then */
			return tz_open("UTC", tz, err);
		return load_path("/etc/localtime", name, tz, err);
	}
	if (!valid_name(name))
		return err_set(err, COUNT_ERR_INVALID,
			       "%.64s is not a time zone: a name like Europe/Berlin, UTC or local is "
			       "expected", name);
	strcat(path, name);
	return load_path(path, name, tz, err);
}

bool tz_fixed(const struct tz *tz)
{
	return tz == NULL || (tz->ntimes == 0 && !(tz->has_rule && tz->rule.has_dst));
}

/* How many transitions lie at or before utc. */
static size_t passed(const struct tz *tz, int64_t utc)
{
	size_t lo = 0, hi = tz->ntimes;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (tz->at[mid] <= utc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int32_t tz_offset(const struct tz *tz, int64_t utc, int64_t *until)
{
	int64_t ignored;
	size_t i;

	if (until == NULL)
		until = &ignored;
	*until = INT64_MAX;
	if (tz == NULL)
		return 0;
	i = passed(tz, utc);
	if (i == tz->ntimes && tz->has_rule)
		return tz_posix_offset(&tz->rule, utc, until);
	if (i < tz->ntimes)
		*until = tz->at[i];
	return tz->offset[i];
}

static int64_t add_saturating(int64_t a, int64_t b)
{
	int64_t r;

	if (__builtin_add_overflow(a, b, &r))
		return b > 0 ? INT64_MAX : INT64_MIN;
	return r;
}

int64_t tz_to_local(const struct tz *tz, int64_t utc)
{
	return add_saturating(utc, tz_offset(tz, utc, NULL));
}

int64_t tz_to_utc(const struct tz *tz, int64_t local)
{
	/* Before this instant no clock can show `local` yet: walk from there over the changes. */
	int64_t from = add_saturating(local, -(OFFSET_MAX + 1)), until;

	for (;;) {
		int64_t shown = add_saturating(local, -(int64_t)tz_offset(tz, from, &until));

		if (shown < from)
			return from;	/* a change jumped over it */
		if (shown < until || until == INT64_MAX)
			return shown;
		from = until;
	}
}
