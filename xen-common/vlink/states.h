/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two state machines of include/xen/io/vlink.h in their complete form: what an end does
 * next when it reads the peer's state. They have no other state, so that a host test can
 * walk through all that two ends can do. enum xenbus_state is to be known.
 */
#ifndef VLINK_STATES_H
#define VLINK_STATES_H

#define VLINK_STATES (XenbusStateReconfigured + 1)

enum vlink_action {
	VLINK_NONE,
	VLINK_SETUP,		/* client: grant regions, go to Initialised */
	VLINK_CONNECT,		/* take what the peer offers, go to Connected */
	VLINK_RESTART,		/* end the connection, wait for a new one */
	VLINK_CLOSING,		/* server: end the connection, go to Closing */
	VLINK_CLOSE,		/* end the connection, go to Closed */
};

/* [own state][peer's state]; what is not named is NONE. */
static const unsigned char vlink_client_actions[VLINK_STATES][VLINK_STATES] = {
	[XenbusStateInitialising] = {
		[XenbusStateInitWait] = VLINK_SETUP,
	},
	[XenbusStateInitialised] = {
		[XenbusStateUnknown] = VLINK_RESTART,
		[XenbusStateInitialising] = VLINK_RESTART,
		[XenbusStateConnected] = VLINK_CONNECT,
		[XenbusStateClosing] = VLINK_CLOSE,
		[XenbusStateClosed] = VLINK_CLOSE,
	},
	[XenbusStateConnected] = {
		[XenbusStateUnknown] = VLINK_RESTART,
		[XenbusStateInitialising] = VLINK_RESTART,
		[XenbusStateInitWait] = VLINK_RESTART,
		[XenbusStateInitialised] = VLINK_RESTART,
		[XenbusStateClosing] = VLINK_CLOSE,
		[XenbusStateClosed] = VLINK_CLOSE,
	},
	[XenbusStateClosing] = {
		[XenbusStateUnknown] = VLINK_CLOSE,
		[XenbusStateInitialising] = VLINK_RESTART,
		[XenbusStateClosing] = VLINK_CLOSE,
		[XenbusStateClosed] = VLINK_CLOSE,
	},
	[XenbusStateClosed] = {
		[XenbusStateInitialising] = VLINK_RESTART,
		[XenbusStateInitWait] = VLINK_RESTART,
		[XenbusStateInitialised] = VLINK_RESTART,
		[XenbusStateConnected] = VLINK_RESTART,
		[XenbusStateClosing] = VLINK_RESTART,
		[XenbusStateClosed] = VLINK_RESTART,
	},
};

static const unsigned char vlink_server_actions[VLINK_STATES][VLINK_STATES] = {
	[XenbusStateInitWait] = {
		[XenbusStateUnknown] = VLINK_CLOSE,
		[XenbusStateInitialised] = VLINK_CONNECT,
		[XenbusStateClosing] = VLINK_CLOSING,
		[XenbusStateClosed] = VLINK_CLOSE,
	},
	[XenbusStateConnected] = {
		[XenbusStateUnknown] = VLINK_CLOSE,
		[XenbusStateInitialising] = VLINK_RESTART,
		[XenbusStateInitWait] = VLINK_RESTART,
		[XenbusStateClosing] = VLINK_CLOSING,
		[XenbusStateClosed] = VLINK_CLOSE,
	},
	[XenbusStateClosing] = {
		[XenbusStateUnknown] = VLINK_CLOSE,
		[XenbusStateInitialising] = VLINK_RESTART,
		[XenbusStateClosed] = VLINK_CLOSE,
	},
	[XenbusStateClosed] = {
		[XenbusStateInitialising] = VLINK_RESTART,
	},
};

static inline enum vlink_action vlink_action_for(bool client, unsigned int own, unsigned int peer)
{
	if (own >= VLINK_STATES || peer >= VLINK_STATES)
		return VLINK_NONE;
	return client ? vlink_client_actions[own][peer] : vlink_server_actions[own][peer];
}

/* From these an end begins anew only when its pause is over. */
static inline bool vlink_is_over(unsigned int own)
{
	return own == XenbusStateClosing || own == XenbusStateClosed;
}

#endif
