/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vrpq_hostile.h"

#include "../suites/asleep.h"
#include "../suites/vbpipe_suite.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define NEIGHBOUR	9	/* its processes */
#define NEAR_PORT	8
#define NEAR_POSTS	40

/* ---- the victim ---- */

struct handle victim(unsigned int number)
{
	return hostile_server ? client_process(number) : server_process(number);
}

void victim_killed(unsigned int number)
{
	struct vq_reply reply = DO(victim(number), KILL);

	CU_ASSERT(WIFSIGNALED(reply.v[0]) && WTERMSIG(reply.v[0]) == SIGKILL);
}

void victim_sees_end(struct pending call)
{
	SUITE_EQUAL(finish(call).result, EPIPE);
}

void victim_interruptible(struct pending call)
{
	CU_ASSERT(blocks(call));
	SUITE_EQUAL(interrupt(call, false), 0);
	SUITE_EQUAL(finish(call).result, EINTR);
}

static struct handle victims_idle(void)
{
	return hostile_server ? idle_client() : idle_server();
}

void victim_has_nothing(void)
{
	expect_counts_return(victims_idle());
}

long long quarantined(void)
{
	return DO(victims_idle(), STAT).v[VQ_QUARANTINED];
}

/* There is no event for it. */
void await_quarantined(long long pages)
{
	for (int ms = suite_patience_ms(); ms > 0 && quarantined() != pages; ms -= 20)
		sleep_ms(20);
	SUITE_EQUAL(quarantined(), pages);
}

/* ---- the neighbour ---- */

static struct both near_chan;

/* A request about the neighbour's link, not the attacked one. */
static struct pending start_near(struct handle on, uint32_t op)
{
	struct vq_request request = { .op = op, .arg = NEAR_PORT };
	bool client = on.end == client_end();

	snprintf(request.device, sizeof(request.device), "%s",
		 client ? suite_option("near_client", "/dev/vrpq-clt-vogl0") :
			  suite_option("near_server", "/dev/vrpq-srv-vogl0"));
	return start_on(on, request);
}

static struct both neighbour_open(void)
{
	struct handle client = client_process(NEIGHBOUR), server = server_process(NEIGHBOUR);
	struct pending create = start_near(client, VQ_SESSION_CREATE);
	struct vq_reply accepted = finish(start_near(server, VQ_SESSION_ACCEPT));
	struct vq_reply created = finish(create);
	struct both session = { made(client, &created), made(server, &accepted) };

	if (created.result || accepted.result)
		suite_fail("neighbour: create %d, accept %d", created.result, accepted.result);
	SUITE_EQUAL(RESULT(session.s, SHM_MAP), 0);
	return open_chan(session);
}

void neighbour_works(void)
{
	struct pending call, posts;
	struct vq_reply reply;

	posts = START(near_chan.c, STREAM, .proc = PLAIN, .size = 600, .count = NEAR_POSTS,
		      .arg = 10, .seed = 1);
	receive_posts(near_chan, NEAR_POSTS);
	acknowledge(near_chan);
	SUITE_EQUAL(finish(posts).result, 0);
	call = START(near_chan.c, CALL, .proc = PLAIN, .size = 2000, .outs = 2, .out_size = 300,
		     .seed = 2);
	receive_one(near_chan, PLAIN);
	SUITE_EQUAL(DO(near_chan.s, ANSWER).v[0], 2);
	acknowledge(near_chan);
	reply = finish(call);
	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[0], 0);
}

void hostile_begin_unconnected(struct vr *vr)
{
	near_chan = neighbour_open();
	neighbour_works();
	vr_open(vr, hostile_server ? "hq_evil" : "hr_evil", hostile_server);
}

void hostile_begin(struct vr *vr)
{
	hostile_begin_unconnected(vr);
	vr_connect(vr);
}

void hostile_finish(void)
{
	close_ends();
	close_session();
}

/* ---- the victim's log ---- */

static int log_fd = -1;
static long long log_start;

void log_begin(const struct vr *vr)
{
	log_fd = agent_open(peer(), "/dev/kmsg", O_RDONLY | O_NONBLOCK);
	CU_ASSERT_FATAL(agent_count_records(peer(), log_fd, vr->end.link) >= 0);
	log_start = clock_us();
}

long long log_seconds(void)
{
	return (clock_us() - log_start) / 1000000;
}

/* 5 in a minute for one link, with the rest of a minute before and one that has begun. */
void log_is_short(const struct vr *vr)
{
	long long seconds = log_seconds();
	long reports = agent_count_records(peer(), log_fd, vr->end.link);

	printf("# %ld reports in %lld seconds\n", reports, seconds);
	fflush(stdout);
	CU_ASSERT(reports >= 0);
	CU_ASSERT(reports <= 5 * (seconds / 60 + 2));
}

/* ---- storms ---- */

#define STORM	20000u		/* notifications */
#define TAKEN	(STORM / 20)

static struct {
	struct vr *vr;
	bool bells;
	atomic_uint sent;
} storm;

static void storm_step(struct end *end, uint64_t *random)
{
	(void)random;
	if (storm.bells)
		vr_all_bells(storm.vr);
	else
		end_notify(end);
	atomic_fetch_add(&storm.sent, 1);
}

static long long received(void)
{
	return DO(victims_idle(), STAT).v[VQ_EVENTS];
}

/* Of a back end Linux tells for how long it kept the peer's events off. */
static long long delayed(const struct vr *vr)
{
	unsigned int length;
	char *domid = xs_read(vr->end.xs, XBT_NULL, "domid", &length);
	char path[AGENT_PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/xen-backend/devices/vrpq-%s-%u/xenbus/jiffies_eoi_delayed",
		 domid ? domid : "?", vr->end.id);
	free(domid);
	return agent_number(peer(), path);
}

static void storm_is_throttled(struct vr *vr, bool bells)
{
	long long before = received(), delayed_before = hostile_server ? 0 : delayed(vr), taken;

	storm.vr = vr;
	storm.bells = bells;
	atomic_store(&storm.sent, 0);
	noise_start(&vr->end, storm_step);
	do
		neighbour_works();
	while (atomic_load(&storm.sent) < STORM);
	noise_stop();
	taken = received() - before;
	printf("# storm: of %u notifications %lld were taken\n", atomic_load(&storm.sent), taken);
	fflush(stdout);
	CU_ASSERT(taken < TAKEN);
	if (!hostile_server)
		CU_ASSERT(delayed(vr) > delayed_before);
}

void storm_without_news(struct vr *vr)
{
	storm_is_throttled(vr, false);
}

void storm_of_bells(struct vr *vr)
{
	storm_is_throttled(vr, true);
}

#define BELLS	3000u

void ring_without_end(struct vr *vr, void (*others)(void))
{
	for (unsigned int i = 0; i < BELLS; i++) {
		vr_all_bells(vr);
		if (i % 1000 == 0)
			others();
	}
}

/* ---- floods ---- */

#define FLOOD	20000u		/* messages */

static struct {
	struct vr *vr;
	struct vr_message message;
} flooding;

static void flood_step(struct end *end, uint64_t *random)
{
	(void)end;
	(void)random;
	mailbox_send_within(&flooding.vr->mail, &flooding.message, 0);
}

void flood(struct vr *vr, struct vr_message message, void (*others)(void))
{
	uint32_t line = hostile_server ? BOX_S2C_CONS : BOX_C2S_CONS;
	uint32_t before = end_load(&vr->end, line), rounds = 0;

	flooding.vr = vr;
	flooding.message = message;
	noise_start(&vr->end, flood_step);
	do {
		others();
		rounds++;
	} while (end_load(&vr->end, line) - before < FLOOD);
	noise_stop();
	printf("# %u messages, %u rounds of the others meanwhile\n",
	       end_load(&vr->end, line) - before, rounds);
	fflush(stdout);
}

/* ---- states, and pages ---- */

#define FLAPS	200

void flap_states(struct vr *vr)
{
	uint64_t random = 99;

	for (unsigned int i = 0; i < FLAPS; i++) {
		end_set_state(&vr->end, (int)random_below(&random, 9));
		if (!(i % 50))
			neighbour_works();
	}
}

void scribble_page(struct vr *vr, struct vr_session *session, uint32_t page, uint64_t *random)
{
	uint32_t *words = (uint32_t *)(void *)vr_page(session, ZONE_RING, page);
	uint32_t value = random_below(random, random_below(random, 4) ? 300 : UINT32_MAX);

	__atomic_store_n(words + random_below(random, PEER_PAGE / 4), value, __ATOMIC_SEQ_CST);
	if (!random_below(random, 50))
		vr_bell(vr, session->channel);
}
