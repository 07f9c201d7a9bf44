/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Posts: their order, when the server sees them, and what happens when there is no room. */
#include "vrpq_suite.h"

#define PIECE		1000u
/* Beyond what the link holds: what a channel's own pages and the library's may add. */
#define MORE		3000u

static void posts_arrive_in_order(void)
{
	struct both chan = open_pair();
	struct pending serve = START(chan.s, SERVE);
	struct vq_reply sums;

	SUITE_EQUAL(RESULT(chan.c, STREAM, .proc = NUMBERED, .size = 100, .count = 1000,
			   .number = 1, .arg = 7), 0);
	SUITE_EQUAL(RESULT(chan.c, CHAN_DESTROY), 0);
	sums = finish(serve);
	SUITE_EQUAL(sums.result, EPIPE);
	SUITE_EQUAL(sums.v[VQ_POSTS], 1000);
	SUITE_EQUAL(sums.v[VQ_WRONG], 0);
	SUITE_EQUAL(sums.v[VQ_DISORDER], 0);
}

static void each_thread_keeps_its_order_on_a_shared_channel(void)
{
	struct both chan = open_pair();
	struct pending serve = START(chan.s, SERVE), streams[6];
	struct vq_reply sums;

	for (unsigned int i = 0; i < 6; i++)
		streams[i] = START(chan.c, STREAM, .proc = NUMBERED, .size = 64, .count = 300,
				   .number = 1, .thread = i, .arg = 5, .outs = i & 1,
				   .out_size = 30, .flags = (i & 1) ? VQ_CALLS : 0);
	for (unsigned int i = 0; i < 6; i++) {
		struct vq_reply reply = finish(streams[i]);

		SUITE_EQUAL(reply.result, 0);
		SUITE_EQUAL(reply.v[1], 0);
	}
	DO(chan.c, CHAN_DESTROY);
	sums = finish(serve);
	SUITE_EQUAL(sums.v[VQ_POSTS], 900);
	SUITE_EQUAL(sums.v[VQ_CALLS_SERVED], 900);
	SUITE_EQUAL(sums.v[VQ_WRONG], 0);
	SUITE_EQUAL(sums.v[VQ_DISORDER], 0);
}

static void batch_is_cut_to_the_count(void)
{
	struct both chan = open_pair();

	for (unsigned int i = 1; i <= 5; i++)
		post(chan, ANY_FORM(i));
	for (unsigned int i = 1; i <= 5; i += 2) {
		struct vq_reply batch = DO(chan.s, RECEIVE, .count = 2);

		SUITE_EQUAL(batch.v[0], i < 5 ? 2 : 1);
		SUITE_EQUAL(batch.procs[0], ANY_FORM(i));
	}
}

static int post_quietly(struct both chan, uint32_t proc)
{
	return RESULT(chan.c, POST, .proc = proc, .size = HEAD);
}

static void posts_are_seen_after_notify(void)
{
	struct both chan = open_pair();
	struct pending receive = START(chan.s, RECEIVE, .count = 8);

	CU_ASSERT(blocks(receive));
	SUITE_EQUAL(post_quietly(chan, PLAIN), 0);
	SUITE_EQUAL(RESULT(chan.c, NOTIFY_NOW), 0);
	SUITE_EQUAL(finish(receive).v[0], 1);
}

static void posts_are_seen_after_a_notifying_post(void)
{
	struct both chan = open_pair();
	struct pending receive = START(chan.s, RECEIVE, .count = 1);

	CU_ASSERT(blocks(receive));
	for (unsigned int i = 0; i < 3; i++)
		SUITE_EQUAL(post_quietly(chan, PLAIN), 0);
	SUITE_EQUAL(post(chan, PLAIN), 0);
	SUITE_EQUAL(finish(receive).v[0], 1);
	receive_posts(chan, 3);
}

static void posts_are_seen_before_a_call(void)
{
	struct both chan = open_pair();
	struct pending receive = START(chan.s, RECEIVE, .count = 1), call;

	CU_ASSERT(blocks(receive));
	for (unsigned int i = 1; i < 4; i++)
		SUITE_EQUAL(post_quietly(chan, ANY_FORM(i)), 0);
	call = start_call(chan, ANY_FORM(4));
	SUITE_EQUAL(finish(receive).procs[0], ANY_FORM(1));
	for (unsigned int i = 2; i <= 4; i++)
		receive_one(chan, ANY_FORM(i));
	CU_ASSERT(unfinished(call));
	acknowledge(chan);
	SUITE_EQUAL(finish(call).result, 0);
}

static void notify_with_nothing_to_tell(void)
{
	struct both chan = open_pair();

	SUITE_EQUAL(RESULT(chan.c, NOTIFY_NOW), 0);
	post(chan, PLAIN);
	receive_one(chan, PLAIN);
	SUITE_EQUAL(RESULT(chan.c, NOTIFY_NOW), 0);
}

/* ---- room ---- */

/* Posts without parameters, or with @size bytes of them. */
static struct pending flood(struct both chan, unsigned long count, uint32_t size)
{
	return START(chan.c, STREAM, .proc = PLAIN, .count = (uint32_t)count, .size = size,
		     .flags = size ? 0 : VQ_NULL, .arg = 1000);
}

static void expect_served(struct both chan, struct pending stream, unsigned long count)
{
	struct pending serve = START(chan.s, SERVE);
	struct vq_reply sums = finish_within(stream, 120);

	SUITE_EQUAL(sums.result, 0);
	SUITE_EQUAL(sums.v[0], count);
	DO(chan.c, CHAN_DESTROY);
	sums = finish_within(serve, 120);
	SUITE_EQUAL(sums.result, EPIPE);
	SUITE_EQUAL(sums.v[VQ_POSTS], count);
	SUITE_EQUAL(sums.v[VQ_WRONG], 0);
}

static void as_many_posts_are_outstanding_as_configured(void)
{
	struct both chan = open_pair();
	struct pending stream = flood(chan, link_reqs(), 0);
	struct vq_reply reply = finish_within(stream, 120);

	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[0], link_reqs());
	DO(chan.c, CHAN_DESTROY);
	reply = finish_within(START(chan.s, SERVE), 120);
	SUITE_EQUAL(reply.v[VQ_POSTS], link_reqs());
}

static void full_ring_blocks_and_loses_nothing(void)
{
	struct both chan = open_pair();
	unsigned long count = link_reqs() + MORE;
	struct pending stream = flood(chan, count, 0);

	CU_ASSERT(!finish_within(START(stream.on, WAIT_ASLEEP, .arg = (int32_t)stream.seq),
				 120).result);
	CU_ASSERT(blocks(stream));
	expect_served(chan, stream, count);
}

static void full_pool_blocks_and_loses_nothing(void)
{
	struct both chan = open_pair();
	unsigned long count = 2 * link_pmem() / PIECE + 20;
	struct pending stream = flood(chan, count, PIECE);

	CU_ASSERT_FATAL(blocks(stream));
	expect_served(chan, stream, count);
}

static void blocked_post_is_interrupted(void)
{
	struct both chan = open_pair();
	struct pending stream = flood(chan, 2 * link_pmem() / PIECE + 20, PIECE), serve;
	struct vq_reply reply, sums;

	CU_ASSERT_FATAL(blocks(stream));
	/* It may have slept for a moment only, until the server knew of more pages. */
	reply = stop_daemon(stream);
	SUITE_EQUAL(reply.result, EINTR);
	DO(chan.c, CHAN_DESTROY);
	serve = START(chan.s, SERVE);
	sums = finish(serve);
	SUITE_EQUAL(sums.v[VQ_POSTS], reply.v[0]);
	SUITE_EQUAL(sums.v[VQ_WRONG], 0);
}

/* A blocked allocation may say so; posts go to nowhere. */
static void blocked_post_goes_on_when_the_server_closes(void)
{
	struct both chan = open_pair();
	struct pending stream = flood(chan, 2 * link_pmem() / PIECE + 20, PIECE);
	struct vq_reply reply;

	CU_ASSERT_FATAL(blocks(stream));
	SUITE_EQUAL(RESULT(chan.s, CHAN_DESTROY), 0);
	reply = finish(stream);
	if (reply.result)
		SUITE_EQUAL(reply.result, EPIPE);
	SUITE_EQUAL(finish(flood(chan, 100, PIECE)).result, 0);
	SUITE_EQUAL(finish(flood(chan, 1000, 0)).result, 0);
}

static void killed_while_blocked_for_room(void)
{
	struct both chan = open_chan(open_session_of(client_process(1), server_process(0), PORT));
	struct pending stream = flood(chan, 2 * link_pmem() / PIECE + 20, PIECE);
	struct vq_reply sums;

	CU_ASSERT_FATAL(blocks(stream));
	SUITE_EQUAL(RESULT(chan.c, KILL), 0);
	sums = finish(START(chan.s, SERVE));
	SUITE_EQUAL(sums.result, EPIPE);
	SUITE_EQUAL(sums.v[VQ_WRONG], 0);
	CU_ASSERT(sums.v[VQ_POSTS] > 0);
}

static void what_never_fits_is_refused(void)
{
	uint32_t huge = 4 * (uint32_t)link_pmem() + (16u << 20);
	struct both chan = open_pair();
	struct vq_reply reply;

	reply = DO(chan.c, POST, .proc = PLAIN, .size = huge);
	SUITE_EQUAL(reply.result, EMSGSIZE);
	reply = DO(chan.c, POST, .proc = PLAIN, .size = HEAD, .refs = 1, .ref_size = huge);
	SUITE_EQUAL(reply.result, EMSGSIZE);
	reply = DO(chan.c, CALL, .proc = PLAIN, .size = HEAD, .outs = 1, .out_size = huge);
	SUITE_EQUAL(reply.result, EMSGSIZE);
	post(chan, PLAIN);
	receive_one(chan, PLAIN);
}

static void one_request_may_take_nearly_the_pool(void)
{
	uint32_t most = (uint32_t)link_pmem() - 8192;
	struct both chan = open_pair();
	struct pending serve = START(chan.s, SERVE);
	struct vq_reply reply;

	for (unsigned int i = 0; i < 3; i++) {
		SUITE_EQUAL(RESULT(chan.c, POST, .proc = PLAIN, .size = most, .seed = i), 0);
		SUITE_EQUAL(RESULT(chan.c, POST, .proc = PLAIN, .size = HEAD, .refs = 1,
				   .ref_size = most, .seed = i), 0);
		reply = DO(chan.c, CALL, .proc = PLAIN, .size = HEAD, .refs = 1, .seed = i,
			   .ref_size = most / 2, .outs = 1, .out_size = most / 2);
		SUITE_EQUAL(reply.result, 0);
		SUITE_EQUAL(reply.v[0], 0);
	}
	DO(chan.c, CHAN_DESTROY);
	reply = finish(serve);
	SUITE_EQUAL(reply.v[VQ_POSTS], 6);
	SUITE_EQUAL(reply.v[VQ_WRONG], 0);
}

/* @other works while @stalled holds all that the link has. */
static void expect_no_stall(struct both stalled, struct both other)
{
	struct pending stream = flood(stalled, 2 * link_pmem() / PIECE + 20, PIECE);
	struct pending ring, serve;

	CU_ASSERT_FATAL(blocks(stream));
	serve = START(other.s, SERVE);
	for (unsigned int i = 0; i < 20; i++) {
		struct vq_reply reply = DO(other.c, CALL, .proc = PLAIN, .size = 500, .outs = 1,
					   .out_size = 500, .seed = i);

		SUITE_EQUAL(reply.result, 0);
		SUITE_EQUAL(reply.v[0], 0);
	}
	ring = flood(other, 2000, 0);
	SUITE_EQUAL(finish(ring).result, 0);
	CU_ASSERT(unfinished(stream));
	DO(other.c, CHAN_DESTROY);
	SUITE_EQUAL(finish(serve).v[VQ_POSTS], 2000);
	expect_served(stalled, stream, 2 * link_pmem() / PIECE + 20);
}

static void stalled_channel_stalls_no_other(void)
{
	struct both session = open_session();
	struct both stalled = open_chan(session);

	expect_no_stall(stalled, open_chan(session));
}

static void stalled_session_stalls_no_other(void)
{
	struct both stalled = open_pair();

	expect_no_stall(stalled, open_chan(open_session_of(client_process(1), server_process(1),
							   PORT)));
}

static void new_sessions_work_beside_a_stalled_one(void)
{
	struct both stalled = open_pair();
	unsigned long count = 2 * link_pmem() / PIECE + 20;
	struct pending stream = flood(stalled, count, PIECE), call;

	CU_ASSERT_FATAL(blocks(stream));
	for (uint32_t i = 1; i < 4; i++) {
		struct both chan = open_chan(open_session_of(client_process(i), server_process(i),
							     PORT));

		call = start_call(chan, PLAIN);
		receive_one(chan, PLAIN);
		acknowledge(chan);
		SUITE_EQUAL(finish(call).result, 0);
	}
	CU_ASSERT(unfinished(stream));
	expect_served(stalled, stream, count);
}

/* Several sessions want more than all there is: all of them move on. */
static void sessions_share_a_pool_that_is_too_small(void)
{
	unsigned long count = link_pmem() / PIECE + 20;
	struct both chans[4];
	struct pending streams[4], serves[4];

	for (uint32_t i = 0; i < 4; i++)
		chans[i] = open_chan(open_session_of(client_process(i), server_process(i),
						     PORT + i));
	for (uint32_t i = 0; i < 4; i++)
		serves[i] = START(chans[i].s, SERVE);
	for (uint32_t i = 0; i < 4; i++)
		streams[i] = flood(chans[i], count, PIECE);
	for (uint32_t i = 0; i < 4; i++) {
		SUITE_EQUAL(finish(streams[i]).result, 0);
		DO(chans[i].c, CHAN_DESTROY);
		SUITE_EQUAL(finish(serves[i]).v[VQ_POSTS], count);
	}
}

static void parameters_of_another_channel_are_invalid(void)
{
	struct both session = open_session();
	struct both chan = open_chan(session), other = open_chan(session);

	SUITE_EQUAL(RESULT(chan.c, POST, .proc = PLAIN, .size = HEAD, .flags = VQ_FOREIGN,
			   .arg = other.c.object), EINVAL);
	post(chan, PLAIN);
	receive_one(chan, PLAIN);
	post(other, PLAIN);
	receive_one(other, PLAIN);
}

static void what_is_no_channel_is_refused(void)
{
	struct both session = open_session();
	struct handle none = client_process(0);

	SUITE_EQUAL(RESULT(none, POST, .proc = PLAIN, .flags = VQ_NULL), EBADF);
	SUITE_EQUAL(RESULT(none, CALL, .proc = PLAIN, .flags = VQ_NULL), EBADF);
	SUITE_EQUAL(RESULT(none, POST, .proc = PLAIN, .size = HEAD), EBADF);
	SUITE_EQUAL(RESULT(none, NOTIFY_NOW), EBADF);
	SUITE_EQUAL(RESULT(none, CHAN_DESTROY), EBADF);
	SUITE_EQUAL(RESULT(none, SESSION_DESTROY), EBADF);
	SUITE_EQUAL(RESULT(none, CHAN_CREATE), EBADF);
	SUITE_EQUAL(RESULT(none, HANDLE), EBADF);
	SUITE_EQUAL(RESULT(session.c, POST, .proc = PLAIN, .flags = VQ_NULL), EBADF);
	SUITE_EQUAL(RESULT(session.s, RECEIVE, .count = 1), EBADF);
	SUITE_EQUAL(RESULT(server_process(0), CHAN_ACCEPT), EBADF);
	SUITE_EQUAL(RESULT(server_process(0), CLIENT_ID), EBADF);
	SUITE_EQUAL(RESULT(server_process(0), SHM_MAP), EBADF);
	SUITE_EQUAL(RESULT(server_process(0), SET_REASON), EBADF);
}

const struct suite_test post_tests[] = {
	{ "posts_arrive_in_order", posts_arrive_in_order, 0 },
	{ "each_thread_keeps_its_order_on_a_shared_channel",
	  each_thread_keeps_its_order_on_a_shared_channel, 0 },
	{ "batch_is_cut_to_the_count", batch_is_cut_to_the_count, 0 },
	{ "posts_are_seen_after_notify", posts_are_seen_after_notify, 0 },
	{ "posts_are_seen_after_a_notifying_post", posts_are_seen_after_a_notifying_post, 0 },
	{ "posts_are_seen_before_a_call", posts_are_seen_before_a_call, 0 },
	{ "notify_with_nothing_to_tell", notify_with_nothing_to_tell, 0 },
	{ "as_many_posts_are_outstanding_as_configured",
	  as_many_posts_are_outstanding_as_configured, 0 },
	{ "full_ring_blocks_and_loses_nothing", full_ring_blocks_and_loses_nothing, 400 },
	{ "full_pool_blocks_and_loses_nothing", full_pool_blocks_and_loses_nothing, 0 },
	{ "blocked_post_is_interrupted", blocked_post_is_interrupted, 0 },
	{ "blocked_post_goes_on_when_the_server_closes",
	  blocked_post_goes_on_when_the_server_closes, 0 },
	{ "killed_while_blocked_for_room", killed_while_blocked_for_room, 0 },
	{ "what_never_fits_is_refused", what_never_fits_is_refused, 0 },
	{ "one_request_may_take_nearly_the_pool", one_request_may_take_nearly_the_pool, 0 },
	{ "stalled_channel_stalls_no_other", stalled_channel_stalls_no_other, 0 },
	{ "stalled_session_stalls_no_other", stalled_session_stalls_no_other, 0 },
	{ "new_sessions_work_beside_a_stalled_one", new_sessions_work_beside_a_stalled_one, 0 },
	{ "sessions_share_a_pool_that_is_too_small", sessions_share_a_pool_that_is_too_small,
	  120 },
	{ "parameters_of_another_channel_are_invalid", parameters_of_another_channel_are_invalid,
	  0 },
	{ "what_is_no_channel_is_refused", what_is_no_channel_is_refused, 0 },
	{ NULL, NULL, 0 },
};
