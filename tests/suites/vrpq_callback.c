/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Callbacks: requests of the server that the client handles. */
#include "vrpq_suite.h"

#include <limits.h>

#define QUEUE 64	/* callbacks that may wait on a channel */

static struct pending perform(struct both chan, uint32_t number, uint32_t flags)
{
	return START(chan.s, CALLBACK, .proc = PLAIN, .size = HEAD + 10, .seed = number,
		     .number = number, .flags = flags);
}

static struct pending handle_one(struct both chan, int value)
{
	return START(chan.c, HANDLE, .arg = value);
}

static void expect_handled(struct pending handler, uint32_t number)
{
	struct vq_reply reply = finish(handler);

	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[0], 0);
	SUITE_EQUAL(reply.v[2], number);
	SUITE_EQUAL(reply.procs[0], PLAIN);
}

static void synchronous_callback_waits_for_the_handler(void)
{
	struct both chan = open_pair();
	struct pending callback = perform(chan, 3, 0);

	CU_ASSERT(blocks(callback));
	expect_handled(handle_one(chan, 0), 3);
	SUITE_EQUAL(finish(callback).result, 0);
}

static void handler_waits_for_a_callback(void)
{
	struct both chan = open_pair();
	struct pending handler = handle_one(chan, 0);

	CU_ASSERT(blocks(handler));
	SUITE_EQUAL(finish(perform(chan, 4, 0)).result, 0);
	expect_handled(handler, 4);
}

static void handlers_value_is_the_result(void)
{
	static const int values[] = { 1, -1, EPIPE, -5000, INT_MAX, INT_MIN };
	struct both chan = open_pair();

	for (unsigned int i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct pending handler = handle_one(chan, values[i]);

		SUITE_EQUAL(finish(perform(chan, i, 0)).result, values[i]);
		expect_handled(handler, i);
	}
}

static void asynchronous_callbacks_wait_for_no_one(void)
{
	struct both chan = open_pair();

	for (uint32_t i = 0; i < 10; i++)
		SUITE_EQUAL(finish(perform(chan, i, VQ_ASYNC)).result, 0);
	for (uint32_t i = 0; i < 10; i++)
		expect_handled(handle_one(chan, 99), i);
}

static void callbacks_keep_their_order(void)
{
	struct both chan = open_pair();
	struct pending sync;

	for (uint32_t i = 0; i < 5; i++)
		SUITE_EQUAL(finish(perform(chan, i, VQ_ASYNC)).result, 0);
	sync = perform(chan, 5, 0);
	CU_ASSERT(blocks(sync));
	SUITE_EQUAL(finish(perform(chan, 6, VQ_ASYNC)).result, 0);
	for (uint32_t i = 0; i < 7; i++)
		expect_handled(handle_one(chan, (int)i), i);
	SUITE_EQUAL(finish(sync).result, 5);
}

static void callbacks_have_references_and_outputs(void)
{
	struct both chan = open_pair();

	for (uint32_t i = 0; i < 8; i++) {
		struct pending handler = handle_one(chan, 0), callback;
		struct vq_reply reply;

		callback = START(chan.s, CALLBACK, .proc = PLAIN, .size = 60 + i, .refs = 4 * i,
				 .ref_size = 100 + i, .outs = 1 + 3 * i, .out_size = 50 + i,
				 .seed = i);
		reply = finish(handler);
		SUITE_EQUAL(reply.v[0], 0);
		SUITE_EQUAL(reply.v[1], 1 + 3 * i);
		reply = finish(callback);
		SUITE_EQUAL(reply.result, 0);
		SUITE_EQUAL(reply.v[0], 0);
	}
}

static void callbacks_outputs_are_left_alone_with_another_value(void)
{
	struct both chan = open_pair();
	struct pending handler = handle_one(chan, 12), callback;
	struct vq_reply reply;

	callback = START(chan.s, CALLBACK, .proc = PLAIN, .size = 60, .outs = 3, .out_size = 50);
	SUITE_EQUAL(finish(handler).v[1], 3);
	reply = finish(callback);
	SUITE_EQUAL(reply.result, 12);
	SUITE_EQUAL(reply.v[1], 3);
}

static void callback_from_inside_a_call(void)
{
	struct both chan = open_pair();
	struct pending serve = START(chan.s, SERVE);

	for (int i = 0; i < 5; i++) {
		struct pending handler = handle_one(chan, 40 + i), call;

		call = START(chan.c, CALL, .proc = VQ_PROC(VQ_PROC_CALLBACK), .size = HEAD,
			     .number = 70);
		expect_handled(handler, 70);
		SUITE_EQUAL(finish(call).result, 40 + i);
	}
	DO(chan.c, CHAN_DESTROY);
	SUITE_EQUAL(finish(serve).result, EPIPE);
}

static void thread_in_a_call_handles_no_callback(void)
{
	struct both chan = open_pair();
	struct pending call = start_call(chan, PLAIN), callback;

	receive_one(chan, PLAIN);
	callback = perform(chan, 1, 0);
	CU_ASSERT(blocks(callback));
	CU_ASSERT(unfinished(call));
	acknowledge(chan);
	SUITE_EQUAL(finish(call).result, 0);
	CU_ASSERT(unfinished(callback));
	expect_handled(handle_one(chan, 6), 1);
	SUITE_EQUAL(finish(callback).result, 6);
}

static void handler_may_call_on_its_channel(void)
{
	struct both chan = open_pair();
	struct pending serve = START(chan.s, SERVE), handler;
	struct vq_reply reply;

	handler = START(chan.c, HANDLE, .arg = 8, .flags = VQ_NEST, .proc = PLAIN, .size = HEAD,
			.outs = 1, .out_size = 20);
	SUITE_EQUAL(finish(perform(chan, 2, 0)).result, 8);
	reply = finish(handler);
	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[3], 0);
	DO(chan.c, CHAN_DESTROY);
	SUITE_EQUAL(finish(serve).v[VQ_CALLS_SERVED], 1);
}

static void server_waits_while_too_many_callbacks_are_queued(void)
{
	struct both chan = open_pair();
	struct pending one_more;

	for (uint32_t i = 0; i < QUEUE; i++)
		SUITE_EQUAL(finish(perform(chan, i, VQ_ASYNC)).result, 0);
	one_more = perform(chan, QUEUE, VQ_ASYNC);
	CU_ASSERT(blocks(one_more));
	expect_handled(handle_one(chan, 0), 0);
	SUITE_EQUAL(finish(one_more).result, 0);
	for (uint32_t i = 1; i <= QUEUE; i++)
		expect_handled(handle_one(chan, 0), i);
}

static void threads_take_turns_in_handling(void)
{
	struct both chan = open_pair();
	struct pending handlers[4], callbacks[4];
	uint32_t seen = 0;

	for (unsigned int i = 0; i < 4; i++)
		handlers[i] = handle_one(chan, 0);
	for (uint32_t i = 0; i < 4; i++)
		callbacks[i] = perform(chan, i, 0);
	for (unsigned int i = 0; i < 4; i++) {
		seen |= 1u << finish(handlers[i]).v[2];
		SUITE_EQUAL(finish(callbacks[i]).result, 0);
	}
	SUITE_EQUAL(seen, 0xf);
}

static void interrupted_callback_is_never_handled(void)
{
	struct both chan = open_pair();
	struct pending callback = perform(chan, 1, 0);

	CU_ASSERT(blocks(callback));
	interrupt(callback, false);
	SUITE_EQUAL(finish(callback).result, EINTR);
	SUITE_EQUAL(finish(perform(chan, 2, VQ_ASYNC)).result, 0);
	expect_handled(handle_one(chan, 0), 2);
}

static void interrupted_handler_handles_nothing(void)
{
	struct both chan = open_pair();
	struct pending handler = handle_one(chan, 0);

	CU_ASSERT(blocks(handler));
	interrupt(handler, false);
	SUITE_EQUAL(finish(handler).result, EINTR);
	SUITE_EQUAL(finish(perform(chan, 2, VQ_ASYNC)).result, 0);
	expect_handled(handle_one(chan, 0), 2);
}

static void handler_ends_with_the_servers_channel(void)
{
	struct both chan = open_pair();
	struct pending handler;

	for (uint32_t i = 0; i < 3; i++)
		SUITE_EQUAL(finish(perform(chan, i, VQ_ASYNC)).result, 0);
	SUITE_EQUAL(RESULT(chan.s, CHAN_DESTROY), 0);
	for (uint32_t i = 0; i < 3; i++)
		expect_handled(handle_one(chan, 0), i);
	handler = handle_one(chan, 0);
	SUITE_EQUAL(finish(handler).result, EPIPE);
}

static void blocked_handler_ends_with_the_servers_channel(void)
{
	struct both chan = open_pair();
	struct pending handler = handle_one(chan, 0);

	CU_ASSERT(blocks(handler));
	SUITE_EQUAL(RESULT(chan.s, CHAN_DESTROY), 0);
	SUITE_EQUAL(finish(handler).result, EPIPE);
}

static void blocked_handler_ends_with_the_server(void)
{
	struct both chan = open_chan(open_session_of(client_process(0), server_process(1), PORT));
	struct pending handler = handle_one(chan, 0);

	CU_ASSERT(blocks(handler));
	SUITE_EQUAL(RESULT(chan.s, KILL), 0);
	SUITE_EQUAL(finish(handler).result, EPIPE);
}

static void callback_ends_with_the_clients_channel(void)
{
	struct both chan = open_pair();
	struct pending callback = perform(chan, 1, 0);

	CU_ASSERT(blocks(callback));
	SUITE_EQUAL(RESULT(chan.c, CHAN_DESTROY), 0);
	SUITE_EQUAL(finish(callback).result, EPIPE);
	SUITE_EQUAL(finish(perform(chan, 2, VQ_ASYNC)).result, EPIPE);
}

static void callback_ends_with_the_client(void)
{
	struct both chan = open_chan(open_session_of(client_process(1), server_process(0), PORT));
	struct pending callback = perform(chan, 1, 0);

	CU_ASSERT(blocks(callback));
	SUITE_EQUAL(RESULT(chan.c, KILL), 0);
	SUITE_EQUAL(finish(callback).result, EPIPE);
}

const struct suite_test callback_tests[] = {
	{ "synchronous_callback_waits_for_the_handler", synchronous_callback_waits_for_the_handler,
	  0 },
	{ "handler_waits_for_a_callback", handler_waits_for_a_callback, 0 },
	{ "handlers_value_is_the_result", handlers_value_is_the_result, 0 },
	{ "asynchronous_callbacks_wait_for_no_one", asynchronous_callbacks_wait_for_no_one, 0 },
	{ "callbacks_keep_their_order", callbacks_keep_their_order, 0 },
	{ "callbacks_have_references_and_outputs", callbacks_have_references_and_outputs, 0 },
	{ "callbacks_outputs_are_left_alone_with_another_value",
	  callbacks_outputs_are_left_alone_with_another_value, 0 },
	{ "callback_from_inside_a_call", callback_from_inside_a_call, 0 },
	{ "thread_in_a_call_handles_no_callback", thread_in_a_call_handles_no_callback, 0 },
	{ "handler_may_call_on_its_channel", handler_may_call_on_its_channel, 0 },
	{ "server_waits_while_too_many_callbacks_are_queued",
	  server_waits_while_too_many_callbacks_are_queued, 0 },
	{ "threads_take_turns_in_handling", threads_take_turns_in_handling, 0 },
	{ "interrupted_callback_is_never_handled", interrupted_callback_is_never_handled, 0 },
	{ "interrupted_handler_handles_nothing", interrupted_handler_handles_nothing, 0 },
	{ "handler_ends_with_the_servers_channel", handler_ends_with_the_servers_channel, 0 },
	{ "blocked_handler_ends_with_the_servers_channel",
	  blocked_handler_ends_with_the_servers_channel, 0 },
	{ "blocked_handler_ends_with_the_server", blocked_handler_ends_with_the_server, 0 },
	{ "callback_ends_with_the_clients_channel", callback_ends_with_the_clients_channel, 0 },
	{ "callback_ends_with_the_client", callback_ends_with_the_client, 0 },
	{ NULL, NULL, 0 },
};
