/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of libvlinkcfg share; dts2xl reads files and judges names by it, too. */
#ifndef VLINKCFG_PRIVATE_H
#define VLINKCFG_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define VLINKCFG_FILE_MAX	(4u << 20)	/* bytes of a config or class file */

/* Writes a message of at most VLINKCFG_ERR_MAX bytes and returns -1. */
int vlinkcfg_fail(char *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A key, a class: up to VLINK_CLASS_MAX of a-z 0-9 -, beginning with a letter. */
bool vlinkcfg_is_class_name(const char *text);
bool vlinkcfg_is_domain_name(const char *text);
bool vlinkcfg_is_node_name(const char *text);

/* Reads from @fd up to its end or @size bytes: how many there were; -1: errno says why. */
ssize_t vlinkcfg_read_up_to(int fd, char *buf, size_t size);

/*
 * Reads a regular file of bounded size as one NUL-terminated string; a NUL
 * byte inside is an error. NULL with a message in @err.
 */
char *vlinkcfg_file_text(const char *path, char *err);

/* Grows @array (of @size-byte items) for item number @nr; NULL: no memory. */
void *vlinkcfg_grow(void *array, size_t nr, size_t size);

#endif
