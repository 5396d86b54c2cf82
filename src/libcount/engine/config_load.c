/*
 * config_load.c - settings from files, environment and options, later wins; count(7), Settings.
 *
 * Those of the cold tier are the business of some programs only: for the others a wrong one is no error
 * and is not obeyed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/config.h"
#include "engine/config_file.h"

static bool is_data_dir(const struct setting *s)
{
	return strcmp(s->key, "DATA_DIR") == 0;
}

enum pass { PASS_DATA_DIR, PASS_REST };		/* where the directory is decides what else is read */

struct overlay {
	struct count_config *cfg;
	bool cold;		/* the settings of the cold tier matter */
	enum pass pass;
	const char *file;	/* for messages */
	bool is_data_dir_file;	/* $DATA_DIR/count.conf */
};

/*
 * Empty counts as unset, in a file as in the environment.  To programs that have no business with the
 * cold tier its settings are at most a hint: a wrong S3_ENABLED is taken for true, since what
 * may still have to be archived must not be deleted by age.
 */
static int overlay_one(const struct overlay *o, const struct setting *s, const char *value,
		       const char *source, struct count_error *err)
{
	bool is_dir = is_data_dir(s);

	if (value[0] == '\0' || is_dir != (o->pass == PASS_DATA_DIR))
		return COUNT_OK;
	if (!s->cold || o->cold)
		return config_set_value(o->cfg, s, value, source, err);
	if (config_set_value(o->cfg, s, value, source, NULL) == COUNT_ERR_INVALID && s->kind == KIND_BOOL)
		o->cfg->s3_enabled = true;
	return COUNT_OK;
}

static int overlay_env(const struct overlay *o, struct count_error *err)
{
	int ret = COUNT_OK;

	for (size_t i = 0; i < CONFIG_NSETTINGS && ret == COUNT_OK; i++) {
		const char *value = secure_getenv(config_settings[i].key);
		bool is_dir = is_data_dir(&config_settings[i]);

		if (value != NULL && config_settings[i].kind != KIND_ELSEWHERE)
			ret = overlay_one(o, &config_settings[i], value, is_dir ? config_settings[i].key :
					  "the environment", err);
	}
	return ret;
}

/*
 * What other programs of AWS call it: read where our own name says nothing, in no file and nowhere, and then
 * the first that is set.
 */
static int overlay_others(const struct overlay *o, struct count_error *err)
{
	static const struct { const char *name, *key; enum cold_text text; } others[] = {
		{ "AWS_ENDPOINT_URL_S3", "S3_ENDPOINT", COLD_ENDPOINT },
		{ "AWS_ENDPOINT_URL", "S3_ENDPOINT", COLD_ENDPOINT },
		{ "AWS_CA_BUNDLE", "S3_CA_BUNDLE", COLD_CA_BUNDLE },
	};
	int ret = COUNT_OK;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]) && o->cold && ret == COUNT_OK; i++) {
		const char *value = secure_getenv(others[i].name);

		if (value != NULL && *value != '\0' && o->cfg->strings->cold.text[others[i].text] == NULL)
			ret = config_set_cold(o->cfg, others[i].key, others[i].name, value, "the environment", err);
	}
	return ret;
}

/* Edits (insert, delete, replace, case) between two short words, at most `limit` + 1. */
#define MAX_WORD 32
static size_t distance(const char *a, const char *b, size_t limit)
{
	size_t na = strlen(a), nb = strlen(b), row[MAX_WORD + 1];

	if (na > MAX_WORD || nb > MAX_WORD || (na > nb ? na - nb : nb - na) > limit)
		return limit + 1;
	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t best = diagonal + (strncasecmp(&a[i - 1], &b[j - 1], 1) != 0);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[nb];
}

/* The file may serve other programs too, so a foreign key is fine unless it looks like one of ours. */
static void warn_near_miss(const struct overlay *o, const char *key, size_t line)
{
	struct buf *warnings = &o->cfg->strings->warnings;

	for (size_t i = 0; i < CONFIG_NSETTINGS; i++) {
		size_t limit = strlen(config_settings[i].key) < 8 ? 1 : 2;

		if (distance(key, config_settings[i].key, limit) > limit)
			continue;
		buf_printf(warnings, "%s:%zu: %s is not a setting; did you mean %s?\n", o->file, line,
			   key, config_settings[i].key);
		return;
	}
}

static int overlay_line(void *arg, const char *key, const char *value, size_t line,
			struct count_error *err)
{
	const struct overlay *o = arg;
	const struct setting *s = config_find(key);
	char *source;
	int ret;

	if (s == NULL) {
		if (o->pass == PASS_REST)
			warn_near_miss(o, key, line);
		return COUNT_OK;
	}
	if (o->is_data_dir_file && strcmp(key, "DATA_DIR") == 0)
		return err_set(err, COUNT_ERR_INVALID,
			       "%s:%zu: DATA_DIR cannot be set here: this file is found in it", o->file,
			       line);
	if (asprintf(&source, "%s:%zu", o->file, line) < 0)
		return err_nomem(err);
	ret = overlay_one(o, s, value, source, err);
	free(source);
	return ret;
}

/* ---- Files ---- */

struct conf { char *name; struct buf text; };	/* name NULL: there is none */

static void conf_free(struct conf *c)
{
	free(c->name);
	buf_free(&c->text);
	*c = (struct conf){ 0 };
}

static int read_conf(int fd, struct buf *text)
{
	for (;;) {
		ssize_t n;

		if (!buf_reserve(text, 4096))
			return COUNT_ERR_NOMEM;
		n = read(fd, text->data + text->len, text->cap - text->len);
		if (n == 0)
			return COUNT_OK;
		if (n < 0 && errno != EINTR)
			return COUNT_ERR_IO;
		text->len += n > 0 ? (size_t)n : 0;
		if (text->len > CONFIG_FILE_MAX_BYTES)
			return COUNT_ERR_INVALID;
	}
}

/* Why a file that nobody named is not obeyed; NULL: it is. */
static const char *distrust(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return strerrordesc_np(errno);
	if (!S_ISREG(st.st_mode))
		return "it is not a regular file";
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return "it belongs to another user";
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return "others may write to it; chmod go-w it";
	return NULL;
}

static int load_fd(int fd, const char *name, struct conf *c, struct count_error *err)
{
	int ret = read_conf(fd, &c->text);

	if (ret == COUNT_ERR_NOMEM || (c->name = strdup(name)) == NULL)
		return err_nomem(err);
	if (ret == COUNT_ERR_IO)
		return err_sys(err, ret, "%s", name);
	if (ret == COUNT_ERR_INVALID)
		return err_set(err, ret, "%s: longer than %u bytes", name, CONFIG_FILE_MAX_BYTES);
	return COUNT_OK;
}

/* The file that the caller named: it must be there, and whoever owns it, it was asked for. */
static int load_named(const char *name, struct conf *c, struct count_error *err)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return err_sys(err, COUNT_ERR_INVALID, "%s (from --config)", name);
	ret = load_fd(fd, name, c, err);
	close(fd);
	return ret == COUNT_ERR_IO ? COUNT_ERR_INVALID : ret;
}

/* A file that is obeyed if it is there and nobody else can have written it. */
static int load_found(struct count_config *cfg, const char *name, int flags, struct conf *c,
		      struct count_error *err)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags), ret = COUNT_OK;
	const char *why;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return COUNT_OK;
	why = fd < 0 ? strerrordesc_np(errno) : distrust(fd);
	if (why != NULL)
		buf_printf(&cfg->strings->warnings, "%s: not obeyed: %s\n", name, why);
	else
		ret = load_fd(fd, name, c, err);
	if (fd >= 0)
		close(fd);
	return ret;
}

static int overlay_conf(struct overlay o, const struct conf *c, struct count_error *err)
{
	o.file = c->name;
	if (c->name == NULL)
		return COUNT_OK;
	return config_file_parse(c->name, (const char *)c->text.data, c->text.len, overlay_line, &o, err);
}

/* ---- All of them ---- */

/* The order: system file, the directory's own, the named file, environment, option. */
static int overlay_all(struct overlay o, const struct conf confs[3], const char *data_dir,
		       struct count_error *err)
{
	int ret = COUNT_OK;

	for (size_t i = 0; i < 3 && ret == COUNT_OK; i++) {
		o.is_data_dir_file = i == 1;
		ret = overlay_conf(o, &confs[i], err);
	}
	if (ret == COUNT_OK)
		ret = overlay_env(&o, err);
	if (ret == COUNT_OK && data_dir != NULL)
		ret = count_config_set(o.cfg, "DATA_DIR", data_dir, "--data-dir", err);
	return ret;
}

static int load_data_dir_conf(struct count_config *cfg, struct conf *c, struct count_error *err)
{
	char *name;
	int ret;

	if (asprintf(&name, "%s/count.conf", cfg->data_dir) < 0)
		return err_nomem(err);
	ret = load_found(cfg, name, O_NOFOLLOW, c, err);
	free(name);
	return ret;
}

static int load_all(struct overlay o, const char *system_file, const char *data_dir,
		    const char *file, struct conf confs[3], struct count_error *err)
{
	int ret = load_found(o.cfg, system_file, 0, &confs[0], err);

	if (ret == COUNT_OK && file != NULL)
		ret = load_named(file, &confs[2], err);
	o.pass = PASS_DATA_DIR;
	if (ret == COUNT_OK)
		ret = overlay_all(o, confs, data_dir, err);
	if (ret == COUNT_OK)
		ret = load_data_dir_conf(o.cfg, &confs[1], err);
	o.pass = PASS_REST;
	if (ret == COUNT_OK)
		ret = overlay_all(o, confs, data_dir, err);
	return ret == COUNT_OK ? overlay_others(&o, err) : ret;
}

/* What only all settings together can be asked. */
static int check_cold(const struct count_config *cfg, struct count_error *err)
{
	struct cold_settings all;
	int ret;

	cold_settings_init(&all);
	ret = config_cold(cfg, &all) != COUNT_OK ? err_nomem(err) : cold_settings_check(&all, err);
	cold_settings_free(&all);
	return ret;
}

int config_load(struct count_config *cfg, int flags, const char *system_file, const char *data_dir,
		const char *file, struct count_error *err)
{
	struct overlay o = { .cfg = cfg, .cold = (flags & COUNT_CONFIG_COLD) != 0 };
	struct conf confs[3] = { 0 };
	int ret = config_need_strings(cfg, err);

	if (ret == COUNT_OK)
		ret = load_all(o, system_file, data_dir, file, confs, err);
	for (size_t i = 0; i < 3; i++)
		conf_free(&confs[i]);
	return ret == COUNT_OK && o.cold && cfg->s3_enabled ? check_cold(cfg, err) : ret;
}

int count_config_load(struct count_config *cfg, int flags, const char *data_dir, const char *file,
		      struct count_error *err)
{
	return config_load(cfg, flags, "/etc/count.conf", data_dir, file, err);
}

int count_config_env(struct count_config *cfg, struct count_error *err)
{
	struct overlay o = { .cfg = cfg, .cold = true, .pass = PASS_DATA_DIR };
	int ret = config_need_strings(cfg, err);

	if (ret == COUNT_OK)
		ret = overlay_env(&o, err);
	o.pass = PASS_REST;
	if (ret == COUNT_OK)
		ret = overlay_env(&o, err);
	return ret == COUNT_OK ? overlay_others(&o, err) : ret;
}
