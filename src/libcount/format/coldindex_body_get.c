/* coldindex_body_get.c - the body of a record to a manifest; see coldindex_body.h. */
#include "format/coldindex_body.h"

struct body_in {
	struct coldx_in in;
	const char *dir;	/* not closed by NUL */
	size_t dlen;
	bool nomem;
};

static char *get_text(struct body_in *b)
{
	char *s = NULL;

	coldx_text(&b->in, coldx_varint(&b->in), &s, &b->nomem);
	return s;
}

/* Two parts as one string, by the caller's bytes; NULL: out of memory. */
static char *join(struct body_in *b, const char *a, size_t a_len, const char *c, size_t c_len)
{
	char *s = malloc(a_len + c_len + 1);

	if (s == NULL) {
		b->in.bad = b->nomem = true;
		return NULL;
	}
	memcpy(s, a, a_len);
	memcpy(s + a_len, c, c_len);
	s[a_len + c_len] = '\0';
	return s;
}

static char *get_hex(struct body_in *b, const char *prefix)
{
	const uint8_t *p = coldx_bytes(&b->in, HEX_LEN / 2);
	char hex[HEX_LEN];

	if (p == NULL)
		return NULL;
	for (size_t i = 0; i < HEX_LEN; i++)
		hex[i] = "0123456789abcdef"[i % 2 == 0 ? p[i / 2] >> 4 : p[i / 2] & 15];
	return join(b, prefix, strlen(prefix), hex, HEX_LEN);
}

static char *get_kind(struct body_in *b, unsigned kind, const char *same, const char *prefix)
{
	switch (kind) {
	case TEXT_NONE: return NULL;
	case TEXT_RAW: return get_text(b);
	case TEXT_HEX: return get_hex(b, prefix);
	}
	if (same != NULL)
		return join(b, same, strlen(same), "", 0);
	b->in.bad = true;
	return NULL;
}

static char *get_below(struct body_in *b)
{
	char *rest = get_text(b), *key = NULL;

	if (rest != NULL)
		key = join(b, b->dir, b->dlen, rest, strlen(rest));
	free(rest);
	return key;
}

static char *get_key(struct body_in *b, unsigned kind, int64_t start, int64_t end)
{
	char name[SUFFIX_MAX + 32];
	size_t n;

	if (kind == KEY_RAW)
		return get_text(b);
	if (kind == KEY_BELOW)
		return get_below(b);
	body_usual_name(name, start, end);
	n = strlen(name);
	if (kind == KEY_NTH)
		snprintf(name + n, sizeof(name) - n, "_%" PRIu64 ".json", coldx_varint(&b->in));
	else
		strcpy(name + n, ".json");
	return b->in.bad ? NULL : join(b, b->dir, b->dlen, name, strlen(name));
}

static void get_doubles(struct coldx_in *in, struct chunk_stats *s, const struct chunk_stats *before)
{
	uint64_t v[NDOUBLES];
	unsigned code[NDOUBLES];

	body_foretell(before, v);
	for (size_t i = 0; i < NDOUBLES; i += 2) {
		uint8_t two = coldx_u8(in);

		code[i] = two & 15;
		code[i + 1] = two >> 4;
	}
	for (size_t i = 0; i < NDOUBLES; i++) {
		unsigned n = code[i] == 7 ? 8 : code[i] & 7;
		const uint8_t *p = coldx_bytes(in, n);
		uint64_t bytes = 0;

		if (p != NULL)
			memcpy(&bytes, p, n);
		if (code[i] < 7)
			v[i] = n == 0 ? 0 : bytes << (64 - 8 * n);
		else
			v[i] = code[i] == 7 ? bytes : (v[i] & ~UINT64_C(0) << 8 * n) | bytes;
	}
	s->min = f64_from_bits(v[0]);
	s->max = f64_from_bits(v[1]);
	s->sum = (struct dd){ f64_from_bits(v[2]), f64_from_bits(v[3]) };
	s->first = f64_from_bits(v[4]);
	s->last = f64_from_bits(v[5]);
}

static void get_rhythm(struct coldx_in *in, struct body_rhythm *r, int64_t *first, int64_t *last, uint64_t *count)
{
	uint64_t begin;

	r->gap += (uint64_t)coldx_signed(in);
	r->span += (uint64_t)coldx_signed(in);
	r->count += (uint64_t)coldx_signed(in);
	begin = r->last + r->gap;
	r->last = begin + r->span;
	*first = (int64_t)begin;
	*last = (int64_t)r->last;
	*count = r->count;
	in->bad |= *last < *first;
}

#define DAY_MIN_BYTES 7		/* four varints, three bytes of codes: bounds what a count may ask for */
#define BLOCK_MIN_BYTES 8
#define GARBAGE_MIN_BYTES 3

static uint64_t get_count(struct coldx_in *in, unsigned min_bytes)
{
	uint64_t n = coldx_varint(in);

	if (!in->bad && n > (size_t)(in->end - in->p) / min_bytes)
		in->bad = true;
	return in->bad ? 0 : n;
}

static void get_days(struct body_in *in, struct manifest_block *b)
{
	struct body_rhythm r = { .last = (uint64_t)b->start };
	const struct chunk_stats *before = &b->stats;
	uint64_t n = get_count(&in->in, DAY_MIN_BYTES);

	in->in.bad |= n == 0;
	if (in->in.bad)
		return;
	b->days = calloc(n, sizeof(*b->days));
	if (b->days == NULL) {
		in->in.bad = in->nomem = true;
		return;
	}
	b->ndays = n;
	for (size_t i = 0; i < n && !in->in.bad; before = &b->days[i++]) {
		struct chunk_stats *d = &b->days[i];

		get_rhythm(&in->in, &r, &d->first_time, &d->last_time, &d->count);
		d->nan_count = coldx_varint(&in->in);
		get_doubles(&in->in, d, before);
		in->in.bad |= d->first_time < b->start || d->last_time > b->end || d->count == 0 ||
			      d->nan_count > d->count || (i > 0 && d->first_time <= before->last_time);
	}
}

static void get_stats(struct coldx_in *in, struct manifest_block *b, const struct body_before *p)
{
	b->stats.first_time = b->start;
	b->stats.last_time = b->end;
	b->stats.count = b->points;
	b->stats.nan_count = coldx_varint(in);
	in->bad |= b->stats.nan_count > b->points;
	get_doubles(in, &b->stats, &p->stats);
}

static unsigned kind_of(unsigned flags, unsigned shift)
{
	return flags >> shift & 3;
}

static void get_block(struct body_in *in, struct manifest_block *b, struct body_before *p)
{
	const uint8_t *f = coldx_bytes(&in->in, 2);
	unsigned flags = f == NULL ? 0 : get_u16(f);

	in->in.bad |= (flags & ~(unsigned)BLOCK_FLAGS) != 0;
	get_rhythm(&in->in, &p->rhythm, &b->start, &b->end, &b->points);
	b->size = coldx_varint(&in->in);
	p->seq += (uint64_t)coldx_signed(&in->in);
	b->seq = p->seq;
	b->key = get_key(in, kind_of(flags, KEY_SHIFT), b->start, b->end);
	b->checksum = get_kind(in, kind_of(flags, CHECKSUM_SHIFT), NULL, CHECKSUM_PREFIX);
	b->etag = get_kind(in, kind_of(flags, ETAG_SHIFT), body_checksum_hex(b->checksum), "");
	b->writer = get_kind(in, kind_of(flags, WRITER_SHIFT), p->writer, "");
	b->codec = get_kind(in, kind_of(flags, CODEC_SHIFT), p->codec, "");
	b->has_hash = (flags & BLOCK_HASH) != 0;
	f = coldx_bytes(&in->in, b->has_hash ? sizeof(b->points_hash) : 0);
	if (f != NULL && b->has_hash)
		memcpy(b->points_hash, f, sizeof(b->points_hash));
	b->has_stats = (flags & BLOCK_STATS) != 0;
	if (b->has_stats)
		get_stats(&in->in, b, p);
	if ((flags & BLOCK_DAYS) != 0)
		get_days(in, b);
	if ((flags & BLOCK_OTHER) != 0)
		b->other = get_text(in);
	p->writer = b->writer;
	p->codec = b->codec;
	p->stats = b->stats;
}

static void get_blocks(struct body_in *in, struct manifest *m)
{
	struct body_before p = { .writer = m->writer };
	uint64_t n = get_count(&in->in, BLOCK_MIN_BYTES);

	in->in.bad |= n > MANIFEST_MAX_BLOCKS;
	for (uint64_t i = 0; i < n && !in->in.bad; i++) {
		struct manifest_block *b = manifest_add_block(m);

		if (b == NULL)
			in->in.bad = in->nomem = true;
		else
			get_block(in, b, &p);
	}
}

static void get_garbage(struct body_in *in, struct manifest *m)
{
	uint64_t before = 0, n = get_count(&in->in, GARBAGE_MIN_BYTES);

	for (uint64_t i = 0; i < n && !in->in.bad; i++) {
		struct manifest_garbage *g = manifest_add_garbage(m);
		uint8_t below = coldx_u8(&in->in);

		if (g == NULL) {
			in->in.bad = in->nomem = true;
			return;
		}
		in->in.bad |= below > 1;
		g->key = below == 1 ? get_below(in) : get_text(in);
		before += (uint64_t)coldx_signed(&in->in);
		g->since_s = (int64_t)before;
	}
}

static void get_manifest(struct body_in *in, struct manifest *m)
{
	uint8_t flags = coldx_u8(&in->in), writer;
	uint64_t version;

	in->in.bad |= flags > (MANIFEST_HAS_UNIT | MANIFEST_HAS_OTHER);
	m->has_unit = (flags & MANIFEST_HAS_UNIT) != 0;
	if (m->has_unit)
		m->unit = coldx_u8(&in->in);
	version = coldx_varint(&in->in);
	in->in.bad |= m->unit > COUNT_UNIT_NS || version > UINT32_MAX;
	m->version = (unsigned)version;
	m->seq = coldx_varint(&in->in);
	writer = coldx_u8(&in->in);
	in->in.bad |= writer > TEXT_HEX;
	m->writer = get_kind(in, writer, NULL, "");
	in->dlen = (size_t)coldx_varint(&in->in);
	in->dir = (const char *)coldx_bytes(&in->in, in->dlen);
	in->in.bad |= in->dir == NULL || memchr(in->dir, 0, in->dlen) != NULL;
	if (!in->in.bad)
		get_blocks(in, m);
	if (!in->in.bad)
		get_garbage(in, m);
	if (!in->in.bad && (flags & MANIFEST_HAS_OTHER) != 0)
		m->other = get_text(in);
}

int coldindex_manifest(const struct coldindex_entry *e, struct manifest *m)
{
	struct body_in in = { 0 };
	struct manifest r = { 0 };

	if (e->gone || coldindex_check_body(e) != COUNT_OK)
		return COUNT_ERR_CORRUPT;
	in.in = (struct coldx_in){ .p = e->body, .end = e->body + e->body_len - COLDX_CRC };
	r.series = join(&in, e->name, e->name_len, "", 0);
	r.series_len = e->name_len;
	if (r.series != NULL)
		get_manifest(&in, &r);
	if (in.in.bad || in.in.p != in.in.end) {
		manifest_free(&r);
		return in.nomem ? COUNT_ERR_NOMEM : COUNT_ERR_CORRUPT;
	}
	*m = r;
	return COUNT_OK;
}
