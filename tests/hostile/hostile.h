/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the hostile suites share. The suite runs in the hostile domain and plays
 * one end of a link itself (peer.h); the victim is the domain at the other end,
 * with the kernel's driver. Two more links between the two domains have the
 * kernel's drivers at both ends:
 *
 *	ctl	for the agent in the victim, which does there what a test asks for
 *	near	the neighbour: it must carry right data before, during, and after
 *		each attack
 *	evil	the link under attack
 *
 * Options (--set): prefix=P, nodes are /dev/P followed by these names, links are
 * called the same.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "../suites/vbpipe_suite.h"
#include "noise.h"
#include "peer.h"

extern const bool hostile_server;	/* which end the suite plays */
extern const struct suite_test friendly_tests[], client_key_tests[], server_key_tests[],
	client_grant_tests[], server_grant_tests[], index_tests[], word_tests[], event_tests[],
	state_tests[];

/* A link of this suite by its name. */
const char *link_id(const char *name);

/* The neighbour works; then the attacked link's end is ours, and nothing done yet. */
void attack_begin(struct end *end);
/* The same with another link, which attack_end() then cannot use. */
void attack_begin_on(struct end *end, const char *name);
/*
 * The neighbour still works without having been opened again, and the attacked
 * link works when both ends start anew as friends. What the victim's processes
 * had open goes with their session: one that cannot be killed shows here.
 */
void attack_end(struct end *end);
/*
 * After an attack that did not get as far as a connection: the neighbour still works.
 * That the link does is for the last test of such a group.
 */
void attack_end_refused(struct end *end);
/* Data over the neighbour, both ways. */
void neighbour_works(void);

/* Ends the victim's processes and lets others take their place, the neighbour open again. */
void victim_starts_anew(void);

/* Opens the victim's node and our end; the victim's descriptor. */
int victim_open(struct end *end);
/* A victim's call that is under way, and sleeps. */
uint32_t victim_blocks(struct agent_request request);
/* The victim's read finds the end of the pipe and its write EPIPE. */
void victim_sees_end(int fd);
/* A signal ends the victim's call. */
void victim_interruptible(uint32_t ticket);
/* Data over the attacked link, both ways. */
void link_works(struct end *end, int victim_fd);

/* Connects, and opens both ends; the victim's descriptor. */
int attack_open(struct end *end);

#endif
