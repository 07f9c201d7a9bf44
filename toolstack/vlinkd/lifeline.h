/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells when xenstored ends. */
#ifndef VLINKD_LIFELINE_H
#define VLINKD_LIFELINE_H

/*
 * A connection of its own to xenstored's socket, over which nothing is sent. It hangs up when
 * xenstored ends; what libxenstore gives to be polled does not. Returns the descriptor, or
 * -1: with ENOENT there is no socket, as where xenstored runs in a domain of its own.
 */
int lifeline_open(void);

#endif
