/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls: when they are answered, with what, and what signals do to them. */
#include "vrpq_suite.h"

#include <limits.h>

static void call_is_answered_at_the_next_receive(void)
{
	struct both chan = open_pair();
	struct pending call = start_call(chan, PLAIN), receive;

	receive_one(chan, PLAIN);
	CU_ASSERT(unfinished(call));
	receive = START(chan.s, RECEIVE, .count = 8);
	SUITE_EQUAL(finish(call).result, 0);
	CU_ASSERT(blocks(receive));
}

static void receive_of_count_0_answers_and_returns(void)
{
	struct both chan = open_pair();
	struct pending call = start_call(chan, PLAIN);

	receive_one(chan, PLAIN);
	CU_ASSERT(unfinished(call));
	acknowledge(chan);
	SUITE_EQUAL(finish(call).result, 0);
	acknowledge(chan);
}

static void receive_of_count_0_takes_nothing(void)
{
	struct both chan = open_pair();

	SUITE_EQUAL(post(chan, PLAIN), 0);
	acknowledge(chan);
	receive_one(chan, PLAIN);
}

static void call_is_the_last_of_its_batch_and_the_only_one(void)
{
	struct both chan = open_pair();
	struct pending first, second;
	struct vq_reply batch;

	post(chan, ANY_FORM(1));
	first = start_call(chan, ANY_FORM(2));
	CU_ASSERT(blocks(first));
	post(chan, ANY_FORM(3));
	second = start_call(chan, ANY_FORM(4));
	CU_ASSERT(blocks(second));
	post(chan, ANY_FORM(5));
	batch = DO(chan.s, RECEIVE, .count = 64);
	SUITE_EQUAL(batch.v[0], 2);
	SUITE_EQUAL(batch.procs[0], ANY_FORM(1));
	SUITE_EQUAL(batch.procs[1], ANY_FORM(2));
	batch = DO(chan.s, RECEIVE, .count = 64);
	SUITE_EQUAL(batch.v[0], 2);
	SUITE_EQUAL(batch.procs[0], ANY_FORM(3));
	SUITE_EQUAL(batch.procs[1], ANY_FORM(4));
	SUITE_EQUAL(finish(first).result, 0);
	CU_ASSERT(unfinished(second));
	batch = DO(chan.s, RECEIVE, .count = 64);
	SUITE_EQUAL(batch.v[0], 1);
	SUITE_EQUAL(batch.procs[0], ANY_FORM(5));
	SUITE_EQUAL(finish(second).result, 0);
}

/* Negative errno values arrive as the positive ones, all else as it is. */
static int as_returned(int reason)
{
	return reason < 0 && reason >= -4095 ? -reason : reason;
}

static void reasons_are_returned(void)
{
	static const int reasons[] = { 1, 5, -5, EPIPE, -EPIPE, EINTR, 4095, -4096, 123456,
				       INT_MAX, INT_MIN };
	struct both chan = open_pair();

	for (unsigned int i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		struct pending call = start_call(chan, PLAIN);

		receive_one(chan, PLAIN);
		SUITE_EQUAL(RESULT(chan.s, SET_REASON, .arg = reasons[i]), 0);
		acknowledge(chan);
		SUITE_EQUAL(finish(call).result, as_returned(reasons[i]));
	}
}

static void last_reason_counts(void)
{
	struct both chan = open_pair();
	struct pending call = start_call(chan, PLAIN);

	receive_one(chan, PLAIN);
	SUITE_EQUAL(RESULT(chan.s, SET_REASON, .arg = 7), 0);
	SUITE_EQUAL(RESULT(chan.s, SET_REASON, .arg = 8), 0);
	acknowledge(chan);
	SUITE_EQUAL(finish(call).result, 8);
}

static void reason_ends_with_its_call(void)
{
	struct both chan = open_pair();
	struct pending call = start_call(chan, PLAIN);

	receive_one(chan, PLAIN);
	DO(chan.s, SET_REASON, .arg = 7);
	acknowledge(chan);
	SUITE_EQUAL(finish(call).result, 7);
	call = start_call(chan, PLAIN);
	receive_one(chan, PLAIN);
	acknowledge(chan);
	SUITE_EQUAL(finish(call).result, 0);
}

static void reason_without_a_call_is_invalid(void)
{
	struct both chan = open_pair();
	struct pending call;

	SUITE_EQUAL(RESULT(chan.s, SET_REASON, .arg = 1), EINVAL);
	post(chan, PLAIN);
	receive_one(chan, PLAIN);
	SUITE_EQUAL(RESULT(chan.s, SET_REASON, .arg = 1), EINVAL);
	call = start_call(chan, PLAIN);
	receive_one(chan, PLAIN);
	acknowledge(chan);
	SUITE_EQUAL(RESULT(chan.s, SET_REASON, .arg = 1), EINVAL);
	SUITE_EQUAL(finish(call).result, 0);
}

static void one_thread_receives_at_a_time(void)
{
	struct both chan = open_pair();
	struct pending receive = START(chan.s, RECEIVE, .count = 1);

	CU_ASSERT(blocks(receive));
	SUITE_EQUAL(RESULT(chan.s, RECEIVE, .count = 1), EALREADY);
	SUITE_EQUAL(RESULT(chan.s, RECEIVE, .count = 0), EALREADY);
	SUITE_EQUAL(RESULT(chan.s, SET_REASON, .arg = 1), EALREADY);
	post(chan, PLAIN);
	SUITE_EQUAL(finish(receive).result, 0);
	acknowledge(chan);
}

static void negative_count_is_invalid(void)
{
	struct both chan = open_pair();

	SUITE_EQUAL(RESULT(chan.s, RECEIVE, .count = (uint32_t)-1), EINVAL);
}

static struct pending call_with_outputs(struct both chan)
{
	return START(chan.c, CALL, .proc = PLAIN, .size = HEAD, .outs = 3, .out_size = 100,
		     .seed = 5);
}

static void outputs_are_copied_with_reason_0(void)
{
	struct both chan = open_pair();
	struct pending call = call_with_outputs(chan);
	struct vq_reply reply;

	receive_one(chan, PLAIN);
	SUITE_EQUAL(DO(chan.s, ANSWER).v[0], 3);
	acknowledge(chan);
	reply = finish(call);
	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[0], 0);
}

static void outputs_are_left_alone_with_another_reason(void)
{
	struct both chan = open_pair();
	struct pending call = call_with_outputs(chan);
	struct vq_reply reply;

	receive_one(chan, PLAIN);
	SUITE_EQUAL(DO(chan.s, ANSWER).v[0], 3);
	SUITE_EQUAL(RESULT(chan.s, SET_REASON, .arg = -3), 0);
	acknowledge(chan);
	reply = finish(call);
	SUITE_EQUAL(reply.result, 3);
	SUITE_EQUAL(reply.v[1], 3);
}

static void interrupted_call_is_never_delivered(void)
{
	struct both chan = open_pair();
	struct pending call = start_call(chan, ANY_FORM(1));
	struct vq_reply batch;

	CU_ASSERT(blocks(call));
	SUITE_EQUAL(interrupt(call, false), 0);
	SUITE_EQUAL(finish(call).result, EINTR);
	post(chan, ANY_FORM(2));
	batch = DO(chan.s, RECEIVE, .count = 8);
	SUITE_EQUAL(batch.v[0], 1);
	SUITE_EQUAL(batch.procs[0], ANY_FORM(2));
}

static void posts_before_an_interrupted_call_are_delivered_once(void)
{
	struct both chan = open_pair();
	struct pending call;
	struct vq_reply batch;

	post(chan, ANY_FORM(1));
	call = start_call(chan, ANY_FORM(2));
	CU_ASSERT(blocks(call));
	interrupt(call, false);
	SUITE_EQUAL(finish(call).result, EINTR);
	post(chan, ANY_FORM(3));
	batch = DO(chan.s, RECEIVE, .count = 1);
	SUITE_EQUAL(batch.procs[0], ANY_FORM(1));
	batch = DO(chan.s, RECEIVE, .count = 8);
	SUITE_EQUAL(batch.v[0], 1);
	SUITE_EQUAL(batch.procs[0], ANY_FORM(3));
}

static void restarting_signals_deliver_a_call_once_or_never(void)
{
	struct both chan = open_pair();
	struct pending call = start_call(chan, ANY_FORM(1));
	struct vq_reply batch;
	bool delivered = true;

	CU_ASSERT(blocks(call));
	for (unsigned int i = 0; i < 5 && delivered; i++) {
		interrupt(call, true);
		delivered = unfinished(call);
	}
	post(chan, ANY_FORM(2));
	batch = DO(chan.s, RECEIVE, .count = 1);
	if (delivered) {
		SUITE_EQUAL(batch.procs[0], ANY_FORM(1));
		batch = DO(chan.s, RECEIVE, .count = 1);
		SUITE_EQUAL(finish(call).result, 0);
	} else {
		SUITE_EQUAL(finish(call).result, EINTR);
	}
	SUITE_EQUAL(batch.procs[0], ANY_FORM(2));
}

static void signal_is_deferred_once_the_call_is_taken(void)
{
	struct both chan = open_pair();
	struct pending call = call_with_outputs(chan);
	struct vq_reply reply;

	receive_one(chan, PLAIN);
	for (unsigned int i = 0; i < 3; i++) {
		SUITE_EQUAL(interrupt(call, i == 1), 0);
		CU_ASSERT(unfinished(call));
	}
	DO(chan.s, ANSWER);
	acknowledge(chan);
	reply = finish(call);
	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[0], 0);
}

static void interrupted_receive_loses_nothing(void)
{
	struct both chan = open_pair();
	struct pending receive = START(chan.s, RECEIVE, .count = 4);

	CU_ASSERT(blocks(receive));
	interrupt(receive, false);
	SUITE_EQUAL(finish(receive).result, EINTR);
	post(chan, PLAIN);
	receive_one(chan, PLAIN);
}

/* The server looks away from the call of a dead process: its end comes all the same. */
static void expect_end(struct both chan)
{
	struct vq_reply reply;

	do
		reply = DO(chan.s, RECEIVE, .count = 4);
	while (!reply.result);
	SUITE_EQUAL(reply.result, EPIPE);
}

static void killed_in_a_queued_call(void)
{
	struct both chan = open_chan(open_session_of(client_process(1), server_process(0), PORT));
	struct pending call = start_call(chan, PLAIN);

	CU_ASSERT(blocks(call));
	CU_ASSERT(DO(chan.c, KILL).result == 0);
	SUITE_EQUAL(finish(call).result, VQ_LOST);
	expect_end(chan);
}

static void killed_in_a_taken_call(void)
{
	struct both chan = open_chan(open_session_of(client_process(1), server_process(0), PORT));
	struct pending call = start_call(chan, PLAIN);

	receive_one(chan, PLAIN);
	CU_ASSERT(unfinished(call));
	CU_ASSERT(DO(chan.c, KILL).result == 0);
	SUITE_EQUAL(finish(call).result, VQ_LOST);
	expect_end(chan);
}

static void killed_in_a_taken_call_after_a_signal(void)
{
	struct both chan = open_chan(open_session_of(client_process(1), server_process(0), PORT));
	struct pending call = start_call(chan, PLAIN);

	receive_one(chan, PLAIN);
	interrupt(call, false);
	CU_ASSERT(unfinished(call));
	CU_ASSERT(DO(chan.c, KILL).result == 0);
	SUITE_EQUAL(finish(call).result, VQ_LOST);
	expect_end(chan);
}

static void many_calls_wait_at_once(void)
{
	struct both chan = open_pair();
	struct pending calls[60], serve;

	for (unsigned int i = 0; i < 60; i++)
		calls[i] = START(chan.c, CALL, .proc = PLAIN, .size = 200, .outs = 1,
				 .out_size = 50, .seed = i);
	for (unsigned int i = 0; i < 60; i++)
		CU_ASSERT(blocks(calls[i]));
	serve = START(chan.s, SERVE);
	for (unsigned int i = 0; i < 60; i++) {
		struct vq_reply reply = finish(calls[i]);

		SUITE_EQUAL(reply.result, 0);
		SUITE_EQUAL(reply.v[0], 0);
	}
	DO(chan.c, CHAN_DESTROY);
	SUITE_EQUAL(finish(serve).v[VQ_CALLS_SERVED], 60);
}

static void requests_without_parameters(void)
{
	struct both chan = open_pair();
	struct pending call;
	struct vq_reply batch;

	DO(chan.c, POST, .proc = ANY_FORM(1), .flags = VQ_NULL);
	call = START(chan.c, CALL, .proc = ANY_FORM(2), .flags = VQ_NULL);
	CU_ASSERT(blocks(call));
	batch = DO(chan.s, RECEIVE, .count = 8);
	SUITE_EQUAL(batch.v[0], 2);
	SUITE_EQUAL(batch.v[2], 2);	/* neither has outputs */
	SUITE_EQUAL(batch.v[3], 2);	/* nor inputs */
	DO(chan.s, SET_REASON, .arg = 9);
	acknowledge(chan);
	SUITE_EQUAL(finish(call).result, 9);
}

static void procedures_arrive_unchanged(void)
{
	static const uint32_t procs[] = { 0, 1, 0xffff, 0x10000, 0x20002, 0x7fffffff, 0xffffffff };
	struct both chan = open_pair();

	for (unsigned int i = 0; i < sizeof(procs) / sizeof(*procs); i++) {
		DO(chan.c, POST, .proc = procs[i], .flags = VQ_NULL | VQ_NOTIFY);
		receive_one(chan, procs[i]);
	}
}

const struct suite_test call_tests[] = {
	{ "call_is_answered_at_the_next_receive", call_is_answered_at_the_next_receive, 0 },
	{ "receive_of_count_0_answers_and_returns", receive_of_count_0_answers_and_returns, 0 },
	{ "receive_of_count_0_takes_nothing", receive_of_count_0_takes_nothing, 0 },
	{ "call_is_the_last_of_its_batch_and_the_only_one",
	  call_is_the_last_of_its_batch_and_the_only_one, 0 },
	{ "reasons_are_returned", reasons_are_returned, 0 },
	{ "last_reason_counts", last_reason_counts, 0 },
	{ "reason_ends_with_its_call", reason_ends_with_its_call, 0 },
	{ "reason_without_a_call_is_invalid", reason_without_a_call_is_invalid, 0 },
	{ "one_thread_receives_at_a_time", one_thread_receives_at_a_time, 0 },
	{ "negative_count_is_invalid", negative_count_is_invalid, 0 },
	{ "outputs_are_copied_with_reason_0", outputs_are_copied_with_reason_0, 0 },
	{ "outputs_are_left_alone_with_another_reason",
	  outputs_are_left_alone_with_another_reason, 0 },
	{ "interrupted_call_is_never_delivered", interrupted_call_is_never_delivered, 0 },
	{ "posts_before_an_interrupted_call_are_delivered_once",
	  posts_before_an_interrupted_call_are_delivered_once, 0 },
	{ "restarting_signals_deliver_a_call_once_or_never",
	  restarting_signals_deliver_a_call_once_or_never, 0 },
	{ "signal_is_deferred_once_the_call_is_taken", signal_is_deferred_once_the_call_is_taken,
	  0 },
	{ "interrupted_receive_loses_nothing", interrupted_receive_loses_nothing, 0 },
	{ "killed_in_a_queued_call", killed_in_a_queued_call, 0 },
	{ "killed_in_a_taken_call", killed_in_a_taken_call, 0 },
	{ "killed_in_a_taken_call_after_a_signal", killed_in_a_taken_call_after_a_signal, 0 },
	{ "many_calls_wait_at_once", many_calls_wait_at_once, 0 },
	{ "requests_without_parameters", requests_without_parameters, 0 },
	{ "procedures_arrive_unchanged", procedures_arrive_unchanged, 0 },
	{ NULL, NULL, 0 },
};
