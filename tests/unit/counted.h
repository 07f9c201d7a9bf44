/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Included before all else where comparisons of strings are counted. */
#ifndef COUNTED_H
#define COUNTED_H

int counted_strcmp(const char *a, const char *b);

#endif
