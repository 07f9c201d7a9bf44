/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was meant by a word that nobody knows? */
#ifndef LIB_LIKENESS_H
#define LIB_LIKENESS_H

#define LIKENESS_WORD_MAX	64	/* characters; longer words are like none */

/* All zero but @wanted to begin with. */
struct likeness {
	const char *wanted;
	const char *best;
	unsigned int steps;	/* between the two */
};

/* @candidate is what may have been meant. */
void likeness_consider(struct likeness *likeness, const char *candidate);
/* The candidate that is most like the word, the first of several; NULL: none is near. */
const char *likeness_found(const struct likeness *likeness);

#endif
