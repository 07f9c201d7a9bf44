/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A VRPQ link whose two drivers run unmodified over the stand-ins of kernel/: the test is the
 * link layer and the processes of both ends, or plays the kernel of one end.
 */
#ifndef UNIT_VRPQ_LINK_H
#define UNIT_VRPQ_LINK_H

#include <linux/vlink.h>
#include <vlink/vrpq_ioctl.h>
#include <xen/io/vrpq.h>

#include "kernel.h"
#include "unit.h"

#define PORT	7

enum link_end { CLIENT, SERVER };

/* Both ends are up and connected; or only @played is not there: the test has its mailbox. */
void link_up(u32 reqs, u32 pmem_pages);
void link_up_playing(enum link_end played, u32 reqs, u32 pmem_pages);
/* The connection of both drivers ends, and another one begins; files stay open. */
void link_connect_anew(void);
/* All files are closed; fails the test if anything is left. */
void link_down(void);
/* Why the driver at @end gave up the connection; NULL: it did not. */
const char *link_failure(enum link_end end);
/* Pages that the server maps now, and whose mapping fails next; -1: none does. */
extern unsigned int mapped_now;
extern int maps_left;
/* Pages that the client has granted now, whatever became of them. */
extern unsigned int granted_now;

/* --- the played kernel ----------------------------------------------------------------- */

void play_send(const struct vrpq_msg *msg);
/* The same; false: the mailbox is full. */
bool play_try_send(const struct vrpq_msg *msg);
/* Rings for every channel that there may be; did the driver take the event for news? */
bool play_all_bells(void);
/* Claims that so many messages more were sent. */
void play_index(u32 by);
/* The mailbox is filled again as soon as the driver takes anything. */
void play_refill(bool on);
/* Messages that the driver has taken so far. */
u32 play_taken(void);
/* The next message for it; false: there is none. */
bool play_receive(struct vrpq_msg *msg);
/* The same; the test fails if it is none of @type. */
struct vrpq_msg play_expect(u16 type);
void play_expect_nothing(void);
/* A reference that a played client has granted. */
u32 play_grant(void);

/* --- processes --------------------------------------------------------------------------- */

/* Time passes while a call is waited for: delayed work runs, too. */
extern bool time_passes;
/* Lets the drivers do all that they have to do; delayed work only if @late. */
void run(bool late);

/* A call by a thread of its own. */
struct call {
	struct task_struct task;
	pthread_t thread;
	int fd;
	unsigned int cmd;
	void *args;
	long result;
	bool done;
};

void call_start(struct call *call, int fd, unsigned int cmd, void *args);
/* Lets the drivers run until it has returned. */
long call_finish(struct call *call);
long do_call(int fd, unsigned int cmd, void *args);
int open_node(enum link_end end);
/* The same, or a negative errno. */
int try_open_node(enum link_end end);

/* The version that both ends of the link speak; as sessions were told it last. */
#define LINK_PROTOCOL	77u
extern u32 protocol_told[2];

/* Both ends of a session or a channel. */
struct both {
	int c, s;
};

struct both open_session(void);
/* The server's end is the fresh file @server. */
struct both open_session_as(int server);
/* Grows the zones as libvrpq does for the first channel of a session, and the next. */
int grow(int session, u32 zone, u32 pages);
struct both open_chan(struct both session, u32 ctl_page);
void close_both(struct both *both);
u32 status_of(int fd);

#endif
