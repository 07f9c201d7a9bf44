/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a program tells the lab's scripts in dom0 of its rounds: nodes in xenstore, below
 * /tool/xenlab/signal: cut-DOMID-WHAT-ROUND, or with $ANNOUNCE_AS instead of "cut".
 */
#ifndef SUITES_ANNOUNCE_H
#define SUITES_ANNOUNCE_H

#include <stdbool.h>

/* Opens xenstore, for @program; false, and says so, if it cannot. */
bool announce_open(const char *program);
void announce(const char *what, unsigned int round, const char *value);
/*
 * To be called for all that is moved. With $ANNOUNCE_ALIVE, cut-DOMID-alive has another value each
 * second in which it was.
 */
void announce_alive(void);
/* Announces the end of a round, and prints it: @report, and what memory there is by now. */
void announce_end(unsigned int round, const char *report);

#endif
