/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics. */
#include "vrpq_suite.h"

#include "asleep.h"

#include <vlx/vrpq/common.h>

static void reset(void)
{
	SUITE_EQUAL(RESULT(idle_client(), PROF, .arg = VRPQ_PROF_RESET), 0);
}

static int64_t counter(uint32_t id)
{
	struct vq_reply reply = DO(idle_client(), PROF, .arg = VRPQ_PROF_GEN_STAT_GET, .count = 1,
				   .procs = { id });

	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.procs[0], id);
	return reply.v[0];
}

static void creations_are_counted(void)
{
	struct both session, chan;

	expect_counts_return(idle_client());
	reset();
	session = open_session();
	chan = open_chan(session);
	open_chan(session);
	SUITE_EQUAL(counter(VRPQ_PROF_SESSION_CREATE), 1);
	SUITE_EQUAL(counter(VRPQ_PROF_CHAN_CREATE), 2);
	SUITE_EQUAL(counter(VRPQ_PROF_CHAN_DESTROY), 0);
	DO(chan.c, CHAN_DESTROY);
	DO(chan.s, CHAN_DESTROY);
	SUITE_EQUAL(counter(VRPQ_PROF_CHAN_DESTROY), 1);
	CU_ASSERT(counter(VRPQ_PROF_ADM_CALLS) >= 4);
	reset();
	SUITE_EQUAL(counter(VRPQ_PROF_CHAN_CREATE), 0);
	SUITE_EQUAL(counter(VRPQ_PROF_CHAN_DESTROY), 0);
}

static void requests_are_counted(void)
{
	struct both chan = open_pair();
	struct pending serve = START(chan.s, SERVE);

	reset();
	for (unsigned int i = 0; i < 7; i++)
		SUITE_EQUAL(post(chan, PLAIN), 0);
	for (unsigned int i = 0; i < 5; i++)
		SUITE_EQUAL(finish(start_call(chan, PLAIN)).result, 0);
	for (unsigned int i = 0; i < 3; i++)
		SUITE_EQUAL(RESULT(chan.c, NOTIFY_NOW), 0);
	SUITE_EQUAL(RESULT(chan.c, POST, .proc = PLAIN, .size = HEAD, .refs = 1, .ref_size = 9), 0);
	DO(chan.c, CHAN_DESTROY);
	SUITE_EQUAL(finish(serve).result, EPIPE);
	SUITE_EQUAL(counter(VRPQ_PROF_POST_MULTI_NOTIFY), 7);
	SUITE_EQUAL(counter(VRPQ_PROF_POST_MULTI_CALL), 5);
	SUITE_EQUAL(counter(VRPQ_PROF_NOTIFY), 3);
	SUITE_EQUAL(counter(VRPQ_PROF_IN_PARAM_REF), 1);
}

static void procedures_are_counted(void)
{
	struct both chan = open_pair();
	struct pending serve = START(chan.s, SERVE);
	struct vq_reply reply;
	unsigned int found = 0;

	reset();
	for (uint32_t i = 0; i < 12; i++)
		DO(chan.c, POST, .proc = ANY_FORM(i % 3), .flags = VQ_NULL);
	DO(chan.c, CHAN_DESTROY);
	finish(serve);
	reply = DO(idle_client(), PROF, .arg = VRPQ_PROF_PROC_STAT_GET, .count = 4,
		   .procs = { ANY_FORM(0), ANY_FORM(1), ANY_FORM(2), ANY_FORM(77) });
	SUITE_EQUAL(reply.result, 0);
	for (unsigned int i = 0; i < 4; i++)
		SUITE_EQUAL(reply.v[i], i < 3 ? 4 : 0);
	reply = DO(idle_client(), PROF, .arg = VRPQ_PROF_PROC_STAT_GET_ALL, .count = 32);
	SUITE_EQUAL(reply.result, 3);
	for (unsigned int i = 0; i < 3; i++)
		found |= 1u << (reply.procs[i] - ANY_FORM(0));
	SUITE_EQUAL(found, 7);
	reply = DO(idle_client(), PROF, .arg = VRPQ_PROF_PROC_STAT_GET_ALL, .count = 1);
	SUITE_EQUAL(reply.result, 3);
}

static void use_is_counted(void)
{
	struct both chan = open_pair();

	reset();
	for (unsigned int i = 0; i < 30; i++)
		DO(chan.c, POST, .proc = PLAIN, .size = 3000, .seed = i,
		   .flags = i == 29 ? VQ_NOTIFY : 0);
	SUITE_EQUAL(counter(VRPQ_PROF_REQS_NR), 30);
	CU_ASSERT(counter(VRPQ_PROF_PARAM_ALLOCATED_SZ) >= 90000);
	receive_posts(chan, 30);
	acknowledge(chan);
	CU_ASSERT(counter(VRPQ_PROF_REQS_NR_MAX) >= 30);
	CU_ASSERT(counter(VRPQ_PROF_PARAM_SINGLE_SZ_MAX) >= 3000);
}

/* What sleeps may sleep for pages that are on their way, and for the full pool only later. */
static bool counts_up_to(uint32_t id, int64_t least)
{
	for (int ms = 0; ms < suite_patience_ms(); ms += 10) {
		if (counter(id) >= least)
			return true;
		sleep_ms(10);
	}
	return false;
}

static void full_pools_are_counted(void)
{
	struct both chan = open_pair();
	struct pending stream;

	reset();
	stream = START(chan.c, STREAM, .proc = PLAIN, .size = 1000,
		       .count = 2 * (uint32_t)link_pmem() / 1000 + 20);
	CU_ASSERT_FATAL(blocks(stream));
	CU_ASSERT(counts_up_to(VRPQ_PROF_PARAM_RING_FULL, 1));
}

static void unknown_statistics_are_refused(void)
{
	struct vq_request server_side = { .op = VQ_PROF, .arg = VRPQ_PROF_GEN_STAT_GET,
					  .count = 1, .procs = { 1 } };

	SUITE_EQUAL(RESULT(idle_client(), PROF, .arg = VRPQ_PROF_GEN_STAT_GET, .count = 1,
			   .procs = { 99 }), EINVAL);
	SUITE_EQUAL(RESULT(idle_client(), PROF, .arg = VRPQ_PROF_GEN_STAT_GET, .count = 1,
			   .procs = { 0 }), EINVAL);
	SUITE_EQUAL(RESULT(idle_client(), PROF, .arg = 0), EINVAL);
	SUITE_EQUAL(RESULT(idle_client(), PROF, .arg = 5), EINVAL);
	SUITE_EQUAL(finish(start_on(idle_server(), server_side)).result, EINVAL);
	for (uint32_t id = 1; id <= VRPQ_PROF_PROC_STAT_TBL; id++)
		counter(id);
}

const struct suite_test prof_tests[] = {
	{ "creations_are_counted", creations_are_counted, 0 },
	{ "requests_are_counted", requests_are_counted, 0 },
	{ "procedures_are_counted", procedures_are_counted, 0 },
	{ "use_is_counted", use_is_counted, 0 },
	{ "full_pools_are_counted", full_pools_are_counted, 0 },
	{ "unknown_statistics_are_refused", unknown_statistics_are_refused, 0 },
	{ NULL, NULL, 0 },
};
