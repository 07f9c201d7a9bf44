/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that is there or ends the program. What vlinkd has to remember stands in xenstore,
 * so that being started anew is the best that can happen to it without memory.
 */
#ifndef LIB_ALLOC_H
#define LIB_ALLOC_H

#include <stddef.h>

/* Ends the program. */
__attribute__((noreturn))
void alloc_failed(void);
void *alloc_zero(size_t nr, size_t size);
char *alloc_string(const char *text);
/* Grows @array (of @size-byte items) so that item @nr fits. */
void *alloc_grow(void *array, size_t nr, size_t size);
__attribute__((format(printf, 1, 2)))
char *alloc_printf(const char *fmt, ...);

#endif
