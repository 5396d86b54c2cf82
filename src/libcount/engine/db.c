/* db.c - opening and closing a data directory; see db.h. */
#include "engine/db.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/config.h"

#define EARLY_MAX 65536		/* bytes kept: most programs never ask for them */

/* Until count_set_log() says where warnings go they wait here, one a line. */
static void keep_warning(void *arg, int level, const char *text)
{
	struct count_db *db = arg;

	if (level <= 1 && db->early_warnings.len < EARLY_MAX)
		buf_printf(&db->early_warnings, "%s\n", text);
}

/* Says where the name came from and what to do, which the store cannot know. */
static int not_found(const struct count_config *cfg, const struct count_error *why,
		     struct count_error *err)
{
	const char *source = cfg->data_dir_source != NULL ? cfg->data_dir_source : "the caller";

	return err_set(err, COUNT_ERR_NOTFOUND,
		       "%s (from %s): count-ingest makes one, or name another with --data-dir",
		       why->text, source);
}

static int open_db(const struct count_config *cfg, bool create, enum count_unit unit, bool insist_unit,
		   struct count_db *db, struct count_error *err)
{
	struct count_error why = { 0 };
	int ret;

	db->memory_buffer_size = cfg->memory_buffer_size;
	db->s3_enabled = cfg->s3_enabled;
	cold_settings_init(&db->cold);
	db->sync = COUNT_SYNC_ALWAYS;
	db->dir.log = (struct log_to){ keep_warning, db };
	if (cfg->strings != NULL)
		buf_put(&db->early_warnings, cfg->strings->warnings.data, cfg->strings->warnings.len);
	if (cfg->s3_enabled && config_cold(cfg, &db->cold) != COUNT_OK)
		return err_nomem(err);
	ret = datadir_open(cfg->data_dir, create, unit, insist_unit, &db->dir, &why);
	if (ret == COUNT_ERR_NOTFOUND)
		return not_found(cfg, &why, err);
	if (ret != COUNT_OK && err != NULL && err->code == COUNT_OK)
		*err = why;
	return ret;
}

int count_open(const struct count_config *cfg, int flags, count_db **db, struct count_error *err)
{
	struct count_db *d;
	int ret;

	if ((flags & ~COUNT_OPEN_CREATE) != 0)
		return err_set(err, COUNT_ERR_INVALID, "there is no such flag of count_open(): %d", flags);
	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return err_nomem(err);
	ret = open_db(cfg, (flags & COUNT_OPEN_CREATE) != 0, COUNT_UNIT_MS, false, d, err);
	if (ret != COUNT_OK) {
		cold_settings_free(&d->cold);
		buf_free(&d->early_warnings);
		free(d);
		return ret;
	}
	*db = d;
	return COUNT_OK;
}

int count_create(const struct count_config *cfg, enum count_unit unit, bool *created,
		 struct count_error *err)
{
	struct count_db d = { 0 };
	int ret;

	if ((unsigned)unit > COUNT_UNIT_NS)
		return err_set(err, COUNT_ERR_INVALID, "there is no such time unit: %d", (int)unit);
	ret = open_db(cfg, true, unit, true, &d, err);

	if (ret == COUNT_OK) {
		if (created != NULL)
			*created = d.dir.created;
		datadir_close(&d.dir);
	}
	cold_settings_free(&d.cold);
	buf_free(&d.early_warnings);
	return ret;
}

void count_close(count_db *db)
{
	if (db == NULL)
		return;
	count_writer_close(db->inserter, NULL);
	datadir_close(&db->dir);
	cold_settings_free(&db->cold);
	buf_free(&db->early_warnings);
	free(db);
}

void count_set_log(count_db *db, count_log_fn *fn, void *arg)
{
	struct buf *early = &db->early_warnings;
	char *line, *rest = (char *)early->data;

	db->dir.log = (struct log_to){ fn, arg };
	buf_put_u8(early, '\0');
	if (early->failed || fn == NULL) {
		early->len -= early->len > 0 && !early->failed;
		return;
	}
	rest = (char *)early->data;
	while ((line = strsep(&rest, "\n")) != NULL && rest != NULL)
		fn(arg, 1, line);
	buf_free(early);
}

enum count_unit count_db_unit(const count_db *db)
{
	return db->dir.format.unit;
}

bool count_db_created(const count_db *db)
{
	return db->dir.created;
}

const char *count_version(void)
{
	return PACKAGE_VERSION;
}
