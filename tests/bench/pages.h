/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared pages that are measured: each tells its number, so that a wrong one is found out. */
#ifndef BENCH_PAGES_H
#define BENCH_PAGES_H

#include "bench.h"

#define BENCH_PAGE	4096u

uint32_t bench_pages_of(const struct bench_args *args);
/* The owner's part: numbers in all pages. */
void bench_pages_fill(void *pages, uint32_t count);
/* The other's: reads every page and writes to it; ends the program if one is not the right one. */
void bench_pages_touch(void *pages, uint32_t count);

/* The middle of @count numbers, which are sorted for that: one that was disturbed does not count. */
uint64_t bench_median(uint64_t *numbers, size_t count);

#endif
