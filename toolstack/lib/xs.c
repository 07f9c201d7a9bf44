// SPDX-License-Identifier: LGPL-2.1-or-later
/* Small helpers over libxenstore. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xs.h"

/* libxenstore fails without errno in a few places; that must not read as success. */
static int last_error(void)
{
	return errno ? -errno : -EIO;
}

struct xsh_path xsh_path(const char *fmt, ...)
{
	struct xsh_path path;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(path.s, sizeof(path.s), fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(path.s))
		path.s[0] = '\0';
	return path;
}

char *xsh_read(struct xs_handle *xs, xs_transaction_t t, const char *path)
{
	unsigned int len = 0;
	char *value = xs_read(xs, t, path, &len);

	if (!value || strlen(value) == len)
		return value;
	free(value);
	errno = EILSEQ;
	return NULL;
}

bool xsh_parse_number(const char *text, unsigned int max, unsigned int *number)
{
	unsigned long value = 0;
	const char *c;

	if (!*text || (text[0] == '0' && text[1]))
		return false;
	for (c = text; *c; c++) {
		if (*c < '0' || *c > '9')
			return false;
		value = value * 10 + (unsigned long)(*c - '0');
		if (value > max)
			return false;
	}
	*number = (unsigned int)value;
	return true;
}

int xsh_read_number(struct xs_handle *xs, xs_transaction_t t, const char *path,
		    unsigned int max, unsigned int *number)
{
	char *text = xsh_read(xs, t, path);
	bool good;

	if (!text)
		return last_error();
	good = xsh_parse_number(text, max, number);
	free(text);
	return good ? 0 : -EINVAL;
}

bool xsh_exists(struct xs_handle *xs, xs_transaction_t t, const char *path)
{
	unsigned int len;
	void *value = xs_read(xs, t, path, &len);

	free(value);
	return value != NULL;
}

char **xsh_directory(struct xs_handle *xs, xs_transaction_t t, const char *path,
		     unsigned int *nr)
{
	char **names = xs_directory(xs, t, path, nr);

	if (names)
		return names;
	*nr = 0;
	if (errno == ENOENT)
		return calloc(1, sizeof(*names));
	errno = -last_error();
	return NULL;
}

static int set_access(struct xs_handle *xs, xs_transaction_t t, const char *path,
		      struct xsh_access access)
{
	struct xs_permissions perms[3] = { { .id = 0, .perms = XS_PERM_NONE } };
	unsigned int nr = 1;

	if (access.writer)
		perms[nr++] = (struct xs_permissions){
			.id = access.writer, .perms = XS_PERM_READ | XS_PERM_WRITE,
		};
	if (access.reader && access.reader != access.writer)
		perms[nr++] = (struct xs_permissions){
			.id = access.reader, .perms = XS_PERM_READ,
		};
	return xs_set_permissions(xs, t, path, perms, nr) ? 0 : last_error();
}

int xsh_write(struct xs_handle *xs, xs_transaction_t t, const char *path,
	      const char *value, struct xsh_access access)
{
	if (!xs_write(xs, t, path, value, (unsigned int)strlen(value)))
		return last_error();
	return set_access(xs, t, path, access);
}

int xsh_mkdir(struct xs_handle *xs, xs_transaction_t t, const char *path,
	      struct xsh_access access)
{
	if (xsh_exists(xs, t, path))
		return 0;
	if (errno != ENOENT)
		return last_error();
	if (!xs_mkdir(xs, t, path))
		return last_error();
	return set_access(xs, t, path, access);
}

int xsh_remove(struct xs_handle *xs, xs_transaction_t t, const char *path)
{
	return xs_rm(xs, t, path) || errno == ENOENT ? 0 : last_error();
}

int xsh_remove_empty(struct xs_handle *xs, xs_transaction_t t, const char *path)
{
	unsigned int nr;
	char **names = xsh_directory(xs, t, path, &nr);

	if (!names)
		return last_error();
	free(names);
	return nr ? 0 : xsh_remove(xs, t, path);
}

/* One attempt. -EAGAIN: try again, whether the body or the end of the transaction says so. */
static int attempt(struct xs_handle *xs, xsh_body body, void *arg)
{
	xs_transaction_t t = xs_transaction_start(xs);
	int ret;

	if (t == XBT_NULL)
		return last_error();
	ret = body(xs, t, arg);
	if (ret) {
		xs_transaction_end(xs, t, true);
		return ret == XSH_ABANDON ? 0 : ret;
	}
	return xs_transaction_end(xs, t, false) ? 0 : last_error();
}

int xsh_transaction(struct xs_handle *xs, xsh_body body, void *arg)
{
	int tries, ret = -EAGAIN;

	for (tries = 0; tries < XSH_TRIES && ret == -EAGAIN; tries++)
		ret = attempt(xs, body, arg);
	return ret;
}

bool xsh_is_fatal(int error)
{
	switch (-error) {
	case EIO:
	case EBADF:
	case EPIPE:
	case ECONNRESET:
	case ENOTCONN:
		return true;
	default:
		return false;
	}
}
