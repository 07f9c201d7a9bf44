/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parameters: direct ones, references both ways, and private copies. */
#include "vrpq_suite.h"

static void direct_parameters_of_any_size(void)
{
	static const uint32_t sizes[] = { HEAD, HEAD + 1, 39, 40, 41, 1000, 4080, 4096, 4097, 8191,
					  20000, 65535, 65536 };
	struct both chan = open_pair();

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		SUITE_EQUAL(RESULT(chan.c, POST, .proc = PLAIN, .size = sizes[i], .seed = i,
				   .flags = VQ_NOTIFY), 0);
		receive_one(chan, PLAIN);
	}
}

static void tiny_parameters(void)
{
	struct both chan = open_pair();

	for (uint32_t size = 0; size < HEAD; size++) {
		SUITE_EQUAL(RESULT(chan.c, POST, .proc = ANY_FORM(size), .size = size,
				   .flags = VQ_NOTIFY), 0);
		receive_one(chan, ANY_FORM(size));
	}
}

/* One call with references both ways, served by @op. */
static void call_with_refs(struct both chan, uint32_t size, uint32_t refs, uint32_t ref_size,
			   uint32_t flags)
{
	struct pending call = START(chan.c, CALL, .proc = PLAIN, .size = size, .refs = refs,
				    .ref_size = ref_size, .outs = refs, .out_size = ref_size,
				    .seed = ref_size + refs, .flags = flags);
	struct vq_reply reply;

	receive_one(chan, PLAIN);
	reply = DO(chan.s, ANSWER);
	SUITE_EQUAL(reply.v[0], ref_size ? refs : 0);
	SUITE_EQUAL(reply.v[1], 0);
	acknowledge(chan);
	reply = finish(call);
	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[0], 0);
}

static void references_of_any_size_travel_both_ways(void)
{
	static const uint32_t sizes[] = { 0, 1, 7, 8, 9, 100, 4095, 4096, 4097 };
	static const uint32_t counts[] = { 1, 2, 31, 32 };
	struct both chan = open_pair();

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (unsigned int k = 0; k < 4; k++)
			if (sizes[i] * counts[k] * 2 < link_pmem() / 2)
				call_with_refs(chan, HEAD + i, counts[k], sizes[i], 0);
}

static void sums_of_references_may_be_padded(void)
{
	struct both chan = open_pair();

	for (uint32_t size = 1; size < 18; size += 3)
		call_with_refs(chan, HEAD + size, 32, size, VQ_PADDED);
}

static void more_than_32_references_are_refused(void)
{
	struct both chan = open_pair();

	SUITE_EQUAL(RESULT(chan.c, ALLOC, .size = HEAD, .refs = 33), EINVAL);
	SUITE_EQUAL(RESULT(chan.c, ALLOC, .size = HEAD, .refs = 1, .outs = 33), EINVAL);
	SUITE_EQUAL(RESULT(chan.c, ALLOC, .size = HEAD, .refs = 33, .outs = 1), EINVAL);
	SUITE_EQUAL(RESULT(chan.c, ALLOC, .size = HEAD, .refs = 0xffffffff, .outs = 1), EINVAL);
	SUITE_EQUAL(RESULT(chan.c, ALLOC, .size = HEAD, .refs = 32, .outs = 32), 0);
}

static void references_beyond_their_sum_are_refused(void)
{
	struct both chan = open_pair();

	SUITE_EQUAL(RESULT(chan.c, POST, .proc = PLAIN, .size = HEAD, .refs = 2, .ref_size = 1000,
			   .flags = VQ_SHORT), EINVAL);
	SUITE_EQUAL(RESULT(chan.c, CALL, .proc = PLAIN, .size = HEAD, .refs = 2, .ref_size = 1000,
			   .flags = VQ_SHORT), EINVAL);
	SUITE_EQUAL(RESULT(chan.c, CALL, .proc = PLAIN, .size = HEAD, .outs = 2, .out_size = 1000,
			   .flags = VQ_SHORT), EINVAL);
	post(chan, PLAIN);
	receive_one(chan, PLAIN);
}

static void empty_references_are_null(void)
{
	struct both chan = open_pair();
	struct pending call = START(chan.c, CALL, .proc = PLAIN, .size = HEAD, .refs = 3,
				    .outs = 2);
	struct vq_reply reply;

	receive_one(chan, PLAIN);
	reply = DO(chan.s, RESOLVE, .arg = 1, .size = 0);
	SUITE_EQUAL(reply.v[0], 0);
	SUITE_EQUAL(reply.v[1], 1);
	reply = DO(chan.s, RESOLVE, .arg = 1, .size = 0, .flags = VQ_OUTPUT);
	SUITE_EQUAL(reply.v[0], 0);
	SUITE_EQUAL(reply.v[1], 1);
	reply = DO(chan.s, RESOLVE, .arg = 1, .size = 4);
	SUITE_EQUAL(reply.v[0], 1);
	SUITE_EQUAL(reply.v[1], 1);
	acknowledge(chan);
	SUITE_EQUAL(finish(call).result, 0);
}

static void references_of_unexpected_size_are_errors(void)
{
	struct both chan = open_pair();
	struct pending call = START(chan.c, CALL, .proc = PLAIN, .size = HEAD, .refs = 2,
				    .ref_size = 100, .outs = 2, .out_size = 60);
	struct vq_reply reply;

	receive_one(chan, PLAIN);
	for (int i = 0; i < 2; i++) {
		reply = DO(chan.s, RESOLVE, .arg = i, .size = 100);
		SUITE_EQUAL(reply.v[0], 0);
		SUITE_EQUAL(reply.v[1], 0);
		SUITE_EQUAL(DO(chan.s, RESOLVE, .arg = i, .size = 99).v[0], 1);
		SUITE_EQUAL(DO(chan.s, RESOLVE, .arg = i, .size = 101).v[0], 1);
		reply = DO(chan.s, RESOLVE, .arg = i, .size = 60, .flags = VQ_OUTPUT);
		SUITE_EQUAL(reply.v[0], 0);
		SUITE_EQUAL(reply.v[1], 0);
		SUITE_EQUAL(DO(chan.s, RESOLVE, .arg = i, .size = 61, .flags = VQ_OUTPUT).v[0], 1);
	}
	acknowledge(chan);
	SUITE_EQUAL(finish(call).result, 0);
}

static void posts_have_no_outputs(void)
{
	struct both chan = open_pair();
	struct vq_reply reply;

	for (unsigned int i = 0; i < 3; i++)
		post(chan, PLAIN);
	reply = DO(chan.s, RECEIVE, .count = 8);
	SUITE_EQUAL(reply.v[0], 3);
	SUITE_EQUAL(reply.v[2], 3);
	SUITE_EQUAL(reply.v[3], 0);
}

static void local_buffers_hold_one_request_after_the_other(void)
{
	struct both chan = open_pair();
	struct pending call;
	struct vq_reply reply;

	for (uint32_t i = 1; i < 3; i++)
		DO(chan.c, POST, .proc = ANY_FORM(i), .size = 100 * i, .number = i, .seed = i);
	call = START(chan.c, CALL, .proc = PLAIN, .size = 70, .refs = 3, .ref_size = 41,
		     .outs = 5, .out_size = 33, .seed = 9, .number = 3);
	CU_ASSERT(blocks(call));
	SUITE_EQUAL(DO(chan.s, RECEIVE, .count = 8).v[0], 3);
	for (uint32_t i = 1; i <= 3; i++) {
		reply = DO(chan.s, LOCAL_INFO);
		SUITE_EQUAL(reply.result, 0);
		CU_ASSERT(reply.v[0] >= (i < 3 ? 100 * i : 70));
		CU_ASSERT((reply.v[1] > 0) == (i == 3));
		reply = DO(chan.s, LOCAL_RECEIVE);
		SUITE_EQUAL(reply.result, 0);
		SUITE_EQUAL(reply.v[0], 0);
		SUITE_EQUAL(reply.v[2], i);
		SUITE_EQUAL(reply.procs[0], i < 3 ? ANY_FORM(i) : PLAIN);
	}
	SUITE_EQUAL(reply.v[1], 5);
	SUITE_EQUAL(RESULT(chan.s, LOCAL_INFO), EINVAL);
	SUITE_EQUAL(RESULT(chan.s, LOCAL_RECEIVE), EINVAL);
	acknowledge(chan);
	reply = finish(call);
	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[0], 0);
}

static void local_buffers_without_a_request(void)
{
	struct both chan = open_pair();

	SUITE_EQUAL(RESULT(chan.s, LOCAL_INFO), EINVAL);
	SUITE_EQUAL(RESULT(chan.s, LOCAL_RECEIVE), EINVAL);
	DO(chan.c, POST, .proc = PLAIN, .flags = VQ_NULL | VQ_NOTIFY);
	receive_one(chan, PLAIN);
	SUITE_EQUAL(DO(chan.s, LOCAL_INFO).v[0], 0);
	SUITE_EQUAL(RESULT(chan.s, LOCAL_RECEIVE), 0);
}

/* Allocations that nobody posts go with their channel. */
static void parameters_never_posted_are_freed(void)
{
	struct both session = open_session();

	for (unsigned int round = 0; round < 4; round++) {
		struct both chan = open_chan(session);

		for (unsigned int i = 0; i < 4; i++)
			SUITE_EQUAL(RESULT(chan.c, ALLOC, .size = (uint32_t)link_pmem() / 8,
					   .outs = i & 1, .out_size = 100), 0);
		SUITE_EQUAL(RESULT(chan.c, CHAN_DESTROY), 0);
		DO(chan.s, CHAN_DESTROY);
	}
	SUITE_EQUAL(RESULT(session.c, SESSION_DESTROY), 0);
	SUITE_EQUAL(RESULT(session.s, SESSION_DESTROY), 0);
	expect_counts_return(idle_client());
}

static void memory_is_used_anew(void)
{
	struct both chan = open_pair();
	struct pending serve = START(chan.s, SERVE);
	struct vq_reply reply;

	for (uint32_t i = 0; i < 40; i++) {
		reply = DO(chan.c, CALL, .proc = PLAIN, .size = HEAD + i * 50, .refs = 2,
			   .ref_size = (uint32_t)link_pmem() / 16, .outs = 1,
			   .out_size = (uint32_t)link_pmem() / 16, .seed = i);
		SUITE_EQUAL(reply.result, 0);
		SUITE_EQUAL(reply.v[0], 0);
	}
	DO(chan.c, CHAN_DESTROY);
	SUITE_EQUAL(finish(serve).v[VQ_WRONG], 0);
}

const struct suite_test param_tests[] = {
	{ "direct_parameters_of_any_size", direct_parameters_of_any_size, 0 },
	{ "tiny_parameters", tiny_parameters, 0 },
	{ "references_of_any_size_travel_both_ways", references_of_any_size_travel_both_ways, 0 },
	{ "sums_of_references_may_be_padded", sums_of_references_may_be_padded, 0 },
	{ "more_than_32_references_are_refused", more_than_32_references_are_refused, 0 },
	{ "references_beyond_their_sum_are_refused", references_beyond_their_sum_are_refused, 0 },
	{ "empty_references_are_null", empty_references_are_null, 0 },
	{ "references_of_unexpected_size_are_errors", references_of_unexpected_size_are_errors,
	  0 },
	{ "posts_have_no_outputs", posts_have_no_outputs, 0 },
	{ "local_buffers_hold_one_request_after_the_other",
	  local_buffers_hold_one_request_after_the_other, 0 },
	{ "local_buffers_without_a_request", local_buffers_without_a_request, 0 },
	{ "parameters_never_posted_are_freed", parameters_never_posted_are_freed, 0 },
	{ "memory_is_used_anew", memory_is_used_anew, 0 },
	{ NULL, NULL, 0 },
};
