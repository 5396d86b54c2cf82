/* config.h - the private side of struct count_config. */
#ifndef COUNT_ENGINE_CONFIG_H
#define COUNT_ENGINE_CONFIG_H

#include "base/buf.h"
#include "cold/settings.h"
#include "count.h"

#define CONFIG_NSTRINGS 5	/* settings that are strings */

struct count_config_strings {
	char *values[CONFIG_NSTRINGS];
	char *data_dir_source;
	struct cold_settings cold;	/* those without a field in struct count_config */
	struct buf warnings;	/* lines, each ends in a newline; for count_set_log() */
};

enum setting_kind {
	KIND_STRING, KIND_BUCKET, KIND_REGION, KIND_PREFIX, KIND_DURATION, KIND_BOOL, KIND_U32, KIND_U64,
	KIND_COLD, KIND_ELSEWHERE
};

struct setting {
	const char *key;
	enum setting_kind kind;
	bool cold;
	size_t offset;		/* in struct count_config */
	unsigned string;	/* index in count_config_strings.values */
	uint64_t min, max;
};

#define CONFIG_NSETTINGS 29
extern const struct setting config_settings[CONFIG_NSETTINGS];

const struct setting *config_find(const char *key);	/* NULL: no such setting */
int config_need_strings(struct count_config *cfg, struct count_error *err);
/* Checks and stores; cfg->strings is there afterwards. */
int config_set_value(struct count_config *cfg, const struct setting *s, const char *value,
		     const char *source, struct count_error *err);

/* One that lives in strings->cold, which is there; name is what the message calls it (AWS_CA_BUNDLE). */
int config_set_cold(struct count_config *cfg, const char *key, const char *name, const char *value,
		    const char *source, struct count_error *err);
/* All that the cold tier is to know: loaded settings, and over them the public fields.  to: initialised.
 * COUNT_ERR_NOMEM.  Not checked: cold_settings_check() is. */
int config_cold(const struct count_config *cfg, struct cold_settings *to);

/* count_config_load() with another name for /etc/count.conf, for tests. */
int config_load(struct count_config *cfg, int flags, const char *system_file, const char *data_dir,
		const char *file, struct count_error *err);

#endif
