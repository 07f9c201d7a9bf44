/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * As many sessions as there may be, all in use at the same time, and one among them that
 * holds all it can get: the others get their shares. This takes long, and a link whose pool
 * has a share for each of so many (scenario vrpq-crowd).
 */
#include "vrpq_suite.h"

#include <stdio.h>

#define IDS		1023
#define PROCESSES	8
#define ROUNDS		10u
#define STARVED_SECONDS	600	/* whoever waits longer is, whatever the machine */
#define PAGE		4096u

/* Parameters of a few bytes; and of the whole share: one guaranteed page, and two of the pool. */
#define SHARE_PAGES	2
#define SMALL		200u
#define SHARE		(SHARE_PAGES * PAGE + 1000)

static struct pending serving[PROCESSES];

static uint32_t members(unsigned int process)
{
	/* The hoarder's is one of them. */
	return IDS / PROCESSES + (process < IDS % PROCESSES) - !process;
}

static struct handle crowd_client(unsigned int process)
{
	return client_process(1 + process);
}

static struct handle crowd_server(unsigned int process)
{
	return server_process(1 + process);
}

static void open_crowd(void)
{
	struct pending opening[PROCESSES];
	int64_t open = 0;

	for (unsigned int i = 0; i < PROCESSES; i++)
		serving[i] = START(crowd_server(i), CROWD_SERVE, .arg = PORT + 1,
				   .count = members(i));
	for (unsigned int i = 0; i < PROCESSES; i++)
		opening[i] = START(crowd_client(i), CROWD_OPEN, .arg = PORT + 1,
				   .count = members(i));
	for (unsigned int i = 0; i < PROCESSES; i++) {
		struct vq_reply reply = finish_within(opening[i], STARVED_SECONDS);

		SUITE_EQUAL(reply.result, 0);
		open += reply.v[0];
	}
	SUITE_EQUAL(open, IDS - 1);
}

static void add(const struct vq_reply *reply, int64_t *sums)
{
	for (unsigned int i = 0; i <= VQ_CROWD_LATE_CALLS; i++) {
		if (i != VQ_CROWD_POST_MS && i != VQ_CROWD_CALL_MS)
			sums[i] += reply->v[i];
		else if (reply->v[i] > sums[i])
			sums[i] = reply->v[i];
	}
}

/* Every channel takes all its rounds, and all is right. */
static void use_crowd(const char *when, uint32_t size, uint32_t rounds, int32_t interval_ms)
{
	struct pending running[PROCESSES];
	int64_t sums[VQ_CROWD_LATE_CALLS + 1] = { 0 };

	for (unsigned int i = 0; i < PROCESSES; i++)
		running[i] = START(crowd_client(i), CROWD_RUN, .proc = PLAIN, .size = size,
				   .outs = 1, .out_size = 100, .count = rounds,
				   .arg = interval_ms);
	for (unsigned int i = 0; i < PROCESSES; i++) {
		struct vq_reply reply = finish_within(running[i], STARVED_SECONDS);

		SUITE_EQUAL(reply.result, 0);
		add(&reply, sums);
	}
	printf("# %s: the longest post %lld ms, %lld of %lld over a second; the longest call %lld ms, %lld over a second\n",
	       when, (long long)sums[VQ_CROWD_POST_MS], (long long)sums[VQ_CROWD_LATE_POSTS],
	       (long long)sums[VQ_CROWD_ROUNDS], (long long)sums[VQ_CROWD_CALL_MS],
	       (long long)sums[VQ_CROWD_LATE_CALLS]);
	fflush(stdout);
	SUITE_EQUAL(sums[VQ_CROWD_ROUNDS], (IDS - 1) * rounds);
	SUITE_EQUAL(sums[VQ_CROWD_WRONG], 0);
	SUITE_EQUAL(sums[VQ_CROWD_FAILED], 0);
}

/* Posts that nobody receives, until there is no room for more. */
static struct pending hoard(struct both chan)
{
	struct pending stream = START(chan.c, STREAM, .proc = PLAIN, .size = 60000,
				      .count = UINT32_MAX, .arg = 1000);

	CU_ASSERT(blocks(stream));
	return stream;
}

static void long_crowd_and_hoarder(void)
{
	struct pending stream;
	struct both greedy;

	if (link_pmem() / PAGE / IDS < SHARE_PAGES)
		suite_skip("the pool of this link has no share for each of so many sessions");
	greedy = open_pair();
	open_crowd();
	SUITE_EQUAL(RESULT(client_process(20), SESSION_CREATE, .arg = PORT), EAGAIN);
	SUITE_EQUAL(DO(idle_client(), STAT).v[VQ_SESSIONS], IDS);
	SUITE_EQUAL(DO(idle_client(), STAT).v[VQ_CHANNELS], IDS);
	use_crowd("all", SMALL, ROUNDS, 0);
	stream = hoard(greedy);
	printf("# %lld pages of parameters are in use, the pool has %lu\n",
	       (long long)DO(idle_client(), STAT).v[VQ_PMEM], link_pmem() / PAGE);
	/* First with time to spare: whoever waits does so for its share, not for a processor. */
	use_crowd("their share every four seconds, beside a hoarder", SHARE, ROUNDS, 4000);
	use_crowd("all beside a hoarder, small", SMALL, ROUNDS, 0);
	use_crowd("all beside a hoarder, their share", SHARE, ROUNDS, 0);
	printf("# the hoarder %s\n", unfinished(stream) ? "has still its session" :
	       finish(stream).result == EPIPE ? "was ended" : "failed");
	fflush(stdout);
	for (unsigned int i = 0; i < PROCESSES; i++)
		SUITE_EQUAL(RESULT(crowd_client(i), KILL), 0);
	for (unsigned int i = 0; i < PROCESSES; i++) {
		struct vq_reply reply = finish_within(serving[i], STARVED_SECONDS);

		SUITE_EQUAL(reply.v[VQ_WRONG], 0);
		SUITE_EQUAL(reply.v[VQ_CRASHED], 0);
	}
	SUITE_EQUAL(RESULT(greedy.c, KILL), 0);
	SUITE_EQUAL(RESULT(greedy.s, KILL), 0);
	expect_counts_return(idle_client());
	expect_counts_return(idle_server());
	open_pair();
}

const struct suite_test share_tests[] = {
	{ "long_crowd_and_hoarder", long_crowd_and_hoarder, 3600 },
	{ NULL, NULL, 0 },
};
