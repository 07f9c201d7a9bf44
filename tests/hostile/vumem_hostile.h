/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the suites share that attack VUMEM. Links between the victim (vm2) and the hostile
 * domain (vm3):
 *
 *	hm_ctl, hm_evil		the suite is the client; vumem_agent directs the server
 *	hn_ctl, hn_evil		the suite is the server; vumem_victim has the clients
 *	hm_near			the neighbour, with the kernel's drivers at both ends, and
 *				the server of the example: its pictures must be right
 *				before, during, and after each attack
 *
 * Options (--set): near=NODE of the neighbour's client, control=NODE.
 */
#ifndef HOSTILE_VUMEM_HOSTILE_H
#define HOSTILE_VUMEM_HOSTILE_H

#include "vumem_peer.h"

/* A process of its own draws a picture, and the server says that it is the same. */
void neighbour_works(void);

#endif
