/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of an xl config one by one, which libxlutil does not give out. */
#ifndef DTS2XL_XLKEYS_H
#define DTS2XL_XLKEYS_H

#include "diag.h"

struct xlkey {
	const char *name;
	unsigned int line;
	size_t start;		/* of the statement, in the text */
	size_t end;
	bool adds;		/* += */
};

struct xlkeys {
	struct xlkey *items;
	size_t nr;
};

/* Of a text that libxlutil takes. */
struct xlkeys xlkeys_of(const char *text);
const struct xlkey *xlkeys_find(const struct xlkeys *keys, const char *name);
/*
 * What xl does not tell: of a key that is given twice the last counts, and one that it does
 * not know is ignored.
 */
void xlkeys_check(const struct xlkeys *keys, const char *path, enum diag_code code);

#endif
