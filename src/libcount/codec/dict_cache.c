/* dict_cache.c - the dictionary decoded last; see dict_cache.h. */
#include "codec/dict_cache.h"

#include <stdlib.h>
#include <string.h>

#include "codec/coder.h"

int dict_cache_decode(struct chunk_coder *c, const uint8_t *p, size_t len, const struct column_dict **dict)
{
	struct dict_cache *k = &c->cached;
	int ret;

	*dict = &k->dict;
	if (k->dict.n > 0 && k->bytes.len == len && memcmp(k->bytes.data, p, len) == 0)
		return COUNT_OK;
	free(k->dict.v);
	k->dict = (struct column_dict){ 0 };
	ret = column_dict_decode(c, p, len, &k->dict);
	if (ret != COUNT_OK)
		return ret;
	buf_clear(&k->bytes);
	buf_put(&k->bytes, p, len);
	if (!k->bytes.failed)
		return COUNT_OK;
	buf_clear(&k->bytes);		/* else it would be found by no bytes at all */
	return COUNT_ERR_NOMEM;
}
