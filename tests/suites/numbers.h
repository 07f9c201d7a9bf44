/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers that the kernel tells in files. */
#ifndef SUITES_NUMBERS_H
#define SUITES_NUMBERS_H

/* The number behind @key at the start of a line of the file; -1: there is none. */
long long number_in(const char *path, const char *key);
/* What the domain has of memory, in KiB. */
long long current_kb(void);

#endif
