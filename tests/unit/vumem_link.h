/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One end of a VUMEM link, whose drivers run unmodified over the stand-ins of kernel/; the
 * test is the link layer, the processes, and the peer's kernel.
 */
#ifndef UNIT_VUMEM_LINK_H
#define UNIT_VUMEM_LINK_H

#include <linux/vlink.h>
#include <vlink/vumem_ioctl.h>
#include <xen/io/vumem.h>

#include "kernel.h"
#include "unit.h"

#define PEER_DOMID	3

/* The end that is tested is up, and connected with the test. */
void link_up(enum vlink_role role);
void link_connect(void);
void link_disconnect(void);
/* All files are closed. Fails the test if anything is left. */
void link_down(void);
int open_node(void);
bool link_failed(void);

/* --- the peer ---------------------------------------------------------------------- */

/* Sends; what the driver makes of it comes with run(). */
void peer_send(const struct vumem_msg *msg);
bool peer_has_room(void);
/* The next message for the peer; false: there is none. */
bool peer_receive(struct vumem_msg *msg);
/* The same; the test fails if there is none of @type. */
struct vumem_msg peer_expect(u32 type);
void peer_expect_nothing(void);
void peer_answer(const struct vumem_msg *request, u32 ret);
/* Lets the driver do all it has to do. */
void run(void);
/* Called when the driver notifies the peer. */
extern void (*on_notify)(void);

/* --- memory ------------------------------------------------------------------------- */

/* Regions and windows that there are, and pages that are shown to processes. */
extern unsigned int regions_now, windows_now;
/* Why the next pages cannot be mapped or granted; 0. */
extern int region_error;
/* Regions that the peer still maps cannot be unshared. */
extern bool peer_maps;
/* Pages pinned now; what pinning the next gives, and what one of them is. */
extern long pinned_now;
/* Entries of the grant table that users are charged for, and how many they may have. */
extern long charged_now, charge_max;
extern long pin_result;
extern struct page pin_page;

/* --- processes ----------------------------------------------------------------------- */

/* A call by a process of its own. */
struct call {
	struct task_struct task;
	pthread_t thread;
	int fd;
	unsigned int cmd;
	void *arg;
	long ret;
};

/* Begins the call. */
void call_start(struct call *call, int fd, unsigned int cmd, void *arg);
/* The same, until it waits. */
void call_until_asleep(struct call *call, int fd, unsigned int cmd, void *arg);
/* Waits for its end. */
long call_end(struct call *call);

/* The file says which versions of the calls its driver has. */
void says_versions(int fd);

#endif
