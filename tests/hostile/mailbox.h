/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One end of a mailbox between two kernels, as <xen/io/vlink.h> describes it, for the services
 * whose region is one ("admin"). What the messages say is the service's affair.
 */
#ifndef HOSTILE_MAILBOX_H
#define HOSTILE_MAILBOX_H

#include "peer.h"

#define MAILBOX_PAGES	3u

/* Byte offsets in the first page of the mailbox */
enum {
	BOX_C2S_PROD = 0x00, BOX_C2S_CONS = 0x40, BOX_S2C_PROD = 0x80, BOX_S2C_CONS = 0xc0,
};

struct mailbox {
	struct end *end;
	uint32_t size;			/* of a message */
	uint32_t sent, received;
};

/* Client: all up to its keys; writes them. client_finish() does the rest. */
void mailbox_prepare(struct mailbox *box);
void mailbox_publish(struct mailbox *box, uint32_t admin_ref, uint32_t admin_pages);
/* Server: its first key; the service's own follow. Then all up to Connected. */
void mailbox_offer(struct mailbox *box);
void mailbox_take(struct mailbox *box);

/* Waits for room. */
void mailbox_send(struct mailbox *box, const void *message);
/* false: there was no room within @ms. */
bool mailbox_send_within(struct mailbox *box, const void *message, int ms);
/* false: none came within @ms. */
bool mailbox_receive(struct mailbox *box, void *message, int ms);

#endif
