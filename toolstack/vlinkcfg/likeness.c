// SPDX-License-Identifier: LGPL-2.1-or-later
/* How like two words are: what was meant by one that nobody knows? */
#include <string.h>

#include "vlinkcfg.h"

static unsigned int smaller(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

unsigned int vlinkcfg_distance(const char *a, const char *b)
{
	unsigned int rows[3][VLINKCFG_WORD_MAX + 1];
	unsigned int *before = rows[0], *last = rows[1], *now = rows[2], *old;
	size_t i, j, len_a = strlen(a), len_b = strlen(b);

	if (len_a > VLINKCFG_WORD_MAX || len_b > VLINKCFG_WORD_MAX)
		return VLINKCFG_UNLIKE;
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

bool vlinkcfg_is_near(const char *wanted, unsigned int distance)
{
	return distance <= strlen(wanted) / 3 + 1;
}
