/* coldindex_body_put.c - a manifest to the body of a record; see coldindex_body.h. */
#include "format/coldindex_body.h"

static bool is_hex(const char *s)
{
	return strlen(s) == HEX_LEN && strspn(s, "0123456789abcdef") == HEX_LEN;
}

static unsigned text_kind(const char *s, const char *same)
{
	if (s == NULL)
		return TEXT_NONE;
	if (same != NULL && strcmp(s, same) == 0)
		return TEXT_SAME;
	return is_hex(s) ? TEXT_HEX : TEXT_RAW;
}

static unsigned digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void put_hex(struct buf *out, const char *s)
{
	for (size_t i = 0; i < HEX_LEN; i += 2)
		buf_put_u8(out, (uint8_t)(digit(s[i]) << 4 | digit(s[i + 1])));
}

static void put_text(struct buf *out, const char *s)
{
	buf_put_varint(out, strlen(s));
	buf_put(out, s, strlen(s));
}

static void put_kind(struct buf *out, unsigned kind, const char *s)
{
	if (kind == TEXT_RAW)
		put_text(out, s);
	else if (kind == TEXT_HEX)
		put_hex(out, s);
}

static size_t dir_len(const char *key)
{
	const char *slash = strrchr(key, '/');

	return slash == NULL ? 0 : (size_t)(slash + 1 - key);
}

/* "_N.json" with a canonical N >= 2 of at most 9 digits; 0: not that. */
static uint32_t nth_of(const char *s)
{
	size_t digits = s[0] == '_' ? strspn(s + 1, "0123456789") : 0;
	unsigned long n;

	if (digits == 0 || digits > 9 || s[1] == '0' || strcmp(s + 1 + digits, ".json") != 0)
		return 0;
	n = strtoul(s + 1, NULL, 10);
	return n >= 2 ? (uint32_t)n : 0;
}

static unsigned key_kind(const struct manifest_block *b, const char *dir, size_t dlen, uint32_t *nth)
{
	char usual[SUFFIX_MAX];
	size_t n;

	if (strncmp(b->key, dir, dlen) != 0)
		return KEY_RAW;
	body_usual_name(usual, b->start, b->end);
	n = strlen(usual);
	if (strncmp(b->key + dlen, usual, n) != 0)
		return KEY_BELOW;
	if (strcmp(b->key + dlen + n, ".json") == 0)
		return KEY_USUAL;
	*nth = nth_of(b->key + dlen + n);
	return *nth != 0 ? KEY_NTH : KEY_BELOW;
}

/*
 * Four bits say which bytes of a double follow: 0 to 6, so many from the top, the others are 0; 7, all eight;
 * 8 to 15, the lowest 0 to 7, the others are those of its predecessor.
 */
static unsigned double_code(uint64_t v, uint64_t before)
{
	unsigned top = v == 0 ? 0 : 8 - (unsigned)__builtin_ctzll(v) / 8;
	unsigned low = v == before ? 0 : 8 - (unsigned)__builtin_clzll(v ^ before) / 8;

	if (top <= 6 && top <= low)
		return top;
	return low <= 7 ? 8 + low : 7;
}

static void put_doubles(struct buf *out, const struct chunk_stats *s, const struct chunk_stats *before)
{
	uint64_t v[NDOUBLES], p[NDOUBLES];
	unsigned code[NDOUBLES];

	body_doubles(s, v);
	body_foretell(before, p);
	for (size_t i = 0; i < NDOUBLES; i++)
		code[i] = double_code(v[i], p[i]);
	for (size_t i = 0; i < NDOUBLES; i += 2)
		buf_put_u8(out, (uint8_t)(code[i] | code[i + 1] << 4));
	for (size_t i = 0; i < NDOUBLES; i++) {
		uint64_t bytes = code[i] < 7 && code[i] > 0 ? v[i] >> (64 - 8 * code[i]) : v[i];

		buf_put(out, &bytes, code[i] == 7 ? 8 : code[i] & 7);
	}
}

static void put_rhythm(struct buf *out, struct body_rhythm *r, int64_t first, int64_t last, uint64_t count)
{
	struct body_rhythm now = { (uint64_t)last, (uint64_t)first - r->last, (uint64_t)last - (uint64_t)first, count };

	coldx_put_signed(out, now.gap - r->gap);
	coldx_put_signed(out, now.span - r->span);
	coldx_put_signed(out, now.count - r->count);
	*r = now;
}

/* What the reader has when there are none. */
static const struct chunk_stats *stats_or_none(const struct manifest_block *b)
{
	static const struct chunk_stats none;

	return b->has_stats ? &b->stats : &none;
}

static void put_days(struct buf *out, const struct manifest_block *b)
{
	struct body_rhythm r = { .last = (uint64_t)b->start };
	const struct chunk_stats *before = stats_or_none(b);

	buf_put_varint(out, b->ndays);
	for (size_t i = 0; i < b->ndays; before = &b->days[i++]) {
		const struct chunk_stats *d = &b->days[i];

		put_rhythm(out, &r, d->first_time, d->last_time, d->count);
		buf_put_varint(out, d->nan_count);
		put_doubles(out, d, before);
	}
}

static void put_block(struct buf *out, const struct manifest_block *b, const char *dir, size_t dlen,
		      struct body_before *p)
{
	uint32_t nth = 0;
	unsigned key = key_kind(b, dir, dlen, &nth), etag = text_kind(b->etag, body_checksum_hex(b->checksum));
	const char *hex = body_checksum_hex(b->checksum);
	unsigned checksum = b->checksum == NULL ? TEXT_NONE : hex != NULL && is_hex(hex) ? TEXT_HEX : TEXT_RAW;
	unsigned writer = text_kind(b->writer, p->writer), codec = text_kind(b->codec, p->codec);

	buf_put_u16(out, (uint16_t)(key << KEY_SHIFT | etag << ETAG_SHIFT | checksum << CHECKSUM_SHIFT |
				    writer << WRITER_SHIFT | codec << CODEC_SHIFT |
				    (b->has_hash ? BLOCK_HASH : 0) | (b->has_stats ? BLOCK_STATS : 0) |
				    (b->ndays > 0 ? BLOCK_DAYS : 0) | (b->other != NULL ? BLOCK_OTHER : 0)));
	put_rhythm(out, &p->rhythm, b->start, b->end, b->points);
	buf_put_varint(out, b->size);
	coldx_put_signed(out, b->seq - p->seq);
	if (key == KEY_NTH)
		buf_put_varint(out, nth);
	else if (key != KEY_USUAL)
		put_text(out, key == KEY_BELOW ? b->key + dlen : b->key);
	put_kind(out, checksum, checksum == TEXT_HEX ? hex : b->checksum);
	put_kind(out, etag, b->etag);
	put_kind(out, writer, b->writer);
	put_kind(out, codec, b->codec);
	if (b->has_hash)
		buf_put(out, b->points_hash, sizeof(b->points_hash));
	if (b->has_stats) {
		buf_put_varint(out, b->stats.nan_count);
		put_doubles(out, &b->stats, &p->stats);
	}
	if (b->ndays > 0)
		put_days(out, b);
	if (b->other != NULL)
		put_text(out, b->other);
	p->seq = b->seq;
	p->writer = b->writer;
	p->codec = b->codec;
	p->stats = *stats_or_none(b);
}

static void put_garbage(struct buf *out, const struct manifest *m, const char *dir, size_t dlen)
{
	uint64_t before = 0;

	buf_put_varint(out, m->ngarbage);
	for (size_t i = 0; i < m->ngarbage; i++) {
		const struct manifest_garbage *g = &m->garbage[i];
		bool below = strncmp(g->key, dir, dlen) == 0;

		buf_put_u8(out, below);
		put_text(out, below ? g->key + dlen : g->key);
		coldx_put_signed(out, (uint64_t)g->since_s - before);
		before = (uint64_t)g->since_s;
	}
}

void coldindex_put_body(const struct manifest *m, struct buf *out)
{
	const char *dir = m->nblocks > 0 ? m->blocks[0].key : m->ngarbage > 0 ? m->garbage[0].key : "";
	size_t dlen = dir_len(dir);
	struct body_before p = { .writer = m->writer };
	unsigned writer = text_kind(m->writer, NULL);

	buf_put_u8(out, (uint8_t)((m->has_unit ? MANIFEST_HAS_UNIT : 0) | (m->other != NULL ? MANIFEST_HAS_OTHER : 0)));
	if (m->has_unit)
		buf_put_u8(out, (uint8_t)m->unit);
	buf_put_varint(out, m->version);
	buf_put_varint(out, m->seq);
	buf_put_u8(out, (uint8_t)writer);
	put_kind(out, writer, m->writer);
	buf_put_varint(out, dlen);
	buf_put(out, dir, dlen);
	buf_put_varint(out, m->nblocks);
	for (size_t i = 0; i < m->nblocks; i++)
		put_block(out, &m->blocks[i], dir, dlen, &p);
	put_garbage(out, m, dir, dlen);
	if (m->other != NULL)
		put_text(out, m->other);
}
