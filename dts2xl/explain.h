/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DTS2XL_EXPLAIN_H
#define DTS2XL_EXPLAIN_H

/*
 * Prints what a code means, or all codes' names for "list". Returns 0, or 1 if standard
 * output cannot be written; a code that does not exist ends the program with a message.
 */
int explain(const char *name);

#endif
