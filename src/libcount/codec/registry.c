/*
 * registry.c - the codecs by id.
 *
 * Ids are part of the block format: never renumber, never reuse, only append.
 */
#include "codec/coder.h"

static const struct time_codec *const time_codecs[] = {
	[0] = &time_raw,
	[1] = &time_regular,
	[2] = &time_delta,
	[3] = &time_dod,
	[4] = &time_grid,
};

static const struct value_codec *const value_codecs[] = {
	[0] = &value_raw,
	[1] = &value_constant,
	[2] = &value_decimal,
	[3] = &value_ordered,
	[4] = &value_xor,
	[5] = &value_dict,
	[6] = &value_quotient,
	[7] = &value_quotient15,
};

const struct time_codec *time_codec_find(uint8_t id)
{
	return id < sizeof(time_codecs) / sizeof(time_codecs[0]) ? time_codecs[id] : NULL;
}

const struct value_codec *value_codec_find(uint8_t id)
{
	return id < sizeof(value_codecs) / sizeof(value_codecs[0]) ? value_codecs[id] : NULL;
}

const char *chunk_time_codec_name(uint8_t id)
{
	const struct time_codec *codec = time_codec_find(id);

	return codec == NULL ? NULL : codec->name;
}

const char *chunk_value_codec_name(uint8_t id)
{
	const struct value_codec *codec = value_codec_find(id);

	return codec == NULL ? NULL : codec->name;
}
