/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a library says on stderr meanwhile. */
#ifndef UNIT_SAID_H
#define UNIT_SAID_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int said_before = -1;

static inline void said_begin(void)
{
	int text = memfd_create("said", 0);

	fflush(stderr);
	said_before = dup(STDERR_FILENO);
	if (text < 0 || said_before < 0 || dup2(text, STDERR_FILENO) < 0)
		abort();
	close(text);
}

/* All that was said, which also goes where it would have gone. */
static inline const char *said_end(void)
{
	static char text[2000];
	ssize_t n;

	fflush(stderr);
	n = pread(STDERR_FILENO, text, sizeof(text) - 1, 0);
	if (n < 0 || dup2(said_before, STDERR_FILENO) < 0)
		abort();
	close(said_before);
	text[n] = '\0';
	fputs(text, stderr);
	return text;
}

#endif
