/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was meant by a word that nobody knows? */
#ifndef VLINKCTL_SUGGEST_H
#define VLINKCTL_SUGGEST_H

#include <stddef.h>

/*
 * A text to be freed, to stand after "there is no such thing": "; did you mean 'A'?" where one
 * of @known is near, else "; there are A, B, C", or "" when nothing is known.
 */
char *suggest(const char *word, const char *const *known, size_t nr);

#endif
