/* fuzz-xml.c - replies of S3: a page that is accepted holds what was promised. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "s3/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct objstore_req req = { 0 };
	struct xml_error e = { "", "", "" };

	switch (xml_read(data, len, "p", &req.page, &e)) {
	case XML_LIST:
		for (size_t i = 0; i < req.page.len; i++) {
			const char *key = req.page.v[i].key;

			if (key[0] != 'p' || strlen(key) > OBJSTORE_KEY_MAX || !utf8_valid(key, strlen(key)))
				abort();
		}
		if (req.page.token != NULL && req.page.token[0] == '\0')
			abort();
		break;
	case XML_ERROR:
		for (const char *s = e.message; *s != '\0'; s++)
			if (*s < 0x20 || *s > 0x7e)
				abort();
		/* fall through */
	default:
		if (req.page.len != 0 || req.page.v != NULL)
			abort();
	}
	objstore_req_free(&req);
	return 0;
}
