/*
 * block_reader.c - opening a block and finding series in it; see block.h and count-block(5).
 *
 * The chunks of a series are block_chunks.c, their points block_points.c.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/block.h"
#include "format/block_layout.h"
#include "format/block_open.h"
#include "format/block_stats.h"

/* ---- Header, footer, index ---- */

static int read_header(struct block *b, uint64_t *at)
{
	const uint8_t *p = b->data;

	if (memcmp(p, HEADER_MAGIC, MAGIC_LEN) != 0 ||
	    crc32c(0, p, HEADER_CRC) != get_u32(p + HEADER_CRC))
		return block_damage(at, 0);
	if (get_u16(p + HEADER_VERSION) != BLOCK_VERSION)
		return COUNT_ERR_VERSION;
	if (p[HEADER_UNIT] > COUNT_UNIT_NS || p[HEADER_LEVEL] > BLOCK_MAX_LEVEL ||
	    p[HEADER_CODING] > COLUMN_MAX || p[HEADER_ZERO] != 0 || get_u16(p + HEADER_ZERO + 1) != 0 ||
	    get_u32(p + HEADER_ZERO2) != 0)
		return block_damage(at, HEADER_VERSION);
	b->info.unit = (enum count_unit)p[HEADER_UNIT];
	b->info.level = p[HEADER_LEVEL];
	b->info.coding = (enum column_level)p[HEADER_CODING];
	memcpy(b->info.id, p + HEADER_ID, 16);
	b->info.seg_lo = get_u64(p + HEADER_SEG_LO);
	b->info.seg_hi = get_u64(p + HEADER_SEG_HI);
	b->info.window = get_i64(p + HEADER_WINDOW);
	return b->info.seg_lo <= b->info.seg_hi ? COUNT_OK : block_damage(at, HEADER_SEG_LO);
}

/* The regions must follow each other without gaps up to the footer: then no later sum overflows. */
static bool regions_good(const struct block *b, uint64_t footer_off)
{
	uint64_t groups = b->info.series / BLOCK_GROUP + (b->info.series % BLOCK_GROUP != 0);

	return b->dirs_off >= HEADER_LEN && b->table_off >= b->dirs_off &&
	       b->index_off >= b->table_off && b->index_off <= footer_off &&
	       (footer_off - b->index_off) % 4 == 0 && (footer_off - b->index_off) / 4 == groups + 1 &&
	       b->index_off - b->table_off <= UINT32_MAX;
}

static int read_footer(struct block *b, uint64_t *at)
{
	uint64_t off = b->len - FOOTER_LEN;
	const uint8_t *p = b->data + off;
	uint32_t crc = crc32c(0, b->data + HEADER_CRC, 4);

	if (memcmp(p + FOOTER_MAGIC_OFF, FOOTER_MAGIC, MAGIC_LEN) != 0 ||
	    crc32c(crc, p, FOOTER_CRC) != get_u32(p + FOOTER_CRC))
		return block_damage(at, off);
	b->dirs_off = get_u64(p + FOOTER_DIRS);
	b->table_off = get_u64(p + FOOTER_TABLE);
	b->index_off = get_u64(p + FOOTER_INDEX);
	b->info.series = get_u64(p + FOOTER_SERIES);
	b->info.chunks = get_u64(p + FOOTER_CHUNKS);
	b->info.points = get_u64(p + FOOTER_POINTS);
	b->info.first_time = get_i64(p + FOOTER_FIRST);
	b->info.last_time = get_i64(p + FOOTER_LAST);
	if (!regions_good(b, off))
		return block_damage(at, off);
	b->ngroups = (off - b->index_off) / 4 - 1;
	if (crc32c(0, b->data + b->index_off, off - b->index_off) != get_u32(p + FOOTER_INDEX_CRC))
		return block_damage(at, b->index_off);
	return COUNT_OK;
}

int block_coding(const uint8_t header[BLOCK_HEADER_LEN], enum column_level *coding)
{
	struct block b = { .data = header, .len = BLOCK_HEADER_LEN };
	int ret = read_header(&b, NULL);

	if (ret == COUNT_OK)
		*coding = b.info.coding;
	return ret;
}

int block_open(struct block *b, const uint8_t *data, size_t len, uint64_t *at)
{
	struct block r = { .data = data, .len = len };
	int ret;

	if (len < HEADER_LEN)
		return block_damage(at, 0);
	ret = read_header(&r, at);
	if (ret == COUNT_OK && len < HEADER_LEN + FOOTER_LEN)
		ret = block_damage(at, HEADER_LEN);
	if (ret == COUNT_OK)
		ret = read_footer(&r, at);
	if (ret == COUNT_OK)
		*b = r;
	return ret;
}

/* ---- Groups of the series table ---- */

/* Where the runs of small chunks are. */
static void take_runs(struct fields *f, const struct block *b, struct block_group *g)
{
	uint64_t gap = take(f), all = 0;

	for (unsigned i = 0; i * BLOCK_RUN < g->left; i++) {
		g->runs[i].len = take_len(f);
		g->runs[i].crc = g->runs[i].len != 0 ? take_u32(f) : 0;
		all += g->runs[i].len;
	}
	f->bad |= __builtin_add_overflow(g->place, gap, &g->run_off) || all == 0 ||
		  !block_in_columns(b, g->run_off, all);
}

/* The flags of a group and what hangs on them. */
static void take_group_head(struct fields *f, const struct block *b, struct block_group *g)
{
	unsigned flags = take_u8(f);

	g->place = take(f);
	f->bad |= flags > GROUP_KNOWN || g->place < HEADER_LEN || g->place > b->dirs_off;
	if (!f->bad && (flags & GROUP_RUN) != 0)
		take_runs(f, b, g);
	if ((flags & GROUP_DIRS) != 0) {
		uint64_t off = take(f);

		f->bad |= off > b->table_off - b->dirs_off;
		g->dir_off = f->bad ? 0 : b->dirs_off + off;
	}
	g->first_time = unzigzag(take(f));
}

/* Verifies the group and reads its head. */
static int open_group(const struct block *b, uint64_t i, struct block_group *g, uint64_t *at)
{
	const uint8_t *index = b->data + b->index_off;
	uint64_t lo = get_u32(index + 4 * i), hi = get_u32(index + 4 * i + 4);
	uint64_t left = b->info.series - i * BLOCK_GROUP;
	struct fields f;

	if (lo > hi || hi > b->index_off - b->table_off || hi - lo < 4)
		return block_damage(at, b->index_off + 4 * i);
	f = (struct fields){ .p = b->data + b->table_off + lo, .end = b->data + b->table_off + hi - 4 };
	if (crc32c(0, f.p, (size_t)(f.end - f.p)) != get_u32(f.end))
		return block_damage(at, b->table_off + lo);
	*g = (struct block_group){ .left = left < BLOCK_GROUP ? (unsigned)left : BLOCK_GROUP };
	take_group_head(&f, b, g);
	if (f.bad)
		return block_damage(at, b->table_off + lo);
	g->off = (uint64_t)(f.p - b->data);
	g->end = (uint64_t)(f.end - b->data);
	return COUNT_OK;
}

/*
 * Reads the name behind the one in s: bytes shared with that, bytes of its own, and the last ones of the rest of an
 * earlier one.  As names share all they can with the one before, order shows in the first byte that differs.
 */
static void take_name(struct fields *f, const struct block *b, unsigned flags, struct block_group *g,
		      struct block_series *s)
{
	const uint8_t *tail = NULL, *table = b->data + b->table_off;
	uint64_t x = take(f), own = x / 2, len = own, shared = g->shared;

	if ((x & NAME_LIKE) != 0) {
		uint64_t like = x >> NAME_WHICH;

		own = (x & NAME_OWN) != 0 ? take(f) : 0;
		f->bad |= like >= g->nrests || ((x & NAME_OWN) != 0 && own == 0);
		if (f->bad)
			return;
		like = g->nrests - 1 - like;
		tail = table + g->rests[like].off;
		len = g->rests[like].len;
		shared = g->rests[like].shared;
		f->bad = own >= len;
	}
	if ((flags & ENTRY_SAME_SHARED) == 0)
		shared = take(f);
	f->bad |= shared > s->name_len || len == 0 || len > COUNT_SERIES_MAX - shared || own > (size_t)(f->end - f->p);
	if (f->bad)
		return;
	if (tail == NULL) {
		tail = f->p;
		g->rests[g->nrests].off = (uint32_t)(tail - table);
		g->rests[g->nrests].len = (uint16_t)len;
		g->rests[g->nrests++].shared = (uint16_t)shared;
	}
	f->bad = shared < s->name_len && *(own > 0 ? f->p : tail) <= (uint8_t)s->name[shared];
	memcpy(s->name + shared, tail, len);
	if (tail != f->p)
		memcpy(s->name + shared, f->p, own);
	s->name_len = shared + len;
	s->name[s->name_len] = '\0';
	g->shared = shared;
	f->p += own;
}

/* A series whose chunks are in a directory. */
static void take_directory(struct fields *f, const struct block *b, struct block_group *g, struct block_series *s)
{
	uint64_t span;

	s->chunks = take(f);
	s->points = take(f);
	s->first_time = (int64_t)((uint64_t)g->first_time + (uint64_t)unzigzag(take(f)));
	span = take(f);
	s->last_time = (int64_t)((uint64_t)s->first_time + span);
	s->dir_off = g->dir_off;
	s->dir_len = take(f);
	f->bad |= s->chunks == 0 || s->points < s->chunks || s->last_time < s->first_time || g->dir_off == 0 ||
		  s->dir_len == 0 || s->dir_len > b->table_off - g->dir_off;
	if (!f->bad)
		g->dir_off += s->dir_len;
	g->first_time = s->first_time;
}

/* Where the columns of an only chunk stand: in a run if they are short. */
static void take_columns(struct fields *f, const struct block *b, struct block_group *g, struct block_chunk *c)
{
	uint64_t len, place;

	c->values_len = take_len(f);
	len = (uint64_t)c->times_len + c->values_len;
	if (f->bad)
		return;
	if (len < SMALL_BYTES) {
		unsigned run = g->read / BLOCK_RUN;

		f->bad |= len > g->runs[run].len - g->run_at;
		place = g->run_off + g->run_at;
		g->run_at += len;
		c->crc_off = g->run_off;
		c->crc_len = g->runs[run].len;
		c->crc = g->runs[run].crc;
	} else {
		f->bad |= __builtin_add_overflow(g->place, take(f), &place) || !block_in_columns(b, place, len);
		c->crc_off = place;
		c->crc_len = len;
		c->crc = take_u32(f);
		g->place = f->bad ? g->place : place + len;
	}
	if (c->times.kind == BLOCK_TIMES_OWN)
		c->times.off = place;
	c->values_off = place + c->times_len;
}

/* A series of one chunk, which is here. */
static void take_only(struct fields *f, const struct block *b, unsigned flags, struct block_group *g,
		      struct block_series *s)
{
	struct block_chunk *c = &s->only;

	*c = (struct block_chunk){ .has_stats = (flags & ENTRY_STATS) != 0 };
	if ((flags & ENTRY_KIND) == BLOCK_TIMES_SAME) {
		f->bad |= !g->any || (flags & (ENTRY_SAME_COUNT | ENTRY_SAME_SPAN)) != 0 ||
			  g->times.kind == BLOCK_TIMES_OWN;
		c->times = g->times;
		c->stats.count = g->count;
		c->stats.first_time = g->first_time;
		c->stats.last_time = (int64_t)((uint64_t)g->first_time + g->span);
	} else {
		struct block_before before = { g->any, &g->times, g->count, g->span, (uint64_t)g->first_time };

		block_take_times(f, b, flags, &before, c);
	}
	if (!f->bad)
		block_take_recency(f, b, flags, c);
	if (!f->bad)
		take_columns(f, b, g, c);
	if (!f->bad && c->has_stats) {
		f->p = block_stats_get(f->p, f->end, &c->stats);
		f->bad = f->p == NULL;
	}
	s->chunks = 1;
	s->points = g->count = c->stats.count;
	s->first_time = g->first_time = c->stats.first_time;
	s->last_time = c->stats.last_time;
	s->dir_off = s->dir_len = 0;
	g->span = (uint64_t)s->last_time - (uint64_t)s->first_time;
	g->times = c->times;
	g->any = true;
}

/* All of a run was taken, after the last series that could; another follows. */
static void end_run(struct fields *f, struct block_group *g)
{
	uint64_t len = g->runs[(g->read - 1) / BLOCK_RUN].len;

	f->bad |= g->run_at != len;
	g->run_off += len;
	g->run_at = 0;
}

static int next_in_group(const struct block *b, struct block_group *g, struct block_series *s, uint64_t *at)
{
	struct fields f = { .p = b->data + g->off, .end = b->data + g->end };
	unsigned flags = take_u8(&f);

	take_name(&f, b, flags, g, s);
	if (!f.bad && (flags & ENTRY_KIND) == ENTRY_DIRECTORY) {
		f.bad |= (flags & (ENTRY_SAME_COUNT | ENTRY_SAME_SPAN | ENTRY_RECENCY | ENTRY_STATS)) != 0;
		take_directory(&f, b, g, s);
		g->any = false;
		g->count = 0;		/* so that nothing has as many */
	} else if (!f.bad) {
		take_only(&f, b, flags, g, s);
	}
	g->read++;
	g->left--;
	if (g->left == 0 || g->read % BLOCK_RUN == 0)
		end_run(&f, g);
	f.bad |= g->left == 0 && f.p != f.end;
	if (f.bad)
		return block_damage(at, g->off);
	g->off = (uint64_t)(f.p - b->data);
	return COUNT_OK;
}

/* ---- Finding and listing ---- */

/* The order of a group's first name to the one sought, like memcmp. */
static int compare_head(const struct block *b, uint64_t i, const char *name, size_t len, int *order,
			uint64_t *at)
{
	struct block_group g;
	struct fields f;
	unsigned flags;
	uint64_t n;
	int ret = open_group(b, i, &g, at);

	if (ret != COUNT_OK)
		return ret;
	f = (struct fields){ .p = b->data + g.off, .end = b->data + g.end };
	flags = take_u8(&f);
	n = take(&f);
	f.bad |= (n & NAME_LIKE) != 0 || ((flags & ENTRY_SAME_SHARED) == 0 && take(&f) != 0);
	n /= 2;
	if (f.bad || n == 0 || n > (size_t)(f.end - f.p))
		return block_damage(at, g.off);
	*order = memcmp(f.p, name, n < len ? n : len);
	if (*order == 0)
		*order = (n > len) - (n < len);
	return COUNT_OK;
}

/* The last group whose first name is not above the name sought; it alone can hold it. */
static int find_group(const struct block *b, const char *name, size_t len, uint64_t *group,
		      uint64_t *at)
{
	uint64_t lo = 0, hi = b->ngroups;	/* heads below lo are <= name, from hi on above it */

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;
		int order = 0, ret = compare_head(b, mid, name, len, &order, at);

		if (ret != COUNT_OK)
			return ret;
		if (order <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return COUNT_ERR_NOTFOUND;
	*group = lo - 1;
	return COUNT_OK;
}

int block_find(const struct block *b, const char *name, size_t len, struct block_series *s,
	       uint64_t *at)
{
	struct block_group g;
	uint64_t i;
	int ret;

	if (len == 0 || len > COUNT_SERIES_MAX)
		return COUNT_ERR_NOTFOUND;
	ret = find_group(b, name, len, &i, at);
	if (ret == COUNT_OK)
		ret = open_group(b, i, &g, at);
	s->name_len = 0;
	while (ret == COUNT_OK && g.left > 0) {
		ret = next_in_group(b, &g, s, at);
		if (ret == COUNT_OK && s->name_len == len && memcmp(s->name, name, len) == 0)
			return COUNT_OK;
	}
	return ret == COUNT_OK ? COUNT_ERR_NOTFOUND : ret;
}

int block_next_series(const struct block *b, struct block_series_cursor *cur, uint64_t *at)
{
	int ret = COUNT_OK;

	if (cur->group >= b->ngroups)
		return COUNT_ERR_NOTFOUND;
	if (cur->g.left == 0) {
		ret = open_group(b, cur->group, &cur->g, at);
		cur->s.name_len = 0;
	}
	if (ret == COUNT_OK)
		ret = next_in_group(b, &cur->g, &cur->s, at);
	if (ret != COUNT_OK)
		cur->g.left = 0;
	if (cur->g.left == 0)
		cur->group++;
	return ret;
}
