// SPDX-License-Identifier: LGPL-2.1-or-later
/* The drivers of VRPQ: bounds, order, and what a fault ends. */
#include "vrpq_link.h"

#include <unistd.h>

#define IDS	1023

static const u32 reqs = 4096, pmem = 1792;

/* --- as many as there may be ------------------------------------------------------------ */

/* What libvrpq takes for a session with a channel: that one's pages and the next one's. */
static struct both open_channel_of(struct both session)
{
	CU_ASSERT_EQUAL_FATAL(grow(session.c, VRPQ_ZONE_RING, VRPQ_FLOOR_RING_PAGES), 0);
	CU_ASSERT_EQUAL_FATAL(grow(session.c, VRPQ_ZONE_PARAM, VRPQ_FLOOR_PARAM_PAGES), 0);
	return open_chan(session, 1);
}

static void take_next_floor(struct both session)
{
	CU_ASSERT_EQUAL_FATAL(grow(session.c, VRPQ_ZONE_RING, VRPQ_FLOOR_RING_PAGES), 0);
	CU_ASSERT_EQUAL_FATAL(grow(session.c, VRPQ_ZONE_PARAM, VRPQ_FLOOR_PARAM_PAGES), 0);
}

static void sessions_with_a_channel_each(void)
{
	static struct both sessions[IDS], chans[IDS];
	unsigned int i;

	link_up(reqs, pmem);
	for (i = 0; i < IDS; i++) {
		sessions[i] = open_session();
		chans[i] = open_channel_of(sessions[i]);
		take_next_floor(sessions[i]);
		CU_ASSERT_PTR_NULL_FATAL(link_failure(SERVER));
	}
	CU_ASSERT_EQUAL(granted_now, IDS * 7);
	for (i = 0; i < IDS; i++) {
		CU_ASSERT_EQUAL(status_of(chans[i].c), 0);
		close_both(&chans[i]);
		close_both(&sessions[i]);
	}
	link_down();
}

/* The callback pages come on top, and all of the budgets. */
static void all_pages_that_may_be(void)
{
	static struct both sessions[IDS], chans[IDS];
	struct vrpq_grow_args callback = { .zone = VRPQ_ZONE_CALLBACK, .min = 1 };
	unsigned int i;

	link_up(256, 4);
	for (i = 0; i < IDS; i++) {
		sessions[i] = open_session();
		chans[i] = open_channel_of(sessions[i]);
		take_next_floor(sessions[i]);
		CU_ASSERT_EQUAL(do_call(sessions[i].s, VRPQ_IOC_GROW, &callback), -EAGAIN);
		run(false);
		callback.pages = 0;
		CU_ASSERT_EQUAL(do_call(sessions[i].s, VRPQ_IOC_GROW, &callback), 0);
		callback.pages = 0;
	}
	CU_ASSERT_EQUAL(grow(sessions[0].c, VRPQ_ZONE_RING, VRPQ_SEGMENT_PAGES(256)), 0);
	CU_ASSERT_EQUAL(grow(sessions[1].c, VRPQ_ZONE_PARAM, 4), 0);
	CU_ASSERT_EQUAL(granted_now, IDS * 8 + VRPQ_SEGMENT_PAGES(256) + 4);
	CU_ASSERT_PTR_NULL(link_failure(SERVER));
	for (i = 0; i < IDS; i++) {
		close_both(&chans[i]);
		close_both(&sessions[i]);
	}
	link_down();
}

/* --- floors are of live channels ----------------------------------------------------------- */

static unsigned int open_many(struct both session, struct both *chans, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		chans[i] = open_channel_of(session);
	return nr;
}

static void close_many(struct both *chans, unsigned int nr)
{
	while (nr)
		close_both(&chans[--nr]);
}

static unsigned int all_pages(u32 requests, u32 pmem_pages)
{
	return VRPQ_RING_PAGES_ALL(requests) + VRPQ_PARAM_PAGES_ALL(pmem_pages);
}

/* Sessions that keep the pages of closed channels are ended when others need channels. */
static void closed_channels_give_their_pages_up(void)
{
	static struct both sessions[12], chans[300];
	unsigned int i, alive = 0;

	link_up(256, 64);
	time_passes = true;
	for (i = 0; i < 12; i++) {
		sessions[i] = open_session();
		open_many(sessions[i], chans, 300);
		close_many(chans, 300);
		CU_ASSERT(granted_now <= all_pages(256, 64));
		CU_ASSERT_PTR_NULL_FATAL(link_failure(SERVER));
		CU_ASSERT_PTR_NULL_FATAL(link_failure(CLIENT));
	}
	for (i = 0; i < 12; i++) {
		alive += !(status_of(sessions[i].c) & VRPQ_WAIT_BROKEN);
		close_both(&sessions[i]);
	}
	CU_ASSERT(alive >= 3);
	CU_ASSERT(alive < 12);
	link_down();
}

static void a_session_uses_its_closed_channels_pages_anew(void)
{
	static struct both session, chans[IDS];
	unsigned int i;

	link_up(256, 64);
	session = open_session();
	open_many(session, chans, IDS);
	for (i = 0; i < 3; i++) {
		unsigned int before = granted_now, k;

		close_many(chans, IDS);
		for (k = 0; k < IDS; k++)
			chans[k] = open_chan(session, 1);
		CU_ASSERT_EQUAL(granted_now, before);
	}
	close_many(chans, IDS);
	close_both(&session);
	link_down();
}

/* --- shares ---------------------------------------------------------------------------------- */

static void hoarder_starves_nobody(void)
{
	struct both hoarder, other;

	link_up(256, 64);
	hoarder = open_session();
	CU_ASSERT_EQUAL(grow(hoarder.c, VRPQ_ZONE_PARAM, 1 + 64), 0);
	other = open_session();
	CU_ASSERT_EQUAL(grow(other.c, VRPQ_ZONE_PARAM, 8), 0);
	CU_ASSERT_EQUAL(grow(other.c, VRPQ_ZONE_PARAM, 25), 0);
	/* Its share is 32 pages, and there was one guaranteed. */
	CU_ASSERT_EQUAL(grow(other.c, VRPQ_ZONE_PARAM, 1), -EAGAIN);
	CU_ASSERT_EQUAL(status_of(hoarder.c), VRPQ_WAIT_PRESSURE);
	CU_ASSERT_EQUAL(status_of(other.c), 0);
	close_both(&other);
	close_both(&hoarder);
	link_down();
}

static void hoarder_among_1023_starves_nobody(void)
{
	static struct both sessions[IDS];
	unsigned int i;

	link_up(4096, 2046);
	sessions[0] = open_session();
	CU_ASSERT_EQUAL(grow(sessions[0].c, VRPQ_ZONE_PARAM, 1 + 2046), 0);
	for (i = 1; i < IDS; i++)
		sessions[i] = open_session();
	for (i = 1; i < IDS; i++)
		CU_ASSERT_EQUAL(grow(sessions[i].c, VRPQ_ZONE_PARAM, 1 + 2), 0);
	CU_ASSERT_PTR_NULL(link_failure(SERVER));
	for (i = 0; i < IDS; i++) {
		CU_ASSERT_EQUAL(status_of(sessions[i].c) & VRPQ_WAIT_BROKEN, 0);
		close_both(&sessions[i]);
	}
	link_down();
}

/* One after the other takes all that it can get: who exceeds its share most goes first. */
static void many_hoarders_starve_nobody(void)
{
	static struct both sessions[40];
	unsigned int i, alive = 0, share;
	int err;

	link_up(256, 640);
	for (i = 0; i < 40; i++) {
		sessions[i] = open_session();
		share = 640 / (i + 1);
		err = grow(sessions[i].c, VRPQ_ZONE_PARAM, 1 + share);
		if (err == -EAGAIN) {
			run(true);
			run(false);
			err = grow(sessions[i].c, VRPQ_ZONE_PARAM, 1 + share);
		}
		CU_ASSERT_EQUAL(err, 0);
		CU_ASSERT(granted_now <= all_pages(256, 640));
	}
	CU_ASSERT_EQUAL(status_of(sessions[0].c) & VRPQ_WAIT_BROKEN, VRPQ_WAIT_BROKEN);
	for (i = 0; i < 40; i++) {
		alive += !(status_of(sessions[i].c) & VRPQ_WAIT_BROKEN);
		close_both(&sessions[i]);
	}
	CU_ASSERT(alive >= 37);
	link_down();
}

/* --- order -------------------------------------------------------------------------------------- */

static void answer(u16 type, const struct vrpq_msg *to)
{
	struct vrpq_msg msg = { .type = type, .session = to->session, .channel = to->channel };

	play_send(&msg);
}

static void answer_size(u16 type, const struct vrpq_msg *to, u32 zone, u32 pages)
{
	struct vrpq_msg msg = { .type = type, .session = to->session };

	msg.u.size.zone = zone;
	msg.u.size.pages = pages;
	play_send(&msg);
}

/* A session that the played server accepts; its creation is returned. */
static struct vrpq_msg play_accept(int fd, struct call *call, struct vrpq_session_args *args)
{
	struct vrpq_msg created;

	*args = (struct vrpq_session_args){ .port = PORT };
	call_start(call, fd, VRPQ_IOC_SESSION_CREATE, args);
	created = play_expect(VRPQ_SESSION_CREATE);
	play_expect(VRPQ_PAGES);
	answer(VRPQ_SESSION_ACCEPTED, &created);
	answer_size(VRPQ_PAGED, &created, VRPQ_ZONE_RING, 1);
	CU_ASSERT_EQUAL_FATAL(call_finish(call), 0);
	return created;
}

/* Until the drivers have nothing to do and the call sleeps. */
static void start_asleep(struct call *call, int fd, unsigned int cmd, void *args)
{
	call_start(call, fd, cmd, args);
	kernel_await_asleep(&call->task);
}

/* Closes what a call of the played server's sessions still waits for. */
static void give_up(struct call *call)
{
	kernel_signal(&call->task, true);
	call_finish(call);
}

#define OTHERS	70

/*
 * The mailbox is full. Pages of a session are announced, a channel is created in them, and the
 * session has more to say: the pages go first whatever else there is.
 */
static void pages_precede_their_channel(void)
{
	static struct vrpq_session_args others[OTHERS];
	static struct call other_calls[OTHERS];
	struct vrpq_grow_args ring = { .zone = VRPQ_ZONE_RING, .pages = 1, .min = 2,
				       .want = 2 };
	struct vrpq_grow_args param = { .zone = VRPQ_ZONE_PARAM, .min = 1, .want = 1 };
	struct call create, chan_call;
	struct vrpq_session_args args;
	struct vrpq_chan_args chan;
	struct vrpq_msg session, msg;
	int session_fd, chan_fd, fds[OTHERS], i;
	u32 ring_pages = 1;
	bool seen = false;

	link_up_playing(SERVER, reqs, pmem);
	session_fd = open_node(CLIENT);
	session = play_accept(session_fd, &create, &args);
	for (i = 0; i < OTHERS; i++) {
		fds[i] = open_node(CLIENT);
		others[i] = (struct vrpq_session_args){ .port = PORT };
		start_asleep(&other_calls[i], fds[i], VRPQ_IOC_SESSION_CREATE, &others[i]);
	}
	CU_ASSERT_EQUAL(do_call(session_fd, VRPQ_IOC_GROW, &ring), -EINPROGRESS);
	chan_fd = open_node(CLIENT);
	chan = (struct vrpq_chan_args){ .session_fd = session_fd, .ctl_page = 1 };
	start_asleep(&chan_call, chan_fd, VRPQ_IOC_CHAN_CREATE, &chan);
	CU_ASSERT_EQUAL(do_call(session_fd, VRPQ_IOC_GROW, &param), -EINPROGRESS);
	while (play_receive(&msg)) {
		if (msg.session != session.session)
			continue;
		if (msg.type == VRPQ_PAGES && msg.u.pages.zone == VRPQ_ZONE_RING)
			ring_pages += msg.count;
		if (msg.type == VRPQ_CHAN_CREATE) {
			CU_ASSERT(msg.u.chan_create.ctl_page < ring_pages);
			seen = true;
		}
	}
	CU_ASSERT_TRUE(seen);
	link_down();
	/* Broken calls return, some to wait for the next connection. */
	for (i = 0; i < OTHERS; i++)
		give_up(&other_calls[i]);
	give_up(&chan_call);
	for (i = 0; i < OTHERS; i++)
		kernel_close(fds[i]);
	kernel_close(chan_fd);
	kernel_close(session_fd);
}

/* --- faults of a session, at the server ------------------------------------------------------------ */

static struct vrpq_msg message(u16 type, u16 session, u16 channel)
{
	return (struct vrpq_msg){ .type = type, .session = session, .channel = channel };
}

static void send_create(u16 session)
{
	struct vrpq_msg msg = message(VRPQ_SESSION_CREATE, session, 0);

	msg.u.session_create.port = PORT;
	play_send(&msg);
}

static struct vrpq_msg pages_msg(u16 session, u32 zone, u16 count)
{
	struct vrpq_msg msg = message(VRPQ_PAGES, session, 0);
	u16 i;

	msg.count = count;
	msg.u.pages.zone = zone;
	for (i = 0; i < count && i < VRPQ_MSG_REFS; i++)
		msg.u.pages.refs[i] = play_grant();
	return msg;
}

/* A session of a played client with some pages, as a server process has it. */
static int serve_session(u16 id)
{
	struct vrpq_session_args args = { .port = PORT };
	struct vrpq_msg msg;
	int fd = open_node(SERVER);

	send_create(id);
	CU_ASSERT_EQUAL(do_call(fd, VRPQ_IOC_SESSION_ACCEPT, &args), 0);
	CU_ASSERT_EQUAL(args.id, id);
	play_expect(VRPQ_SESSION_ACCEPTED);
	msg = pages_msg(id, VRPQ_ZONE_RING, 4);
	play_send(&msg);
	play_expect(VRPQ_PAGED);
	return fd;
}

static int serve_chan(int session_fd, u16 session, u16 channel)
{
	struct vrpq_msg msg = message(VRPQ_CHAN_CREATE, session, channel);
	struct vrpq_chan_args args = { .session_fd = session_fd };
	int fd = open_node(SERVER);

	msg.u.chan_create.ctl_page = 1;
	play_send(&msg);
	CU_ASSERT_EQUAL(do_call(fd, VRPQ_IOC_CHAN_ACCEPT, &args), 0);
	play_expect(VRPQ_CHAN_ACCEPTED);
	return fd;
}

static struct vrpq_msg size_msg(u16 type, u16 session, u32 zone, u32 pages)
{
	struct vrpq_msg msg = message(type, session, 0);

	msg.u.size.zone = zone;
	msg.u.size.pages = pages;
	return msg;
}

static struct vrpq_msg chan_msg(u16 session, u16 channel, u32 ctl_page, u32 info_size)
{
	struct vrpq_msg msg = message(VRPQ_CHAN_CREATE, session, channel);

	msg.u.chan_create.ctl_page = ctl_page;
	msg.u.chan_create.info_size = info_size;
	return msg;
}

static struct vrpq_msg info_msg(u16 session, u16 channel, u16 count, u32 offset)
{
	struct vrpq_msg msg = message(VRPQ_INFO, session, channel);

	msg.count = count;
	msg.u.info.offset = offset;
	return msg;
}

static struct vrpq_msg wild_pages(u16 session)
{
	struct vrpq_msg msg = message(VRPQ_PAGES, session, 0);

	msg.count = 1;
	msg.u.pages.zone = VRPQ_ZONE_RING;
	msg.u.pages.refs[0] = UINT32_MAX;
	return msg;
}

#define BAD	1	/* the session in which it happens, which has channel 1 */
#define GOOD	2	/* another one, with channel 2 */

/* @msg ends its session and leaves the other one alone. */
static void ends_its_session(struct vrpq_msg msg)
{
	int bad, good, bad_chan, good_chan;
	u16 bad_channel = msg.type == VRPQ_CHAN_CREATE ? msg.channel : 0;
	struct vrpq_msg reply;

	link_up_playing(CLIENT, 256, 64);
	bad = serve_session(BAD);
	good = serve_session(GOOD);
	bad_chan = serve_chan(bad, BAD, BAD);
	good_chan = serve_chan(good, GOOD, GOOD);
	play_send(&msg);
	reply = play_expect(VRPQ_SESSION_FAILED);
	CU_ASSERT_EQUAL(reply.session, BAD);
	while (play_receive(&reply))
		CU_ASSERT(reply.type == VRPQ_CHAN_CLOSED && reply.channel > GOOD);
	CU_ASSERT_EQUAL(mapped_now, 4);
	CU_ASSERT_EQUAL(status_of(bad) & VRPQ_WAIT_BROKEN, VRPQ_WAIT_BROKEN);
	CU_ASSERT_EQUAL(status_of(bad_chan) & VRPQ_WAIT_BROKEN, VRPQ_WAIT_BROKEN);
	/* What crossed the message on its way, and the client's own. */
	if (msg.type != VRPQ_SESSION_FAILED) {
		msg = pages_msg(BAD, VRPQ_ZONE_RING, 1);
		play_send(&msg);
		msg = message(VRPQ_SESSION_FAILED, BAD, 0);
		play_send(&msg);
		play_expect_nothing();
	}
	msg = chan_msg(BAD, 9, 1, 0);
	play_send(&msg);
	reply = play_expect(VRPQ_CHAN_CLOSED);
	CU_ASSERT_EQUAL(reply.channel, 9);

	msg = pages_msg(GOOD, VRPQ_ZONE_PARAM, 3);
	play_send(&msg);
	reply = play_expect(VRPQ_PAGED);
	CU_ASSERT_EQUAL(reply.u.size.pages, 3);
	CU_ASSERT_EQUAL(status_of(good_chan), 0);
	CU_ASSERT_PTR_NULL(link_failure(SERVER));

	/* Its id is free again when both have closed it. */
	kernel_close(bad_chan);
	play_expect(VRPQ_CHAN_CLOSED);
	kernel_close(bad);
	play_expect(VRPQ_SESSION_LEFT);
	msg = message(VRPQ_CHAN_CLOSE, BAD, BAD);
	play_send(&msg);
	msg = message(VRPQ_CHAN_CLOSE, BAD, 9);
	play_send(&msg);
	/* The channel of the test, if it was about one, is still there. */
	if (bad_channel) {
		msg = message(VRPQ_CHAN_CLOSE, BAD, bad_channel);
		play_send(&msg);
	}
	msg = message(VRPQ_SESSION_CLOSE, BAD, 0);
	play_send(&msg);
	play_expect(VRPQ_SESSION_CLOSED);
	bad = serve_session(BAD);
	CU_ASSERT_PTR_NULL(link_failure(SERVER));
	kernel_close(bad);
	kernel_close(good_chan);
	kernel_close(good);
	link_down();
}

static void pages_of_no_zone(void)		{ ends_its_session(pages_msg(BAD, VRPQ_ZONES, 1)); }
static void pages_without_count(void)		{ ends_its_session(pages_msg(BAD, VRPQ_ZONE_RING, 0)); }
static void more_pages_than_fit_a_message(void)	{ ends_its_session(pages_msg(BAD, VRPQ_ZONE_RING, 14)); }
static void pages_of_nobody(void)		{ ends_its_session(wild_pages(BAD)); }
static void trim_of_nothing(void)		{ ends_its_session(size_msg(VRPQ_TRIM, BAD, VRPQ_ZONE_RING, 4)); }
static void trim_of_an_empty_zone(void)		{ ends_its_session(size_msg(VRPQ_TRIM, BAD, VRPQ_ZONE_PARAM, 0)); }
static void trim_beyond_the_end(void)		{ ends_its_session(size_msg(VRPQ_TRIM, BAD, VRPQ_ZONE_RING, 5)); }
static void trim_within_a_portion(void)		{ ends_its_session(size_msg(VRPQ_TRIM, BAD, VRPQ_ZONE_RING, 2)); }
static void trim_of_no_zone(void)		{ ends_its_session(size_msg(VRPQ_TRIM, BAD, 3, 0)); }
static void channel_in_no_page(void)		{ ends_its_session(chan_msg(BAD, 7, UINT32_MAX, 0)); }
static void channel_with_too_long_an_info(void)	{ ends_its_session(chan_msg(BAD, 7, 1, VRPQ_INFO_MAX + 1)); }
static void info_for_an_open_session(void)	{ ends_its_session(info_msg(BAD, 0, 4, 0)); }
static void info_for_an_open_channel(void)	{ ends_its_session(info_msg(BAD, BAD, 4, 0)); }
static void the_client_gives_it_up(void)	{ ends_its_session(message(VRPQ_SESSION_FAILED, BAD, 0)); }

/* Messages that are of no session break the connection. */
static void breaks_the_link(struct vrpq_msg msg)
{
	int good, good_chan;

	link_up_playing(CLIENT, 256, 64);
	good = serve_session(GOOD);
	good_chan = serve_chan(good, GOOD, GOOD);
	play_send(&msg);
	CU_ASSERT_PTR_NOT_NULL(link_failure(SERVER));
	CU_ASSERT_EQUAL(status_of(good) & VRPQ_WAIT_BROKEN, VRPQ_WAIT_BROKEN);
	CU_ASSERT_EQUAL(status_of(good_chan) & VRPQ_WAIT_BROKEN, VRPQ_WAIT_BROKEN);
	kernel_close(good_chan);
	kernel_close(good);
	link_down();
}

static void unknown_type(void)			{ breaks_the_link(message(8, GOOD, 0)); }
static void type_0(void)			{ breaks_the_link(message(0, GOOD, 0)); }
static void type_of_the_server(void)		{ breaks_the_link(message(VRPQ_SESSION_CLOSED, GOOD, 0)); }
static void session_1024(void)			{ breaks_the_link(message(VRPQ_SESSION_CLOSE, VRPQ_IDS, 0)); }
static void session_65535(void)			{ breaks_the_link(message(VRPQ_SESSION_CREATE, 65535, 0)); }
static void session_that_is_not(void)		{ breaks_the_link(message(VRPQ_SESSION_CLOSE, 5, 0)); }
static void session_0(void)			{ breaks_the_link(message(VRPQ_SESSION_CREATE, 0, 0)); }
static void session_created_twice(void)		{ breaks_the_link(message(VRPQ_SESSION_CREATE, GOOD, 0)); }
static void channel_created_twice(void)		{ breaks_the_link(chan_msg(GOOD, GOOD, 1, 0)); }
static void channel_0(void)			{ breaks_the_link(chan_msg(GOOD, 0, 1, 0)); }
static void channel_1024(void)			{ breaks_the_link(chan_msg(GOOD, VRPQ_IDS, 1, 0)); }
static void channel_that_is_not(void)		{ breaks_the_link(message(VRPQ_CHAN_CLOSE, GOOD, 5)); }

/* Of the first of two sessions that lack memory only that one ends. */
static void lack_of_memory_ends_one_session(void)
{
	struct both first, second, chan;

	link_up(reqs, pmem);
	first = open_session();
	second = open_session();
	maps_left = 0;
	CU_ASSERT_EQUAL(grow(first.c, VRPQ_ZONE_PARAM, 1), -EPIPE);
	CU_ASSERT_EQUAL(status_of(first.c) & VRPQ_WAIT_BROKEN, VRPQ_WAIT_BROKEN);
	CU_ASSERT_EQUAL(status_of(first.s) & VRPQ_WAIT_BROKEN, VRPQ_WAIT_BROKEN);
	CU_ASSERT_EQUAL(granted_now, 1);
	chan = open_channel_of(second);
	CU_ASSERT_EQUAL(status_of(chan.c), 0);
	CU_ASSERT_PTR_NULL(link_failure(SERVER));
	CU_ASSERT_PTR_NULL(link_failure(CLIENT));
	close_both(&chan);
	close_both(&first);
	close_both(&second);
	link_down();
}

static void grants_beyond_the_bound_end_the_session(void)
{
	u32 bound = VRPQ_RING_PAGES_ALL(256), granted = 4, sent = 0;
	struct vrpq_msg msg;
	int fd, other;

	link_up_playing(CLIENT, 256, 64);
	other = serve_session(GOOD);
	while (granted < bound && sent < 40) {
		u16 id = (u16)(10 + sent++);
		u32 mine = 0;

		fd = serve_session(id);
		kernel_close(fd);
		granted += 4;
		play_expect(VRPQ_SESSION_LEFT);
		for (; mine < VRPQ_RING_PAGES(256) - 20 && granted < bound; mine += 13) {
			msg = pages_msg(id, VRPQ_ZONE_RING, 13);
			play_send(&msg);
			granted += 13;
			if (granted > bound)
				break;
			play_expect(VRPQ_PAGED);
		}
	}
	play_expect(VRPQ_SESSION_FAILED);
	CU_ASSERT(mapped_now <= bound);
	CU_ASSERT_EQUAL(status_of(other), 0);
	CU_ASSERT_PTR_NULL(link_failure(SERVER));
	kernel_close(other);
	link_down();
}

/* --- faults of a session, at the client -------------------------------------------------------------- */

/* @msg of a played server ends the first session, and leaves the second alone. */
static void ends_the_clients_session(struct vrpq_msg msg)
{
	struct vrpq_grow_args more = { .zone = VRPQ_ZONE_PARAM, .min = 1, .want = 1 };
	struct vrpq_session_args args;
	struct vrpq_msg first, second, reply;
	struct call call;
	int bad, good;

	link_up_playing(SERVER, reqs, pmem);
	bad = open_node(CLIENT);
	good = open_node(CLIENT);
	first = play_accept(bad, &call, &args);
	second = play_accept(good, &call, &args);
	CU_ASSERT_EQUAL_FATAL(first.session, BAD);
	play_send(&msg);
	reply = play_expect(VRPQ_SESSION_FAILED);
	CU_ASSERT_EQUAL(reply.session, BAD);
	CU_ASSERT_EQUAL(status_of(bad) & VRPQ_WAIT_BROKEN, VRPQ_WAIT_BROKEN);
	/* What crossed it, and the server's own. */
	if (msg.type != VRPQ_SESSION_FAILED) {
		CU_ASSERT_EQUAL(granted_now, 2);
		answer_size(VRPQ_PAGED, &first, VRPQ_ZONE_RING, 7);
		answer(VRPQ_SESSION_FAILED, &first);
	}
	CU_ASSERT_EQUAL(granted_now, 1);
	CU_ASSERT_EQUAL(do_call(good, VRPQ_IOC_GROW, &more), -EINPROGRESS);
	play_expect(VRPQ_PAGES);
	answer_size(VRPQ_PAGED, &second, VRPQ_ZONE_PARAM, 1);
	CU_ASSERT_EQUAL(do_call(good, VRPQ_IOC_GROW, &more), 0);
	CU_ASSERT_EQUAL(status_of(good), 0);
	kernel_close(bad);
	play_expect(VRPQ_SESSION_CLOSE);
	answer(VRPQ_SESSION_CLOSED, &first);
	CU_ASSERT_PTR_NULL(link_failure(CLIENT));
	kernel_close(good);
	link_down();
}

static void accepted_twice(void)	{ ends_the_clients_session(message(VRPQ_SESSION_ACCEPTED, BAD, 0)); }
static void paged_of_no_zone(void)	{ ends_the_clients_session(size_msg(VRPQ_PAGED, BAD, 3, 1)); }
static void paged_too_many(void)	{ ends_the_clients_session(size_msg(VRPQ_PAGED, BAD, 0, 2)); }
static void paged_too_few(void)		{ ends_the_clients_session(size_msg(VRPQ_PAGED, BAD, 0, 0)); }
static void grow_of_a_clients_zone(void) { ends_the_clients_session(size_msg(VRPQ_GROW, BAD, 1, 1)); }
static void grow_beyond_the_zone(void)	{ ends_the_clients_session(size_msg(VRPQ_GROW, BAD, 2, UINT32_MAX)); }
static void trimmed_unasked(void)	{ ends_the_clients_session(size_msg(VRPQ_TRIMMED, BAD, 0, 1)); }
static void trimmed_of_no_zone(void)	{ ends_the_clients_session(size_msg(VRPQ_TRIMMED, BAD, 9, 1)); }
static void closed_unasked(void)	{ ends_the_clients_session(message(VRPQ_SESSION_CLOSED, BAD, 0)); }
static void the_server_gives_it_up(void) { ends_the_clients_session(message(VRPQ_SESSION_FAILED, BAD, 0)); }

/*
 * What crosses the client's closing message draws no answer: the server may have forgotten the
 * session, and a message about none would end the link.
 */
static void closing_is_the_last_word(struct vrpq_msg crossing)
{
	struct vrpq_session_args args;
	struct vrpq_msg created;
	struct call call;
	int fd;

	link_up_playing(SERVER, reqs, pmem);
	fd = open_node(CLIENT);
	created = play_accept(fd, &call, &args);
	CU_ASSERT_EQUAL_FATAL(created.session, BAD);
	kernel_close(fd);
	play_expect(VRPQ_SESSION_CLOSE);
	play_send(&crossing);
	play_expect_nothing();
	CU_ASSERT_PTR_NULL(link_failure(CLIENT));
	answer(VRPQ_SESSION_CLOSED, &created);
	CU_ASSERT_PTR_NULL(link_failure(CLIENT));
	CU_ASSERT_EQUAL(granted_now, 0);
	link_down();
}

static void failure_crosses_the_closing(void)	{ closing_is_the_last_word(message(VRPQ_SESSION_FAILED, BAD, 0)); }
static void fault_crosses_the_closing(void)	{ closing_is_the_last_word(size_msg(VRPQ_PAGED, BAD, 3, 1)); }
static void growth_crosses_the_closing(void)	{ closing_is_the_last_word(size_msg(VRPQ_GROW, BAD, 2, 1)); }

/* A session that fails before it was accepted is no reason to try again. */
static void creation_fails_with_its_session(void)
{
	struct vrpq_session_args args = { .port = PORT };
	struct vrpq_msg created;
	struct call call;
	int fd;

	link_up_playing(SERVER, reqs, pmem);
	fd = open_node(CLIENT);
	call_start(&call, fd, VRPQ_IOC_SESSION_CREATE, &args);
	created = play_expect(VRPQ_SESSION_CREATE);
	play_expect(VRPQ_PAGES);
	answer(VRPQ_SESSION_FAILED, &created);
	CU_ASSERT_EQUAL(call_finish(&call), -EPIPE);
	play_expect(VRPQ_SESSION_FAILED);
	play_expect(VRPQ_SESSION_CLOSE);
	CU_ASSERT_EQUAL(granted_now, 0);
	kernel_close(fd);
	link_down();
}

/* --- a peer that never stops --------------------------------------------------------------------------- */

/* One turn of the work ends, however much there is to do. */
static void turns_are_bounded(void)
{
	int i;

	link_up_playing(CLIENT, 256, 64);
	play_refill(true);
	for (i = 0; i < 100; i++) {
		u32 before = play_taken();

		CU_ASSERT_TRUE(kernel_run_one());
		CU_ASSERT(play_taken() - before <= 64);
	}
	CU_ASSERT(play_taken() > 3000);
	play_refill(false);
	run(false);
	CU_ASSERT_PTR_NULL(link_failure(SERVER));
	link_down();
}

/* --- anything at all ------------------------------------------------------------------------------------ */

static u64 random_state;

static u32 random_below(u32 below)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(random_state >> 33) % below;
}

/* Small numbers most of the time, so that they often mean something. */
static u32 random_value(void)
{
	static const u32 odd[] = { 0, VRPQ_IDS - 1, VRPQ_IDS, VRPQ_INFO_MAX, VRPQ_INFO_MAX + 1,
				   INT32_MAX, 0x80000000u, UINT32_MAX };

	return random_below(8) ? random_below(6) : odd[random_below(8)];
}

/* A played client's messages may name grants. */
static bool names_grants;

static u32 random_word(void)
{
	return names_grants && !random_below(3) ? play_grant() : random_value();
}

/* Of the other sessions than GOOD, mostly; what is of no session is one in @rare. */
static struct vrpq_msg random_msg(u16 first, u16 last, u32 rare)
{
	struct vrpq_msg msg = { .type = (u16)(first + random_below(last - first + 1)) };
	u32 i;

	if (!random_below(16))
		msg.type = VRPQ_SESSION_FAILED;
	msg.session = (u16)(3 + random_below(5));
	msg.channel = (u16)random_below(9);
	if (!random_below(rare)) {
		msg.type = (u16)random_below(80);
		msg.session = (u16)random_value();
		msg.channel = (u16)random_value();
	}
	msg.count = (u16)random_value();
	for (i = 0; i < sizeof(msg.u) / sizeof(u32); i++)
		memcpy(msg.u.pad + i * sizeof(u32), (u32[]){ random_word() }, sizeof(u32));
	return msg;
}

/* What the driver sends is read, or not. */
static void drain(void)
{
	struct vrpq_msg reply;

	while (random_below(20) && play_receive(&reply))
		;
}

static void accept_what_is_there(int *fds, u32 nr)
{
	struct vrpq_session_args args = { .port = random_below(6) };
	int *fd = &fds[random_below(nr)];
	struct call call;

	if (*fd >= 0)
		kernel_close(*fd);
	*fd = open_node(SERVER);
	call_start(&call, *fd, VRPQ_IOC_SESSION_ACCEPT, &args);
	kernel_signal(&call.task, false);
	call_finish(&call);
}

static void random_messages_at_the_server(void)
{
	int fds[4] = { -1, -1, -1, -1 }, i, round;

	names_grants = true;
	for (round = 0; round < 40; round++) {
		int good;

		random_state = (u64)round;
		link_up_playing(CLIENT, 256, 64);
		good = serve_session(GOOD);
		for (i = 0; i < 400 && !link_failure(SERVER); i++) {
			struct vrpq_msg msg = random_msg(VRPQ_SESSION_CREATE, VRPQ_SESSION_CLOSE,
							 400);

			if (!play_try_send(&msg))
				drain();
			if (!random_below(16))
				accept_what_is_there(fds, 4);
			drain();
			/* Only who breaks the connection ends the other session. */
			CU_ASSERT_EQUAL(!!(status_of(good) & VRPQ_WAIT_BROKEN),
					!!link_failure(SERVER));
			CU_ASSERT(mapped_now <= VRPQ_RING_PAGES_ALL(256) + VRPQ_PARAM_PAGES_ALL(64));
		}
		for (i = 0; i < 4; i++) {
			if (fds[i] >= 0)
				kernel_close(fds[i]);
			fds[i] = -1;
		}
		kernel_close(good);
		link_down();
	}
}

static void random_messages_at_the_client(void)
{
	struct vrpq_session_args args;
	struct call call;
	int fds[5], i, k, round;

	names_grants = false;
	for (round = 0; round < 40; round++) {
		random_state = (u64)round + 1000;
		link_up_playing(SERVER, 256, 64);
		/* Sessions 1 to 5; the messages are about 3 and more. */
		for (i = 0; i < 5; i++) {
			fds[i] = open_node(CLIENT);
			play_accept(fds[i], &call, &args);
		}
		for (i = 0; i < 400 && !link_failure(CLIENT); i++) {
			struct vrpq_msg msg = random_msg(VRPQ_SESSION_ACCEPTED, VRPQ_SESSION_CLOSED,
							 400);
			struct vrpq_grow_args more = { .zone = random_below(2), .pages = 1,
						       .min = random_below(6) };

			msg.session = msg.session > 5 ? 5 : msg.session;
			if (!play_try_send(&msg))
				drain();
			do_call(fds[random_below(5)], VRPQ_IOC_GROW, &more);
			drain();
			for (k = 0; k < 2; k++)
				CU_ASSERT_EQUAL(!!(status_of(fds[k]) & VRPQ_WAIT_BROKEN),
						!!link_failure(CLIENT));
		}
		for (i = 0; i < 5; i++)
			kernel_close(fds[i]);
		link_down();
	}
}

/* Bells for all, also for channels that are not, again and again. */
static void bells_of_all_channels(void)
{
	int fd, chan, i;
	u32 before;
	struct vrpq_wait_args wait = { .flags = VRPQ_WAIT_NOT };

	link_up_playing(CLIENT, 256, 64);
	fd = serve_session(BAD);
	chan = serve_chan(fd, BAD, BAD);
	do_call(chan, VRPQ_IOC_WAIT, &wait);
	before = wait.seq;
	for (i = 0; i < 1000; i++)
		play_all_bells();
	do_call(chan, VRPQ_IOC_WAIT, &wait);
	CU_ASSERT_EQUAL(wait.seq - before, 1000);
	CU_ASSERT_PTR_NULL(link_failure(SERVER));
	kernel_close(chan);
	kernel_close(fd);
	link_down();
}

/* The peer that rings for who does not wait is throttled. */
static void bells_that_nobody_awaits_are_no_news(void)
{
	struct vrpq_wait_args now = { .flags = VRPQ_WAIT_NOT }, wait = { 0 };
	struct call call;
	int fd, chan;

	link_up_playing(CLIENT, 256, 64);
	fd = serve_session(BAD);
	chan = serve_chan(fd, BAD, BAD);
	CU_ASSERT_FALSE(play_all_bells());
	do_call(chan, VRPQ_IOC_WAIT, &now);
	wait.seq = now.seq;
	call_start(&call, chan, VRPQ_IOC_WAIT, &wait);
	kernel_await_asleep(&call.task);
	CU_ASSERT_TRUE(play_all_bells());
	CU_ASSERT_EQUAL(call_finish(&call), 0);
	CU_ASSERT_FALSE(play_all_bells());
	kernel_close(chan);
	kernel_close(fd);
	link_down();
}

/* --- counters ------------------------------------------------------------------------------ */

static unsigned int breaks, breaks_with_a_lock;

static void count_break(void)
{
	breaks++;
	breaks_with_a_lock += current->locks > 0;
}

/* Others need not wait until all sessions are added up. */
static void stat_lets_others_on_after_each_session(void)
{
	struct vrpq_stat_args stat = { 0 };
	struct both session;
	int fd;

	link_up(reqs, pmem);
	session = open_session();
	fd = open_node(CLIENT);
	breaks = breaks_with_a_lock = 0;
	kernel_others = count_break;
	CU_ASSERT_EQUAL(do_call(fd, VRPQ_IOC_STAT, &stat), 0);
	kernel_others = NULL;
	CU_ASSERT_EQUAL(stat.sessions, 1);
	CU_ASSERT(breaks >= IDS);
	CU_ASSERT_EQUAL(breaks_with_a_lock, 0);
	kernel_close(fd);
	close_both(&session);
	link_down();
}

static void impossible_mailbox_index(void)
{
	int fd;

	link_up_playing(CLIENT, 256, 64);
	fd = serve_session(BAD);
	play_index(1000);
	CU_ASSERT_PTR_NOT_NULL(link_failure(SERVER));
	CU_ASSERT_EQUAL(status_of(fd) & VRPQ_WAIT_BROKEN, VRPQ_WAIT_BROKEN);
	kernel_close(fd);
	link_down();
}

/* --- files ----------------------------------------------------------------------------------------------- */

/* A file of a session's file becomes a channel of that session and nothing else. */
static void channel_files_are_of_their_session(void)
{
	struct vrpq_file_args args = { .flags = O_CLOEXEC }, wrong = { .flags = O_NONBLOCK };
	struct vrpq_session_args create = { .port = PORT };
	struct vrpq_chan_args chan = { .ctl_page = 1 };
	struct vrpq_stat_args stat = { 0 };
	struct both first, second;

	link_up(reqs, pmem);
	first = open_session();
	second = open_session();
	CU_ASSERT_EQUAL(grow(first.c, VRPQ_ZONE_RING, 2), 0);
	CU_ASSERT_EQUAL(do_call(first.c, VRPQ_IOC_CHAN_FILE, &wrong), -EINVAL);
	CU_ASSERT_EQUAL(do_call(first.c, VRPQ_IOC_CHAN_FILE, &args), 0);
	CU_ASSERT_EQUAL(do_call(args.fd, VRPQ_IOC_CHAN_FILE, &args), -EINVAL);
	CU_ASSERT_EQUAL(do_call(args.fd, VRPQ_IOC_SESSION_CREATE, &create), -EINVAL);
	CU_ASSERT_EQUAL(do_call(args.fd, VRPQ_IOC_STAT, &stat), -EINVAL);
	chan.session_fd = second.c;
	CU_ASSERT_EQUAL(do_call(args.fd, VRPQ_IOC_CHAN_CREATE, &chan), -EINVAL);
	/* It outlives the session's own file. */
	close_both(&first);
	kernel_close(args.fd);
	close_both(&second);
	link_down();
}

/* A file of a fresh file is as good as one of the node. */
static void fresh_files_are_like_nodes(void)
{
	struct vrpq_file_args args = { .flags = O_CLOEXEC }, again = { 0 }, wrong = { .flags = O_TRUNC };
	struct vrpq_stat_args stat = { 0 };
	struct both session;
	int listener;

	link_up(reqs, pmem);
	listener = open_node(SERVER);
	CU_ASSERT_EQUAL(do_call(listener, VRPQ_IOC_FRESH_FILE, &wrong), -EINVAL);
	CU_ASSERT_EQUAL(do_call(listener, VRPQ_IOC_FRESH_FILE, &args), 0);
	session = open_session_as(args.fd);
	CU_ASSERT_EQUAL(do_call(args.fd, VRPQ_IOC_FRESH_FILE, &again), -EINVAL);
	/* The next one, by a file that came from the first. */
	CU_ASSERT_EQUAL(do_call(listener, VRPQ_IOC_FRESH_FILE, &again), 0);
	CU_ASSERT_EQUAL(do_call(again.fd, VRPQ_IOC_STAT, &stat), 0);
	CU_ASSERT_EQUAL(stat.sessions, 1);
	kernel_close(listener);
	kernel_close(again.fd);
	close_both(&session);
	link_down();
}

static void says_versions(int fd)
{
	struct vlink_abi_args abi = { 0 };

	CU_ASSERT_EQUAL(kernel_ioctl(fd, VRPQ_IOC_ABI, &abi), 0);
	CU_ASSERT_EQUAL(abi.oldest, VRPQ_ABI_OLDEST);
	CU_ASSERT_EQUAL(abi.newest, VRPQ_ABI_NEWEST);
}

static void all_files_say_their_versions(void)
{
	struct both session, chan;

	link_up(reqs, pmem);
	session = open_session();
	chan = open_channel_of(session);
	says_versions(session.c);
	says_versions(session.s);
	says_versions(chan.c);
	says_versions(chan.s);
	CU_ASSERT_EQUAL(kernel_ioctl(chan.c, VRPQ_IOC_ABI, NULL), -EFAULT);
	close_both(&chan);
	close_both(&session);
	link_down();
}

static void sessions_tell_the_protocol_of_their_link(void)
{
	struct both session;

	link_up(reqs, pmem);
	session = open_session();
	CU_ASSERT_EQUAL(protocol_told[CLIENT], LINK_PROTOCOL);
	CU_ASSERT_EQUAL(protocol_told[SERVER], LINK_PROTOCOL);
	close_both(&session);
	link_down();
}

static const struct unit_test bounds[] = {
	{ "all_files_say_their_versions", all_files_say_their_versions },
	{ "sessions_tell_the_protocol_of_their_link", sessions_tell_the_protocol_of_their_link },
	{ "sessions_with_a_channel_each", sessions_with_a_channel_each },
	{ "all_pages_that_may_be", all_pages_that_may_be },
	{ "closed_channels_give_their_pages_up", closed_channels_give_their_pages_up },
	{ "a_session_uses_its_closed_channels_pages_anew",
	  a_session_uses_its_closed_channels_pages_anew },
	{ "hoarder_starves_nobody", hoarder_starves_nobody },
	{ "hoarder_among_1023_starves_nobody", hoarder_among_1023_starves_nobody },
	{ "many_hoarders_starve_nobody", many_hoarders_starve_nobody },
	{ "pages_precede_their_channel", pages_precede_their_channel },
	{ "turns_are_bounded", turns_are_bounded },
	{ "channel_files_are_of_their_session", channel_files_are_of_their_session },
	{ "fresh_files_are_like_nodes", fresh_files_are_like_nodes },
	{ "bells_of_all_channels", bells_of_all_channels },
	{ "bells_that_nobody_awaits_are_no_news", bells_that_nobody_awaits_are_no_news },
	{ "stat_lets_others_on_after_each_session", stat_lets_others_on_after_each_session },
	{ "impossible_mailbox_index", impossible_mailbox_index },
	{ "random_messages_at_the_server", random_messages_at_the_server },
	{ "random_messages_at_the_client", random_messages_at_the_client },
};

static const struct unit_test server_faults[] = {
	{ "pages_of_no_zone", pages_of_no_zone },
	{ "pages_without_count", pages_without_count },
	{ "more_pages_than_fit_a_message", more_pages_than_fit_a_message },
	{ "pages_of_nobody", pages_of_nobody },
	{ "trim_of_nothing", trim_of_nothing },
	{ "trim_of_an_empty_zone", trim_of_an_empty_zone },
	{ "trim_beyond_the_end", trim_beyond_the_end },
	{ "trim_within_a_portion", trim_within_a_portion },
	{ "trim_of_no_zone", trim_of_no_zone },
	{ "channel_in_no_page", channel_in_no_page },
	{ "channel_with_too_long_an_info", channel_with_too_long_an_info },
	{ "info_for_an_open_session", info_for_an_open_session },
	{ "info_for_an_open_channel", info_for_an_open_channel },
	{ "the_client_gives_it_up", the_client_gives_it_up },
	{ "lack_of_memory_ends_one_session", lack_of_memory_ends_one_session },
	{ "grants_beyond_the_bound_end_the_session", grants_beyond_the_bound_end_the_session },
	{ "unknown_type", unknown_type },
	{ "type_0", type_0 },
	{ "type_of_the_server", type_of_the_server },
	{ "session_1024", session_1024 },
	{ "session_65535", session_65535 },
	{ "session_that_is_not", session_that_is_not },
	{ "session_0", session_0 },
	{ "session_created_twice", session_created_twice },
	{ "channel_created_twice", channel_created_twice },
	{ "channel_0", channel_0 },
	{ "channel_1024", channel_1024 },
	{ "channel_that_is_not", channel_that_is_not },
};

static const struct unit_test client_faults[] = {
	{ "accepted_twice", accepted_twice },
	{ "paged_of_no_zone", paged_of_no_zone },
	{ "paged_too_many", paged_too_many },
	{ "paged_too_few", paged_too_few },
	{ "grow_of_a_clients_zone", grow_of_a_clients_zone },
	{ "grow_beyond_the_zone", grow_beyond_the_zone },
	{ "trimmed_unasked", trimmed_unasked },
	{ "trimmed_of_no_zone", trimmed_of_no_zone },
	{ "closed_unasked", closed_unasked },
	{ "the_server_gives_it_up", the_server_gives_it_up },
	{ "creation_fails_with_its_session", creation_fails_with_its_session },
	{ "failure_crosses_the_closing", failure_crosses_the_closing },
	{ "fault_crosses_the_closing", fault_crosses_the_closing },
	{ "growth_crosses_the_closing", growth_crosses_the_closing },
};

int main(void)
{
	alarm(600);
	setvbuf(stdout, NULL, _IOLBF, 0);
	UNIT_ADD("bounds and order", bounds);
	UNIT_ADD("faults at the server", server_faults);
	UNIT_ADD("faults at the client", client_faults);
	return unit_run("vrpq_kernel_test");
}
