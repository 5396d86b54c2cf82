/* log.c - opening the log: which bytes are frames, which are torn, which are damage; see log.h. */
#include "hot/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "hot/bytes.h"
#include "hot/segment.h"

/* One segment while its frames are looked for. */
struct hop {
	struct hot_log *log;
	struct hot_segment *seg;
	const char *where;
	const uint8_t *p;		/* the map */
	size_t len;
	const uint32_t *salt;		/* NULL: not known yet, the header is unreadable */
	uint32_t salt_store;
	struct hot_window *window;
};

static void note_damage(struct hop *h, size_t from, size_t to, const char *what)
{
	h->seg->damaged = true;
	h->log->damaged = true;
	err_set(&h->log->damage, COUNT_ERR_CORRUPT, "%s/%012" PRIu64 ".wal: %s, bytes %zu to %zu",
		h->where, h->seg->number, what, from, to);
}

static void note_warning(struct hop *h, size_t from, size_t to, const char *what)
{
	buf_printf(&h->log->warnings, "%s/%012" PRIu64 ".wal: %s, bytes %zu to %zu\n",
		   h->where, h->seg->number, what, from, to);
}

static int add_frame(struct hop *h, size_t at, const struct walframe *f)
{
	struct hot_log *log = h->log;

	if (log->nframes == log->cap) {
		size_t cap = log->cap == 0 ? 64 : log->cap * 2;
		struct hot_frame *v = realloc(log->frames, cap * sizeof(*v));

		if (v == NULL)
			return COUNT_ERR_NOMEM;
		log->frames = v;
		log->cap = cap;
	}
	log->frames[log->nframes++] = (struct hot_frame){
		.segment = h->seg->number, .offset = at, .data = h->p + at, .len = f->len,
		.nruns = f->nruns, .points = f->npoints, .first_time = f->first,
		.last_time = f->last, .names = f->names, .salt = f->salt, .soft = h->seg->soft, .in = h->seg,
	};
	log->points += f->npoints;
	return COUNT_OK;
}

/* Hops over the frames from at on; the three cases of count-wal(5), READING. */
static int hop_frames(struct hop *h, size_t at)
{
	struct walframe f;
	int ret = COUNT_OK;

	while (ret == COUNT_OK && h->len - at >= WALFRAME_HEADER) {
		size_t next;

		if (walframe_get(hot_peek(h->seg, h->window, at, WALFRAME_HEADER), h->salt, &f) == COUNT_OK) {
			if (f.len > h->len - at)
				return COUNT_OK;	/* cut, or being written */
			ret = add_frame(h, at, &f);
			at += f.len;
			continue;
		}
		next = walframe_seek(h->p, at + 1, h->len, h->salt);
		if (h->seg->soft)
			note_warning(h, at, next, "lost in a crash of the machine");
		else
			note_damage(h, at, next, "damaged");
		at = next;
	}
	return ret;
}

/* The header is unreadable: a good frame tells the salt, and that there was a header once. */
static int hop_headless(struct hop *h)
{
	size_t at = walframe_seek(h->p, 0, h->len, NULL);
	struct walframe f;

	if (at == h->len || walframe_get(h->p + at, NULL, &f) != COUNT_OK) {
		note_warning(h, 0, h->len, "nothing readable");
		return COUNT_OK;
	}
	h->salt_store = f.salt;
	h->salt = &h->salt_store;
	note_damage(h, 0, at, "damaged header");
	return hop_frames(h, at);
}

static int read_segment(struct hot_log *log, struct hot_segment *seg, const char *where,
			const uint8_t boot[16], struct count_error *err)
{
	struct hot_window window;
	struct hop h = { .log = log, .seg = seg, .where = where,
			 .p = seg->map.data, .len = seg->map.len, .window = &window };
	struct walseg s;
	int ret;

	window.at = window.len = window.next = 0;
	if (h.len < WALSEG_HEADER)
		return COUNT_OK;	/* empty, or its first write was cut */
	ret = walseg_get(hot_peek(seg, &window, 0, WALSEG_HEADER), &s);
	if (ret == COUNT_ERR_VERSION)
		return err_set(err, ret, "%s/%012" PRIu64 ".wal: written by a newer version",
			       where, seg->number);
	if (ret == COUNT_OK) {
		h.salt = &s.salt;
		seg->soft = memcmp(s.boot, boot, sizeof(s.boot)) != 0;
		ret = hop_frames(&h, WALSEG_HEADER);
	} else {
		ret = hop_headless(&h);
	}
	return ret == COUNT_ERR_NOMEM ? err_nomem(err) : ret;
}

static int open_segment(int wal_fd, const char *where, uint64_t number, struct hot_segment *seg,
			struct count_error *err)
{
	char name[SEGMENT_NAME_MAX];
	int fd, ret;

	segment_name(number, name);
	ret = fs_open_read(wal_fd, where, name, &fd, err);
	if (ret != COUNT_OK)
		return ret;
	ret = fs_map_fd(fd, where, name, &seg->map, err);
	seg->number = number;
	hot_segment_read(seg, ret == COUNT_OK ? fd : -1);
	if (seg->fd < 0)
		close(fd);
	return ret;
}

/* Remembers what is missing; the caller knows whether it matters. */
static void note_missing(struct hot_log *log, const char *where, uint64_t number)
{
	log->damaged = true;
	err_set(&log->damage, COUNT_ERR_CORRUPT, "%s/%012" PRIu64 ".wal: missing", where, number);
}

/* Maps every segment before the first byte of any is read.  COUNT_ERR_NOTFOUND: some are missing. */
static int open_all(int wal_fd, const char *where, uint64_t first, const struct segment_list *l,
		    struct hot_log *log, struct count_error *err)
{
	struct count_error gone = { 0 };
	uint64_t due = first;
	int ret = COUNT_OK;

	log->segments = calloc(l->len + 1, sizeof(*log->segments));
	if (log->segments == NULL)
		return err_nomem(err);
	for (size_t i = 0; i < l->len; i++) {
		struct hot_segment *seg = &log->segments[log->nsegments];
		int one;

		if (l->v[i] != due) {
			note_missing(log, where, due);
			ret = COUNT_ERR_NOTFOUND;
		}
		due = l->v[i] + 1;
		one = open_segment(wal_fd, where, l->v[i], seg, &gone);
		if (one == COUNT_ERR_NOTFOUND) {
			note_missing(log, where, l->v[i]);
			ret = one;
		} else if (one != COUNT_OK) {
			if (err != NULL)
				*err = gone;
			return one;
		} else {
			log->nsegments++;
			log->bytes += seg->map.len;
		}
	}
	return ret;
}

static int mark_frames(struct hot_log *log)
{
	log->checked = calloc(log->nframes + 1, 1);
	if (log->checked == NULL)
		return COUNT_ERR_NOMEM;
	for (size_t i = 0; i < log->nframes; i++)
		log->frames[i].checked = &log->checked[i];
	return COUNT_OK;
}

int hot_log_open(int wal_fd, const char *wal_path, uint64_t first, struct hot_log *log,
		 struct count_error *err)
{
	struct segment_list list;
	uint8_t boot[16];
	int ret, opened;

	*log = (struct hot_log){ 0 };
	ret = segment_list_read(wal_fd, wal_path, first, &list, err);
	if (ret != COUNT_OK)
		return ret;
	opened = open_all(wal_fd, wal_path, first, &list, log, err);
	segment_list_free(&list);
	if (log->bytes > 0)
		segment_boot_id(boot);
	ret = opened == COUNT_ERR_NOTFOUND ? COUNT_OK : opened;
	for (size_t i = 0; ret == COUNT_OK && i < log->nsegments; i++)
		ret = read_segment(log, &log->segments[i], wal_path, boot, err);
	if (ret == COUNT_OK && (mark_frames(log) != COUNT_OK || log->warnings.failed))
		ret = err_nomem(err);
	if (ret != COUNT_OK) {
		hot_log_close(log);
		return ret;
	}
	if (opened == COUNT_ERR_NOTFOUND)
		err_set(err, opened, "%s", log->damage.text);
	return opened;
}

void hot_log_close(struct hot_log *log)
{
	for (size_t i = 0; i < log->nsegments; i++) {
		hot_segment_forget(&log->segments[i]);
		fs_unmap(&log->segments[i].map);
	}
	free(log->segments);
	free(log->frames);
	free(log->checked);
	buf_free(&log->warnings);
	*log = (struct hot_log){ 0 };
}
