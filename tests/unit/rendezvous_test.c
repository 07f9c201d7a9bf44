// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * All that two ends of a pipe can do in their rendezvous, walked through state by state
 * with the driver's own tables (xen-common/vbpipe/rendezvous.h). Each end looks at the
 * peer's word, and later writes its own by what it saw then; it sleeps when the tables
 * let it stay, and is woken by a change. Processes open and close again and again;
 * while they sleep they may be interrupted, or killed.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <vlink/ring.h>

#include "../../xen-common/vbpipe/rendezvous.h"
#include "unit.h"

#define COUNTS	4	/* counts of rendezvous are modulo this here */

enum { SERVER, CLIENT };

/* Where an end's process is. */
enum place { CLOSED, LOOKS, MOVES, SLEEPS, LEAVE_LOOKS, LEAVE_MOVES, LEAVE_SLEEPS, OPEN };

struct end {
	uint32_t word;
	enum place place;
	uint32_t count;		/* the peer's at this end's RESET */
	uint32_t seen;		/* the peer's word at the last look */
	bool event;		/* the peer's word has changed since */
};

struct state {
	struct end ends[2];
	bool met_alone;		/* the server opened, the client has not followed yet */
};

/* What is walked through, and what was found. */
static struct walk {
	enum vbpipe_move (*client_move)(uint32_t mine, uint32_t server, uint32_t count);
	bool kills;
	bool marking;		/* the second pass: which states lead to both being open */
	uint64_t *seen, *leads;	/* bitmaps by code() */
	struct state *states;
	size_t nr, room;
	bool leads_on;		/* of the state whose successors are being made */
	unsigned int alone, unanswered, stuck;
} walk;

#define BITS	29

static uint32_t code_of_end(const struct end *end)
{
	return end->word | end->place << 4 | end->count << 7 | end->seen << 9 |
	       (uint32_t)end->event << 13;
}

static uint32_t code(const struct state *s)
{
	return code_of_end(&s->ends[SERVER]) | code_of_end(&s->ends[CLIENT]) << 14 |
	       (uint32_t)s->met_alone << 28;
}

static bool bit(const uint64_t *map, uint32_t n)
{
	return map[n / 64] >> n % 64 & 1;
}

static void set_bit(uint64_t *map, uint32_t n)
{
	map[n / 64] |= (uint64_t)1 << n % 64;
}

static void found(const struct state *s)
{
	if (walk.marking) {
		walk.leads_on |= bit(walk.leads, code(s));
		return;
	}
	if (bit(walk.seen, code(s)))
		return;
	set_bit(walk.seen, code(s));
	if (walk.nr == walk.room) {
		walk.room = walk.room ? 2 * walk.room : 4096;
		walk.states = realloc(walk.states, walk.room * sizeof(*walk.states));
		if (!walk.states)
			exit(2);
	}
	walk.states[walk.nr++] = *s;
}

/* ---- one step of one end ---- */

static void set_word(struct state *s, int who, uint32_t state, uint32_t count)
{
	s->ends[who].word = VBPIPE_WORD(state, count % COUNTS);
	s->ends[!who].event = true;
}

static void look(struct state *s, int who, enum place next)
{
	s->ends[who].seen = s->ends[!who].word;
	s->ends[who].event = false;
	s->ends[who].place = next;
	found(s);
}

static void opened(struct state *s, int who)
{
	s->ends[who].place = OPEN;
	if (s->met_alone == (who == SERVER))
		walk.alone++;
	s->met_alone = who == SERVER;
}

/* What was decided with the last look. */
static void move(struct state *s, int who, enum vbpipe_move to, bool leaving)
{
	struct end *end = &s->ends[who];
	uint32_t count = VBPIPE_COUNT(end->word);

	end->place = leaving ? LEAVE_LOOKS : LOOKS;
	switch (to) {
	case VBPIPE_STAY:
		end->place = leaving ? LEAVE_SLEEPS : SLEEPS;
		break;
	case VBPIPE_GO_OFF:
		set_word(s, who, VBPIPE_OFF, count);
		end->place = CLOSED;
		walk.alone += who == CLIENT && s->met_alone;
		break;
	case VBPIPE_GO_RESET:
		end->count = VBPIPE_COUNT(end->seen);
		set_word(s, who, VBPIPE_RESET, count);
		break;
	case VBPIPE_GO_ON:
		set_word(s, who, VBPIPE_ON, count);
		break;
	case VBPIPE_GO_LEAVING:
		set_word(s, who, VBPIPE_LEAVING, count);
		break;
	case VBPIPE_GO_OPEN:
		set_word(s, who, VBPIPE_ON, count + 1);
		opened(s, who);
		break;
	}
	found(s);
}

static enum vbpipe_move decide(const struct end *end, int who)
{
	return who == SERVER ? vbpipe_server_move(end->word, end->seen) :
			       walk.client_move(end->word, end->seen, end->count);
}

static enum vbpipe_move decide_to_leave(const struct end *end, int who)
{
	return who == SERVER ? VBPIPE_GO_OFF :
			       vbpipe_client_leave(end->word, end->seen, end->count);
}

static void woken(struct state s, int who, enum place next)
{
	s.ends[who].place = next;
	if (s.ends[who].event)
		found(&s);
}

/* Signals and kills are not what the second pass may count on. */
static void interrupted(struct state s, int who)
{
	s.ends[who].place = LEAVE_LOOKS;
	if (!walk.marking)
		found(&s);
}

static void close_end(struct state *s, int who)
{
	set_word(s, who, VBPIPE_OFF, VBPIPE_COUNT(s->ends[who].word));
	s->ends[who].place = CLOSED;
	found(s);
}

static void killed(struct state s, int who)
{
	if (walk.marking || !walk.kills)
		return;
	s.met_alone &= who == SERVER;
	close_end(&s, who);
}

static void step(struct state s, int who)
{
	struct end *end = &s.ends[who];

	switch (end->place) {
	case CLOSED:
		end->place = LOOKS;
		found(&s);
		break;
	case LOOKS:
		look(&s, who, MOVES);
		break;
	case MOVES:
		move(&s, who, decide(end, who), false);
		break;
	case SLEEPS:
		woken(s, who, LOOKS);
		interrupted(s, who);
		killed(s, who);
		break;
	case LEAVE_LOOKS:
		look(&s, who, LEAVE_MOVES);
		break;
	case LEAVE_MOVES:
		move(&s, who, decide_to_leave(end, who), true);
		break;
	case LEAVE_SLEEPS:
		woken(s, who, LEAVE_LOOKS);
		killed(s, who);
		break;
	case OPEN:
		close_end(&s, who);
		break;
	}
}

/* ---- the walk ---- */

/* A client that waits for an answer to LEAVING, and nobody who is going to give it. */
static bool unanswered(const struct state *s)
{
	const struct end *client = &s->ends[CLIENT], *server = &s->ends[SERVER];

	return client->place == LEAVE_SLEEPS && !client->event &&
	       (server->place == CLOSED || server->place == OPEN ||
		(server->place == SLEEPS && !server->event));
}

static void explore(void)
{
	found(&(struct state){ 0 });
	for (size_t i = 0; i < walk.nr; i++) {
		struct state s = walk.states[i];

		walk.unanswered += unanswered(&s);
		step(s, SERVER);
		step(s, CLIENT);
	}
}

/* Marks from which states both ends get open when nobody is interrupted any more. */
static void mark_leads(void)
{
	bool more = true;

	walk.marking = true;
	while (more) {
		more = false;
		for (size_t i = walk.nr; i-- > 0;) {
			struct state s = walk.states[i];

			if (bit(walk.leads, code(&s)))
				continue;
			walk.leads_on = s.ends[SERVER].place == OPEN && s.ends[CLIENT].place == OPEN;
			step(s, SERVER);
			step(s, CLIENT);
			if (walk.leads_on)
				set_bit(walk.leads, code(&s));
			more |= walk.leads_on;
		}
	}
	for (size_t i = 0; i < walk.nr; i++)
		walk.stuck += !bit(walk.leads, code(&walk.states[i]));
}

static void walk_through(bool kills, enum vbpipe_move (*client_move)(uint32_t, uint32_t, uint32_t))
{
	walk = (struct walk){ .kills = kills, .client_move = client_move };
	walk.seen = calloc(1u << (BITS - 6), sizeof(*walk.seen));
	walk.leads = calloc(1u << (BITS - 6), sizeof(*walk.leads));
	if (!walk.seen || !walk.leads)
		exit(2);
	explore();
	mark_leads();
	free(walk.seen);
	free(walk.leads);
	free(walk.states);
	printf(" %zu states ", walk.nr);
}

/* An open that failed with EINTR has not succeeded at the other end, and so on. */
static void neither_end_opens_alone(void)
{
	walk_through(false, vbpipe_client_move);
	CU_ASSERT_EQUAL(walk.alone, 0);
	CU_ASSERT(walk.nr > 1000);
}

static void nobody_waits_for_ever(void)
{
	walk_through(false, vbpipe_client_move);
	CU_ASSERT_EQUAL(walk.unanswered, 0);
	CU_ASSERT_EQUAL(walk.stuck, 0);
}

/* A killed client cannot ask: a server may open for it, and finds the end at once. */
static void kills_leave_nobody_waiting(void)
{
	walk_through(true, vbpipe_client_move);
	CU_ASSERT_EQUAL(walk.unanswered, 0);
	CU_ASSERT_EQUAL(walk.stuck, 0);
}

/* The walk finds mistakes: a client that begins again without LEAVING. */
static enum vbpipe_move hasty_client(uint32_t mine, uint32_t server, uint32_t count)
{
	enum vbpipe_move to = vbpipe_client_move(mine, server, count);

	return to == VBPIPE_GO_LEAVING ? VBPIPE_GO_RESET : to;
}

static void hasty_client_is_found(void)
{
	walk_through(false, hasty_client);
	CU_ASSERT(walk.alone > 0);
}

/* Another one: it opens when it finds the server ON. */
static enum vbpipe_move early_client(uint32_t mine, uint32_t server, uint32_t count)
{
	if (VBPIPE_STATE(mine) == VBPIPE_ON && VBPIPE_STATE(server) == VBPIPE_ON)
		return VBPIPE_GO_OPEN;
	return vbpipe_client_move(mine, server, count);
}

static void early_client_is_found(void)
{
	walk_through(false, early_client);
	CU_ASSERT(walk.alone > 0);
}

/* And one that never comes back from LEAVING. */
static enum vbpipe_move idle_client(uint32_t mine, uint32_t server, uint32_t count)
{
	return VBPIPE_STATE(mine) == VBPIPE_LEAVING ? VBPIPE_STAY :
						      vbpipe_client_move(mine, server, count);
}

static void idle_client_is_found(void)
{
	walk_through(false, idle_client);
	CU_ASSERT(walk.stuck > 0);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{ "neither_end_opens_alone", neither_end_opens_alone },
		{ "nobody_waits_for_ever", nobody_waits_for_ever },
		{ "kills_leave_nobody_waiting", kills_leave_nobody_waiting },
		{ "hasty_client_is_found", hasty_client_is_found },
		{ "early_client_is_found", early_client_is_found },
		{ "idle_client_is_found", idle_client_is_found },
	};

	UNIT_ADD("rendezvous", tests);
	return unit_run("rendezvous_test");
}
