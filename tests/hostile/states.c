/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events and xenbus states: too many, in no order, without sense; ends that die
 * or vanish.
 */
#include "hostile.h"

#include "../suites/asleep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct end end;

/* ---- events ---- */

#define STORM_MS	1500

static void notify(struct end *e, uint64_t *random)
{
	(void)random;
	end_notify(e);
}

/* Of a back end Linux tells for how long it kept the peer's events off. */
static long long delayed(void)
{
	static char path[128];
	char *domid;
	unsigned int length;

	domid = xs_read(end.xs, XBT_NULL, "domid", &length);
	snprintf(path, sizeof(path), "/sys/bus/xen-backend/devices/vbpipe-%s-%u/xenbus/jiffies_eoi_delayed",
		 domid ? domid : "?", end.id);
	free(domid);
	return agent_number(peer(), path);
}

static long long received(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "/sys/class/vbpipe/%s/events_received", end.link);
	return agent_number(peer(), path);
}

/* The neighbour for the time of the storm; events that the victim took, each millisecond. */
static double storm(void (*step)(struct end *, uint64_t *))
{
	long long begin = clock_us(), before = received(), taken, ms;
	unsigned int rounds = 0;

	noise_start(&end, step);
	do {
		neighbour_works();
		rounds++;
	} while (clock_us() - begin < STORM_MS * 1000);
	noise_stop();
	taken = received() - before;
	ms = (clock_us() - begin) / 1000;
	printf("# storm: %lld events taken, %u rounds of the neighbour in %lld ms\n", taken, rounds,
	       ms);
	fflush(stdout);
	return (double)taken / (double)ms;
}

/* Without a reason: the victim's kernel keeps them off. */
static void storm_is_throttled(void (*step)(struct end *, uint64_t *))
{
	long long before = hostile_server ? 0 : delayed();

	/*
	 * After every second one there is a pause of a jiffy at least, so half an event in a
	 * millisecond at 250 Hz. A slow machine would pass this anyway: the proof is below.
	 */
	CU_ASSERT(storm(step) < 1);
	if (!hostile_server)
		CU_ASSERT(delayed() > before);
}

static void storm_at_rest(void)
{
	attack_begin(&end);
	end_connect(&end, 4096);
	storm_is_throttled(notify);
	attack_end(&end);
}

static void storm_under_reader(void)
{
	uint32_t ticket;
	int fd = attack_open(&end);

	ticket = victim_blocks(agent_request_read(fd, 10, 0, 0));
	storm_is_throttled(notify);
	victim_interruptible(ticket);
	attack_end(&end);
}

static void notify_with_news(struct end *e, uint64_t *random)
{
	end_store(e, e->my_word, e->word ^ random_below(random, 1000) << 2);
	end_notify(e);
}

/* Each with a new state word: that is a reason only as often as the victim asks for one. */
static void storm_with_news(void)
{
	attack_begin(&end);
	end_connect(&end, 4096);
	storm_is_throttled(notify_with_news);
	attack_end(&end);
}

static void notify_with_index(struct end *e, uint64_t *random)
{
	end_store(e, e->out.mine, e->out.index + random_below(random, 4000));
	end_notify(e);
}

/* Each with an index of the ring, under a reader that has not asked for so little. */
static void storm_with_indices(void)
{
	uint32_t ticket;
	int fd = attack_open(&end);

	ticket = victim_blocks(agent_request_read(fd, 10, 0, 0));
	storm_is_throttled(notify_with_index);
	agent_interrupt(peer(), ticket, false);
	agent_finish(peer(), ticket);
	attack_end(&end);
}

static void port_closes_under_reader(void)
{
	int fd = attack_open(&end);
	uint32_t ticket = victim_blocks(agent_request_read(fd, 10, 0, 0));

	SUITE_EQUAL(xenevtchn_unbind(end.events, (evtchn_port_t)end.port), 0);
	end.port = 0;
	/* Notifies nobody. */
	SUITE_EQUAL(agent_write(peer(), fd, 4096, 0, 0), 4096);
	victim_interruptible(ticket);
	attack_end(&end);
}

const struct suite_test event_tests[] = {
	{ "event_storm_at_rest", storm_at_rest, 0 },
	{ "event_storm_under_reader", storm_under_reader, 0 },
	{ "event_storm_with_news", storm_with_news, 0 },
	{ "event_storm_with_indices", storm_with_indices, 0 },
	{ "event_port_closes_under_reader", port_closes_under_reader, 0 },
	{ NULL, NULL, 0 },
};

/* ---- states ---- */

static void state_ends_reader(int state)
{
	int fd = attack_open(&end);
	uint32_t ticket = victim_blocks(agent_request_read(fd, 10, 0, 0));

	end_set_state(&end, state);
	SUITE_EQUAL(agent_finish(peer(), ticket).value, 0);
	victim_sees_end(fd);
	if (end.server && state == XenbusStateInitWait)
		/* It takes that for an offer: only then it looks at what we do next. */
		end_await(&end, XenbusStateInitialised);
	attack_end(&end);
}

static void closing_under_reader(void)
{
	state_ends_reader(XenbusStateClosing);
}

static void closed_under_reader(void)
{
	state_ends_reader(XenbusStateClosed);
}

static void initialising_under_reader(void)
{
	state_ends_reader(XenbusStateInitialising);
}

static void init_wait_under_reader(void)
{
	state_ends_reader(XenbusStateInitWait);
}

static void no_state_under_reader(void)
{
	int fd = attack_open(&end);
	uint32_t ticket = victim_blocks(agent_request_read(fd, 10, 0, 0));

	end_remove(&end, "state");
	SUITE_EQUAL(agent_finish(peer(), ticket).value, 0);
	victim_sees_end(fd);
	attack_end(&end);
}

static void closing_under_writer(void)
{
	int fd = attack_open(&end);
	uint32_t ticket = victim_blocks(agent_request_write(fd, 10000, 0, 0));

	end_set_state(&end, XenbusStateClosing);
	SUITE_EQUAL(agent_finish(peer(), ticket).value, 4096);
	victim_sees_end(fd);
	attack_end(&end);
}

/* An open waits for a peer, whoever that is: it goes on with the next one. */
static void closing_under_opener(void)
{
	uint32_t ticket;

	attack_begin(&end);
	end_connect(&end, 4096);
	ticket = victim_blocks(agent_request_open(node("evil"), O_RDWR));
	end_set_state(&end, XenbusStateClosing);
	end_await_any(&end, 1u << XenbusStateClosing | 1u << XenbusStateClosed);
	end_connect(&end, 4096);
	end_meet(&end);
	link_works(&end, (int)agent_finish(peer(), ticket).value);
	attack_end(&end);
}

static void states_without_sense(void)
{
	static const char *const values[] = { "", "abc", "-1", "99", "7", "8", "4294967300",
					      "4 4", "\xff\xff", "%s%n", "18446744073709551620" };
	int fd = attack_open(&end);

	for (unsigned int i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		end_write(&end, "state", values[i], strlen(values[i]));
		neighbour_works();
	}
	/* Whatever it made of them, nobody is held. */
	SUITE_EQUAL(agent_close(peer(), fd), 0);
	attack_end(&end);
}

#define FLAPS	200

static void states_flap(void)
{
	uint64_t random = 99;

	attack_begin(&end);
	end_connect(&end, 4096);
	for (unsigned int i = 0; i < FLAPS; i++) {
		end_set_state(&end, (int)random_below(&random, 9));
		if (!(i % 50))
			neighbour_works();
	}
	if (end.server) {
		/* The same. */
		end_set_state(&end, XenbusStateInitWait);
		end_await(&end, XenbusStateInitialised);
	}
	attack_end(&end);
}

/* As fast as the victim follows, from one state to the next it acts upon. */
static void connects_and_closes(void)
{
	attack_begin(&end);
	for (unsigned int round = 0; round < 15; round++) {
		end_connect(&end, 4096);
		end_set_state(&end, round % 2 ? XenbusStateClosing : XenbusStateClosed);
		if (!(round % 5))
			neighbour_works();
	}
	attack_end(&end);
}

/* The same with readers on the victim's side. */
static void closes_under_traffic(void)
{
	attack_begin(&end);
	for (unsigned int round = 0; round < 6; round++) {
		struct agent_request request;
		uint32_t ticket;
		int fd;

		end_connect(&end, 4096);
		fd = victim_open(&end);
		request = agent_request_write_stream(fd, 1 << 20, 5, 3000);
		ticket = agent_start(peer(), request);
		end_receive(&end, 10000, 5, 0);
		end_set_state(&end, XenbusStateClosed);
		end_release(&end);
		CU_ASSERT(agent_finish(peer(), ticket).value < 1 << 20);
		victim_sees_end(fd);
		SUITE_EQUAL(agent_close(peer(), fd), 0);
	}
	attack_end(&end);
}

static void victims_directory_is_not_ours(void)
{
	char path[200];

	attack_begin(&end);
	end_connect(&end, 4096);
	snprintf(path, sizeof(path), "%s/state", end.other);
	CU_ASSERT_FALSE(xs_write(end.xs, XBT_NULL, path, "6", 1));
	SUITE_EQUAL(errno, EACCES);
	CU_ASSERT_FALSE(xs_rm(end.xs, XBT_NULL, end.other));
	SUITE_EQUAL(errno, EACCES);
	CU_ASSERT_FALSE(xs_rm(end.xs, XBT_NULL, path));
	SUITE_EQUAL(errno, EACCES);
	attack_end(&end);
}

/* ---- ends that die ---- */

static void live_until_killed(void *link, _Atomic int *phase)
{
	struct end own;

	end_open(&own, link, hostile_server);
	end_connect(&own, 4096);
	end_meet(&own);
	atomic_store(phase, CALL_ENTERED);
	for (;;)
		pause();
}

/* Killed while the victim is in @request; xenstore says Connected for ever. */
static void dies_under(struct agent_request (*request)(int, size_t, uint64_t, uint64_t),
		       size_t count, long long value)
{
	uint32_t open_ticket, ticket;
	struct child child;
	int fd;

	attack_begin(&end);
	child = child_start(live_until_killed, end.link);
	open_ticket = agent_start(peer(), agent_request_open(node("evil"), O_RDWR));
	fd = (int)agent_finish(peer(), open_ticket).value;
	CU_ASSERT_FATAL(fd >= 0);
	ticket = victim_blocks(request(fd, count, 0, 0));
	child_kill(&child);
	neighbour_works();
	SUITE_EQUAL(agent_interrupt(peer(), ticket, false), 0);
	SUITE_EQUAL(agent_finish(peer(), ticket).value, value);
	attack_end(&end);
}

static void dies_under_reader(void)
{
	dies_under(agent_request_read, 100, -1);
}

static void dies_under_writer(void)
{
	dies_under(agent_request_write, 10000, 4096);
}

/* The victim's opener waits on, and meets the successor. */
static void dies_under_opener(void)
{
	uint32_t ticket;

	attack_begin(&end);
	end_connect(&end, 4096);
	ticket = victim_blocks(agent_request_open(node("evil"), O_RDWR));
	end_release(&end);
	neighbour_works();
	end_connect(&end, 4096);
	end_meet(&end);
	link_works(&end, (int)agent_finish(peer(), ticket).value);
	attack_end(&end);
}

/* Our directory goes, and does not come back: that link is over for good. */
static void removes_its_directory(void)
{
	struct agent_reply reply;
	uint32_t ticket;
	int fd;

	attack_begin_on(&end, "doomed");
	end_connect(&end, 4096);
	ticket = agent_start(peer(), agent_request_open(node("doomed"), O_RDWR));
	end_meet(&end);
	fd = (int)agent_finish(peer(), ticket).value;
	ticket = victim_blocks(agent_request_read(fd, 10, 0, 0));
	end_remove(&end, "");
	reply = agent_finish(peer(), ticket);
	SUITE_EQUAL(reply.value, 0);
	victim_sees_end(fd);
	neighbour_works();
	end_drop(&end);
	end_open(&end, link_id("evil"), hostile_server);
	attack_end(&end);
}

const struct suite_test state_tests[] = {
	{ "state_closing_under_reader", closing_under_reader, 0 },
	{ "state_closed_under_reader", closed_under_reader, 0 },
	{ "state_initialising_under_reader", initialising_under_reader, 0 },
	{ "state_init_wait_under_reader", init_wait_under_reader, 0 },
	{ "state_none_under_reader", no_state_under_reader, 0 },
	{ "state_closing_under_writer", closing_under_writer, 0 },
	{ "state_closing_under_opener", closing_under_opener, 0 },
	{ "state_without_sense", states_without_sense, 0 },
	{ "state_flaps", states_flap, 0 },
	{ "state_connects_and_closes", connects_and_closes, 0 },
	{ "state_closes_under_traffic", closes_under_traffic, 0 },
	{ "state_victims_directory_is_not_ours", victims_directory_is_not_ours, 0 },
	{ "dies_under_reader", dies_under_reader, 0 },
	{ "dies_under_writer", dies_under_writer, 0 },
	{ "dies_under_opener", dies_under_opener, 0 },
	{ "removes_its_directory", removes_its_directory, 0 },
	{ NULL, NULL, 0 },
};
