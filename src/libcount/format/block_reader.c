/*
 * block_reader.c - opening a block and finding series in it; see block.h and count-block(5).
 *
 * The chunks of a series are block_chunks.c.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/block.h"
#include "format/block_layout.h"
#include "format/block_open.h"

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
	    get_u32(p + HEADER_ZERO) != 0 || get_u32(p + HEADER_ZERO2) != 0)
		return block_damage(at, HEADER_VERSION);
	b->info.unit = (enum count_unit)p[HEADER_UNIT];
	b->info.level = p[HEADER_LEVEL];
	memcpy(b->info.id, p + HEADER_ID, 16);
	b->info.seg_lo = get_u64(p + HEADER_SEG_LO);
	b->info.seg_hi = get_u64(p + HEADER_SEG_HI);
	b->info.window = get_i64(p + HEADER_WINDOW);
	return b->info.seg_lo <= b->info.seg_hi ? COUNT_OK : block_damage(at, HEADER_SEG_LO);
}

/* The regions must follow each other without gaps up to the footer: then no later sum overflows. */
static bool regions_good(const struct block *b, uint64_t footer_off)
{
	uint64_t groups = b->info.series / GROUP_SERIES + (b->info.series % GROUP_SERIES != 0);

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

struct group {			/* what is left of one */
	const uint8_t *p, *end;
	uint64_t dir_off;	/* of the next series */
	int64_t base_time;
	unsigned left;
};

/* Verifies the group and reads its head. */
static int open_group(const struct block *b, uint64_t i, struct group *g, uint64_t *at)
{
	const uint8_t *index = b->data + b->index_off;
	uint64_t lo = get_u32(index + 4 * i), hi = get_u32(index + 4 * i + 4), time;
	uint64_t left = b->info.series - i * GROUP_SERIES;

	if (lo > hi || hi > b->index_off - b->table_off || hi - lo < 4)
		return block_damage(at, b->index_off + 4 * i);
	g->p = b->data + b->table_off + lo;
	g->end = b->data + b->table_off + hi - 4;
	g->left = left < GROUP_SERIES ? (unsigned)left : GROUP_SERIES;
	if (crc32c(0, g->p, (size_t)(g->end - g->p)) != get_u32(g->end))
		return block_damage(at, b->table_off + lo);
	g->p = varint_get(g->p, g->end, &g->dir_off);
	if (g->p != NULL)
		g->p = varint_get(g->p, g->end, &time);
	if (g->p == NULL || g->dir_off > b->table_off - b->dirs_off)
		return block_damage(at, b->table_off + lo);
	g->base_time = unzigzag(time);
	g->dir_off += b->dirs_off;
	return COUNT_OK;
}

/* Reads the name behind the one in s.  As names share all they can with the one before, order shows in
 * the first byte that differs. */
static bool next_name(struct group *g, struct block_series *s)
{
	uint64_t shared, more;

	g->p = varint_get(g->p, g->end, &shared);
	if (g->p != NULL)
		g->p = varint_get(g->p, g->end, &more);
	if (g->p == NULL || shared > s->name_len || more == 0 || more > COUNT_SERIES_MAX - shared ||
	    more > (uint64_t)(g->end - g->p))
		return false;
	if (shared < s->name_len && *g->p <= (uint8_t)s->name[shared])
		return false;
	memcpy(s->name + shared, g->p, more);
	s->name_len = shared + more;
	s->name[s->name_len] = '\0';
	g->p += more;
	return true;
}

static bool next_fields(const struct block *b, struct group *g, struct block_series *s)
{
	uint64_t v[5];

	for (unsigned i = 0; i < 5; i++) {
		g->p = varint_get(g->p, g->end, &v[i]);
		if (g->p == NULL)
			return false;
	}
	s->chunks = v[0];
	s->points = v[1];
	s->dir_len = v[2];
	s->dir_off = g->dir_off;
	s->first_time = (int64_t)((uint64_t)g->base_time + (uint64_t)unzigzag(v[3]));
	s->last_time = (int64_t)((uint64_t)s->first_time + v[4]);
	if (s->chunks == 0 || s->points < s->chunks || s->last_time < s->first_time ||
	    s->dir_len > b->table_off - g->dir_off)
		return false;
	g->dir_off += s->dir_len;
	g->left--;
	return g->left > 0 || g->p == g->end;
}

static int next_in_group(const struct block *b, struct group *g, struct block_series *s, uint64_t *at)
{
	uint64_t off = (uint64_t)(g->p - b->data);

	if (!next_name(g, s) || !next_fields(b, g, s))
		return block_damage(at, off);
	return COUNT_OK;
}

/* ---- Finding and listing ---- */

/* The order of a group's first name to the one sought, like memcmp. */
static int compare_head(const struct block *b, uint64_t i, const char *name, size_t len, int *order,
			uint64_t *at)
{
	struct block_series s = { .name_len = 0 };
	struct group g;
	int ret = open_group(b, i, &g, at);

	if (ret != COUNT_OK)
		return ret;
	if (!next_name(&g, &s))
		return block_damage(at, (uint64_t)(g.end - b->data));
	*order = memcmp(s.name, name, s.name_len < len ? s.name_len : len);
	if (*order == 0)
		*order = (s.name_len > len) - (s.name_len < len);
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
	struct group g;
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

/* Between calls the cursor keeps what a struct group has; in_group 0 stands before a group. */
int block_next_series(const struct block *b, struct block_series_cursor *cur, uint64_t *at)
{
	struct group g;
	int ret = COUNT_OK;

	if (cur->group >= b->ngroups)
		return COUNT_ERR_NOTFOUND;
	if (cur->in_group == 0) {
		ret = open_group(b, cur->group, &g, at);
		cur->s.name_len = 0;
	} else {
		const uint8_t *index = b->data + b->index_off;

		g = (struct group){
			.p = b->data + cur->off, .dir_off = cur->dir_off, .base_time = cur->base_time,
			.left = (unsigned)cur->in_group,
			.end = b->data + b->table_off + get_u32(index + 4 * cur->group + 4) - 4,
		};
	}
	if (ret == COUNT_OK)
		ret = next_in_group(b, &g, &cur->s, at);
	cur->in_group = ret == COUNT_OK ? g.left : 0;
	if (cur->in_group == 0) {
		cur->group++;
		return ret;
	}
	cur->off = (uint64_t)(g.p - b->data);
	cur->dir_off = g.dir_off;
	cur->base_time = g.base_time;
	return COUNT_OK;
}
