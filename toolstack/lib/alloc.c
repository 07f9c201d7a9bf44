// SPDX-License-Identifier: LGPL-2.1-or-later
/* Memory that is there or ends the program. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

void alloc_failed(void)
{
	fputs("out of memory\n", stderr);
	exit(1);
}

static void *or_die(void *mem)
{
	if (!mem)
		alloc_failed();
	return mem;
}

void *alloc_zero(size_t nr, size_t size)
{
	return or_die(calloc(nr ? nr : 1, size));
}

char *alloc_string(const char *text)
{
	return or_die(strdup(text));
}

void *alloc_grow(void *array, size_t nr, size_t size)
{
	/* Doubles at powers of two, which keeps a count enough to know the size. */
	if (nr & (nr - 1))
		return array;
	return or_die(reallocarray(array, nr ? 2 * nr : 1, size));
}

char *alloc_printf(const char *fmt, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	return or_die(len < 0 ? NULL : text);
}
