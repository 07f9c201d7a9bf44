/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hostile client kernel of VRPQ against the kernel's server end: what it says, which pages
 * it shares, and what it writes there. A session that breaks the rules ends, and no other; a
 * client that breaks those of the link ends the connection.
 */
#include "vrpq_hostile.h"

#include "../suites/asleep.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define EXTRA		20	/* ids from here on are of sessions that no process has */
#define UNHEARD_PORT	99u

const bool hostile_server;

/* A session of ours that a process of the victim serves. */
struct served {
	struct vr_session session;
	struct handle process, chan;
	struct pending call;		/* under way there: a receive, or all of its serving */
};

static struct vr vr;
static struct served bad, good;

/* ---- as the protocol says ---- */

static void accept_session(struct served *s, uint16_t id)
{
	struct vq_reply reply;

	vr_create_session(&vr, &s->session, id, PORT);
	reply = DO(victim(id), SESSION_ACCEPT, .arg = PORT);
	SUITE_EQUAL(reply.result, 0);
	s->process = made(victim(id), &reply);
	vr_await_accepted(&vr, &s->session);
	SUITE_EQUAL(RESULT(s->process, SHM_MAP), 0);
}

static void accept_chan(struct served *s)
{
	struct vq_reply reply;

	vr_create_chan(&vr, &s->session, s->session.id);
	reply = DO(s->process, CHAN_ACCEPT);
	SUITE_EQUAL(reply.result, 0);
	s->chan = made(s->process, &reply);
	vr_expect(&vr, VR_CHAN_ACCEPTED);
}

static void open_served(struct served *s, uint16_t id)
{
	accept_session(s, id);
	accept_chan(s);
}

static void serve(struct served *s)
{
	s->call = START(s->chan, SERVE);
}

static void receive(struct served *s)
{
	s->call = START(s->chan, RECEIVE, .count = 1);
	CU_ASSERT(blocks(s->call));
}

static void session_works(struct served *s)
{
	static uint32_t seed = 100;

	vr_publish_call(&vr, &s->session, PLAIN, ++seed);
	vr_finish_call(&vr, &s->session, seed);
}

/* Our end of a session closes, whatever its server has closed before. */
static void close_ours(struct vr_session *session)
{
	if (session->channel)
		vr_send(&vr, vr_message(VR_CHAN_CLOSE, session->id, session->channel));
	vr_send(&vr, vr_message(VR_SESSION_CLOSE, session->id, 0));
}

/* Closing messages of the server, until all is said of the session. */
static void await_closed(const struct vr_session *session)
{
	struct vr_message message;

	do {
		if (!vr_receive(&vr, &message, suite_patience_ms()))
			suite_fail("session %u is not closed", session->id);
		SUITE_EQUAL(message.session, session->id);
		CU_ASSERT(message.type == VR_CHAN_CLOSED || message.type == VR_SESSION_LEFT ||
			  message.type == VR_SESSION_CLOSED);
	} while (message.type != VR_SESSION_CLOSED);
}

static void close_served(struct served *s)
{
	SUITE_EQUAL(RESULT(s->chan, CHAN_DESTROY), 0);
	SUITE_EQUAL(RESULT(s->process, SESSION_DESTROY), 0);
	close_ours(&s->session);
	await_closed(&s->session);
	vr_drop_pages(&vr, &s->session);
}

/* ---- before and after ---- */

static void begin_good(void)
{
	open_served(&good, GOOD);
	serve(&good);
}

static void begin(void)
{
	hostile_begin(&vr);
	begin_good();
	open_served(&bad, BAD);
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
	vr_connect(&vr);
	drop_all();
	open_served(&bad, BAD);
	serve(&bad);
	for (unsigned int i = 0; i < 3; i++)
		session_works(&bad);
	victim_killed(BAD);
	close_ours(&bad.session);
	await_closed(&bad.session);
	victim_has_nothing();
	drop_all();
	vr_close(&vr);
}

static void end(void)
{
	victim_killed(BAD);
	victim_killed(GOOD);
	end_unopened();
}

/* The victim ended the connection, and its processes know. */
static void end_broken(void)
{
	expect_refused(&vr.end);
	victim_sees_end(good.call);
	end();
}

static void keeps_to_the_protocol(void)
{
	begin();
	serve(&bad);
	for (unsigned int i = 0; i < 20; i++)
		session_works(&bad);
	others_work();
	close_ours(&bad.session);
	victim_sees_end(bad.call);
	SUITE_EQUAL(RESULT(bad.chan, CHAN_DESTROY), 0);
	SUITE_EQUAL(RESULT(bad.process, SESSION_DESTROY), 0);
	await_closed(&bad.session);
	vr_drop_pages(&vr, &bad.session);
	/* The same ids again. */
	open_served(&bad, BAD);
	close_served(&bad);
	others_work();
	end();
}

/* ---- what ends a session ---- */

static void await_failed(uint16_t session)
{
	SUITE_EQUAL(vr_expect(&vr, VR_SESSION_FAILED).session, session);
}

/* The failed session closes like any other, and its id is free. */
static void failed_session_closes(void)
{
	SUITE_EQUAL(RESULT(bad.chan, CHAN_DESTROY), 0);
	SUITE_EQUAL(RESULT(bad.process, SESSION_DESTROY), 0);
	close_ours(&bad.session);
	await_closed(&bad.session);
	vr_drop_pages(&vr, &bad.session);
	open_served(&bad, BAD);
	serve(&bad);
	session_works(&bad);
}

static void ends_its_session(struct vr_message message)
{
	begin();
	receive(&bad);
	vr_send(&vr, message);
	await_failed(BAD);
	victim_sees_end(bad.call);
	if (message.type == VR_CHAN_CREATE) {
		SUITE_EQUAL(vr_expect(&vr, VR_CHAN_CLOSED).channel, message.channel);
		vr_send(&vr, vr_message(VR_CHAN_CLOSE, BAD, message.channel));
	}
	if (message.type != VR_SESSION_FAILED) {
		/* It may have crossed the failure; then comes our own. */
		vr_send(&vr, vr_more_pages(&vr, &bad.session, ZONE_RING, 1));
		vr_send(&vr, vr_message(VR_SESSION_FAILED, BAD, 0));
	}
	vr_expect_nothing(&vr);
	others_work();
	failed_session_closes();
	others_work();
	end();
}

static struct vr_message pages(uint32_t zone, uint16_t count, uint32_t ref)
{
	struct vr_message message = vr_message(VR_PAGES, BAD, 0);

	message.count = count;
	message.words[W_ZONE] = zone;
	for (unsigned int i = 0; i < VR_REFS; i++)
		message.words[W_REFS + i] = ref;
	return message;
}

static struct vr_message chan(uint16_t id, uint32_t ctl_page, uint32_t info_size)
{
	struct vr_message message = vr_message(VR_CHAN_CREATE, BAD, id);

	message.words[W_CTL_PAGE] = ctl_page;
	message.words[W_CHAN_INFO_SIZE] = info_size;
	return message;
}

static struct vr_message info(uint16_t channel, uint16_t count, uint32_t offset)
{
	struct vr_message message = vr_message(VR_INFO, BAD, channel);

	message.count = count;
	message.words[W_OFFSET] = offset;
	return message;
}

static struct vr_message trim(uint32_t zone, uint32_t keep)
{
	return vr_size(VR_TRIM, BAD, zone, keep);
}

#define SESSION_FAULTS(X)							\
	X(pages_of_no_zone, pages(ZONES, 1, 8))					\
	X(pages_of_a_zone_beyond_any, pages(UINT32_MAX, 1, 8))			\
	X(no_pages, pages(ZONE_RING, 0, 8))					\
	X(more_pages_than_a_message_holds, pages(ZONE_RING, VR_REFS + 1, 8))	\
	X(as_many_pages_as_can_be_said, pages(ZONE_PARAM, UINT16_MAX, 8))	\
	X(trim_of_nothing, trim(ZONE_RING, 3))					\
	X(trim_of_an_empty_zone, trim(ZONE_CALLBACK, 0))			\
	X(trim_beyond_the_end, trim(ZONE_RING, UINT32_MAX))			\
	X(trim_within_a_portion, trim(ZONE_RING, 2))				\
	X(trim_of_no_zone, trim(ZONES, 0))					\
	X(channel_in_no_page, chan(7, UINT32_MAX, 0))				\
	X(channel_in_another_zone, chan(7, VR_RING_PAGES, 0))			\
	X(channel_with_too_long_an_info, chan(7, 1, VR_INFO_MAX + 1))		\
	X(channel_with_an_info_beyond_any, chan(7, 1, UINT32_MAX))		\
	X(info_for_an_open_session, info(0, 4, 0))				\
	X(info_for_an_open_channel, info(BAD, 4, 0))				\
	X(given_up, vr_message(VR_SESSION_FAILED, BAD, 0))

#define DEFINE_FAULT(name, message)						\
	static void name(void) { ends_its_session(message); }
SESSION_FAULTS(DEFINE_FAULT)

/* ---- what ends the connection ---- */

static void breaks_the_link(struct vr_message message)
{
	begin();
	receive(&bad);
	vr_send(&vr, message);
	victim_sees_end(bad.call);
	end_broken();
}

static struct vr_message create(uint16_t session, uint32_t info_size)
{
	struct vr_message message = vr_message(VR_SESSION_CREATE, session, 0);

	message.words[W_PORT] = UNHEARD_PORT;
	message.words[W_INFO_SIZE] = info_size;
	return message;
}

#define LINK_FAULTS(X)								\
	X(type_0, vr_message(0, BAD, 0))					\
	X(type_unknown, vr_message(VR_SESSION_CLOSE + 1, BAD, 0))		\
	X(type_of_the_server, vr_message(VR_SESSION_ACCEPTED, BAD, 0))		\
	X(type_beyond_any, vr_message(UINT16_MAX, BAD, 0))			\
	X(session_0, create(0, 0))						\
	X(session_1024, create(VR_IDS, 0))					\
	X(session_beyond_any, create(UINT16_MAX, 0))				\
	X(session_created_twice, create(GOOD, 0))				\
	X(session_with_too_long_an_info, create(EXTRA, VR_INFO_MAX + 1))	\
	X(session_that_is_not, vr_message(VR_SESSION_CLOSE, EXTRA, 0))		\
	X(failure_of_a_session_that_is_not, vr_message(VR_SESSION_FAILED, EXTRA, 0)) \
	X(pages_of_a_session_that_is_not, vr_message(VR_PAGES, EXTRA, 0))	\
	X(channel_0, chan(0, 1, 0))						\
	X(channel_1024, chan(VR_IDS, 1, 0))					\
	X(channel_beyond_any, chan(UINT16_MAX, 1, 0))				\
	X(channel_created_twice, chan(BAD, 1, 0))				\
	X(channel_of_another_session_created, chan(GOOD, 1, 0))			\
	X(channel_of_another_session_closed, vr_message(VR_CHAN_CLOSE, BAD, GOOD)) \
	X(channel_that_is_not, vr_message(VR_CHAN_CLOSE, BAD, EXTRA))		\
	X(info_for_a_channel_that_is_not, info(EXTRA, 4, 0))
#define DEFINE_BREAK(name, message)						\
	static void name(void) { breaks_the_link(message); }
LINK_FAULTS(DEFINE_BREAK)

static void bad_index(uint32_t offset, uint32_t by, bool looked_at_when_sending)
{
	begin();
	receive(&bad);
	end_store(&vr.end, offset, end_load(&vr.end, offset) + by);
	end_notify(&vr.end);
	if (looked_at_when_sending)
		vr_send(&vr, vr_more_pages(&vr, &bad.session, ZONE_RING, 1));
	victim_sees_end(bad.call);
	end_broken();
}

static void more_messages_than_fit(void)
{
	bad_index(BOX_C2S_PROD, VR_MAILBOX_SLOTS + 1, false);
}

static void messages_half_around(void)
{
	bad_index(BOX_C2S_PROD, 1u << 31, false);
}

static void messages_taken_back(void)
{
	bad_index(BOX_C2S_PROD, UINT32_MAX, false);
}

static void answers_taken_that_were_not_sent(void)
{
	bad_index(BOX_S2C_CONS, 5, true);
}

/* Each time the victim gives the connection up, says why, and makes another that works. */
static void broken_again_and_again(void)
{
	unsigned int rounds = hostile_rounds();

	begin();
	serve(&bad);
	log_begin(&vr);
	while (rounds--) {
		session_works(&bad);
		vr_send(&vr, vr_message(0, 0, 0));
		expect_refused(&vr.end);
		victim_sees_end(bad.call);
		victim_sees_end(good.call);
		neighbour_works();
		victim_killed(BAD);
		victim_killed(GOOD);
		vr_connect(&vr);
		drop_all();
		begin_good();
		open_served(&bad, BAD);
		serve(&bad);
	}
	log_is_short(&vr);
	SUITE_EQUAL(quarantined(), 0);
	end();
}

/* ---- pages ---- */

/* A PV guest maps a page when a process looks there, which then finds zeros. */
static void channel_of_zeros(void)
{
	vr_send(&vr, chan(EXTRA, 3, 0));
	victim_sees_end(START(bad.process, CHAN_ACCEPT));
	SUITE_EQUAL(vr_expect(&vr, VR_CHAN_ACCEPTED).channel, EXTRA);
	SUITE_EQUAL(vr_expect(&vr, VR_CHAN_CLOSED).channel, EXTRA);
	vr_send(&vr, vr_message(VR_CHAN_CLOSE, BAD, EXTRA));
	serve(&bad);
	session_works(&bad);
}

/* Two pages that only look like those of a session. */
static void wrong_pages(uint32_t first, uint32_t second)
{
	struct vr_message message = pages(ZONE_RING, 2, first);

	message.words[W_REFS + 1] = second;
	vr_send(&vr, message);
	if (!vr_receive(&vr, &message, suite_patience_ms()))
		suite_fail("nothing is said of the pages");
	if (message.type == VR_PAGED) {
		channel_of_zeros();
	} else {
		SUITE_EQUAL(message.type, VR_SESSION_FAILED);
		SUITE_EQUAL(message.session, BAD);
		failed_session_closes();
	}
	others_work();
	end();
}

static void pages_of_nobody(void)
{
	begin();
	wrong_pages(NOBODYS_REF, NOBODYS_REF + 1);
}

static void pages_beyond_any(void)
{
	begin();
	wrong_pages(UINT32_MAX, UINT32_MAX);
}

static void page_0(void)
{
	begin();
	wrong_pages(0, 0);
}

static void pages_read_only(void)
{
	struct pages wrong;

	begin();
	wrong = share_pages(&vr.end, 2, false);
	wrong_pages(wrong.refs[0], wrong.refs[1]);
}

static void pages_for_another_domain(void)
{
	uint32_t other;
	struct pages wrong;

	begin();
	other = vr.end.other_domain;
	vr.end.other_domain = 0;
	wrong = share_pages(&vr.end, 2, true);
	vr.end.other_domain = other;
	wrong_pages(wrong.refs[0], wrong.refs[1]);
}

static void pages_revoked(void)
{
	uint32_t first, second;
	struct pages wrong;

	begin();
	wrong = share_pages(&vr.end, 2, true);
	first = wrong.refs[0];
	second = wrong.refs[1];
	unshare_pages(&vr.end, &wrong);
	wrong_pages(first, second);
}

/* One page after the other, of the one zone that has an end that we can reach. */
static void more_pages_than_a_zone_has(void)
{
	uint32_t sent = 0;

	begin();
	receive(&bad);
	for (; sent + VR_REFS <= VR_CALLBACK_PAGES; sent += VR_REFS) {
		vr_send(&vr, vr_more_pages(&vr, &bad.session, ZONE_CALLBACK, VR_REFS));
		SUITE_EQUAL(vr_expect(&vr, VR_PAGED).words[W_NR_PAGES], sent + VR_REFS);
	}
	vr_send(&vr, vr_more_pages(&vr, &bad.session, ZONE_CALLBACK, VR_REFS));
	await_failed(BAD);
	victim_sees_end(bad.call);
	others_work();
	failed_session_closes();
	end();
}

/* The same page as often as there is room: the victim maps it so often. */
static void one_page_for_all(void)
{
	struct vr_message message;
	struct pages one;

	begin();
	one = share_pages(&vr.end, 1, true);
	message = pages(ZONE_CALLBACK, VR_REFS, one.refs[0]);
	vr_send(&vr, message);
	SUITE_EQUAL(vr_expect(&vr, VR_PAGED).words[W_NR_PAGES], VR_REFS);
	others_work();
	serve(&bad);
	session_works(&bad);
	victim_killed(BAD);
	close_ours(&bad.session);
	await_closed(&bad.session);
	unshare_pages(&vr.end, &one);
	vr_drop_pages(&vr, &bad.session);
	victim_killed(GOOD);
	end_unopened();
}

/* They go while the victim has them mapped: nobody is held, and the processes can be killed. */
static void pages_revoked_under_a_receiver(void)
{
	begin();
	receive(&bad);
	vr_drop_pages(&vr, &bad.session);
	others_work();
	victim_interruptible(bad.call);
	end();
}

/* ---- failures in every state ---- */

/* A session that no process has, in the state that @state leaves it in. */
static void fails_in_state(struct vr_message create_message, bool close_first)
{
	begin();
	vr_send(&vr, create_message);
	if (close_first) {
		vr_send(&vr, vr_message(VR_SESSION_CLOSE, EXTRA, 0));
		vr_expect(&vr, VR_SESSION_CLOSED);
	} else {
		vr_send(&vr, vr_message(VR_SESSION_FAILED, EXTRA, 0));
		await_failed(EXTRA);
		vr_send(&vr, vr_message(VR_SESSION_CLOSE, EXTRA, 0));
		vr_expect(&vr, VR_SESSION_CLOSED);
	}
	others_work();
	end();
}

static void fails_before_its_info(void)
{
	fails_in_state(create(EXTRA, 100), false);
}

static void closes_before_its_info(void)
{
	fails_in_state(create(EXTRA, 100), true);
}

static void fails_while_offered(void)
{
	fails_in_state(create(EXTRA, 0), false);
}

/* It was offered at a port where somebody waits, who gets the next one. */
static void fails_under_accept(void)
{
	struct vr_message message = create(EXTRA, 10);
	struct vr_session session;
	struct pending accept;

	begin();
	accept = START(victim(BAD), SESSION_ACCEPT, .arg = PORT + 1);
	CU_ASSERT(blocks(accept));
	message.words[W_PORT] = PORT + 1;
	vr_send(&vr, message);
	vr_send(&vr, vr_message(VR_SESSION_FAILED, EXTRA, 0));
	await_failed(EXTRA);
	CU_ASSERT(blocks(accept));
	vr_create_session(&vr, &session, EXTRA + 1, PORT + 1);
	vr_await_accepted(&vr, &session);
	SUITE_EQUAL(finish(accept).result, 0);
	others_work();
	end();
	vr_drop_pages(&vr, &session);
}

static void fails_under_accept_of_a_channel(void)
{
	struct served s;
	struct pending accept;

	begin();
	accept_session(&s, EXTRA - 1);
	accept = START(s.process, CHAN_ACCEPT);
	CU_ASSERT(blocks(accept));
	vr_send(&vr, vr_message(VR_SESSION_FAILED, s.session.id, 0));
	await_failed(s.session.id);
	victim_sees_end(accept);
	others_work();
	end();
	vr_drop_pages(&vr, &s.session);
}

static void fails_with_a_channel_offered(void)
{
	begin();
	vr_send(&vr, chan(EXTRA, 1, 0));
	vr_send(&vr, vr_message(VR_SESSION_FAILED, BAD, 0));
	await_failed(BAD);
	SUITE_EQUAL(vr_expect(&vr, VR_CHAN_CLOSED).channel, EXTRA);
	vr_send(&vr, vr_message(VR_CHAN_CLOSE, BAD, EXTRA));
	others_work();
	failed_session_closes();
	end();
}

static void fails_after_its_close(void)
{
	begin();
	receive(&bad);
	close_ours(&bad.session);
	victim_sees_end(bad.call);
	vr_send(&vr, vr_message(VR_SESSION_FAILED, BAD, 0));
	await_failed(BAD);
	others_work();
	SUITE_EQUAL(RESULT(bad.chan, CHAN_DESTROY), 0);
	SUITE_EQUAL(RESULT(bad.process, SESSION_DESTROY), 0);
	await_closed(&bad.session);
	end();
}

static void fails_after_the_server_left(void)
{
	begin();
	SUITE_EQUAL(RESULT(bad.chan, CHAN_DESTROY), 0);
	SUITE_EQUAL(RESULT(bad.process, SESSION_DESTROY), 0);
	vr_expect(&vr, VR_CHAN_CLOSED);
	vr_expect(&vr, VR_SESSION_LEFT);
	vr_send(&vr, vr_message(VR_SESSION_FAILED, BAD, 0));
	await_failed(BAD);
	others_work();
	close_ours(&bad.session);
	vr_expect(&vr, VR_SESSION_CLOSED);
	end();
}

/* After its own failure a client sends closing messages only. */
static void failed_and_then(struct vr_message message)
{
	begin();
	vr_send(&vr, vr_message(VR_SESSION_FAILED, BAD, 0));
	await_failed(BAD);
	vr_send(&vr, message);
	end_broken();
}

static void fails_twice(void)
{
	failed_and_then(vr_message(VR_SESSION_FAILED, BAD, 0));
}

static void pages_after_its_failure(void)
{
	failed_and_then(pages(ZONE_RING, 1, 8));
}

/* A channel of a failed session is refused, and its id is used up until it is closed. */
static void channels_after_its_failure(void)
{
	begin();
	vr_send(&vr, vr_message(VR_SESSION_FAILED, BAD, 0));
	await_failed(BAD);
	for (uint16_t id = EXTRA; id < EXTRA + 100; id++) {
		vr_send(&vr, chan(id, UINT32_MAX, UINT32_MAX));
		SUITE_EQUAL(vr_expect(&vr, VR_CHAN_CLOSED).channel, id);
		vr_send(&vr, vr_message(VR_CHAN_CLOSE, BAD, id));
	}
	others_work();
	failed_session_closes();
	end();
}

/* ---- floods ---- */

#define MANY_FAILURES	200u
#define FAILING_SECONDS	11	/* more than the period of the kernel's own limits */

static void failures_without_end(void)
{
	struct vr_message failed = vr_message(VR_SESSION_FAILED, EXTRA, 0);

	unsigned int failures = 0;

	begin();
	log_begin(&vr);
	while (failures++ < MANY_FAILURES || log_seconds() < FAILING_SECONDS) {
		vr_send(&vr, create(EXTRA, 0));
		failed.type = VR_SESSION_FAILED;
		vr_send(&vr, failed);
		await_failed(EXTRA);
		failed.type = VR_SESSION_CLOSE;
		vr_send(&vr, failed);
		vr_expect(&vr, VR_SESSION_CLOSED);
	}
	log_is_short(&vr);
	others_work();
	end();
}

#define MANY_SESSIONS	3000u

static void sessions_without_end(void)
{
	begin();
	for (unsigned int i = 0; i < MANY_SESSIONS; i++) {
		vr_send(&vr, create(EXTRA, 0));
		vr_send(&vr, vr_message(VR_SESSION_CLOSE, EXTRA, 0));
		vr_expect(&vr, VR_SESSION_CLOSED);
		if (i % 500 == 0)
			others_work();
	}
	others_work();
	end();
}

/* Messages that are no news to anybody: the session has failed, and the client may not know. */
static void messages_without_end(void)
{
	struct vr_message message = pages(ZONES, 1, 0);

	begin();
	message.session = EXTRA;
	vr_send(&vr, create(EXTRA, 0));
	vr_send(&vr, message);
	await_failed(EXTRA);
	flood(&vr, message, others_work);
	vr_expect_nothing(&vr);
	end();
}

/*
 * No answer is taken: what the victim has to say waits without growing, and holds up nobody
 * who has nothing to say to us.
 */
static void never_reads(void)
{
	unsigned int closed = 0;
	struct vr_message message;

	begin();
	receive(&bad);
	for (uint16_t id = EXTRA; id < VR_IDS; id++) {
		vr_send(&vr, create(id, 0));
		vr_send(&vr, vr_message(VR_SESSION_CLOSE, id, 0));
	}
	others_work();
	victim_interruptible(bad.call);
	SUITE_EQUAL(RESULT(bad.chan, CHAN_DESTROY), 0);
	SUITE_EQUAL(RESULT(bad.process, SESSION_DESTROY), 0);
	victim_killed(BAD);
	close_ours(&bad.session);
	others_work();
	/* All of it is there when it is asked for. */
	while (closed < VR_IDS - EXTRA + 1) {
		if (!vr_receive(&vr, &message, suite_patience_ms()))
			suite_fail("%u sessions are closed, and no more", closed);
		closed += message.type == VR_SESSION_CLOSED;
	}
	vr_expect_nothing(&vr);
	vr_drop_pages(&vr, &bad.session);
	victim_killed(GOOD);
	end_unopened();
}

/* The link breaks while the victim has much to say. */
static void breaks_with_its_mailbox_full(void)
{
	begin();
	receive(&bad);
	for (uint16_t id = EXTRA; id < VR_IDS; id++)
		vr_send(&vr, create(id, 0));
	for (uint16_t id = EXTRA; id < VR_IDS; id++)
		vr_send(&vr, vr_message(VR_SESSION_CLOSE, id, 0));
	vr_send(&vr, vr_message(0, 0, 0));
	victim_sees_end(bad.call);
	end_broken();
}

static void more_sessions_than_may_be(void)
{
	begin();
	for (uint16_t id = EXTRA; id < VR_IDS; id++)
		vr_send(&vr, create(id, 0));
	others_work();
	vr_send(&vr, create(VR_IDS, 0));
	end_broken();
}

/* ---- events ---- */

/* Of the victim's processes none waits. */
static void storm(void (*storm_is_throttled)(struct vr *vr))
{
	hostile_begin(&vr);
	open_served(&bad, BAD);
	storm_is_throttled(&vr);
	serve(&bad);
	session_works(&bad);
	victim_killed(BAD);
	end_unopened();
}

static void notified_without_end(void)
{
	storm(storm_without_news);
}

static void rung_without_end(void)
{
	storm(storm_of_bells);
}

/* Who waits is woken by each, and so is nobody else. */
static void bells_under_a_receiver(void)
{
	begin();
	receive(&bad);
	ring_without_end(&vr, others_work);
	victim_interruptible(bad.call);
	end();
}

/* ---- what is in the pages ---- */

/* The receive ends the channel at the victim, and nothing else. */
static void bad_word(uint32_t offset, uint32_t value)
{
	begin();
	receive(&bad);
	__atomic_store_n(vr_ctl(&bad.session, offset), value, __ATOMIC_SEQ_CST);
	vr_bell(&vr, BAD);
	victim_sees_end(bad.call);
	others_work();
	close_served(&bad);
	end();
}

static void requests_half_around(void)
{
	bad_word(CTL_REQ_PROD, 1u << 31);
}

static void requests_taken_back(void)
{
	begin();
	serve(&bad);
	session_works(&bad);
	__atomic_store_n(vr_ctl(&bad.session, CTL_REQ_PROD), 0, __ATOMIC_SEQ_CST);
	vr_bell(&vr, BAD);
	victim_sees_end(bad.call);
	others_work();
	close_served(&bad);
	end();
}

/* A slot, as a call has it but for @slot; it is not delivered, and the channel goes on. */
static void bad_slot(uint32_t in_offset, uint32_t in_size, uint32_t out_offset, uint32_t out_size)
{
	struct vr_slot *slot;

	begin();
	serve(&bad);
	session_works(&bad);
	slot = vr_slot(&bad.session, bad.session.calls);
	*slot = (struct vr_slot){ PLAIN, 1, in_offset, in_size, out_offset, out_size,
				  SLOT_QUEUED, 0 };
	__atomic_store_n(vr_ctl(&bad.session, CTL_REQ_PROD), ++bad.session.calls,
			 __ATOMIC_SEQ_CST);
	vr_bell(&vr, BAD);
	session_works(&bad);
	SUITE_EQUAL(slot->state, SLOT_DONE);
	CU_ASSERT(slot->reason);
	others_work();
	end();
}

static void parameters_beyond_the_area(void)
{
	bad_slot(UINT32_MAX - 7, 32, 0, 0);
}

static void parameters_that_wrap(void)
{
	bad_slot(vr_param_offset(0), UINT32_MAX, 0, 0);
}

static void parameters_in_the_ring_zone(void)
{
	bad_slot(8, 32, 0, 0);
}

static void outputs_beyond_the_area(void)
{
	bad_slot(vr_param_offset(0), 32, UINT32_MAX - 15, 16);
}

/* State words that no caller would write: such a call is not delivered. */
static void states_of_garbage(void)
{
	static const uint32_t states[] = { SLOT_TAKEN, SLOT_CANCELLED, SLOT_DONE, 5, 0xff,
					   0x55aa55aa, UINT32_MAX };

	begin();
	serve(&bad);
	for (unsigned int i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct vr_slot *slot = vr_slot(&bad.session, bad.session.calls);

		*slot = (struct vr_slot){ PLAIN, 1, vr_param_offset(0), 32, 0, 0, states[i], 0 };
		__atomic_store_n(vr_ctl(&bad.session, CTL_REQ_PROD), ++bad.session.calls,
				 __ATOMIC_SEQ_CST);
		session_works(&bad);
		SUITE_EQUAL(slot->state, states[i]);
	}
	others_work();
	end();
}

static void scribble(struct end *e, uint64_t *random)
{
	(void)e;
	/* The page of the channel, and that of its segment behind it. */
	scribble_page(&vr, &bad.session, 1 + random_below(random, 2), random);
}

#define SCRIBBLE_ROUNDS	15

/* A server that copies what it gets ends when its channel does, and does not crash. */
static void pages_scribbled_under_a_server(void)
{
	struct pending serving;
	struct vq_reply reply;

	hostile_begin(&vr);
	begin_good();
	accept_session(&bad, BAD);
	serving = START(bad.process, FORK_SERVE, .count = 1);
	vr_create_chan(&vr, &bad.session, BAD);
	vr_expect(&vr, VR_CHAN_ACCEPTED);
	noise_start(&vr.end, scribble);
	for (unsigned int i = 0; i < SCRIBBLE_ROUNDS; i++)
		others_work();
	noise_stop();
	close_ours(&bad.session);
	reply = finish(serving);
	SUITE_EQUAL(reply.v[VQ_CRASHED], 0);
	others_work();
	end();
}

/* ---- connecting, and states ---- */

static void refused(uint32_t admin_ref, uint32_t admin_pages)
{
	mailbox_publish(&vr.mail, admin_ref, admin_pages);
	expect_refused(&vr.end);
	end_unopened();
}

static void begin_connecting(void)
{
	hostile_begin_unconnected(&vr);
	mailbox_prepare(&vr.mail);
}

static void mailbox_of_wrong_size(void)
{
	begin_connecting();
	refused(vr.end.dirs.refs[0], MAILBOX_PAGES + 1);
}

static void mailbox_of_nobody(void)
{
	begin_connecting();
	refused(NOBODYS_REF, MAILBOX_PAGES);
}

static void mailbox_page_of_nobody(void)
{
	begin_connecting();
	*dir_word(&vr.end, 0, MAILBOX_PAGES) = NOBODYS_REF;
	refused(vr.end.dirs.refs[0], MAILBOX_PAGES);
}

static void mailbox_that_is_read_only(void)
{
	begin_connecting();
	unshare_pages(&vr.end, &vr.end.region);
	vr.end.region = share_pages(&vr.end, MAILBOX_PAGES, false);
	fill_dirs(&vr.end);
	refused(vr.end.dirs.refs[0], MAILBOX_PAGES);
}

/* What waits on a session ends with it; who waits for one goes on with the next connection. */
static void state_ends_all(int state)
{
	struct vr_session session;
	struct pending accept;

	begin();
	receive(&bad);
	accept = START(victim(BAD), SESSION_ACCEPT, .arg = PORT + 1);
	CU_ASSERT(blocks(accept));
	if (state)
		end_set_state(&vr.end, state);
	else
		end_remove(&vr.end, "state");
	victim_sees_end(bad.call);
	victim_sees_end(good.call);
	neighbour_works();
	vr_connect(&vr);
	drop_all();
	CU_ASSERT(blocks(accept));
	vr_create_session(&vr, &session, EXTRA, PORT + 1);
	vr_await_accepted(&vr, &session);
	SUITE_EQUAL(finish(accept).result, 0);
	end();
	vr_drop_pages(&vr, &session);
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

static void state_none(void)
{
	state_ends_all(0);
}

static void states_flap(void)
{
	begin();
	receive(&bad);
	flap_states(&vr);
	/* Whatever it made of them. */
	end();
}

/* Gone without a word, with pages mapped and calls under way. */
static void vanishes_with_everything(void)
{
	begin();
	receive(&bad);
	vr_publish_call(&vr, &good.session, PLAIN, 5);
	drop_all();
	end_drop(&vr.end);
	neighbour_works();
	victim_interruptible(bad.call);
	vr_open(&vr, "hr_evil", false);
	end();
}

/* ---- the tables ---- */

#define ENTRY(name, message) { "vrpq_" #name, name, 0 },
#define TEST(name) { "vrpq_" #name, name, 0 },

static const struct suite_test tests[] = {
	TEST(keeps_to_the_protocol)
	TEST(broken_again_and_again)
	SESSION_FAULTS(ENTRY)
	LINK_FAULTS(ENTRY)
	TEST(more_messages_than_fit)
	TEST(messages_half_around)
	TEST(messages_taken_back)
	TEST(answers_taken_that_were_not_sent)
	TEST(pages_of_nobody)
	TEST(pages_beyond_any)
	TEST(page_0)
	TEST(pages_read_only)
	TEST(pages_for_another_domain)
	TEST(pages_revoked)
	TEST(more_pages_than_a_zone_has)
	TEST(one_page_for_all)
	TEST(pages_revoked_under_a_receiver)
	TEST(fails_before_its_info)
	TEST(closes_before_its_info)
	TEST(fails_while_offered)
	TEST(fails_under_accept)
	TEST(fails_under_accept_of_a_channel)
	TEST(fails_with_a_channel_offered)
	TEST(fails_after_its_close)
	TEST(fails_after_the_server_left)
	TEST(fails_twice)
	TEST(pages_after_its_failure)
	TEST(channels_after_its_failure)
	TEST(failures_without_end)
	TEST(sessions_without_end)
	TEST(messages_without_end)
	TEST(never_reads)
	TEST(breaks_with_its_mailbox_full)
	TEST(more_sessions_than_may_be)
	TEST(notified_without_end)
	TEST(rung_without_end)
	TEST(bells_under_a_receiver)
	TEST(requests_half_around)
	TEST(requests_taken_back)
	TEST(parameters_beyond_the_area)
	TEST(parameters_that_wrap)
	TEST(parameters_in_the_ring_zone)
	TEST(outputs_beyond_the_area)
	TEST(states_of_garbage)
	TEST(pages_scribbled_under_a_server)
	TEST(mailbox_of_wrong_size)
	TEST(mailbox_of_nobody)
	TEST(mailbox_page_of_nobody)
	TEST(mailbox_that_is_read_only)
	TEST(state_closing)
	TEST(state_closed)
	TEST(state_initialising)
	TEST(state_none)
	TEST(states_flap)
	TEST(vanishes_with_everything)
	{ NULL, NULL, 0 },
};

static const struct suite_test *const tables[] = { tests, NULL };

static const struct suite suite = {
	.name = "hostile_vrpq_client",
	.tables = tables,
	.finish = hostile_finish,
};

int main(int argc, char **argv)
{
	return suite_main(argc, argv, &suite);
}
