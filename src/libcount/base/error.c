/* error.c - fill in a struct count_error; see error.h. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One printable line: a name from a hostile file must not drive the terminal. */
static void make_printable(char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

__attribute__((format(printf, 4, 0)))
static int fill(struct count_error *err, int code, int sys_errno, const char *fmt, va_list ap)
{
	if (err == NULL || err->code != COUNT_OK)
		return code;
	err->code = code;
	err->sys_errno = sys_errno;
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	if (sys_errno != 0) {
		size_t len = strlen(err->text);
		char why[128];

		snprintf(err->text + len, sizeof(err->text) - len, ": %s",
			 strerror_r(sys_errno, why, sizeof(why)));
	}
	make_printable(err->text);
	return code;
}

int err_set(struct count_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, code, 0, fmt, ap);
	va_end(ap);
	return code;
}

int err_sys(struct count_error *err, int code, const char *fmt, ...)
{
	int sys_errno = errno;
	va_list ap;

	va_start(ap, fmt);
	fill(err, code, sys_errno, fmt, ap);
	va_end(ap);
	return code;
}

int err_nomem(struct count_error *err)
{
	return err_set(err, COUNT_ERR_NOMEM, "out of memory");
}
