/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the suites share that attack VRPQ. Links between the victim (vm2) and the hostile
 * domain (vm3):
 *
 *	hr_evil			hostile_vrpq_client plays the client, the victim's processes serve
 *	hq_evil			hostile_vrpq_server plays the server, they are the clients
 *	hr_near, hq_near	the neighbour of each, with the kernels' drivers at both ends: a
 *				channel that is open before the attack carries calls and posts
 *				during and after it
 *	hr_procs, hr_ctl	pipes, to vrpq_agent and to the agent
 *
 * Options (--set): those of vrpq_suite.h, role, client and server for the attacked link;
 * near_client, near_server: nodes of the neighbour; prefix=hr_ for the agent's pipe.
 */
#ifndef HOSTILE_VRPQ_HOSTILE_H
#define HOSTILE_VRPQ_HOSTILE_H

#include "../suites/vrpq_suite.h"
#include "noise.h"
#include "vrpq_peer.h"

/* Processes of the victim, the sessions that they have, and their channels */
enum { BAD = 1, GOOD };		/* the one attacked, and one that goes on */

#define NOBODYS_REF	12345u

extern const bool hostile_server;	/* which end the suite plays */

struct handle victim(unsigned int number);
/* It can be killed, wherever it is. */
void victim_killed(unsigned int number);
/* The attack has ended the call, with EPIPE. */
void victim_sees_end(struct pending call);
/* A signal ends the call. */
void victim_interruptible(struct pending call);

/* The neighbour works; then the attacked link's end is ours, and connected. */
void hostile_begin(struct vr *vr);
void hostile_begin_unconnected(struct vr *vr);
void neighbour_works(void);

/* Nothing is left of sessions at the victim's end of the attacked link. */
void victim_has_nothing(void);
/* Pages of the victim that somebody else still maps. */
long long quarantined(void);
void await_quarantined(long long pages);

/* What the victim's kernel says of the attacked link from now on is counted. */
void log_begin(const struct vr *vr);
/* The time since; there was not more than may be in it. */
long long log_seconds(void);
void log_is_short(const struct vr *vr);

/* ---- what both ends do alike ---- */

/* Many notifications, without anything new or with bells for all: the victim takes few of them. */
void storm_without_news(struct vr *vr);
void storm_of_bells(struct vr *vr);
/* Bells for all, many, and @others now and then. */
void ring_without_end(struct vr *vr, void (*others)(void));
/* This message, as fast as the mailbox takes it, while @others have their turns. */
void flood(struct vr *vr, struct vr_message message, void (*others)(void));
/* Any state after any other, many times. */
void flap_states(struct vr *vr);
/* A word in a page of the ring zone; and now and then the channel's bell. */
void scribble_page(struct vr *vr, struct vr_session *session, uint32_t page, uint64_t *random);

/* What suites do at the end of a test. */
void hostile_finish(void);

#endif
