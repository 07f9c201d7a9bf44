/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vlinkd --check */
#ifndef VLINKD_CHECK_H
#define VLINKD_CHECK_H

#include <stdio.h>

#include "config.h"

/*
 * Prints a line for each link that would be connected, "link LINK CLASS SERVER CLIENT"
 * with the names of its domains ("-": no config has that end), and one for each
 * problem, "problem: TEXT". Returns the number of problems.
 */
size_t check_print(const struct config *config, FILE *out);

#endif
