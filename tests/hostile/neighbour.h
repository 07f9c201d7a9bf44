/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Honest programs in the domains of an attacker: each service has a client, which takes one
 * turn after the other and checks all content, and a server.
 */
#ifndef HOSTILE_NEIGHBOUR_H
#define HOSTILE_NEIGHBOUR_H

#include <stdint.h>

#define HONEST_PORT	0x40e57u	/* of VRPQ and of sockets */

/* Ends the process: its service was harmed. */
void harmed(const char *what, int error) __attribute__((noreturn));
/* Waits a little, as something was refused that may be had later. */
void refused(void);
/* After each turn. */
void made_progress(void);
/* A number that tells turns apart. */
uint32_t turn_number(void);

void vrpq_client(const char *node) __attribute__((noreturn));
void vrpq_server(const char *node) __attribute__((noreturn));
void vumem_client(const char *node) __attribute__((noreturn));
void vumem_server(const char *node) __attribute__((noreturn));
void pipe_client(const char *node) __attribute__((noreturn));
void pipe_server(const char *node) __attribute__((noreturn));
/* @cid: as text */
void socket_client(const char *cid) __attribute__((noreturn));
void socket_server(const char *unused) __attribute__((noreturn));

#endif
