// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * All that the two ends of a link can do, walked through state by state with the drivers' own
 * tables (xen-common/vlink/states.h). An end looks at the peer's state, and later acts by what
 * it saw then; it sleeps when there is nothing to do, and is woken by a change. Either end
 * may fail at any moment, and is loaded anew at any moment, a few times in each walk.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <xen/io/xenbus.h>

#include "../../xen-common/vlink/states.h"
#include "unit.h"

#define EPOCHS	4	/* memory that a client grants is counted modulo this here */

enum { CLIENT, SERVER };

struct end {
	uint8_t state;
	uint8_t seen;		/* the peer's state at the last look */
	bool acts;		/* it has looked, and not acted yet */
	bool event;		/* the peer's state has changed since the last look */
	bool pause;
};

struct world {
	struct end ends[2];
	uint8_t granted;	/* by the client: 0 nothing, else 1 + the epoch */
	uint8_t epoch;		/* the last one */
	uint8_t mapped;		/* by the server, likewise */
	uint8_t failures, reloads;	/* that may come yet */
};

static struct walk {
	uint64_t *seen, *leads;	/* bitmaps by code() */
	struct world *worlds;
	size_t nr, room;
	bool marking, leads_on;
	unsigned int stuck, torn;
} walk;

#define BITS	29

static uint32_t code_of_end(const struct end *end)
{
	return end->state | (uint32_t)(end->acts ? end->seen : 0) << 3 |
	       (uint32_t)end->acts << 6 | (uint32_t)end->event << 7 | (uint32_t)end->pause << 8;
}

static uint32_t code(const struct world *w)
{
	return code_of_end(&w->ends[CLIENT]) | code_of_end(&w->ends[SERVER]) << 9 |
	       (uint32_t)w->granted << 18 | (uint32_t)w->mapped << 21 |
	       (uint32_t)w->epoch << 24 | (uint32_t)w->failures << 26 |
	       (uint32_t)w->reloads << 28;
}

static bool test(const uint64_t *map, uint32_t bit)
{
	return map[bit / 64] >> bit % 64 & 1;
}

static void set(uint64_t *map, uint32_t bit)
{
	map[bit / 64] |= 1ull << bit % 64;
}

static void visit(const struct world *w)
{
	uint32_t c = code(w);

	if (walk.marking) {
		walk.leads_on |= test(walk.leads, c);
		return;
	}
	if (test(walk.seen, c))
		return;
	set(walk.seen, c);
	if (walk.nr == walk.room) {
		walk.room = walk.room ? 2 * walk.room : 1 << 16;
		walk.worlds = realloc(walk.worlds, walk.room * sizeof(*walk.worlds));
		if (!walk.worlds)
			exit(2);
	}
	walk.worlds[walk.nr++] = *w;
}

/* ---- what an end does ---- */

/* It looks again after each change of its own, and wakes the peer. */
static void enter(struct world *w, unsigned int who, uint8_t state)
{
	if (w->ends[who].state == state)
		return;
	w->ends[who].state = state;
	w->ends[who].event = true;
	w->ends[!who].event = true;
}

static void end_connection(struct world *w, unsigned int who)
{
	if (who == CLIENT)
		w->granted = 0;
	else
		w->mapped = 0;
}

static void fail(struct world *w, unsigned int who)
{
	end_connection(w, who);
	w->ends[who].pause = true;
	w->ends[who].event = true;
	if (!vlink_is_over(w->ends[who].state))
		enter(w, who, XenbusStateClosing);
}

static void setup(struct world *w)
{
	w->epoch = (w->epoch + 1) % EPOCHS;
	w->granted = 1 + w->epoch;
	enter(w, CLIENT, XenbusStateInitialised);
}

/* The server maps what there is now, whatever it saw of the client before. */
static void connect_end(struct world *w, unsigned int who)
{
	if (who == SERVER && !w->granted) {
		fail(w, who);
		return;
	}
	if (who == SERVER)
		w->mapped = w->granted;
	enter(w, who, XenbusStateConnected);
}

static void take(struct world *w, unsigned int who, enum vlink_action action)
{
	switch (action) {
	case VLINK_NONE:
		break;
	case VLINK_SETUP:
		setup(w);
		break;
	case VLINK_CONNECT:
		connect_end(w, who);
		break;
	case VLINK_RESTART:
		if (vlink_is_over(w->ends[who].state) && w->ends[who].pause)
			break;
		end_connection(w, who);
		enter(w, who, who == CLIENT ? XenbusStateInitialising : XenbusStateInitWait);
		break;
	case VLINK_CLOSING:
		end_connection(w, who);
		enter(w, who, XenbusStateClosing);
		break;
	case VLINK_CLOSE:
		end_connection(w, who);
		enter(w, who, XenbusStateClosed);
		break;
	}
}

/* ---- what may happen next ---- */

static void look_or_act(const struct world *w, unsigned int who)
{
	struct world next = *w;
	struct end *end = &next.ends[who];

	if (end->acts) {
		end->acts = false;
		take(&next, who, vlink_action_for(who == CLIENT, end->state, end->seen));
		visit(&next);
	} else if (end->event) {
		end->event = false;
		end->acts = true;
		end->seen = w->ends[!who].state;
		visit(&next);
	}
}

static void pause_ends(const struct world *w, unsigned int who)
{
	struct world next = *w;

	if (!w->ends[who].pause)
		return;
	next.ends[who].pause = false;
	next.ends[who].event = true;
	visit(&next);
}

static void fails(const struct world *w, unsigned int who)
{
	struct world next = *w;

	if (!w->failures || vlink_is_over(w->ends[who].state))
		return;
	next.failures--;
	next.ends[who].acts = false;
	fail(&next, who);
	visit(&next);
}

/* The module goes and comes, or the domain: what it had granted or mapped is gone. */
static void loads_anew(const struct world *w, unsigned int who)
{
	struct world next = *w;

	if (!w->reloads)
		return;
	next.reloads--;
	end_connection(&next, who);
	next.ends[who] = (struct end){ .state = w->ends[who].state, .event = true };
	enter(&next, who, who == CLIENT ? XenbusStateInitialising : XenbusStateInitWait);
	visit(&next);
}

static bool is_quiet(const struct world *w)
{
	unsigned int who;

	for (who = 0; who < 2; who++)
		if (w->ends[who].acts || w->ends[who].event || w->ends[who].pause)
			return false;
	return true;
}

static bool is_good(const struct world *w)
{
	return w->ends[CLIENT].state == XenbusStateConnected &&
	       w->ends[SERVER].state == XenbusStateConnected && w->granted == w->mapped;
}

static void successors(const struct world *w)
{
	unsigned int who;

	for (who = 0; who < 2; who++) {
		look_or_act(w, who);
		pause_ends(w, who);
		if (walk.marking)
			continue;
		fails(w, who);
		loads_anew(w, who);
	}
}

/* Those that lead to a connection without a further failure, by passes until no more do. */
static void mark(void)
{
	bool more = true;
	size_t i;

	walk.marking = true;
	for (i = 0; i < walk.nr; i++)
		if (is_quiet(&walk.worlds[i]) && is_good(&walk.worlds[i]))
			set(walk.leads, code(&walk.worlds[i]));
	while (more) {
		more = false;
		for (i = walk.nr; i-- > 0;) {
			if (test(walk.leads, code(&walk.worlds[i])))
				continue;
			walk.leads_on = false;
			successors(&walk.worlds[i]);
			if (walk.leads_on) {
				set(walk.leads, code(&walk.worlds[i]));
				more = true;
			}
		}
	}
	walk.marking = false;
}

static void count(void)
{
	size_t i;

	for (i = 0; i < walk.nr; i++) {
		const struct world *w = &walk.worlds[i];

		if (!test(walk.leads, code(w)) && !walk.stuck++)
			printf("# stuck: client %u, server %u, granted %u, mapped %u\n",
			       w->ends[CLIENT].state, w->ends[SERVER].state, w->granted,
			       w->mapped);
		if (is_quiet(w) && !is_good(w) && !walk.torn++)
			printf("# asleep: client %u, server %u, granted %u, mapped %u\n",
			       w->ends[CLIENT].state, w->ends[SERVER].state, w->granted,
			       w->mapped);
	}
}

static void walk_from(const struct world *first)
{
	size_t next;

	walk = (struct walk){ 0 };
	walk.seen = calloc(1u << (BITS - 3), 1);
	walk.leads = calloc(1u << (BITS - 3), 1);
	if (!walk.seen || !walk.leads)
		exit(2);
	visit(first);
	for (next = 0; next < walk.nr; next++) {
		struct world w = walk.worlds[next];

		successors(&w);
	}
	mark();
	count();
	printf("# %zu states\n", walk.nr);
	free(walk.seen);
	free(walk.leads);
	free(walk.worlds);
}

static void always_comes_back(void)
{
	const struct world first = {
		.ends = { { .state = XenbusStateInitialising, .event = true },
			  { .state = XenbusStateInitWait, .event = true } },
		.failures = 3,
		.reloads = 1,
	};

	walk_from(&first);
	CU_ASSERT(walk.nr > 1000);
	CU_ASSERT_EQUAL(walk.stuck, 0);
	CU_ASSERT_EQUAL(walk.torn, 0);
}

/* Whatever states a former driver, or a peer that played tricks, left behind. */
static void comes_back_from_any_states(void)
{
	struct world first = { .ends = { { .event = true }, { .event = true } } };
	uint8_t client, server;

	for (client = XenbusStateInitialising; client <= XenbusStateClosed; client++)
		for (server = XenbusStateInitWait; server <= XenbusStateClosed; server++) {
			if (client == XenbusStateInitWait || server == XenbusStateInitialised)
				continue;
			first.ends[CLIENT].state = client;
			first.ends[SERVER].state = server;
			first.granted = client == XenbusStateInitialised ||
					client == XenbusStateConnected;
			first.mapped = server == XenbusStateConnected;
			walk_from(&first);
			CU_ASSERT_EQUAL(walk.stuck, 0);
			CU_ASSERT_EQUAL(walk.torn, 0);
		}
}

int main(void)
{
	static const struct unit_test tests[] = {
		{ "always_comes_back", always_comes_back },
		{ "comes_back_from_any_states", comes_back_from_any_states },
	};

	UNIT_ADD("states", tests);
	return unit_run("states");
}
