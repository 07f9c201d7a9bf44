/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client's session and channel, and the server's ends of them. */
#ifndef VRPQ_PAIR_H
#define VRPQ_PAIR_H

#include <vlx/vrpq/client-lib.h>
#include <vlx/vrpq/server-lib.h>

#include "vrpq_fake.h"

#define PORT	5

struct pair {
	VrpqSessionHandle client, server;
	VrpqChanHandle client_chan, server_chan;
	void *base;			/* the server's */
};

void pair_session(struct pair *pair);
void pair_chan(struct pair *pair, VrpqChanHandle *client, VrpqChanHandle *server);
/* Both, on a fresh link. */
void pair_open(struct pair *pair, uint32_t reqs, uint32_t pmem_pages);
/* All of it; what was left open counts as a failure. */
void pair_close(struct pair *pair);

#endif
