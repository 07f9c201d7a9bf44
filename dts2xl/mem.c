// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exits.h"
#include "mem.h"

/* Each piece remembers the one allocated before it. */
struct piece {
	struct piece *before;
	_Alignas(max_align_t) char bytes[];
};

static struct piece *newest;

__attribute__((noreturn)) static void out_of_memory(void)
{
	fputs("dts2xl: out of memory\n", stderr);
	exit(EXIT_ENVIRONMENT);
}

void *mem_alloc(size_t size)
{
	struct piece *piece = NULL;

	if (size <= SIZE_MAX - sizeof(*piece))
		piece = calloc(1, sizeof(*piece) + size);
	if (!piece)
		out_of_memory();
	piece->before = newest;
	newest = piece;
	return piece->bytes;
}

char *mem_copy(const char *text, size_t len)
{
	char *copy = mem_alloc(len + 1);

	memcpy(copy, text, len);
	return copy;
}

char *mem_string(const char *text)
{
	return mem_copy(text, strlen(text));
}

char *mem_printf(const char *fmt, ...)
{
	va_list ap, again;
	char *text;
	int len;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	text = mem_alloc((size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return text;
}

void *mem_grow(void *array, size_t nr, size_t size)
{
	void *grown;

	/* Doubles at every power of two, so that no capacity need be kept. */
	if (nr & (nr - 1))
		return array;
	grown = mem_alloc((nr ? nr * 2 : 1) * size);
	if (nr)
		memcpy(grown, array, nr * size);
	return grown;
}

FILE *mem_stream_open(struct mem_stream *stream)
{
	stream->out = open_memstream(&stream->text, &stream->len);
	if (!stream->out)
		out_of_memory();
	return stream->out;
}

const char *mem_stream_close(struct mem_stream *stream)
{
	char *printed;

	if (fclose(stream->out))
		out_of_memory();
	printed = stream->text;
	stream->text = mem_copy(printed, stream->len);
	free(printed);
	return stream->text;
}

void mem_release_all(void)
{
	struct piece *before;

	while (newest) {
		before = newest->before;
		free(newest);
		newest = before;
	}
}
