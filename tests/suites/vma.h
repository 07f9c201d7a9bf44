/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process may try with a mapping of memory that is not its own. What is to be
 * allowed changes nothing; all else is to be refused.
 */
#ifndef SUITES_VMA_H
#define SUITES_VMA_H

#include <stddef.h>

/*
 * Tries all calls that might copy, split, move, protect or drop the mapping of @size
 * bytes, several pages, at @addr, or take references to its pages, and forks after
 * each. NULL, or the first that did what it must not.
 */
const char *vma_misuse(void *addr, size_t size);

/* The signal that a child dies of that maps @fd with @prot and reads or writes @size; 0: none. */
int vma_access_signal(int fd, size_t size, int prot, int write);
/* The errno of reading or writing this process's @addr by /proc/self/mem; 0: it works. */
int vma_proc_mem(void *addr, int write);

#endif
