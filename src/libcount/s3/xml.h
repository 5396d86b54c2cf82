/*
 * xml.h - the two kinds of XML that S3 answers with: a page of a list, and an error.
 *
 * expat reads it.  The bytes are a stranger's: a document type declaration is refused (and with it every
 * entity but the five of XML), so are more than XML_DEPTH_MAX levels and texts over XML_TEXT_MAX.
 * What is not known is skipped.  Pure: bytes in memory.
 */
#ifndef COUNT_S3_XML_H
#define COUNT_S3_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "store/objstore.h"

#define XML_DEPTH_MAX 16
#define XML_TEXT_MAX 8192	/* a key of 1,024 bytes, percent-encoded, has at most 3,072 */

struct xml_error {
	char code[64];		/* SlowDown */
	char message[192];	/* printable */
	char region[64];	/* "": none */
};

enum xml_kind {
	XML_BROKEN,		/* not well formed, over a cap, or neither of the two */
	XML_NOMEM,
	XML_LIST,
	XML_ERROR,
};

/*
 * Fills the page with those of its entries, and its token, or *e.  The page is as it was unless
 * XML_LIST.  A list is XML_BROKEN when it lacks what the protocol promises: a key or size that is
 * none, a key outside the prefix, "truncated" without a token.
 */
enum xml_kind xml_read(const void *data, size_t len, const char *prefix, struct objstore_page *page,
		       struct xml_error *e);

/* Only an error: false if it is none. */
bool xml_read_error(const void *data, size_t len, struct xml_error *e);

#endif
