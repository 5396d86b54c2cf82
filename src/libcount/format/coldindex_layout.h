/*
 * coldindex_layout.h - where things stand in a file of the cold index; private to coldindex*.c and their tests.
 *
 *	header		COLDX_HEADER bytes
 *	facts		as the header says, and their CRC32C
 *	records		in byte order of names, without gaps
 *	table		u64 for each record: its offset in the file
 *	footer		COLDX_FOOTER bytes, the last of the file
 *
 * A record is two lengths, a head with what finds and sums up a series, the CRC32C of both, and a body with
 * the whole manifest, which ends in a CRC32C of its own: a search reads heads alone.
 */
#ifndef COUNT_FORMAT_COLDINDEX_LAYOUT_H
#define COUNT_FORMAT_COLDINDEX_LAYOUT_H

#include <stdlib.h>

#include "base/bytes.h"
#include "format/coldindex.h"

enum {
	COLDX_MAGIC = 8,		/* bytes of both magics */
	/* The header: magic, u16 version, u16 0, u32 length of the facts, CRC32C of the 16 bytes before it. */
	COLDX_VERSION_AT = 8, COLDX_FACTS_LEN_AT = 12, COLDX_HEADER_CRC_AT = 16, COLDX_HEADER = 20,
	/* The footer: u64 offset of the table, u64 records, u32 CRC32C of the table; CRC32C of the header's
	 * CRC, the facts' CRC and the 20 bytes before; magic. */
	COLDX_TABLE_AT = 0, COLDX_COUNT_AT = 8, COLDX_TABLE_CRC_AT = 16, COLDX_FOOTER_CRC_AT = 20,
	COLDX_END_MAGIC_AT = 24, COLDX_FOOTER = 32,
	COLDX_FACTS_MAX = 16 << 10,
	/* A record: u32 length of the head, u32 length of the body with its CRC (0: no manifest), head, CRC. */
	COLDX_LENGTHS = 8, COLDX_CRC = 4,
	COLDX_GONE = 1, COLDX_FOREIGN = 2, COLDX_ANY = 4, COLDX_FLAGS = 7,
};

#define COLDX_HEADER_MAGIC "countI\x1a\n"
#define COLDX_FOOTER_MAGIC "countJ\x1a\n"

/* A run of bytes that is read from its front.  After the first failure all reads give nothing, so that one
 * look at `bad` at the end is enough. */
struct coldx_in {
	const uint8_t *p, *end;
	bool bad;
};

static inline const uint8_t *coldx_bytes(struct coldx_in *in, uint64_t n)
{
	const uint8_t *p = in->p;

	if (in->bad || n > (size_t)(in->end - in->p)) {
		in->bad = true;
		return NULL;
	}
	in->p += n;
	return p;
}

static inline uint8_t coldx_u8(struct coldx_in *in)
{
	const uint8_t *p = coldx_bytes(in, 1);

	return p == NULL ? 0 : *p;
}

static inline uint64_t coldx_varint(struct coldx_in *in)
{
	uint64_t v = 0;
	const uint8_t *p = in->bad ? NULL : varint_get(in->p, in->end, &v);

	if (p == NULL) {
		in->bad = true;
		return 0;
	}
	in->p = p;
	return v;
}

static inline int64_t coldx_signed(struct coldx_in *in)
{
	return unzigzag(coldx_varint(in));
}

static inline void coldx_put_signed(struct buf *out, uint64_t v)
{
	buf_put_varint(out, zigzag((int64_t)v));
}

/* n bytes as a string of its own; none may be NUL.  False: bad, or out of memory (*nomem). */
static inline bool coldx_text(struct coldx_in *in, uint64_t n, char **s, bool *nomem)
{
	const uint8_t *p = coldx_bytes(in, n);

	if (p == NULL || memchr(p, 0, n) != NULL) {
		in->bad = true;
		return false;
	}
	*s = malloc(n + 1);
	if (*s == NULL) {
		in->bad = *nomem = true;
		return false;
	}
	memcpy(*s, p, n);
	(*s)[n] = '\0';
	return true;
}

/* Appends the manifest of a record, without its CRC. */
void coldindex_put_body(const struct manifest *m, struct buf *out);

#endif
