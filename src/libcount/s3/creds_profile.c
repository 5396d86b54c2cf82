/*
 * creds_profile.c - credentials and region of a profile in ~/.aws/credentials and ~/.aws/config.
 *
 * The order within a profile is that of aws(1): keys in the credentials file, credential_process, keys in
 * the config file.  A role is another identity than the keys beside it, so role_arn is refused even then;
 * sso_* only if nothing else is there.  A profile that has none of all this is no source.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "s3/creds_impl.h"
#include "s3/creds_ini.h"

#define FILE_MAX ((size_t)1 << 20)
#define BRIDGE "make another profile with credential_process = aws configure export-credentials --profile %s, " \
	       "and name that one in AWS_PROFILE"

enum key { KEY_ACCESS, KEY_SECRET, KEY_TOKEN, KEY_PROCESS, KEY_REGION, KEY_ROLE, KEY_WEB, KEY_SSO, NKEYS };

static const char *const key_names[NKEYS] = {
	"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "credential_process", "region",
	"role_arn", "web_identity_token_file", "sso_",		/* sso_session, sso_start_url, ... */
};

enum { CREDENTIALS, CONFIG, NFILES };

static const struct {
	const char *env, *home;
} places[NFILES] = {
	{ "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials" },
	{ "AWS_CONFIG_FILE", ".aws/config" },
};

struct profile {
	const char *name;
	bool named;			/* by AWS_PROFILE */
	struct {
		char *path;		/* NULL: no home */
		bool explicit;		/* by the environment */
		bool there;		/* with a section of that name */
		mode_t mode;
		char *value[NKEYS];	/* NULL: not set */
	} file[NFILES];
	int which;			/* the file that is read */
	bool nomem;
};

static void profile_free(struct profile *p)
{
	for (int i = 0; i < NFILES; i++) {
		free(p->file[i].path);
		for (int k = 0; k < NKEYS; k++)
			creds_wipe(p->file[i].value[k]);
	}
	*p = (struct profile){ 0 };
}

/* ---- Files ---- */

static char *join(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

static char *below_home(const char *name)
{
	const char *home = creds_env("HOME");
	struct passwd pw, *found = NULL;
	char room[4096];

	if (home == NULL && getpwuid_r(geteuid(), &pw, room, sizeof(room), &found) == 0 && found != NULL)
		home = found->pw_dir;
	return home != NULL ? join(home, name) : NULL;
}

static char *path_of(int which, bool *explicit)
{
	const char *env = creds_env(places[which].env);

	*explicit = env != NULL;
	if (env == NULL)
		return below_home(places[which].home);
	return strncmp(env, "~/", 2) == 0 ? below_home(env + 2) : strdup(env);
}

/* A file that the user named is used whoever owns it; one that others can write to is not, since
 * credential_process would be theirs. */
static int check_owner(const struct profile *p, int fd, const char *path, struct stat *st,
		       struct count_error *err)
{
	bool explicit = p->file[p->which].explicit;

	if (fstat(fd, st) != 0)
		return err_sys(err, COUNT_ERR_DENIED, "%s", path);
	if (S_ISCHR(st->st_mode))	/* /dev/null */
		return COUNT_ERR_NOTFOUND;
	if (!S_ISREG(st->st_mode))
		return err_set(err, COUNT_ERR_DENIED, "%s: not a regular file", path);
	if (!explicit && st->st_uid != geteuid() && st->st_uid != 0)
		return err_set(err, COUNT_ERR_DENIED, "%s: not obeyed, since it belongs to another user (uid %lu); "
			       "chown it, or name it in %s", path, (unsigned long)st->st_uid, places[p->which].env);
	if ((st->st_mode & S_IWOTH) != 0)
		return err_set(err, COUNT_ERR_DENIED, "%s: not obeyed, since others may write to it; chmod o-w it",
			       path);
	return COUNT_OK;
}

static int read_all(int fd, const char *path, struct buf *text, struct count_error *err)
{
	for (;;) {
		ssize_t n;

		if (text->len > FILE_MAX)
			return err_set(err, COUNT_ERR_DENIED, "%s: longer than %zu bytes", path, FILE_MAX);
		if (text->len == text->cap && !buf_reserve(text, 4096))	/* it has grown since */
			return err_nomem(err);
		n = read(fd, text->data + text->len, text->cap - text->len);
		if (n == 0)
			return COUNT_OK;
		if (n < 0 && errno != EINTR)
			return err_sys(err, COUNT_ERR_DENIED, "%s", path);
		text->len += n > 0 ? (size_t)n : 0;
	}
}

/* COUNT_ERR_NOTFOUND: there is no such file, which is no error. */
static int read_file(struct profile *p, struct buf *text, struct count_error *err)
{
	const char *path = p->file[p->which].path;
	struct stat st;
	int fd, ret;

	if (path == NULL)
		return COUNT_ERR_NOTFOUND;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return COUNT_ERR_NOTFOUND;
	if (fd < 0)
		return err_sys(err, COUNT_ERR_DENIED, "%s", path);
	ret = check_owner(p, fd, path, &st, err);
	if (ret == COUNT_OK && !buf_reserve(text, (size_t)st.st_size < FILE_MAX ? (size_t)st.st_size + 1 : FILE_MAX))
		ret = err_nomem(err);
	if (ret == COUNT_OK) {
		p->file[p->which].mode = st.st_mode;
		ret = read_all(fd, path, text, err);
	}
	close(fd);
	return ret;
}

/* ---- Sections ---- */

static bool is(struct creds_ini_text t, const char *s)
{
	return t.len == strlen(s) && memcmp(t.p, s, t.len) == 0;
}

/* In the config file [default], [profile NAME] or [profile "NAME"]; in the other [NAME]. */
static bool is_section(const struct profile *p, struct creds_ini_text s)
{
	if (p->which == CREDENTIALS || (is(s, "default") && strcmp(p->name, "default") == 0))
		return is(s, p->name);
	if (s.len < 8 || memcmp(s.p, "profile", 7) != 0 || (s.p[7] != ' ' && s.p[7] != '\t'))
		return false;
	for (s.p += 7, s.len -= 7; s.len > 0 && (*s.p == ' ' || *s.p == '\t'); s.p++)
		s.len--;
	if (s.len >= 2 && (*s.p == '"' || *s.p == '\'') && s.p[s.len - 1] == *s.p) {
		s.p++;
		s.len -= 2;
	}
	return is(s, p->name);
}

static void on_line(void *arg, struct creds_ini_text section, struct creds_ini_text name,
		    struct creds_ini_text value)
{
	struct profile *p = arg;

	if (!is_section(p, section))
		return;
	p->file[p->which].there = true;
	for (int k = 0; k < NKEYS && value.len > 0; k++) {
		size_t len = strlen(key_names[k]);
		char **slot = &p->file[p->which].value[k];

		if (name.len < len || (k != KEY_SSO && name.len != len) ||
		    strncasecmp(name.p, key_names[k], len) != 0)
			continue;
		creds_wipe(*slot);
		*slot = strndup(value.p, value.len);
		p->nomem = p->nomem || *slot == NULL;
	}
}

static int load_file(struct profile *p, struct count_error *err)
{
	struct buf text = { 0 };
	const char *why;
	size_t line;
	int ret = read_file(p, &text, err);

	if (ret == COUNT_OK) {
		why = creds_ini_parse((const char *)text.data, text.len, on_line, p, &line);
		if (why != NULL)
			ret = err_set(err, COUNT_ERR_DENIED, "%s:%zu: %s", p->file[p->which].path, line, why);
	}
	creds_wipe_buf(&text);
	if (ret == COUNT_OK && p->nomem)
		ret = err_nomem(err);
	return ret == COUNT_ERR_NOTFOUND ? COUNT_OK : ret;
}

/* The caller calls profile_free(), also on failure. */
static int load(struct profile *p, struct count_error *err)
{
	int ret = COUNT_OK;

	*p = (struct profile){ .name = creds_env("AWS_PROFILE") };
	p->named = p->name != NULL;
	if (!p->named)
		p->name = "default";
	for (p->which = 0; p->which < NFILES && ret == COUNT_OK; p->which++) {
		p->file[p->which].path = path_of(p->which, &p->file[p->which].explicit);
		ret = load_file(p, err);
	}
	if (ret == COUNT_OK && p->named && !p->file[CREDENTIALS].there && !p->file[CONFIG].there)
		ret = err_set(err, COUNT_ERR_DENIED, "profile %s (AWS_PROFILE) is neither in %s nor in %s", p->name,
			      p->file[CREDENTIALS].path != NULL ? p->file[CREDENTIALS].path : "~/.aws/credentials",
			      p->file[CONFIG].path != NULL ? p->file[CONFIG].path : "~/.aws/config");
	return ret;
}

/* ---- As a source ---- */

static const char *value(const struct profile *p, enum key k)
{
	return p->file[CREDENTIALS].value[k] != NULL ? p->file[CREDENTIALS].value[k] : p->file[CONFIG].value[k];
}

static bool has_keys(const struct profile *p, int which)
{
	return p->file[which].value[KEY_ACCESS] != NULL || p->file[which].value[KEY_SECRET] != NULL;
}

/* What is set, but not done here; NULL: nothing. */
static const char *unsupported(const struct profile *p)
{
	if (value(p, KEY_ROLE) != NULL)
		return key_names[KEY_ROLE];
	if (value(p, KEY_WEB) != NULL)
		return key_names[KEY_WEB];
	if (has_keys(p, CREDENTIALS) || has_keys(p, CONFIG) || value(p, KEY_PROCESS) != NULL)
		return NULL;
	return value(p, KEY_SSO) != NULL ? "sso_*" : NULL;
}

static void warn_readable(struct creds_finder *f, const struct creds_options *opt, const struct profile *p,
			  int which)
{
	if (f->warned[which] || (p->file[which].mode & (S_IRGRP | S_IROTH)) == 0)
		return;
	f->warned[which] = true;
	creds_log(opt, 1, "%s: others can read the secret in it; chmod 600 it", p->file[which].path);
}

static int keys(const struct profile *p, int which, struct creds *c, struct count_error *err)
{
	const char *path = p->file[which].path;
	char *const *v = p->file[which].value;

	if (v[KEY_ACCESS] == NULL || v[KEY_SECRET] == NULL)
		return err_set(err, COUNT_ERR_DENIED, "profile %s (%s): %s is there, but %s is not", p->name, path,
			       key_names[v[KEY_ACCESS] != NULL ? KEY_ACCESS : KEY_SECRET],
			       key_names[v[KEY_ACCESS] != NULL ? KEY_SECRET : KEY_ACCESS]);
	for (int k = KEY_ACCESS; k <= KEY_TOKEN; k++)
		if (v[k] != NULL && !creds_printable(v[k]))
			return err_set(err, COUNT_ERR_DENIED, "profile %s (%s): a blank or a byte that is never in one "
				       "in %s; a comment stands on a line of its own", p->name, path, key_names[k]);
	c->access_key = strdup(v[KEY_ACCESS]);
	c->secret = strdup(v[KEY_SECRET]);
	c->token = v[KEY_TOKEN] != NULL ? strdup(v[KEY_TOKEN]) : NULL;
	if (c->access_key == NULL || c->secret == NULL || (v[KEY_TOKEN] != NULL && c->token == NULL))
		return err_nomem(err);
	snprintf(c->source, sizeof(c->source), "profile %s (%s)", p->name, path);
	return COUNT_OK;
}

static int process(const struct profile *p, const struct creds_options *opt, struct creds *c,
		   struct count_error *err)
{
	static const struct creds_form form = { .token = "SessionToken", .version_1 = true };
	int which = p->file[CREDENTIALS].value[KEY_PROCESS] != NULL ? CREDENTIALS : CONFIG;
	struct buf out = { 0 };
	char who[256];
	int ret;

	snprintf(who, sizeof(who), "profile %.60s: credential_process in %.160s", p->name, p->file[which].path);
	ret = creds_process_run(who, p->file[which].value[KEY_PROCESS], CREDS_PROCESS_MS, &out, err);
	if (ret == COUNT_OK)
		ret = creds_json_parse(who, &form, &out, opt->now_s, c, err);
	creds_wipe_buf(&out);
	snprintf(c->source, sizeof(c->source), "profile %s (credential_process)", p->name);
	return ret;
}

static bool configured(const struct profile *p)
{
	return has_keys(p, CREDENTIALS) || has_keys(p, CONFIG) || value(p, KEY_PROCESS) != NULL ||
	       unsupported(p) != NULL;
}

static int choose(struct creds_finder *f, const struct creds_options *opt, const struct profile *p,
		  struct creds *c, struct count_error *err)
{
	int which = has_keys(p, CREDENTIALS) ? CREDENTIALS : CONFIG;

	if (!configured(p))
		return COUNT_ERR_NOTFOUND;
	if (unsupported(p) != NULL)
		return err_set(err, COUNT_ERR_DENIED, "profile %s: %s is not supported, but credential_process can "
			       "bridge it: " BRIDGE, p->name, unsupported(p), p->name);
	if (which == CONFIG && value(p, KEY_PROCESS) != NULL)
		return process(p, opt, c, err);
	warn_readable(f, opt, p, which);
	return keys(p, which, c, err);
}

int creds_profile(struct creds_finder *f, const struct creds_options *opt, struct creds *c,
		  struct count_error *err)
{
	struct profile p;
	int ret = load(&p, err);

	if (ret == COUNT_OK)
		ret = choose(f, opt, &p, c, err);
	if (ret == COUNT_OK && value(&p, KEY_REGION) != NULL) {
		c->region = strdup(value(&p, KEY_REGION));
		if (c->region == NULL)
			ret = err_nomem(err);
	}
	profile_free(&p);
	return ret;
}

bool creds_profile_configured(void)
{
	struct profile p;
	bool yes = load(&p, NULL) != COUNT_OK || configured(&p);

	profile_free(&p);
	return yes;
}

char *creds_profile_region(void)
{
	struct profile p;
	char *region = NULL;

	if (load(&p, NULL) == COUNT_OK && value(&p, KEY_REGION) != NULL)
		region = strdup(value(&p, KEY_REGION));
	profile_free(&p);
	return region;
}

void creds_profile_describe(char *out, size_t size)
{
	const char *name = creds_env("AWS_PROFILE");

	snprintf(out, size, "profile %s", name != NULL ? name : "default");
}
