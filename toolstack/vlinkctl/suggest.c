// SPDX-License-Identifier: LGPL-2.1-or-later
/* What was meant by a word that nobody knows? */
#include <stdlib.h>
#include <string.h>

#include "../vlinkd/alloc.h"
#include "suggest.h"

#define WORD_MAX	64u
#define NEAR		2u	/* slips of the finger */
#define SHOWN		12u	/* names, of many */

static unsigned int smaller(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* How many characters are to be put in, taken out, changed, or swapped with the next. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int rows[3][WORD_MAX + 1], *before = rows[0], *last = rows[1], *now = rows[2], *old;
	size_t i, j, len_a = strlen(a), len_b = strlen(b);

	if (len_a > WORD_MAX || len_b > WORD_MAX)
		return WORD_MAX;
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

static const char *nearest(const char *word, const char *const *known, size_t nr)
{
	const char *found = NULL;
	unsigned int best = NEAR + 1, far;
	size_t i;

	for (i = 0; i < nr; i++) {
		far = distance(word, known[i]);
		/* What has nothing left of the word is not near it. */
		if (far >= best || far >= strlen(word))
			continue;
		best = far;
		found = known[i];
	}
	return found;
}

static char *list_of(const char *const *known, size_t nr)
{
	char *text = alloc_string(""), *longer;
	size_t i;

	for (i = 0; i < nr && i < SHOWN; i++) {
		longer = alloc_printf("%s%s%s", text, i ? ", " : "; there are ", known[i]);
		free(text);
		text = longer;
	}
	if (nr <= SHOWN)
		return text;
	longer = alloc_printf("%s and %zu more", text, nr - SHOWN);
	free(text);
	return longer;
}

char *suggest(const char *word, const char *const *known, size_t nr)
{
	const char *near = nearest(word, known, nr);

	return near ? alloc_printf("; did you mean '%s'?", near) : list_of(known, nr);
}
