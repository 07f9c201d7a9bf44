// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "output.h"

static bool write_all(int fd, const char *data, size_t len)
{
	ssize_t put;

	while (len) {
		put = write(fd, data, len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		data += put;
		len -= (size_t)put;
	}
	return !fsync(fd);
}

/* mkstemp() makes files that only their owner may read. */
static bool give_usual_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	return !fchmod(fd, 0666 & ~mask);
}

bool output_temporary(char *template, const char *data, size_t len)
{
	int fd = mkostemp(template, O_CLOEXEC), why;
	bool done;

	if (fd < 0)
		return false;
	done = write_all(fd, data, len) && give_usual_mode(fd);
	why = errno;
	if (!close(fd) && done)
		return true;
	unlink(template);
	errno = why;
	return false;
}

static void write_stream(const char *path, FILE *out, const char *data, size_t len)
{
	if (!out || fwrite(data, 1, len, out) != len || fflush(out))
		diag_fatal("cannot write %s: %s", path, strerror(errno));
}

static void replace(const char *path, const char *data, size_t len)
{
	char *temporary = mem_printf("%s.XXXXXX", path);
	int why;

	if (!output_temporary(temporary, data, len))
		diag_fatal("cannot write %s: %s", path, strerror(errno));
	if (rename(temporary, path)) {
		why = errno;
		unlink(temporary);
		diag_fatal("cannot write %s: %s", path, strerror(why));
	}
}

/* A device or a pipe must not be replaced by a file. */
static bool is_special(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISREG(st.st_mode);
}

void output_file(const char *path, const char *data, size_t len)
{
	FILE *out;

	if (!strcmp(path, "-")) {
		write_stream("the output", stdout, data, len);
	} else if (is_special(path)) {
		out = fopen(path, "we");
		write_stream(path, out, data, len);
		fclose(out);
	} else {
		replace(path, data, len);
	}
}
