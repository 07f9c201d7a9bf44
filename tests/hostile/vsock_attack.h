/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is looked at before and after each attack on sockets. */
#ifndef HOSTILE_VSOCK_ATTACK_H
#define HOSTILE_VSOCK_ATTACK_H

#include <stdint.h>

/*
 * The neighbour: a connection that the agent's domain makes with a server at
 * NEIGHBOUR_PORT of @cid, which sends back what it gets.
 */
#define NEIGHBOUR_PORT	15000u	/* of the example's server */
void neighbour_connects(uint32_t cid);
/* Right data goes there and comes back. */
void neighbour_works(void);
/* The port of the agent's end. */
uint32_t neighbour_port(void);

/* What the kernel of the agent's domain has taken, in KiB. */
long long kernel_memory(void);
/* It has not taken @kb KiB more since it had taken @before. */
void takes_less_than(long long kb, long long before);

#endif
