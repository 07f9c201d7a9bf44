// SPDX-License-Identifier: LGPL-2.1-or-later
/* What was meant by a word that nobody knows? */
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/likeness.h"
#include "suggest.h"

#define SHOWN		12u	/* names, of many */

static const char *nearest(const char *word, const char *const *known, size_t nr)
{
	struct likeness likeness = { .wanted = word };
	size_t i;

	for (i = 0; i < nr; i++)
		likeness_consider(&likeness, known[i]);
	return likeness_found(&likeness);
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
