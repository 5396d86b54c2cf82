/*
 * coldindex.h - the bytes of a cold-NNNN.idx: what the manifests of a bucket say; count-manifest(5), INDEX.
 *
 * A file holds records in byte order of series names, found by a binary search over their heads; head and body
 * (the manifest) have a checksum each, verified when it is read.  Several files stand in CURRENT, and the later beats
 * the earlier record by record, so that a run that changed ten series writes ten records (cold/index.h).  Bytes
 * in memory only.
 */
#ifndef COUNT_FORMAT_COLDINDEX_H
#define COUNT_FORMAT_COLDINDEX_H

#include "base/buf.h"
#include "count.h"
#include "format/manifest.h"

#define COLDINDEX_VERSION 1

/* What is known of the bucket, in every file; those of the newest file hold. */
struct coldindex_facts {
	char *scope;			/* "URL/PREFIX": an index of another one is not used */
	enum count_unit unit;
	int64_t synced_s;		/* when the whole prefix was last listed; 0: never */
	uint8_t if_absent, if_match;	/* enum objstore_ability */
	bool bare_etag;			/* If-Match wants the ETag without quotation marks */
	char *region;			/* learned from a redirect; NULL: none */
};
void coldindex_facts_free(struct coldindex_facts *f);
int coldindex_facts_copy(const struct coldindex_facts *from, struct coldindex_facts *to);

/* What of a record can be had without taking it apart. */
struct coldindex_entry {
	const char *name;
	size_t name_len;
	bool gone;			/* no manifest: hides an older record */
	bool foreign;			/* somebody else wrote it, or a block of it */
	int64_t checked_s;		/* when the manifest was last read or written by us */
	const char *etag;		/* of the manifest */
	size_t etag_len;
	bool any;			/* it names blocks: */
	int64_t first, last;
	uint64_t blocks, points, bytes;
	const uint8_t *body;		/* coldindex_manifest() reads it */
	size_t body_len;
};

/* ---- Reading ---- */

struct coldindex {		/* borrows the bytes */
	const uint8_t *data;
	size_t len;
	struct coldindex_facts facts;	/* its own */
	uint64_t n;			/* records */
	uint64_t table_off;		/* private */
};
int coldindex_open(struct coldindex *x, const uint8_t *data, size_t len, uint64_t *at);
void coldindex_close(struct coldindex *x);
/* The head of record i, verified; the body is verified when it is read. */
int coldindex_get(const struct coldindex *x, uint64_t i, struct coldindex_entry *e, uint64_t *at);
/* The first record with a name >= name, x->n if there is none. */
int coldindex_lower_bound(const struct coldindex *x, const char *name, size_t len, uint64_t *i, uint64_t *at);
/* The manifest of a record.  m: empty.  COUNT_ERR_CORRUPT, COUNT_ERR_NOMEM. */
int coldindex_manifest(const struct coldindex_entry *e, struct manifest *m);
int coldindex_check_body(const struct coldindex_entry *e);	/* its checksum alone */
/* Every record, its body, and their order. */
int coldindex_verify(const struct coldindex *x, uint64_t *at);
/* Where record i begins, for i = n where the last ends. */
uint64_t coldindex_offset(const struct coldindex *x, uint64_t i);
/* One record, of exactly these bytes, as coldindex_put_record() made it. */
int coldindex_record_read(const uint8_t *record, size_t len, struct coldindex_entry *e);
int coldindex_name_order(const char *a, size_t a_len, const char *b, size_t b_len);	/* byte order */

/* ---- Writing ---- */

/* One record, appended; m NULL: gone. */
int coldindex_put_record(struct buf *out, const char *name, size_t name_len, const struct manifest *m,
			 const char *etag, int64_t checked_s, bool foreign);
/* The same from an entry that was read, checked at another time. */
int coldindex_put_entry(struct buf *out, const struct coldindex_entry *e, int64_t checked_s);
/* A whole file from records in ascending order: begin, record..., end. */
struct coldindex_writer {
	struct buf head;		/* what begin wrote: its checksums go into the footer */
	uint64_t *offsets;
	size_t n, cap;
	uint64_t at;			/* bytes so far */
};
int coldindex_begin(struct coldindex_writer *w, const struct coldindex_facts *facts, struct buf *out);
int coldindex_record(struct coldindex_writer *w, size_t record_len);	/* the caller writes the bytes to the file */
int coldindex_end(struct coldindex_writer *w, struct buf *out);		/* table and footer */
void coldindex_writer_free(struct coldindex_writer *w);

#endif
