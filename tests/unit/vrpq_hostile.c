// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A peer that writes anything anywhere in the shared memory, while client and server work. They
 * may fail in any way that is an error; they may not crash, and end when the link does.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../userlib/vrpq/call.h"
#include "../../userlib/vrpq/objects.h"
#include "unit.h"
#include "vrpq_pair.h"

#define ROUNDS		50
#define STEPS		20000u	/* of the scribbler, in each round */

static struct pair pair;
static bool over;		/* atomic */
static unsigned int done;	/* requests, callbacks and errors of a round; atomic */

static void count(void)
{
	__atomic_fetch_add(&done, 1, __ATOMIC_RELAXED);
}

static bool is_over(void)
{
	return __atomic_load_n(&over, __ATOMIC_RELAXED);
}

/* --- the victims ----------------------------------------------------------------- */

static void *poster(void *arg)
{
	char data[64] = "data";
	VrpqParamInPtr in;

	(void)arg;
	while (!is_over()) {
		in = vrpqParamPostAlloc(pair.client_chan, 40, 0, 0);
		if (in)
			vrpqPost(pair.client_chan, 1, in);
		in = vrpqParamPostAlloc(pair.client_chan, 8, 1, sizeof(data));
		if (in) {
			VRPQ_PARAM_REF_WRITE(in, 8, sizeof(data), data);
			vrpqPostAndNotify(pair.client_chan, 2, in);
		}
		count();
	}
	return NULL;
}

static void *caller(void *arg)
{
	VrpqParamOutPtr out;
	VrpqParamInPtr in;
	char data[100];

	(void)arg;
	while (!is_over()) {
		if (vrpqParamCallAlloc(pair.client_chan, 16, 0, 0, 2, 100, &in, &out) == 0) {
			VRPQ_PARAM_REF_WRITE(out, 0, 40, data);
			VRPQ_PARAM_REF_WRITE(out, 16, 60, data + 40);
			vrpqCall(pair.client_chan, 3, in, out);
		}
		count();
	}
	return NULL;
}

/* Uses parameters as a program does that trusts what the macros give it. */
static void use(VrpqShmParamInPtr in, VrpqShmParamOutPtr out)
{
	char text[32], *data;
	int error = 0;

	if (in) {
		VRPQ_PARAM_STR_READ(in, 0, text);
		(void)VRPQ_PARAM_READ(in, 8, nku64_f);
		data = VRPQ_PARAM_REF_IN_PLACE(in, 8, char *, 64, error);
		if (data)
			memset(data, 1, 64);
	}
	if (out) {
		data = VRPQ_PARAM_REF_IN_PLACE(out, 16, char *, 60, error);
		if (data)
			memset(data, 2, 60);
	}
}

static void use_copy(VrpqChanHandle chan)
{
	VrpqSize in_size, out_size;
	VrpqProcReq req;
	void *in, *out;

	if (vrpqLocalBufInfo(chan, &in_size, &out_size))
		return;
	in = malloc(in_size + 8);
	out = malloc(out_size + 8);
	if (vrpqLocalBufReceive(chan, &req, in, out) == 0) {
		/* The macros keep to these sizes; direct parameters are the program's to check. */
		if (in_size >= 32)
			use(in, NULL);
		if (out_size >= 32)
			use(NULL, out);
	}
	vrpqReceive(chan, NULL, 0, NULL);
	free(in);
	free(out);
}

static void *receiver(void *arg)
{
	VrpqProcReq *reqs[16];
	int i, avail, turn = 0;

	(void)arg;
	while (!is_over()) {
		if (vrpqReceive(pair.server_chan, reqs, 16, &avail) == 0) {
			for (i = 0; i < avail; i++)
				use(vrpqParamInGet(reqs[i], pair.base),
				    vrpqParamOutGet(reqs[i], pair.base));
			if (++turn % 8 == 0)
				use_copy(pair.server_chan);
		}
		count();
	}
	return NULL;
}

static void *performer(void *arg)
{
	VrpqParamOutPtr out;
	VrpqParamInPtr in;
	char data[60];
	int turn = 0;

	(void)arg;
	while (!is_over()) {
		if (vrpqCallbackParamAlloc(pair.server_chan, 16, 0, 0, 2, 60, &in, &out) == 0) {
			VRPQ_PARAM_REF_WRITE(out, 0, 0, NULL);
			VRPQ_PARAM_REF_WRITE(out, 16, 60, data);
			vrpqCallbackPerform(pair.server_chan, 4, in, out, ++turn % 2);
		}
		count();
	}
	return NULL;
}

static int handle(void *cookie, VrpqProcId proc_id, VrpqShmParamInPtr in, VrpqShmParamOutPtr out)
{
	(void)cookie;
	use(in, out);
	return (int)proc_id;
}

static void *handler(void *arg)
{
	(void)arg;
	while (!is_over()) {
		vrpqCallbackHandle(pair.client_chan, handle, NULL);
		count();
	}
	return NULL;
}

static void *(*const victims[])(void *) = { poster, caller, receiver, performer, handler };
#define VICTIMS	(sizeof(victims) / sizeof(victims[0]))

/* --- the scribbler ----------------------------------------------------------------- */

static unsigned int seed;

static u32 draw(u32 n)
{
	return (u32)rand_r(&seed) % n;
}

/* Values that hurt: small, huge, near what is there, offsets, page numbers. */
static u32 nasty(u32 old, u32 pages)
{
	switch (draw(8)) {
	case 0:
		return old + 1;
	case 1:
		return old - 1;
	case 2:
		return old ^ 1u << draw(32);
	case 3:
		return draw(pages);
	case 4:
		return draw(pages) * VRPQ_PAGE_SIZE + draw(VRPQ_PAGE_SIZE);
	case 5:
		return UINT32_MAX - draw(64);
	case 6:
		return draw(6) | draw(2) << 8;
	default:
		return (u32)rand_r(&seed) ^ (u32)rand_r(&seed) << 16;
	}
}

/* Mostly where the queues are: the first pages of the zones. */
static u32 *target(unsigned char *memory, u32 pages, u32 ring_pages)
{
	u32 page = draw(8), offset = draw(VRPQ_PAGE_SIZE / 4) * 4;

	switch (draw(8)) {
	case 0:
		page = ring_pages + draw(8);
		break;
	case 1:
		page = draw(pages);
		break;
	case 2:
	case 3:
		offset = draw(4) * 64 + draw(2) * 4;
		break;
	case 4:
		offset = draw(2) ? 0 : 256 + draw(2) * 64;
		break;
	}
	return (u32 *)(void *)(memory + (size_t)page * VRPQ_PAGE_SIZE + offset);
}

static void scribble(unsigned int round)
{
	const struct vrpq_session *session = pair.client;
	u32 ring_pages = session->geometry.ring_pages;
	size_t size;
	unsigned char *memory = fake_memory(&size);
	u32 i, pages = (u32)(size / VRPQ_PAGE_SIZE), *word;

	seed = round;
	for (i = 0; i < STEPS; i++) {
		word = target(memory, pages, ring_pages);
		vrpq_set(word, nasty(vrpq_get(word), pages));
		if (i % 512 == 0)
			sched_yield();
	}
	munmap(memory, size);
}

/* --- a round ----------------------------------------------------------------------- */

/* Whoever sleeps because a word was overwritten is woken, as a signal would. */
static void nudge(const pthread_t *threads)
{
	size_t i;

	for (i = 0; i < VICTIMS; i++)
		fake_interrupt(threads[i]);
}

static void begin(pthread_t *threads)
{
	size_t i;

	fake_start(256, 16);
	fake_unprotect();
	pair_session(&pair);
	pair_chan(&pair, &pair.client_chan, &pair.server_chan);
	__atomic_store_n(&over, false, __ATOMIC_RELAXED);
	__atomic_store_n(&done, 0, __ATOMIC_RELAXED);
	for (i = 0; i < VICTIMS; i++)
		pthread_create(&threads[i], NULL, victims[i], NULL);
}

static void end(const pthread_t *threads)
{
	VrpqProcReq *req;
	size_t i;
	int avail;

	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	fake_break_link();
	for (i = 0; i < VICTIMS; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(vrpqPost(pair.client_chan, 1, NULL), EPIPE);
	CU_ASSERT_EQUAL(vrpqReceive(pair.server_chan, &req, 1, &avail), EPIPE);
	pair_close(&pair);
}

/* Waits until the victims have done @n things more, or failed to. */
static void let_work(const pthread_t *threads, unsigned int n)
{
	unsigned int seen = __atomic_load_n(&done, __ATOMIC_RELAXED);

	while (__atomic_load_n(&done, __ATOMIC_RELAXED) - seen < n) {
		nudge(threads);
		sched_yield();
	}
}

/* All at once, a million steps. */
static void test_scribbler(void)
{
	pthread_t threads[VICTIMS];
	unsigned int round;

	for (round = 0; round < ROUNDS; round++) {
		begin(threads);
		let_work(threads, 50);
		scribble(round);
		let_work(threads, 50);
		end(threads);
	}
}

/* Few at a time, so that much goes on between. */
static void scribble_little(unsigned int round)
{
	const struct vrpq_session *session = pair.client;
	u32 *word, pages = (u32)(session->size / VRPQ_PAGE_SIZE);

	seed = round;
	word = target(session->base, pages, session->geometry.ring_pages);
	vrpq_set(word, nasty(vrpq_get(word), pages));
}

static void test_single_words(void)
{
	pthread_t threads[VICTIMS];
	unsigned int round, step;

	for (round = 0; round < 80; round++) {
		begin(threads);
		for (step = 0; step < 20; step++) {
			let_work(threads, 30);
			scribble_little(round * 20 + step);
		}
		end(threads);
	}
}

static const struct unit_test tests[] = {
	{ "a million words", test_scribbler },
	{ "single words", test_single_words },
};

int main(void)
{
	UNIT_ADD("hostile peers of libvrpq", tests);
	return unit_run("vrpq-hostile");
}
