/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One end of a VUMEM link played from user space: the mailbox, and messages as the wire
 * header describes them, spelled out again (peer.h says why).
 */
#ifndef HOSTILE_VUMEM_PEER_H
#define HOSTILE_VUMEM_PEER_H

#include "../suites/vumem_suite.h"
#include "mailbox.h"

/* Words of a message */
enum {
	M_TYPE, M_TAG, M_EPOCH, M_APP, M_BUFFER, M_OPAQUE_SIZE, M_RET, M_BYTES, M_ATTR, M_PAGES,
	M_DIR,
	M_OPAQUE = 32,
	M_WORDS = 64,
};

enum {
	T_SESSION = 1, T_ALLOC, T_FREE, T_REGISTER, T_UNREGISTER, T_CTL, T_CANCEL,
	T_RESPONSE = 32, T_RESET,
};

#define MAILBOX_SLOTS	16u
#define NR_PAGES_MAX	65536u

struct message {
	uint32_t words[M_WORDS];
};

struct box {
	struct end end;
	struct end memory;		/* of buffers: another handle for grants */
	struct mailbox mail;
	uint32_t tag, epoch;		/* client: of the last request, of the session */
};

/* A buffer as its client has it. */
struct foreign {
	uint32_t id, count, dir;
	uint32_t *refs;
	struct pages pages;		/* .at is NULL: not mapped */
};

/* The end of link @name is ours, and not connected yet. */
void box_open(struct box *box, const char *name, bool server);
/* Everything is given back; the other end sees the end of the connection. */
void box_close(struct box *box);

/* Client: all up to its keys; writes them; follows the server to Connected. */
void box_prepare(struct box *box);
void box_publish(struct box *box, uint32_t admin_ref, uint32_t admin_pages);
void box_finish(struct box *box);
/* All of it, as the protocol says, for either role. */
void box_connect(struct box *box);

/* Waits for room. */
void box_send(struct box *box, const struct message *message);
/* false: none came within @ms. */
bool box_receive(struct box *box, struct message *message, int ms);
/* Ends the test if none comes. */
struct message box_expect(struct box *box, uint32_t type);

/* ---- a client's requests ---- */

struct message box_request(struct box *box, uint32_t type, uint32_t buffer);
/* Sends it and waits for its response. */
struct message box_call(struct box *box, struct message request);
uint32_t box_call_ret(struct box *box, uint32_t type, uint32_t buffer);
void box_begin_session(struct box *box);
/* As the server of the suite answers; ends the test if it does not. */
struct foreign box_alloc(struct box *box, uint32_t size);
void foreign_map(struct box *box, struct foreign *buffer);
void foreign_unmap(struct box *box, struct foreign *buffer);
/* Unmaps and frees. */
void foreign_free(struct box *box, struct foreign *buffer);

/* ---- a server's answers ---- */

/* The response to @request, which failed or not. */
struct message box_response(const struct message *request, uint32_t ret);

#endif
