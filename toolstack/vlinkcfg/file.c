// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reads a small text file whole, refusing what is no text file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vlinkcfg.h"
#include "private.h"

static size_t line_of(const char *text, size_t pos)
{
	size_t line = 1, i;

	for (i = 0; i < pos; i++)
		line += text[i] == '\n';
	return line;
}

static int check_file(int fd, const char *path, char *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return vlinkcfg_fail(err, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return vlinkcfg_fail(err, "%s: not a regular file", path);
	if (st.st_size > VLINKCFG_FILE_MAX)
		return vlinkcfg_fail(err, "%s: larger than %u bytes", path, VLINKCFG_FILE_MAX);
	return 0;
}

ssize_t vlinkcfg_read_up_to(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t got;

	while (len < size) {
		got = read(fd, buf + len, size - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (!got)
			break;
		len += (size_t)got;
	}
	return (ssize_t)len;
}

/* The file may change while it is read: only what was read counts. */
static char *read_text(int fd, const char *path, char *err)
{
	char *text = malloc(VLINKCFG_FILE_MAX + 2), *nul;
	ssize_t len;

	if (!text) {
		vlinkcfg_fail(err, "%s: out of memory", path);
		return NULL;
	}
	len = vlinkcfg_read_up_to(fd, text, VLINKCFG_FILE_MAX + 1);
	if (len < 0) {
		vlinkcfg_fail(err, "%s: %s", path, strerror(errno));
	} else if (len > (ssize_t)VLINKCFG_FILE_MAX) {
		vlinkcfg_fail(err, "%s: larger than %u bytes", path, VLINKCFG_FILE_MAX);
	} else if ((nul = memchr(text, '\0', (size_t)len))) {
		vlinkcfg_fail(err, "%s:%zu: contains a NUL byte", path,
			      line_of(text, (size_t)(nul - text)));
	} else {
		text[len] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

char *vlinkcfg_file_text(const char *path, char *err)
{
	/* O_NONBLOCK: a FIFO without a writer must not stop the caller. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = NULL, *fit;

	if (fd < 0) {
		vlinkcfg_fail(err, "%s: %s", path, strerror(errno));
		return NULL;
	}
	if (!check_file(fd, path, err))
		text = read_text(fd, path, err);
	close(fd);
	fit = text ? realloc(text, strlen(text) + 1) : NULL;
	return fit ? fit : text;
}
