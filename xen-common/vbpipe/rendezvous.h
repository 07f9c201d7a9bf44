/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tables of xen/io/vbpipe.h: what an end whose word is @mine does next when it
 * reads the peer's word. They have no other state, so that a host test can walk
 * through all that two ends can do.
 */
#ifndef VBPIPE_RENDEZVOUS_H
#define VBPIPE_RENDEZVOUS_H

#include <xen/io/vbpipe.h>

enum vbpipe_move {
	VBPIPE_STAY,
	VBPIPE_GO_OFF,
	VBPIPE_GO_RESET,
	VBPIPE_GO_ON,
	VBPIPE_GO_LEAVING,
	VBPIPE_GO_OPEN,		/* ON with the next count */
};

static inline enum vbpipe_move vbpipe_server_move(vlink_u32 mine, vlink_u32 untrusted_client)
{
	vlink_u32 client = VBPIPE_STATE(untrusted_client);
	bool undecided = client == VBPIPE_RESET || client == VBPIPE_ON;

	switch (VBPIPE_STATE(mine)) {
	case VBPIPE_OFF:
		return client == VBPIPE_OFF || client == VBPIPE_RESET ? VBPIPE_GO_RESET :
									VBPIPE_STAY;
	case VBPIPE_RESET:
		return undecided ? VBPIPE_GO_ON : VBPIPE_STAY;
	case VBPIPE_ON:
		if (client == VBPIPE_ON)
			return VBPIPE_GO_OPEN;
		return undecided ? VBPIPE_STAY : VBPIPE_GO_RESET;
	default:
		return VBPIPE_STAY;
	}
}

/* @count: the server's at this end's RESET. */
static inline enum vbpipe_move vbpipe_client_move(vlink_u32 mine, vlink_u32 untrusted_server,
						  vlink_u32 count)
{
	vlink_u32 server = VBPIPE_STATE(untrusted_server);
	bool met = VBPIPE_COUNT(untrusted_server) != count;

	switch (VBPIPE_STATE(mine)) {
	case VBPIPE_OFF:
		return server != VBPIPE_ON ? VBPIPE_GO_RESET : VBPIPE_STAY;
	case VBPIPE_RESET:
		return server != VBPIPE_OFF ? VBPIPE_GO_ON : VBPIPE_STAY;
	case VBPIPE_ON:
		if (met)
			return VBPIPE_GO_OPEN;
		return server == VBPIPE_OFF ? VBPIPE_GO_LEAVING : VBPIPE_STAY;
	default:
		if (met)
			return VBPIPE_GO_OPEN;
		return server != VBPIPE_ON ? VBPIPE_GO_RESET : VBPIPE_STAY;
	}
}

/* The client's when its open was interrupted. A server just goes OFF. */
static inline enum vbpipe_move vbpipe_client_leave(vlink_u32 mine, vlink_u32 untrusted_server,
						   vlink_u32 count)
{
	enum vbpipe_move move;

	if (VBPIPE_STATE(mine) == VBPIPE_ON)
		return VBPIPE_GO_LEAVING;
	if (VBPIPE_STATE(mine) != VBPIPE_LEAVING)
		return VBPIPE_GO_OFF;
	move = vbpipe_client_move(mine, untrusted_server, count);
	return move == VBPIPE_GO_RESET ? VBPIPE_GO_OFF : move;
}

#endif
