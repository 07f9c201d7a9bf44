/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vrpq_peer.h"

#include "../suites/asleep.h"
#include "../suites/harness.h"
#include "../suites/pattern.h"
#include "../suites/vrpq_remote.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define QUIET_MS	300	/* how long nothing is waited for */
#define OUT_SIZE	64u	/* what the reference of an output of ours refers to */
#define REF_SIZE	16u
#define SEED_OUT	1000u	/* of outputs, beyond the parameters' seed */
#define IN_AT		0u	/* in a call's page of parameters */
#define OUT_AT		1024u

_Static_assert(sizeof(struct vr_message) == 64, "a message has 64 bytes");
_Static_assert(sizeof(struct vr_slot) == 32, "a slot has 32 bytes");

/* ---- connecting ---- */

void vr_open(struct vr *vr, const char *link, bool server)
{
	*vr = (struct vr){ .mail = { &vr->end, sizeof(struct vr_message), 0, 0 } };
	end_open_service(&vr->end, "vrpq", link, server);
}

void vr_close(struct vr *vr)
{
	end_close(&vr->end);
	end_drop(&vr->end);
}

void vr_connect(struct vr *vr)
{
	if (vr->end.server) {
		mailbox_offer(&vr->mail);
		end_write_number(&vr->end, "reqs", VR_REQS);
		end_write_number(&vr->end, "pmem-pages", VR_PMEM);
		mailbox_take(&vr->mail);
		return;
	}
	mailbox_prepare(&vr->mail);
	SUITE_EQUAL(end_read_number(&vr->end, "reqs"), VR_REQS);
	SUITE_EQUAL(end_read_number(&vr->end, "pmem-pages"), VR_PMEM);
	mailbox_publish(&vr->mail, vr->end.dirs.refs[0], MAILBOX_PAGES);
	client_finish(&vr->end);
}

/* ---- messages ---- */

struct vr_message vr_message(uint16_t type, uint16_t session, uint16_t channel)
{
	return (struct vr_message){ .type = type, .session = session, .channel = channel };
}

struct vr_message vr_size(uint16_t type, uint16_t session, uint32_t zone, uint32_t pages)
{
	struct vr_message message = vr_message(type, session, 0);

	message.words[W_ZONE] = zone;
	message.words[W_NR_PAGES] = pages;
	return message;
}

void vr_send(struct vr *vr, struct vr_message message)
{
	mailbox_send(&vr->mail, &message);
}

bool vr_receive(struct vr *vr, struct vr_message *message, int ms)
{
	return mailbox_receive(&vr->mail, message, ms);
}

struct vr_message vr_expect(struct vr *vr, uint16_t type)
{
	struct vr_message message;

	if (!vr_receive(vr, &message, suite_patience_ms()))
		suite_fail("no message of type %u comes", type);
	if (message.type != type)
		suite_fail("a message of type %u comes, not %u", message.type, type);
	return message;
}

void vr_expect_nothing(struct vr *vr)
{
	struct vr_message message;

	if (vr_receive(vr, &message, QUIET_MS))
		suite_fail("a message of type %u comes", message.type);
}

static uint64_t *bells(struct vr *vr)
{
	return (uint64_t *)(void *)(vr->end.region.at + (vr->end.server ? 0x200 : 0x100));
}

void vr_bell(struct vr *vr, uint16_t channel)
{
	uint64_t *summary = bells(vr);

	__atomic_fetch_or(summary + 1 + channel / 64, 1ull << channel % 64, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(summary, 1ull << channel / 64, __ATOMIC_SEQ_CST);
	end_notify(&vr->end);
}

void vr_all_bells(struct vr *vr)
{
	uint64_t *summary = bells(vr);

	for (unsigned int word = 1; word <= VR_IDS / 64; word++)
		__atomic_store_n(summary + word, UINT64_MAX, __ATOMIC_SEQ_CST);
	__atomic_store_n(summary, UINT64_MAX, __ATOMIC_SEQ_CST);
	end_notify(&vr->end);
}

/* ---- pages of sessions ---- */

unsigned char *vr_page(struct vr_session *session, uint32_t zone, uint32_t page)
{
	struct vr_zone *z = &session->zones[zone];

	for (unsigned int i = 0; i < z->nr; i++) {
		if (page < z->portions[i].count)
			return z->portions[i].at + page * PEER_PAGE;
		page -= z->portions[i].count;
	}
	return NULL;
}

uint32_t vr_param_offset(uint32_t page)
{
	return (VR_RING_PAGES + page) * PEER_PAGE;
}

unsigned char *vr_at(struct vr_session *session, uint32_t offset)
{
	static const uint32_t pages[ZONES] = { VR_RING_PAGES, VR_PARAM_PAGES, VR_CALLBACK_PAGES };
	uint32_t page = offset / PEER_PAGE, zone = 0;
	unsigned char *at;

	while (zone < ZONES && page >= pages[zone])
		page -= pages[zone++];
	at = zone < ZONES ? vr_page(session, zone, page) : NULL;
	return at ? at + offset % PEER_PAGE : NULL;
}

static void *need(void *at, const char *what)
{
	if (!at)
		suite_fail("%s lies in no page of the session", what);
	return at;
}

uint32_t *vr_ctl(struct vr_session *session, uint32_t offset)
{
	unsigned char *page = need(vr_page(session, ZONE_RING, session->ctl_page), "the channel");

	return (uint32_t *)(void *)(page + offset);
}

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void store(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

struct vr_slot *vr_slot(struct vr_session *session, uint32_t index)
{
	uint32_t page = load(vr_ctl(session, CTL_FIRST_SEGMENT));
	unsigned char *segment = need(vr_page(session, ZONE_RING, page), "the first segment");

	for (; index >= SEGMENT_SLOTS; index -= SEGMENT_SLOTS) {
		page = load((uint32_t *)(void *)segment);
		segment = need(vr_page(session, ZONE_RING, page), "a segment");
	}
	return (struct vr_slot *)(void *)(segment + SEGMENT_FIRST) + index;
}

void vr_drop_pages(struct vr *vr, struct vr_session *session)
{
	for (uint32_t zone = 0; zone < ZONES; zone++) {
		struct vr_zone *z = &session->zones[zone];

		while (z->nr)
			unshare_pages(&vr->end, &z->portions[--z->nr]);
		z->count = 0;
	}
	for (unsigned int i = 0; i < SERVED_MAX; i++)
		if (vr->served[i] == session)
			vr->served[i] = NULL;
}

static void add_portion(struct vr_session *session, uint32_t zone, struct pages portion)
{
	struct vr_zone *z = &session->zones[zone];

	if (z->nr == PORTIONS_MAX)
		suite_fail("a zone of %u pages comes in too many portions", z->count);
	z->portions[z->nr++] = portion;
	z->count += portion.count;
}

/* ---- a client ---- */

struct vr_message vr_more_pages(struct vr *vr, struct vr_session *session, uint32_t zone,
				uint32_t count)
{
	struct vr_message message = vr_message(VR_PAGES, session->id, 0);
	struct pages portion = share_pages(&vr->end, count, true);

	message.count = (uint16_t)count;
	message.words[W_ZONE] = zone;
	memcpy(&message.words[W_REFS], portion.refs, count * sizeof(uint32_t));
	add_portion(session, zone, portion);
	return message;
}

void vr_create_session(struct vr *vr, struct vr_session *session, uint16_t id, uint32_t port)
{
	struct vr_message message = vr_message(VR_SESSION_CREATE, id, 0);

	*session = (struct vr_session){ .id = id };
	message.words[W_PORT] = port;
	message.words[W_APP] = 4711;
	vr_send(vr, message);
	/* Counters, the channel's page and its segment. */
	vr_send(vr, vr_more_pages(vr, session, ZONE_RING, 3));
	vr_send(vr, vr_more_pages(vr, session, ZONE_PARAM, 1));
}

void vr_await_accepted(struct vr *vr, const struct vr_session *session)
{
	struct vr_message message;
	bool accepted = false;
	uint32_t paged = 0;

	/* In any order: a server may have waited for it. */
	while (!accepted || paged < 4) {
		if (!vr_receive(vr, &message, suite_patience_ms()))
			suite_fail("session %u is not accepted", session->id);
		SUITE_EQUAL(message.session, session->id);
		if (message.type == VR_PAGED)
			paged += message.words[W_NR_PAGES];
		else if (message.type == VR_SESSION_ACCEPTED)
			accepted = true;
		else
			suite_fail("a message of type %u comes", message.type);
	}
}

void vr_create_chan(struct vr *vr, struct vr_session *session, uint16_t channel)
{
	struct vr_message message = vr_message(VR_CHAN_CREATE, session->id, channel);
	uint32_t *segment;

	session->channel = channel;
	session->ctl_page = 1;
	session->calls = 0;
	memset(vr_ctl(session, 0), 0, PEER_PAGE);
	store(vr_ctl(session, CTL_FIRST_SEGMENT), 2);
	segment = need(vr_page(session, ZONE_RING, 2), "the segment");
	memset(segment, 0, PEER_PAGE);
	/* It follows itself. */
	store(segment, 2);
	message.words[W_CTL_PAGE] = session->ctl_page;
	vr_send(vr, message);
}

static void write_output_ref(unsigned char *page)
{
	const uint32_t ref[4] = { OUT_SIZE, 0, REF_SIZE, 0 };

	memset(page + OUT_AT, 0, REF_SIZE + OUT_SIZE);
	memcpy(page + OUT_AT, ref, sizeof(ref));
}

void vr_publish_call(struct vr *vr, struct vr_session *session, uint32_t proc, uint32_t seed)
{
	struct vq_head head = { .seed = seed, .size = sizeof(head), .outs = 1,
				.out_size = OUT_SIZE };
	unsigned char *page = need(vr_page(session, ZONE_PARAM, 0), "what a call sends");
	struct vr_slot *slot = vr_slot(session, session->calls);

	memcpy(page + IN_AT, &head, sizeof(head));
	write_output_ref(page);
	*slot = (struct vr_slot){
		.proc = proc, .flags = 1, .in_offset = vr_param_offset(0) + IN_AT,
		.in_size = sizeof(head), .out_offset = vr_param_offset(0) + OUT_AT,
		.out_size = REF_SIZE + OUT_SIZE, .state = SLOT_QUEUED | SLOT_WAITING,
	};
	store(vr_ctl(session, CTL_REQ_PROD), ++session->calls);
	vr_bell(vr, session->channel);
}

/* Until the word is @wanted; there is a bell for it, or not. */
static void await_word(struct vr *vr, const uint32_t *word, uint32_t wanted, const char *what)
{
	for (int ms = suite_patience_ms(); load(word) != wanted; ms -= 5) {
		if (ms <= 0)
			suite_fail("%s: %#x", what, load(word));
		end_wait_event(&vr->end, 5);
	}
}

void vr_finish_call(struct vr *vr, struct vr_session *session, uint32_t seed)
{
	struct vr_slot *slot = vr_slot(session, session->calls - 1);
	unsigned char *out = need(vr_at(session, slot->out_offset + REF_SIZE), "an output");

	await_word(vr, &slot->state, SLOT_DONE, "a call is not answered");
	SUITE_EQUAL(slot->reason, 0);
	SUITE_EQUAL(pattern_check(out, OUT_SIZE, seed + SEED_OUT, 0), 0);
	/* The slot may be used anew. */
	await_word(vr, vr_ctl(session, CTL_REQ_CONS), session->calls, "a call is not consumed");
}

/* ---- a server ---- */

static void take_pages(struct vr *vr, struct vr_session *session, const struct vr_message *message)
{
	uint32_t zone = message->words[W_ZONE], count = message->count;
	struct pages portion;
	uint32_t *refs;

	if (zone >= ZONES || !count || count > VR_REFS)
		suite_fail("%u pages of zone %u come", count, zone);
	refs = malloc(count * sizeof(*refs));
	if (!refs)
		suite_fail("no memory");
	memcpy(refs, &message->words[W_REFS], count * sizeof(*refs));
	portion = try_map_pages(&vr->end, refs, count, PROT_READ | PROT_WRITE);
	if (!portion.at)
		suite_fail("%u pages of a session cannot be mapped", count);
	portion.refs = refs;
	add_portion(session, zone, portion);
	vr_send(vr, vr_size(VR_PAGED, session->id, zone, session->zones[zone].count));
}

static void give_up_pages(struct vr *vr, struct vr_session *session,
			  const struct vr_message *message)
{
	uint32_t zone = message->words[W_ZONE], keep = message->words[W_NR_PAGES];
	struct vr_zone *z;

	if (zone >= ZONES)
		suite_fail("zone %u is trimmed", zone);
	z = &session->zones[zone];
	while (z->nr && z->count > keep) {
		z->count -= z->portions[--z->nr].count;
		unshare_pages(&vr->end, &z->portions[z->nr]);
	}
	SUITE_EQUAL(z->count, keep);
	vr_send(vr, vr_size(VR_TRIMMED, session->id, zone, keep));
}

static struct vr_session *served(struct vr *vr, uint16_t id)
{
	for (unsigned int i = 0; i < SERVED_MAX; i++)
		if (vr->served[i] && vr->served[i]->id == id)
			return vr->served[i];
	return NULL;
}

bool vr_serve_pages(struct vr *vr, const struct vr_message *message)
{
	struct vr_session *session = served(vr, message->session);

	if (message->type != VR_PAGES && message->type != VR_TRIM)
		return false;
	/* What comes for one that we are done with was on its way. */
	if (!session)
		return true;
	if (message->type == VR_PAGES)
		take_pages(vr, session, message);
	else
		give_up_pages(vr, session, message);
	return true;
}

struct vr_message vr_serve_until(struct vr *vr, uint16_t type)
{
	struct vr_message message;

	do {
		if (!vr_receive(vr, &message, suite_patience_ms()))
			suite_fail("no message of type %u comes", type);
	} while (vr_serve_pages(vr, &message));
	if (message.type != type)
		suite_fail("a message of type %u comes, not %u", message.type, type);
	return message;
}

void vr_serve_session(struct vr *vr, struct vr_session *session, uint16_t id)
{
	unsigned int i = 0;

	*session = (struct vr_session){ .id = id };
	while (i < SERVED_MAX && vr->served[i] && vr->served[i] != session)
		i++;
	if (i == SERVED_MAX)
		suite_fail("too many sessions are served");
	vr->served[i] = session;
	while (!session->zones[ZONE_RING].count) {
		struct vr_message message = vr_expect(vr, VR_PAGES);

		vr_serve_pages(vr, &message);
	}
}

static void check_call(struct vr_session *session, const struct vr_slot *slot)
{
	struct vq_head head;

	SUITE_EQUAL(slot->flags, 1);
	memcpy(&head, need(vr_at(session, slot->in_offset), "what a call sends"), sizeof(head));
	SUITE_EQUAL(head.size, sizeof(head));
	SUITE_EQUAL(head.outs, 1);
	SUITE_EQUAL(head.out_size, OUT_SIZE);
}

struct vr_slot *vr_take_call(struct vr *vr, struct vr_session *session)
{
	uint32_t queued = SLOT_QUEUED;
	struct vr_message message;
	struct vr_slot *slot;

	for (int ms = suite_patience_ms();
	     load(vr_ctl(session, CTL_REQ_PROD)) == session->calls; ms -= 5) {
		if (ms <= 0)
			suite_fail("no call comes");
		if (vr_receive(vr, &message, 5) && !vr_serve_pages(vr, &message))
			suite_fail("a message of type %u comes, and no call", message.type);
	}
	slot = vr_slot(session, session->calls++);
	if (!__atomic_compare_exchange_n(&slot->state, &queued, SLOT_TAKEN, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) &&
	    (queued != (SLOT_QUEUED | SLOT_WAITING) ||
	     !__atomic_compare_exchange_n(&slot->state, &queued, SLOT_TAKEN | SLOT_WAITING, false,
					  __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)))
		suite_fail("a call comes in state %#x", queued);
	check_call(session, slot);
	return slot;
}

void vr_answer_call(struct vr *vr, struct vr_session *session, struct vr_slot *slot)
{
	struct vq_head head;
	uint32_t ref[4];
	unsigned char *out;

	memcpy(&head, need(vr_at(session, slot->in_offset), "what a call sends"), sizeof(head));
	out = need(vr_at(session, slot->out_offset), "what a call receives");
	memcpy(ref, out, sizeof(ref));
	SUITE_EQUAL(ref[0], OUT_SIZE);
	pattern_fill(need(vr_at(session, slot->out_offset + ref[2]), "an output"), OUT_SIZE,
		     head.seed + SEED_OUT, 0);
	store(&slot->reason, 0);
	__atomic_exchange_n(&slot->state, SLOT_DONE, __ATOMIC_SEQ_CST);
	store(vr_ctl(session, CTL_REQ_CONS), session->calls);
	vr_bell(vr, session->channel);
}
