/* creds_ini.c - the files of AWS's tools; see creds_ini.h. */
#include "s3/creds_ini.h"

#include <string.h>

#include "s3/creds_impl.h"

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static struct creds_ini_text trim(const char *p, const char *end)
{
	while (p < end && blank(*p))
		p++;
	while (end > p && blank(end[-1]))
		end--;
	return (struct creds_ini_text){ p, (size_t)(end - p) };
}

struct ini {
	creds_ini_fn *fn;
	void *arg;
	struct creds_ini_text section;
	bool in_section, has_name;	/* of a line before, which this one may belong to */
	size_t indent;			/* of that line */
};

static const char *section(struct ini *ini, struct creds_ini_text t)
{
	const char *close = memchr(t.p, ']', t.len);

	if (close == NULL)
		return "the ] of a section is missing";
	ini->section = trim(t.p + 1, close);
	ini->in_section = true;
	ini->has_name = false;
	ini->fn(ini->arg, ini->section, (struct creds_ini_text){ "", 0 }, (struct creds_ini_text){ "", 0 });
	return NULL;
}

static const char *one_line(struct ini *ini, const char *p, const char *end)
{
	struct creds_ini_text t = trim(p, end);
	size_t indent = (size_t)(t.p - p), at = 0;

	if (t.len == 0 || t.p[0] == '#' || t.p[0] == ';')
		return NULL;
	if (memchr(t.p, '\0', t.len) != NULL)
		return "a NUL byte";
	if (ini->has_name && indent > ini->indent)
		return NULL;
	if (t.p[0] == '[')
		return section(ini, t);
	if (!ini->in_section)
		return "a line before the first section, like [default]";
	while (at < t.len && t.p[at] != '=' && t.p[at] != ':')
		at++;
	if (at == 0 || at == t.len)
		return "expected name = value";
	ini->has_name = true;
	ini->indent = indent;
	ini->fn(ini->arg, ini->section, trim(t.p, t.p + at), trim(t.p + at + 1, t.p + t.len));
	return NULL;
}

const char *creds_ini_parse(const char *text, size_t len, creds_ini_fn *fn, void *arg, size_t *line)
{
	struct ini ini = { .fn = fn, .arg = arg };
	const char *end = text + len, *why = NULL;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	*line = 0;
	while (text < end && why == NULL) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline != NULL ? newline : end;

		++*line;
		why = one_line(&ini, text, stop);
		text = stop + 1;
	}
	return why;
}
