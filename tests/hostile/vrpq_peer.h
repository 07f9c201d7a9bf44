/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One end of a VRPQ link played from user space: messages between the kernels, and what the
 * libraries write into a session's pages, as <xen/io/vrpq.h> describes them, spelled out again
 * (peer.h says why).
 */
#ifndef HOSTILE_VRPQ_PEER_H
#define HOSTILE_VRPQ_PEER_H

#include "mailbox.h"

/* Types of messages */
enum {
	VR_SESSION_CREATE = 1, VR_CHAN_CREATE, VR_INFO, VR_PAGES, VR_TRIM, VR_CHAN_CLOSE,
	VR_SESSION_CLOSE,
	VR_SESSION_FAILED = 16,
	VR_SESSION_ACCEPTED = 32, VR_CHAN_ACCEPTED, VR_PAGED, VR_GROW, VR_TRIMMED, VR_CHAN_CLOSED,
	VR_SESSION_LEFT, VR_SESSION_CLOSED,
};

/* Words of them, behind the first 8 bytes */
enum {
	W_PORT = 0, W_APP, W_INFO_SIZE,		/* SESSION_CREATE */
	W_CTL_PAGE = 0, W_CHAN_INFO_SIZE,	/* CHAN_CREATE */
	W_OFFSET = 0,				/* INFO; the bytes follow */
	W_ZONE = 0, W_REFS,			/* PAGES */
	W_NR_PAGES = 1,				/* with W_ZONE: PAGED, TRIM, TRIMMED, GROW */
};

enum { ZONE_RING, ZONE_PARAM, ZONE_CALLBACK, ZONES };

#define VR_MAILBOX_SLOTS	64u
#define VR_IDS		1024u	/* of sessions, of channels; 0 is none */
#define VR_REFS		13u
#define VR_INFO_MAX	256u
#define VR_REQS		256u	/* of the links of these suites */
#define VR_PMEM		64u

/* Pages of the zones for these */
#define VR_RING_PAGES		(1 + 2 * (VR_IDS - 1) + (VR_REQS + 126) / 127)
#define VR_PARAM_PAGES		(VR_IDS - 1 + VR_PMEM)
#define VR_CALLBACK_PAGES	(1 + VR_PMEM)

/* Byte offsets in a channel's page */
enum {
	CTL_REQ_PROD = 0x000, CTL_REQ_CONS = 0x040, CTL_CB_PROD = 0x080, CTL_CB_CONS = 0x0c0,
	CTL_FIRST_SEGMENT = 0x100, CTL_LEFT = 0x140, CTL_CALLBACKS = 0x800,
};

#define SEGMENT_SLOTS	127u
#define SEGMENT_FIRST	32u	/* offset of the first slot; that of the next segment is 0 */

enum { SLOT_POST, SLOT_QUEUED, SLOT_TAKEN, SLOT_CANCELLED, SLOT_DONE, SLOT_WAITING = 0x100 };

struct vr_slot {
	uint32_t proc, flags, in_offset, in_size, out_offset, out_size, state, reason;
};

struct vr_message {
	uint16_t type, session, channel, count;
	uint32_t words[14];
};

/* A zone's pages in the portions in which they came: a client's are ours, a server's mapped. */
#define PORTIONS_MAX	90

struct vr_zone {
	struct pages portions[PORTIONS_MAX];
	unsigned int nr;
	uint32_t count;
};

struct vr_session {
	uint16_t id, channel;
	struct vr_zone zones[ZONES];
	uint32_t ctl_page;
	uint32_t calls;			/* so many are published, or answered */
};

#define SERVED_MAX	8

struct vr {
	struct end end;
	struct mailbox mail;
	struct vr_session *served[SERVED_MAX];	/* server: whose pages are taken as they come */
};

/* The end of link @link is ours, and not connected yet. */
void vr_open(struct vr *vr, const char *link, bool server);
/* Everything is given back; the other end sees the end of the connection. */
void vr_close(struct vr *vr);
/* All that a connection takes. */
void vr_connect(struct vr *vr);

/* ---- messages ---- */

struct vr_message vr_message(uint16_t type, uint16_t session, uint16_t channel);
struct vr_message vr_size(uint16_t type, uint16_t session, uint32_t zone, uint32_t pages);
void vr_send(struct vr *vr, struct vr_message message);
/* false: none came within @ms. */
bool vr_receive(struct vr *vr, struct vr_message *message, int ms);
/* Ends the test if it does not come, or another one comes. */
struct vr_message vr_expect(struct vr *vr, uint16_t type);
/* Ends the test if anything comes. */
void vr_expect_nothing(struct vr *vr);

/* Rings for one channel, or for all that there may be; and notifies. */
void vr_bell(struct vr *vr, uint16_t channel);
void vr_all_bells(struct vr *vr);

/* ---- pages of sessions ---- */

/* A page of a zone, or the byte at an offset of the area; NULL: there is none. */
unsigned char *vr_page(struct vr_session *session, uint32_t zone, uint32_t page);
unsigned char *vr_at(struct vr_session *session, uint32_t offset);
/* A word in the channel's page; and of its slots the one that is number @index of all. */
uint32_t *vr_ctl(struct vr_session *session, uint32_t offset);
struct vr_slot *vr_slot(struct vr_session *session, uint32_t index);
/* The offset of a page of the parameter zone. */
uint32_t vr_param_offset(uint32_t page);
/* Gives up all of them, without a word; a server takes no more. */
void vr_drop_pages(struct vr *vr, struct vr_session *session);

/* ---- a client ---- */

/* Says that there is a session, as a whole client would; with pages for a channel. */
void vr_create_session(struct vr *vr, struct vr_session *session, uint16_t id, uint32_t port);
/* Until a process of the server has it, and its pages. */
void vr_await_accepted(struct vr *vr, const struct vr_session *session);
void vr_create_chan(struct vr *vr, struct vr_session *session, uint16_t channel);
/* @count more pages of a zone, in one message; the message goes by itself. */
struct vr_message vr_more_pages(struct vr *vr, struct vr_session *session, uint32_t zone,
				uint32_t count);
/* A call with parameters of vrpq_remote.h, and one output; waits for its right answer. */
void vr_publish_call(struct vr *vr, struct vr_session *session, uint32_t proc, uint32_t seed);
void vr_finish_call(struct vr *vr, struct vr_session *session, uint32_t seed);

/* ---- a server ---- */

/* The session that a client has created: until it has its first page. */
void vr_serve_session(struct vr *vr, struct vr_session *session, uint16_t id);
/* The next message, which is to be of @type; before it, pages are taken and answered. */
struct vr_message vr_serve_until(struct vr *vr, uint16_t type);
/* A message about pages: takes them, or gives them up, and says so. false: it is another one. */
bool vr_serve_pages(struct vr *vr, const struct vr_message *message);
/* Takes the next call, which has these parameters; the answer. */
struct vr_slot *vr_take_call(struct vr *vr, struct vr_session *session);
void vr_answer_call(struct vr *vr, struct vr_session *session, struct vr_slot *slot);

#endif
