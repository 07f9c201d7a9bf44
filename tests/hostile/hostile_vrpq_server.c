/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hostile server kernel of VRPQ against the kernel's client end: what it answers, what it
 * never says, which pages it keeps, and what it writes there. A session about which it breaks
 * the rules ends, and no other; a server that breaks those of the link ends the connection.
 */
#include "vrpq_hostile.h"

#include "../suites/asleep.h"

#include <stdio.h>
#include <stdlib.h>

#define UNKNOWN_ID	900	/* of sessions and channels that the victim has not made */

const bool hostile_server = true;

/* A session of a process of the victim, which we serve. */
struct asked {
	struct vr_session session;
	struct handle process, chan;
	struct pending call;		/* under way there */
	struct vr_slot *slot;		/* it, taken */
};

static struct vr vr;
static struct asked bad, good;

/* ---- as the protocol says ---- */

/* The session that the victim's process makes, and its first page. */
static void await_session(struct asked *a)
{
	vr_serve_session(&vr, &a->session, vr_serve_until(&vr, VR_SESSION_CREATE).session);
}

static void ask_for_session(struct asked *a, unsigned int process)
{
	a->process = victim(process);
	a->call = START(a->process, SESSION_CREATE, .arg = PORT);
	await_session(a);
}

static void make_session(struct asked *a, unsigned int process)
{
	struct vq_reply reply;

	ask_for_session(a, process);
	vr_send(&vr, vr_message(VR_SESSION_ACCEPTED, a->session.id, 0));
	reply = finish(a->call);
	SUITE_EQUAL(reply.result, 0);
	a->process = made(a->process, &reply);
}

static void ask_for_chan(struct asked *a)
{
	struct vr_message created;

	a->call = START(a->process, CHAN_CREATE);
	created = vr_serve_until(&vr, VR_CHAN_CREATE);
	a->session.channel = created.channel;
	a->session.ctl_page = created.words[W_CTL_PAGE];
	a->session.calls = 0;
}

static void open_asked(struct asked *a, unsigned int process)
{
	struct vq_reply reply;

	make_session(a, process);
	ask_for_chan(a);
	vr_send(&vr, vr_message(VR_CHAN_ACCEPTED, a->session.id, a->session.channel));
	reply = finish(a->call);
	SUITE_EQUAL(reply.result, 0);
	a->chan = made(a->process, &reply);
}

/* A call of the victim's process, which we have and do not answer. */
static void hold_call(struct asked *a)
{
	static uint32_t seed = 100;

	seed++;
	a->call = START(a->chan, CALL, .proc = PLAIN, .size = HEAD, .outs = 1, .out_size = 64,
			.seed = seed);
	a->slot = vr_take_call(&vr, &a->session);
	CU_ASSERT(blocks(a->call));
}

static void answer(struct asked *a)
{
	struct vq_reply reply;

	vr_answer_call(&vr, &a->session, a->slot);
	reply = finish(a->call);
	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[0], 0);
}

static void session_works(struct asked *a)
{
	hold_call(a);
	answer(a);
}

/* The victim closes it, or its process was killed: to the end. */
static void close_session_of(struct asked *a)
{
	vr_serve_until(&vr, VR_CHAN_CLOSE);
	vr_send(&vr, vr_message(VR_CHAN_CLOSED, a->session.id, a->session.channel));
	vr_serve_until(&vr, VR_SESSION_CLOSE);
	vr_drop_pages(&vr, &a->session);
	vr_send(&vr, vr_message(VR_SESSION_CLOSED, a->session.id, 0));
}

static void destroy(struct asked *a)
{
	SUITE_EQUAL(RESULT(a->chan, CHAN_DESTROY), 0);
	SUITE_EQUAL(RESULT(a->process, SESSION_DESTROY), 0);
	close_session_of(a);
}

/* ---- before and after ---- */

static void begin_unasked(void)
{
	hostile_begin(&vr);
	open_asked(&good, GOOD);
}

static void begin(void)
{
	begin_unasked();
	open_asked(&bad, BAD);
}

static void others_work(void)
{
	session_works(&good);
	neighbour_works();
}

static void drop_all(void)
{
	vr_drop_pages(&vr, &bad.session);
	vr_drop_pages(&vr, &good.session);
}

/* The link comes back by itself, and works when both ends keep to the protocol. */
static void end_unopened(void)
{
	neighbour_works();
	drop_all();
	vr_connect(&vr);
	open_asked(&bad, BAD);
	for (unsigned int i = 0; i < 3; i++)
		session_works(&bad);
	victim_killed(BAD);
	close_session_of(&bad);
	victim_has_nothing();
	vr_close(&vr);
}

static void end(void)
{
	victim_killed(BAD);
	victim_killed(GOOD);
	end_unopened();
}

static void end_broken(void)
{
	expect_refused(&vr.end);
	end();
}

static void keeps_to_the_protocol(void)
{
	begin();
	for (unsigned int i = 0; i < 20; i++)
		session_works(&bad);
	others_work();
	destroy(&bad);
	open_asked(&bad, BAD);
	session_works(&bad);
	others_work();
	end();
}

/* ---- what ends a session ---- */

static void await_failed(const struct asked *a)
{
	SUITE_EQUAL(vr_serve_until(&vr, VR_SESSION_FAILED).session, a->session.id);
}

/* It closes like any other, and the process makes another. */
static void failed_session_closes(void)
{
	destroy(&bad);
	open_asked(&bad, BAD);
	session_works(&bad);
}

/* We fail after it, without its pages. */
static void fail_too(void)
{
	vr_drop_pages(&vr, &bad.session);
	vr_send(&vr, vr_message(VR_SESSION_FAILED, bad.session.id, 0));
}

/* @message is about the attacked session, and its channel if it names one. */
static void ends_its_session(struct vr_message message)
{
	begin();
	hold_call(&bad);
	message.session = bad.session.id;
	if (message.channel)
		message.channel = bad.session.channel;
	vr_send(&vr, message);
	await_failed(&bad);
	victim_sees_end(bad.call);
	others_work();
	/* It may have crossed the failure. */
	vr_send(&vr, vr_size(VR_PAGED, bad.session.id, ZONE_RING, 100));
	fail_too();
	others_work();
	failed_session_closes();
	others_work();
	SUITE_EQUAL(quarantined(), 0);
	end();
}

static struct vr_message grow(uint32_t zone, uint32_t count)
{
	return vr_size(VR_GROW, 0, zone, count);
}

#define SESSION_FAULTS(X)							\
	X(session_accepted_twice, vr_message(VR_SESSION_ACCEPTED, 0, 0))	\
	X(channel_accepted_twice, vr_message(VR_CHAN_ACCEPTED, 0, 1))		\
	X(pages_of_no_zone_taken, vr_size(VR_PAGED, 0, ZONES, 1))		\
	X(pages_of_a_zone_beyond_any_taken, vr_size(VR_PAGED, 0, UINT32_MAX, 1)) \
	X(more_pages_taken_than_there_are, vr_size(VR_PAGED, 0, ZONE_RING, 60))	\
	X(pages_beyond_any_taken, vr_size(VR_PAGED, 0, ZONE_PARAM, UINT32_MAX))	\
	X(pages_taken_back, vr_size(VR_PAGED, 0, ZONE_RING, 0))			\
	X(trimmed_unasked, vr_size(VR_TRIMMED, 0, ZONE_RING, 1))		\
	X(trimmed_of_no_zone, vr_size(VR_TRIMMED, 0, ZONES, 1))			\
	X(trimmed_beyond_any, vr_size(VR_TRIMMED, 0, UINT32_MAX, UINT32_MAX))	\
	X(growth_of_a_clients_zone, grow(ZONE_RING, 5))				\
	X(growth_of_no_zone, grow(ZONES, 5))					\
	X(growth_beyond_the_zone, grow(ZONE_CALLBACK, VR_CALLBACK_PAGES + 1))	\
	X(growth_beyond_any, grow(ZONE_CALLBACK, UINT32_MAX))			\
	X(closed_unasked, vr_message(VR_SESSION_CLOSED, 0, 0))

#define DEFINE_FAULT(name, message)						\
	static void name(void) { ends_its_session(message); }
SESSION_FAULTS(DEFINE_FAULT)

/* As the header says: nothing of it is mapped by then. */
static void given_up(void)
{
	begin();
	hold_call(&bad);
	fail_too();
	await_failed(&bad);
	victim_sees_end(bad.call);
	others_work();
	failed_session_closes();
	SUITE_EQUAL(quarantined(), 0);
	end();
}

static void said_twice(uint16_t type, uint16_t channel)
{
	begin();
	hold_call(&bad);
	vr_send(&vr, vr_message(type, bad.session.id, channel ? bad.session.channel : 0));
	if (channel)
		victim_sees_end(bad.call);
	vr_send(&vr, vr_message(type, bad.session.id, channel ? bad.session.channel : 0));
	await_failed(&bad);
	if (!channel)
		victim_sees_end(bad.call);
	fail_too();
	others_work();
	end();
}

static void leaves_twice(void)
{
	said_twice(VR_SESSION_LEFT, 0);
}

static void closes_a_channel_twice(void)
{
	said_twice(VR_CHAN_CLOSED, 1);
}

/* ---- what ends the connection ---- */

static void breaks_the_link(struct vr_message message)
{
	begin();
	hold_call(&bad);
	hold_call(&good);
	/* Of the attacked session if it is said of none. */
	if (!message.session)
		message.session = bad.session.id;
	vr_send(&vr, message);
	victim_sees_end(bad.call);
	victim_sees_end(good.call);
	end_broken();
}

#define LINK_FAULTS(X)								\
	X(type_0, vr_message(0, 0, 0))						\
	X(type_unknown, vr_message(VR_SESSION_CLOSED + 1, 0, 0))		\
	X(type_of_the_client, vr_message(VR_SESSION_CREATE, 0, 0))		\
	X(type_beyond_any, vr_message(UINT16_MAX, 0, 0))			\
	X(session_1024, vr_message(VR_SESSION_LEFT, VR_IDS, 0))			\
	X(session_beyond_any, vr_message(VR_SESSION_LEFT, UINT16_MAX, 0))	\
	X(session_that_is_not, vr_message(VR_SESSION_ACCEPTED, UNKNOWN_ID, 0))	\
	X(failure_of_a_session_that_is_not, vr_message(VR_SESSION_FAILED, UNKNOWN_ID, 0)) \
	X(channel_0, vr_message(VR_CHAN_CLOSED, 0, 0))				\
	X(channel_1024, vr_message(VR_CHAN_CLOSED, 0, VR_IDS))			\
	X(channel_beyond_any, vr_message(VR_CHAN_ACCEPTED, 0, UINT16_MAX))	\
	X(channel_that_is_not, vr_message(VR_CHAN_ACCEPTED, 0, UNKNOWN_ID))
#define DEFINE_BREAK(name, message)						\
	static void name(void) { breaks_the_link(message); }
LINK_FAULTS(DEFINE_BREAK)

static void session_0(void)
{
	begin();
	hold_call(&bad);
	vr_send(&vr, vr_message(VR_SESSION_LEFT, 0, 0));
	victim_sees_end(bad.call);
	end_broken();
}

static void channel_of_another_session(void)
{
	begin();
	hold_call(&bad);
	vr_send(&vr, vr_message(VR_CHAN_CLOSED, bad.session.id, good.session.channel));
	victim_sees_end(bad.call);
	end_broken();
}

static void bad_index(uint32_t offset, uint32_t by, bool looked_at_when_sending)
{
	struct pending create;

	begin();
	hold_call(&bad);
	end_store(&vr.end, offset, end_load(&vr.end, offset) + by);
	end_notify(&vr.end);
	if (looked_at_when_sending) {
		/* Its message breaks the connection, and the next one is waited for. */
		create = START(victim(BAD), SESSION_CREATE, .arg = PORT);
		CU_ASSERT(blocks(create));
	}
	victim_sees_end(bad.call);
	end_broken();
}

static void more_messages_than_fit(void)
{
	bad_index(BOX_S2C_PROD, VR_MAILBOX_SLOTS + 1, false);
}

static void messages_half_around(void)
{
	bad_index(BOX_S2C_PROD, 1u << 31, false);
}

static void messages_taken_back(void)
{
	bad_index(BOX_S2C_PROD, UINT32_MAX, false);
}

static void requests_taken_that_were_not_sent(void)
{
	bad_index(BOX_C2S_CONS, 3, true);
}

/* Each time the victim gives the connection up, says why, and makes another that works. */
static void broken_again_and_again(void)
{
	unsigned int rounds = hostile_rounds();

	begin();
	log_begin(&vr);
	while (rounds--) {
		session_works(&bad);
		hold_call(&good);
		vr_send(&vr, vr_message(0, 0, 0));
		expect_refused(&vr.end);
		victim_sees_end(good.call);
		neighbour_works();
		victim_killed(BAD);
		victim_killed(GOOD);
		drop_all();
		vr_connect(&vr);
		open_asked(&good, GOOD);
		open_asked(&bad, BAD);
	}
	log_is_short(&vr);
	await_quarantined(0);
	end();
}

/* ---- failures in every state ---- */

/* The victim's process makes another one in its place, and that works. */
static void end_with_another_session(void)
{
	open_asked(&bad, BAD);
	session_works(&bad);
	end();
}

static void client_closes(void)
{
	SUITE_EQUAL(RESULT(bad.chan, CHAN_DESTROY), 0);
	SUITE_EQUAL(RESULT(bad.process, SESSION_DESTROY), 0);
	vr_serve_until(&vr, VR_CHAN_CLOSE);
	vr_serve_until(&vr, VR_SESSION_CLOSE);
}

static void say_closed(void)
{
	vr_send(&vr, vr_message(VR_CHAN_CLOSED, bad.session.id, bad.session.channel));
	vr_send(&vr, vr_message(VR_SESSION_CLOSED, bad.session.id, 0));
}

/* Who creates it hears that, and does not try again. */
static void fails_before_it_accepts(void)
{
	begin_unasked();
	ask_for_session(&bad, BAD);
	fail_too();
	await_failed(&bad);
	victim_sees_end(bad.call);
	vr_serve_until(&vr, VR_SESSION_CLOSE);
	vr_send(&vr, vr_message(VR_SESSION_CLOSED, bad.session.id, 0));
	others_work();
	end_with_another_session();
}

static void fails_under_a_channel(void)
{
	begin_unasked();
	make_session(&bad, BAD);
	ask_for_chan(&bad);
	fail_too();
	await_failed(&bad);
	vr_serve_until(&vr, VR_CHAN_CLOSE);
	vr_send(&vr, vr_message(VR_CHAN_CLOSED, bad.session.id, bad.session.channel));
	victim_sees_end(bad.call);
	others_work();
	SUITE_EQUAL(RESULT(bad.process, SESSION_DESTROY), 0);
	vr_serve_until(&vr, VR_SESSION_CLOSE);
	vr_send(&vr, vr_message(VR_SESSION_CLOSED, bad.session.id, 0));
	end_with_another_session();
}

static void fails_after_it_left(void)
{
	begin();
	hold_call(&bad);
	vr_send(&vr, vr_message(VR_SESSION_LEFT, bad.session.id, 0));
	CU_ASSERT(blocks(bad.call));
	fail_too();
	await_failed(&bad);
	victim_sees_end(bad.call);
	others_work();
	failed_session_closes();
	end();
}

static void fails_while_it_closes(void)
{
	begin();
	client_closes();
	fail_too();
	await_failed(&bad);
	say_closed();
	others_work();
	end_with_another_session();
}

static void failed_and_then(uint16_t type)
{
	begin();
	hold_call(&good);
	fail_too();
	await_failed(&bad);
	vr_send(&vr, vr_message(type, bad.session.id, 0));
	victim_sees_end(good.call);
	end_broken();
}

static void fails_twice(void)
{
	failed_and_then(VR_SESSION_FAILED);
}

static void pages_taken_after_its_failure(void)
{
	failed_and_then(VR_PAGED);
}

/* Its channel is still there. */
static void closes_before_its_channels(void)
{
	begin();
	client_closes();
	vr_send(&vr, vr_message(VR_SESSION_CLOSED, bad.session.id, 0));
	await_failed(&bad);
	fail_too();
	say_closed();
	others_work();
	end_with_another_session();
}

/* ---- what is never said ---- */

static void never_accepts(void)
{
	begin_unasked();
	ask_for_session(&bad, BAD);
	others_work();
	victim_interruptible(bad.call);
	vr_serve_until(&vr, VR_SESSION_CLOSE);
	/* Its acceptance had been on its way. */
	vr_send(&vr, vr_message(VR_SESSION_ACCEPTED, bad.session.id, 0));
	vr_drop_pages(&vr, &bad.session);
	vr_send(&vr, vr_message(VR_SESSION_CLOSED, bad.session.id, 0));
	end_with_another_session();
}

static void never_accepts_a_channel(void)
{
	begin_unasked();
	make_session(&bad, BAD);
	ask_for_chan(&bad);
	others_work();
	CU_ASSERT(blocks(bad.call));
	victim_killed(BAD);
	close_session_of(&bad);
	others_work();
	open_asked(&bad, BAD);
	end();
}

/* Until it is taken a call can be interrupted; then its process can be killed. */
static void never_answers(void)
{
	begin();
	/* Its pages are there then. */
	session_works(&bad);
	bad.call = START(bad.chan, CALL, .proc = PLAIN, .size = HEAD, .outs = 1, .out_size = 64);
	victim_interruptible(bad.call);
	/* The slot stays, withdrawn. */
	bad.session.calls++;
	hold_call(&bad);
	SUITE_EQUAL(interrupt(bad.call, false), 0);
	CU_ASSERT(unfinished(bad.call));
	others_work();
	victim_killed(BAD);
	close_session_of(&bad);
	end_with_another_session();
}

/* What it asks for is not there before it was taken: the call waits, and can be interrupted. */
static void never_takes_pages(void)
{
	struct vr_message message;

	begin();
	bad.call = START(bad.chan, POST, .proc = PLAIN, .size = 20000);
	vr_expect(&vr, VR_PAGES);
	neighbour_works();
	CU_ASSERT(blocks(bad.call));
	victim_killed(BAD);
	while (vr_receive(&vr, &message, 100))
		CU_ASSERT(message.session == bad.session.id);
	victim_killed(GOOD);
	end_unopened();
}

/* ---- floods ---- */

#define MANY_FAILURES	200u
#define FAILING_SECONDS	11	/* more than the period of the kernel's own limits */

static void failures_without_end(void)
{
	struct pending create;
	unsigned int failures = 0;

	begin_unasked();
	log_begin(&vr);
	while (failures++ < MANY_FAILURES || log_seconds() < FAILING_SECONDS) {
		create = START(victim(BAD), SESSION_CREATE, .arg = PORT);
		await_session(&bad);
		fail_too();
		await_failed(&bad);
		SUITE_EQUAL(finish(create).result, EPIPE);
		vr_serve_until(&vr, VR_SESSION_CLOSE);
		vr_send(&vr, vr_message(VR_SESSION_CLOSED, bad.session.id, 0));
	}
	log_is_short(&vr);
	others_work();
	open_asked(&bad, BAD);
	end();
}

/* It may ask for its zone of callbacks as often as it likes, and gets it once. */
#define GROWTHS		5000u

static void growths_without_end(void)
{
	uint64_t random = 7;

	begin();
	for (unsigned int i = 0; i < GROWTHS; i++) {
		struct vr_message message;

		vr_send(&vr, vr_size(VR_GROW, bad.session.id, ZONE_CALLBACK,
				     random_below(&random, VR_CALLBACK_PAGES + 1)));
		while (vr_receive(&vr, &message, 0))
			CU_ASSERT_FATAL(vr_serve_pages(&vr, &message));
		CU_ASSERT_FATAL(bad.session.zones[ZONE_CALLBACK].count <= VR_CALLBACK_PAGES);
	}
	others_work();
	session_works(&bad);
	end();
}

/* Messages that are no news to anybody: the session has failed, and the server may not know. */
static void messages_without_end(void)
{
	begin();
	vr_send(&vr, vr_size(VR_PAGED, bad.session.id, ZONES, 1));
	await_failed(&bad);
	flood(&vr, vr_size(VR_PAGED, bad.session.id, ZONE_RING, 1000), neighbour_works);
	others_work();
	fail_too();
	failed_session_closes();
	end();
}

#define CREATIONS	80u

/* No message is taken: who makes sessions waits, and can be killed; nothing grows. */
static void never_reads(void)
{
	struct vr_message message;
	unsigned int closed = 0;

	begin();
	for (unsigned int i = 0; i < CREATIONS; i++)
		bad.call = START(victim(BAD), SESSION_CREATE, .arg = PORT);
	CU_ASSERT(blocks(bad.call));
	neighbour_works();
	victim_killed(BAD);
	/* Those, and the one with the channel; all of it is there when it is asked for. */
	while (closed < CREATIONS + 1) {
		if (!vr_receive(&vr, &message, suite_patience_ms()))
			suite_fail("%u sessions are closed, and no more", closed);
		if (message.type == VR_CHAN_CLOSE)
			vr_send(&vr, vr_message(VR_CHAN_CLOSED, message.session, message.channel));
		if (message.type != VR_SESSION_CLOSE)
			continue;
		closed++;
		if (message.session == bad.session.id)
			vr_drop_pages(&vr, &bad.session);
		vr_send(&vr, vr_message(VR_SESSION_CLOSED, message.session, 0));
	}
	others_work();
	end_with_another_session();
}

/* ---- events ---- */

/* Of the victim's processes none waits. */
static void storm(void (*storm_is_throttled)(struct vr *vr))
{
	begin();
	storm_is_throttled(&vr);
	others_work();
	end();
}

static void notified_without_end(void)
{
	storm(storm_without_news);
}

static void rung_without_end(void)
{
	storm(storm_of_bells);
}

static void bells_under_a_call(void)
{
	begin();
	hold_call(&bad);
	ring_without_end(&vr, others_work);
	CU_ASSERT(blocks(bad.call));
	answer(&bad);
	end();
}

/* ---- pages ---- */

static uint32_t all_pages(const struct vr_session *session)
{
	uint32_t sum = 0;

	for (unsigned int zone = 0; zone < ZONES; zone++)
		sum += session->zones[zone].count;
	return sum;
}

/* They stay mapped when the session is over. */
static struct vr_session keep_pages(struct asked *a)
{
	struct vr_session kept = a->session;

	memset(a->session.zones, 0, sizeof(a->session.zones));
	return kept;
}

/* Pages that the victim ended its use of are nobody else's while we have them. */
static void kept_pages_are_nobodys(void)
{
	struct vr_session kept;

	begin();
	hold_call(&bad);
	vr_send(&vr, vr_message(VR_SESSION_FAILED, bad.session.id, 0));
	await_failed(&bad);
	victim_sees_end(bad.call);
	kept = keep_pages(&bad);
	SUITE_EQUAL(quarantined(), all_pages(&kept));
	failed_session_closes();
	for (uint32_t page = 0; page < kept.zones[ZONE_RING].count; page++)
		memset(vr_page(&kept, ZONE_RING, page), 0xa5, PEER_PAGE);
	session_works(&bad);
	others_work();
	vr_drop_pages(&vr, &kept);
	await_quarantined(0);
	end();
}

static void reconnects_with_kept_pages(void)
{
	struct vr_session kept;

	begin();
	hold_call(&bad);
	kept = keep_pages(&bad);
	vr_send(&vr, vr_message(0, 0, 0));
	victim_sees_end(bad.call);
	expect_refused(&vr.end);
	victim_killed(BAD);
	victim_killed(GOOD);
	vr_drop_pages(&vr, &good.session);
	vr_connect(&vr);
	SUITE_EQUAL(quarantined(), all_pages(&kept));
	open_asked(&good, GOOD);
	open_asked(&bad, BAD);
	memset(vr_page(&kept, ZONE_RING, 0), 0xa5, PEER_PAGE);
	session_works(&bad);
	others_work();
	vr_drop_pages(&vr, &kept);
	await_quarantined(0);
	end();
}

/* ---- what is in the pages ---- */

/*
 * An index that no server would write: the channel is over at the victim, as soon as that looks
 * for what was consumed. Its posts are more than the guaranteed pages hold.
 */
static void bad_consumer(uint32_t index)
{
	begin();
	session_works(&bad);
	__atomic_store_n(vr_ctl(&bad.session, CTL_REQ_CONS), index, __ATOMIC_SEQ_CST);
	bad.call = START(bad.chan, STREAM, .proc = PLAIN, .size = 500, .count = 10000, .arg = 10);
	victim_sees_end(bad.call);
	others_work();
	destroy(&bad);
	end();
}

static void requests_consumed_that_were_not_made(void)
{
	bad_consumer(1u << 20);
}

static void requests_not_consumed_any_more(void)
{
	bad_consumer(0x80000001);
}

static void callbacks_half_around(void)
{
	begin();
	bad.call = START(bad.chan, HANDLE);
	CU_ASSERT(blocks(bad.call));
	__atomic_store_n(vr_ctl(&bad.session, CTL_CB_PROD), 1u << 31, __ATOMIC_SEQ_CST);
	vr_bell(&vr, bad.session.channel);
	victim_sees_end(bad.call);
	others_work();
	destroy(&bad);
	end();
}

/* A callback whose parameters lie nowhere is not handled. */
static void callback_beyond_the_area(void)
{
	struct vr_slot *slot;

	begin();
	bad.call = START(bad.chan, HANDLE);
	CU_ASSERT(blocks(bad.call));
	slot = (struct vr_slot *)(void *)vr_ctl(&bad.session, CTL_CALLBACKS);
	*slot = (struct vr_slot){ PLAIN, 1, UINT32_MAX - 7, 64, 0, 0, SLOT_QUEUED, 0 };
	__atomic_store_n(vr_ctl(&bad.session, CTL_CB_PROD), 1, __ATOMIC_SEQ_CST);
	vr_bell(&vr, bad.session.channel);
	for (int ms = suite_patience_ms(); ms > 0 && slot->state != SLOT_DONE; ms -= 20)
		sleep_ms(20);
	SUITE_EQUAL(slot->state, SLOT_DONE);
	CU_ASSERT(slot->reason);
	CU_ASSERT(blocks(bad.call));
	others_work();
	end();
}

/* A state word that no callee would write ends the call. */
static void bad_state(uint32_t state)
{
	begin();
	hold_call(&bad);
	__atomic_store_n(&bad.slot->state, state, __ATOMIC_SEQ_CST);
	vr_bell(&vr, bad.session.channel);
	victim_sees_end(bad.call);
	others_work();
	end();
}

static void state_of_garbage(void)
{
	bad_state(0x55aa55aa);
}

static void state_of_a_post(void)
{
	bad_state(SLOT_POST);
}

static void state_cancelled_by_the_server(void)
{
	bad_state(SLOT_CANCELLED);
}

static void scribble(struct end *e, uint64_t *random)
{
	(void)e;
	scribble_page(&vr, &bad.session, random_below(random, bad.session.zones[ZONE_RING].count),
		      random);
}

#define SCRIBBLE_ROUNDS	15

/* Calls under that end in whatever way, or can be killed; nobody crashes. */
static void pages_scribbled_under_a_client(void)
{
	begin();
	noise_start(&vr.end, scribble);
	for (unsigned int i = 0; i < SCRIBBLE_ROUNDS; i++) {
		bad.call = START(bad.chan, CALL, .proc = PLAIN, .size = HEAD);
		neighbour_works();
		if (unfinished(bad.call))
			interrupt(bad.call, false);
		if (!unfinished(bad.call))
			CU_ASSERT(finish(bad.call).result != VQ_LOST);
	}
	noise_stop();
	/* It is still the process that has the session. */
	SUITE_EQUAL(RESULT(bad.process, PING), 0);
	victim_killed(BAD);
	close_session_of(&bad);
	others_work();
	end_with_another_session();
}

/* ---- connecting, and states ---- */

static void key_refused(const char *key, const char *value)
{
	hostile_begin_unconnected(&vr);
	mailbox_offer(&vr.mail);
	end_write_number(&vr.end, "reqs", VR_REQS);
	end_write_number(&vr.end, "pmem-pages", VR_PMEM);
	if (value)
		end_write(&vr.end, key, value, strlen(value));
	else
		end_remove(&vr.end, key);
	end_set_state(&vr.end, XenbusStateInitWait);
	end_await(&vr.end, XenbusStateInitialised);
	end_set_state(&vr.end, XenbusStateConnected);
	expect_refused(&vr.end);
	end_unopened();
}

#define KEYS(X)							\
	X(reqs_absent, "reqs", NULL)				\
	X(reqs_0, "reqs", "0")					\
	X(reqs_too_few, "reqs", "128")				\
	X(reqs_too_many, "reqs", "2097152")			\
	X(reqs_beyond_any, "reqs", "4294967552")		\
	X(reqs_negative, "reqs", "-256")			\
	X(reqs_garbage, "reqs", "\xff%s%n")			\
	X(pmem_absent, "pmem-pages", NULL)			\
	X(pmem_0, "pmem-pages", "0")				\
	X(pmem_too_few, "pmem-pages", "3")			\
	X(pmem_too_many, "pmem-pages", "65537")			\
	X(pmem_beyond_any, "pmem-pages", "18446744073709551615")

#define DEFINE_KEY(name, key, value)				\
	static void name(void) { key_refused(key, value); }
KEYS(DEFINE_KEY)

/* What waits on a session ends with it; who waits for one goes on with the next connection. */
static void state_ends_all(int state)
{
	struct asked waiting;

	begin();
	hold_call(&bad);
	ask_for_session(&waiting, BAD);
	if (state)
		end_set_state(&vr.end, state);
	else
		end_remove(&vr.end, "state");
	victim_sees_end(bad.call);
	CU_ASSERT(unfinished(waiting.call));
	neighbour_works();
	vr_drop_pages(&vr, &waiting.session);
	drop_all();
	if (state == XenbusStateInitWait)
		/* It takes that for an offer: only then it looks at what we do next. */
		end_await(&vr.end, XenbusStateInitialised);
	vr_connect(&vr);
	await_session(&waiting);
	vr_send(&vr, vr_message(VR_SESSION_ACCEPTED, waiting.session.id, 0));
	SUITE_EQUAL(finish(waiting.call).result, 0);
	vr_drop_pages(&vr, &waiting.session);
	end();
}

static void state_closing(void)
{
	state_ends_all(XenbusStateClosing);
}

static void state_closed(void)
{
	state_ends_all(XenbusStateClosed);
}

static void state_initialising(void)
{
	state_ends_all(XenbusStateInitialising);
}

static void state_init_wait(void)
{
	state_ends_all(XenbusStateInitWait);
}

static void state_none(void)
{
	state_ends_all(0);
}

static void states_flap(void)
{
	begin();
	hold_call(&bad);
	flap_states(&vr);
	end_set_state(&vr.end, XenbusStateInitWait);
	end_await(&vr.end, XenbusStateInitialised);
	end();
}

/* Connected without having looked at what the client offers. */
static void connects_without_mapping(void)
{
	struct pending create;

	hostile_begin_unconnected(&vr);
	mailbox_offer(&vr.mail);
	end_write_number(&vr.end, "reqs", VR_REQS);
	end_write_number(&vr.end, "pmem-pages", VR_PMEM);
	end_set_state(&vr.end, XenbusStateInitWait);
	end_await(&vr.end, XenbusStateInitialised);
	end_set_state(&vr.end, XenbusStateConnected);
	end_await(&vr.end, XenbusStateConnected);
	create = START(victim(GOOD), SESSION_CREATE, .arg = PORT);
	CU_ASSERT(blocks(create));
	neighbour_works();
	victim_interruptible(create);
	end_unopened();
}

/* Gone without a word, with pages mapped and calls under way. */
static void vanishes_with_everything(void)
{
	begin();
	hold_call(&bad);
	hold_call(&good);
	drop_all();
	end_drop(&vr.end);
	neighbour_works();
	CU_ASSERT(unfinished(bad.call));
	victim_killed(BAD);
	vr_open(&vr, "hq_evil", true);
	victim_killed(GOOD);
	end_unopened();
}

/* ---- the tables ---- */

#define ENTRY(name, ...) { "vrpq_" #name, name, 0 },
#define TEST(name) { "vrpq_" #name, name, 0 },

static const struct suite_test tests[] = {
	TEST(keeps_to_the_protocol)
	TEST(broken_again_and_again)
	SESSION_FAULTS(ENTRY)
	TEST(given_up)
	TEST(leaves_twice)
	TEST(closes_a_channel_twice)
	LINK_FAULTS(ENTRY)
	TEST(session_0)
	TEST(channel_of_another_session)
	TEST(more_messages_than_fit)
	TEST(messages_half_around)
	TEST(messages_taken_back)
	TEST(requests_taken_that_were_not_sent)
	TEST(fails_before_it_accepts)
	TEST(fails_under_a_channel)
	TEST(fails_after_it_left)
	TEST(fails_while_it_closes)
	TEST(fails_twice)
	TEST(pages_taken_after_its_failure)
	TEST(closes_before_its_channels)
	TEST(never_accepts)
	TEST(never_accepts_a_channel)
	TEST(never_answers)
	TEST(never_takes_pages)
	TEST(failures_without_end)
	TEST(growths_without_end)
	TEST(messages_without_end)
	TEST(never_reads)
	TEST(notified_without_end)
	TEST(rung_without_end)
	TEST(bells_under_a_call)
	TEST(kept_pages_are_nobodys)
	TEST(reconnects_with_kept_pages)
	TEST(requests_consumed_that_were_not_made)
	TEST(requests_not_consumed_any_more)
	TEST(callbacks_half_around)
	TEST(callback_beyond_the_area)
	TEST(state_of_garbage)
	TEST(state_of_a_post)
	TEST(state_cancelled_by_the_server)
	TEST(pages_scribbled_under_a_client)
	KEYS(ENTRY)
	TEST(state_closing)
	TEST(state_closed)
	TEST(state_initialising)
	TEST(state_init_wait)
	TEST(state_none)
	TEST(states_flap)
	TEST(connects_without_mapping)
	TEST(vanishes_with_everything)
	{ NULL, NULL, 0 },
};

static const struct suite_test *const tables[] = { tests, NULL };

static const struct suite suite = {
	.name = "hostile_vrpq_server",
	.tables = tables,
	.finish = hostile_finish,
};

int main(int argc, char **argv)
{
	return suite_main(argc, argv, &suite);
}
