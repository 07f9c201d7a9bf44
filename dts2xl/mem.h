/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory of a converter run. Everything lives until the end, so nothing is
 * released singly; when memory is short the run ends with a message.
 */
#ifndef DTS2XL_MEM_H
#define DTS2XL_MEM_H

#include <stddef.h>
#include <stdio.h>

void *mem_alloc(size_t size);			/* zeroed */
char *mem_copy(const char *text, size_t len);	/* NUL-terminated */
char *mem_string(const char *text);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void mem_release_all(void);

/* Text that is printed piece by piece. */
struct mem_stream {
	FILE *out;
	char *text;	/* until the end of the run, once the stream is closed */
	size_t len;
};

FILE *mem_stream_open(struct mem_stream *stream);
const char *mem_stream_close(struct mem_stream *stream);

/* Makes room for item number @nr in an array that began as NULL. */
void *mem_grow(void *array, size_t nr, size_t size);

/* Appends a zeroed item to the array @items with the counter @nr; yields its address. */
#define MEM_APPEND(items, nr) \
	(*((items) = mem_grow(items, nr, sizeof(*(items))), /* NOLINT(bugprone-sizeof-expression) */ \
	   &(items)[(nr)++]) \
		= (__typeof__(*(items))){ 0 }, &(items)[(nr) - 1])

/* Has @item point to one after the other; an array that is not there has none. */
#define FOR_EACH(item, items, nr) \
	for (size_t item##_nr = 0; item##_nr < (nr) && ((item) = &(items)[item##_nr], 1); \
	     item##_nr++)

#endif
