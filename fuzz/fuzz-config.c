/* fuzz-config - hostile settings: the lines of a configuration file, and the value of each setting. */
#include <stdlib.h>
#include <string.h>

#include "engine/config.h"
#include "engine/config_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int set(void *arg, const char *key, const char *value, size_t line, struct count_error *err)
{
	struct count_error why = { 0 };

	(void)err;
	if (line == 0 || strpbrk(key, " \t=\n") != NULL || strchr(value, '\n') != NULL)
		abort();
	if (count_config_set(arg, key, value, "fuzz", &why) != COUNT_OK && why.text[0] == '\0')
		abort();
	return COUNT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *exact = malloc(size > 0 ? size : 1);
	struct count_error err = { 0 };
	struct count_config cfg;

	memcpy(exact, data, size);
	count_config_init(&cfg);
	if (config_file_parse("fuzz", exact, size, set, &cfg, &err) != COUNT_OK && err.text[0] == '\0')
		abort();
	if (cfg.data_dir == NULL || cfg.s3_prefix == NULL || cfg.memory_buffer_size == 0)
		abort();
	count_config_free(&cfg);
	free(exact);
	return 0;
}
