// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "likeness.h"

static unsigned int smaller(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/*
 * How many characters must be put in, left out, changed or swapped with the next to make @b
 * of @a; UNLIKE: one of them is longer than names are.
 */
#define UNLIKE	(2u * LIKENESS_WORD_MAX)

static unsigned int distance(const char *a, const char *b)
{
	unsigned int rows[3][LIKENESS_WORD_MAX + 1];
	unsigned int *before = rows[0], *last = rows[1], *now = rows[2], *old;
	size_t i, j, len_a = strlen(a), len_b = strlen(b);

	if (len_a > LIKENESS_WORD_MAX || len_b > LIKENESS_WORD_MAX)
		return UNLIKE;
	for (j = 0; j <= len_b; j++)
		before[j] = last[j] = (unsigned int)j;
	for (i = 1; i <= len_a; i++) {
		now[0] = (unsigned int)i;
		for (j = 1; j <= len_b; j++) {
			now[j] = smaller(last[j - 1] + (a[i - 1] != b[j - 1]),
					 smaller(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = smaller(now[j], before[j - 2] + 1);
		}
		old = before;
		before = last;
		last = now;
		now = old;
	}
	return last[len_b];
}

void likeness_consider(struct likeness *likeness, const char *candidate)
{
	unsigned int steps = distance(likeness->wanted, candidate);

	if (likeness->best && steps >= likeness->steps)
		return;
	likeness->best = candidate;
	likeness->steps = steps;
}

const char *likeness_found(const struct likeness *likeness)
{
	size_t len = strlen(likeness->wanted);

	/* A word whose characters must all change is not near. */
	if (!likeness->best || likeness->steps > len / 3 + 1 || likeness->steps >= len)
		return NULL;
	return likeness->best;
}
