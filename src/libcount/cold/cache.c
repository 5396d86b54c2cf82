/*
 * cache.c - objects of the bucket read lately, one file each; see cache.h.
 *
 * A file is named by 32 hex digits (its identity) and begins with the header: the magic, 8 bytes; the identity, 16;
 * the XXH3-128 of the bytes, 16; their number, 8, little-endian.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "cold/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/fs.h"
#include "cold/cache_impl.h"

#define HEADER 48
#define TOUCH_S 60		/* a use renews the mtime unless it is younger than this */

static const uint8_t magic[8] = { 'c', 'o', 'u', 'n', 't', 'O', 'B', '1' };

struct cold_cache *cold_cache_new(const struct datadir *dir, const char *scope, uint64_t max_bytes)
{
	struct cold_cache *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->scope = strdup(scope);
	if (c->scope == NULL) {
		free(c);
		return NULL;
	}
	c->dir = dir;
	c->max = max_bytes;
	c->fd = -1;
	return c;
}

void cold_cache_delete(struct cold_cache *c)
{
	if (c == NULL)
		return;
	if (c->fd >= 0)
		close(c->fd);
	free(c->scope);
	free(c);
}

/* Opens the folder; make: creates it.  false: there is none. */
static bool open_folder(struct cold_cache *c, bool make)
{
	struct stat st;

	if (c->fd >= 0)
		return true;
	if (make && mkdirat(c->dir->fd, "cache", 0700) != 0 && errno != EEXIST)
		return false;
	c->fd = openat(c->dir->fd, "cache", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->fd < 0)
		return false;
	/* Who could put files there could not deceive (checksums of the manifest), but fill it. */
	if (fstat(c->fd, &st) == 0 && (st.st_uid == geteuid() || st.st_uid == 0))
		return true;
	close(c->fd);
	c->fd = -1;
	errno = EPERM;
	return false;
}

/* ---- Which file ---- */

struct identity {
	uint8_t hash[16];
	char name[CACHE_NAME_LEN + 1];
};

/* false: the manifest gives nothing that would tell a replaced object from the one before. */
static bool identify(const struct cold_cache *c, const struct manifest_block *b, struct identity *id)
{
	const char *version = b->checksum != NULL ? b->checksum : b->etag;
	XXH3_state_t *state;
	XXH128_canonical_t hash;

	if (version == NULL || c->max == 0)
		return false;
	state = XXH3_createState();
	if (state == NULL)
		return false;
	XXH3_128bits_reset(state);
	XXH3_128bits_update(state, c->scope, strlen(c->scope) + 1);
	XXH3_128bits_update(state, b->key, strlen(b->key) + 1);
	XXH3_128bits_update(state, version, strlen(version) + 1);
	XXH128_canonicalFromHash(&hash, XXH3_128bits_digest(state));
	XXH3_freeState(state);
	memcpy(id->hash, hash.digest, sizeof(id->hash));
	for (size_t i = 0; i < sizeof(id->hash); i++)
		snprintf(id->name + 2 * i, 3, "%02x", id->hash[i]);
	return true;
}

static void make_header(const struct identity *id, const void *bytes, size_t len, uint8_t header[HEADER])
{
	XXH128_canonical_t sum;

	XXH128_canonicalFromHash(&sum, XXH3_128bits(len > 0 ? bytes : "", len));
	memcpy(header, magic, 8);
	memcpy(header + 8, id->hash, 16);
	memcpy(header + 24, sum.digest, 16);
	put_u64(header + 40, len);
}

/* ---- Reading ---- */

/* Opens a file that looks right, with *len bytes behind its header; -1: none, and one that looks wrong is gone. */
static int open_entry(struct cold_cache *c, const struct identity *id, uint8_t header[HEADER], size_t *len)
{
	int fd = openat(c->fd, id->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0) {
		if (errno == ELOOP)
			unlinkat(c->fd, id->name, 0);
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= HEADER &&
	    (uint64_t)st.st_size <= OBJECT_MAX_BYTES + HEADER && (st.st_uid == geteuid() || st.st_uid == 0) &&
	    pread(fd, header, HEADER, 0) == HEADER && memcmp(header, magic, 8) == 0 &&
	    memcmp(header + 8, id->hash, 16) == 0 && get_u64(header + 40) == (uint64_t)st.st_size - HEADER) {
		*len = (size_t)st.st_size - HEADER;
		return fd;
	}
	close(fd);
	unlinkat(c->fd, id->name, 0);
	return -1;
}

static bool read_all(int fd, uint8_t *to, size_t len)
{
	off_t at = HEADER;

	while (len > 0) {
		ssize_t n = pread(fd, to, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		to += n;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

/* Used now: it goes later than others. */
static void touch(int fd)
{
	struct timespec now;
	struct stat st;

	clock_gettime(CLOCK_REALTIME, &now);
	if (fstat(fd, &st) == 0 && (st.st_mtim.tv_sec < now.tv_sec - TOUCH_S || st.st_mtim.tv_sec > now.tv_sec))
		futimens(fd, NULL);
}

bool cold_cache_has(struct cold_cache *c, const struct manifest_block *b)
{
	struct identity id;
	uint8_t header[HEADER];
	size_t len;
	int fd;

	if (!identify(c, b, &id) || !open_folder(c, false))
		return false;
	fd = open_entry(c, &id, header, &len);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

bool cold_cache_get(struct cold_cache *c, const struct manifest_block *b, struct buf *out)
{
	uint8_t header[HEADER], want[HEADER];
	struct identity id;
	size_t len;
	bool good;
	int fd;

	if (!identify(c, b, &id) || !open_folder(c, false))
		return false;
	fd = open_entry(c, &id, header, &len);
	if (fd < 0)
		return false;
	if (!buf_reserve(out, len + 1)) {	/* also an empty one has an address */
		close(fd);
		return false;
	}
	good = read_all(fd, out->data + out->len, len);
	if (good) {
		make_header(&id, out->data + out->len, len, want);
		good = memcmp(header, want, HEADER) == 0;
	}
	if (good) {
		out->len += len;
		touch(fd);
	} else {
		unlinkat(c->fd, id.name, 0);
	}
	close(fd);
	return good;
}

void cold_cache_drop(struct cold_cache *c, const struct manifest_block *b)
{
	struct identity id;

	if (identify(c, b, &id) && open_folder(c, false))
		unlinkat(c->fd, id.name, 0);
}

/* ---- Writing ---- */

/* A name that nobody else has: several processes may write one object at once. */
static int make_temporary(struct cold_cache *c, char name[64])
{
	for (unsigned i = 0; i < 100; i++) {
		int fd;

		snprintf(name, 64, "%s%ld-%u", CACHE_TMP_PREFIX, (long)getpid(), c->serial++);
		fd = openat(c->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

static bool write_entry(struct cold_cache *c, const struct identity *id, const void *bytes, size_t len)
{
	uint8_t header[HEADER];
	char tmp[64];
	int fd = make_temporary(c, tmp), saved;
	bool good;

	if (fd < 0)
		return false;
	make_header(id, bytes, len, header);
	good = fs_write_all(fd, header, HEADER) == 0 && fs_write_all(fd, bytes, len) == 0;
	saved = errno;
	if (close(fd) != 0 && good) {
		saved = errno;
		good = false;
	}
	if (good && renameat(c->fd, tmp, c->fd, id->name) == 0)
		return true;
	if (good)
		saved = errno;
	unlinkat(c->fd, tmp, 0);
	errno = saved;
	return false;
}

void cold_cache_put(struct cold_cache *c, const struct manifest_block *b, const void *bytes, size_t len)
{
	struct identity id;

	if (c->broken || len > c->max || len + HEADER > c->max || !identify(c, b, &id))
		return;
	if (open_folder(c, true)) {
		cache_make_room(c, len + HEADER);
		if (write_entry(c, &id, bytes, len)) {
			c->used += len + HEADER;
			c->written += len + HEADER;
			return;
		}
	}
	c->broken = true;
	log_msg(&c->dir->log, 1, "%s/cache: nothing more is kept: %s; the answer does not depend on it", c->dir->path,
		strerror(errno));
}
