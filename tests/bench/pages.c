// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pages.h"

#include <errno.h>
#include <stdlib.h>

#define WORDS	(BENCH_PAGE / sizeof(uint32_t))

uint32_t bench_pages_of(const struct bench_args *args)
{
	return (uint32_t)((args->size + BENCH_PAGE - 1) / BENCH_PAGE);
}

void bench_pages_fill(void *pages, uint32_t count)
{
	uint32_t *words = pages;
	uint32_t i;

	for (i = 0; i < count; i++)
		words[i * WORDS] = i;
}

void bench_pages_touch(void *pages, uint32_t count)
{
	volatile uint32_t *words = pages;
	uint32_t i;

	errno = 0;
	for (i = 0; i < count; i++) {
		if (words[i * WORDS] != i)
			bench_die("page %u is not the one that was shared", i);
		words[i * WORDS + 1] = i;
	}
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

uint64_t bench_median(uint64_t *numbers, size_t count)
{
	qsort(numbers, count, sizeof(*numbers), compare);
	return numbers[count / 2];
}
