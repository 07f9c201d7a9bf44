// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Many threads on many channels at once: posts of all sizes, calls, callbacks, signals, and
 * channels that come and go, on links with little memory. What is received must be what was
 * posted, in order; a lost wake-up shows as a run that does not end.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "vrpq_pair.h"

#ifdef __SANITIZE_THREAD__
unsigned int tsan_fence_word, tsan_page[1024];
#define SCALE	4
#else
#define SCALE	20
#endif

#define CHANNELS	4
#define THREADS		2		/* on each channel */
#define REQUESTS	(1500 * SCALE)	/* of each thread */

enum { POST = 1, POST_REF, POST_LARGE, CALL, BYE };

struct stress_chan {
	struct pair *pair;
	VrpqChanHandle client, server;
	pthread_t server_thread, handler, clients[THREADS];
	/* Each thread's own. */
	nku32_f seen[THREADS], calls[THREADS], errors, callbacks, handled;
	nku32_f interrupted[THREADS], failures[THREADS];
};

struct client {
	struct stress_chan *chan;
	nku32_f id;
};

static nku32_f pattern(nku32_f id, nku32_f number)
{
	return id * 0x9e3779b9u ^ number * 2654435761u;
}

/* --- the client ---------------------------------------------------------------- */

/* Every request begins with: thread, number, check. */
static void write_head(VrpqParamInPtr in, nku32_f id, nku32_f number)
{
	VRPQ_PARAM_WRITE(in, 0, nku32_f, id);
	VRPQ_PARAM_WRITE(in, 4, nku32_f, number);
	VRPQ_PARAM_WRITE(in, 8, nku32_f, pattern(id, number));
}

static int post_plain(VrpqChanHandle chan, nku32_f id, nku32_f number, nku32_f size)
{
	VrpqParamInPtr in = vrpqParamPostAlloc(chan, size, 0, 0);

	if (!in)
		return errno;
	write_head(in, id, number);
	memset((char *)in + 12, (int)number, size - 12);
	return number % 7 ? vrpqPost(chan, POST, in) : vrpqPostAndNotify(chan, POST, in);
}

static int post_reference(VrpqChanHandle chan, nku32_f id, nku32_f number)
{
	VrpqParamInPtr in = vrpqParamPostAlloc(chan, 12, 2, 300);
	char data[300];

	if (!in)
		return errno;
	memset(data, (int)number, sizeof(data));
	write_head(in, id, number);
	VRPQ_PARAM_REF_WRITE(in, 16, 100, data);
	VRPQ_PARAM_REF_WRITE(in, 32, 200, data + 100);
	return vrpqPost(chan, POST_REF, in);
}

static int call(VrpqChanHandle chan, nku32_f id, nku32_f number)
{
	VrpqParamOutPtr out;
	VrpqParamInPtr in;
	nku32_f result = 0;
	int err = vrpqParamCallAlloc(chan, 12, 0, 0, 1, 4, &in, &out);

	if (err)
		return err;
	write_head(in, id, number);
	VRPQ_PARAM_REF_WRITE(out, 0, 4, &result);
	err = vrpqCall(chan, CALL, in, out);
	if (err)
		return err;
	return result == pattern(number, id) ? 0 : EIO;
}

static int request(struct client *client, nku32_f number)
{
	VrpqChanHandle chan = client->chan->client;

	switch (number % 16) {
	case 3:
		return post_reference(chan, client->id, number);
	case 7:
		return post_plain(chan, client->id, number, 3000);
	case 9:
		return number % 256 == 9 ? post_plain(chan, client->id, number, 9000) :
					   post_plain(chan, client->id, number, 500);
	case 15:
		return call(chan, client->id, number);
	default:
		return post_plain(chan, client->id, number, 16);
	}
}

/* What a signal interrupts is tried again under the same number. */
static void *client_main(void *arg)
{
	struct client *client = arg;
	struct stress_chan *chan = client->chan;
	nku32_f number = 0;
	int err;

	while (number < REQUESTS) {
		err = request(client, number);
		if (err == EINTR)
			chan->interrupted[client->id]++;
		else if (err)
			chan->failures[client->id]++;
		if (err != EINTR)
			number++;
	}
	vrpqNotify(chan->client);
	return NULL;
}

/* --- the server ---------------------------------------------------------------- */

static bool is_filled(const unsigned char *data, nku32_f number, nku32_f size)
{
	nku32_f i;

	for (i = 0; i < size; i++)
		if (data[i] != (unsigned char)number)
			return false;
	return true;
}

static int check_references(VrpqShmParamInPtr in, nku32_f number)
{
	int error = 0;
	unsigned char *first = VRPQ_PARAM_REF_IN_PLACE(in, 16, unsigned char *, 100, error);
	unsigned char *second = VRPQ_PARAM_REF_IN_PLACE(in, 32, unsigned char *, 200, error);

	return error || !is_filled(first, number, 100) || !is_filled(second, number, 200);
}

static int answer(struct stress_chan *chan, const VrpqProcReq *req, nku32_f id, nku32_f number)
{
	VrpqShmParamOutPtr out = vrpqParamOutGet(req, chan->pair->base);
	VrpqParamInPtr in;
	nku32_f *to;
	int error = 0;

	to = VRPQ_PARAM_REF_IN_PLACE(out, 0, nku32_f *, 4, error);
	if (error)
		return 1;
	*to = pattern(number, id);
	chan->calls[id]++;
	if (chan->calls[id] % 8)
		return 0;
	error = vrpqCallbackParamAlloc(chan->server, 4, 0, 0, 0, 0, &in, NULL);
	if (error)
		return 1;
	VRPQ_PARAM_WRITE(in, 0, nku32_f, chan->callbacks);
	chan->callbacks++;
	return chan->callbacks % 2 ?
		vrpqCallbackPerform(chan->server, POST, in, NULL, VRPQ_CALLBACK_ASYNC) :
		vrpqCallbackPerform(chan->server, POST, in, NULL, VRPQ_CALLBACK_SYNC) != 77;
}

static int check_request(struct stress_chan *chan, const VrpqProcReq *req)
{
	VrpqShmParamInPtr in = vrpqParamInGet(req, chan->pair->base);
	nku32_f id = in ? VRPQ_PARAM_READ(in, 0, nku32_f) : THREADS;
	nku32_f number = in ? VRPQ_PARAM_READ(in, 4, nku32_f) : 0;

	if (id >= THREADS || VRPQ_PARAM_READ(in, 8, nku32_f) != pattern(id, number))
		return 1;
	/* A call that was interrupted is not there; nothing else is missing or twice. */
	if (chan->seen[id] != number)
		return 1;
	chan->seen[id] = number + 1;
	if (req->procId == POST_REF)
		return check_references(in, number);
	if (req->procId == CALL)
		return answer(chan, req, id, number);
	return !is_filled((unsigned char *)in + 12, number, 4);
}

static void *server_main(void *arg)
{
	struct stress_chan *chan = arg;
	VrpqProcReq *reqs[50];
	int i, err, avail;

	do {
		err = vrpqReceive(chan->server, reqs, 50, &avail);
		for (i = 0; !err && i < avail && reqs[i]->procId != BYE; i++)
			chan->errors += check_request(chan, reqs[i]) != 0;
	} while (!err && i == avail);
	chan->errors += err;
	chan->errors += vrpqChanDestroy(chan->server) != 0;
	return NULL;
}

static int handle(void *cookie, VrpqProcId proc_id, VrpqShmParamInPtr in, VrpqShmParamOutPtr out)
{
	struct stress_chan *chan = cookie;

	(void)proc_id;
	(void)out;
	if (VRPQ_PARAM_READ(in, 0, nku32_f) == chan->handled)
		chan->handled++;
	return 77;
}

static void *handler_main(void *arg)
{
	struct stress_chan *chan = arg;
	int err;

	do
		err = vrpqCallbackHandle(chan->client, handle, chan);
	while (!err || err == EINTR);
	return NULL;
}

/* --- a run --------------------------------------------------------------------- */

static struct stress_chan chans[CHANNELS];
static struct client clients[CHANNELS][THREADS];

static void start(struct pair *pair)
{
	int c, t;

	memset(chans, 0, sizeof(chans));
	for (c = 0; c < CHANNELS; c++) {
		chans[c].pair = pair;
		pair_chan(pair, &chans[c].client, &chans[c].server);
	}
	for (c = 0; c < CHANNELS; c++) {
		pthread_create(&chans[c].server_thread, NULL, server_main, &chans[c]);
		pthread_create(&chans[c].handler, NULL, handler_main, &chans[c]);
		for (t = 0; t < THREADS; t++) {
			clients[c][t] = (struct client) { &chans[c], (nku32_f)t };
			pthread_create(&chans[c].clients[t], NULL, client_main, &clients[c][t]);
		}
	}
}

/* The last call has the server leave, and that the thread that handles callbacks. */
static void finish(struct stress_chan *chan)
{
	int t;

	for (t = 0; t < THREADS; t++)
		pthread_join(chan->clients[t], NULL);
	CU_ASSERT_EQUAL(vrpqCall(chan->client, BYE, NULL, NULL), 0);
	pthread_join(chan->server_thread, NULL);
	pthread_join(chan->handler, NULL);
	CU_ASSERT_EQUAL(vrpqChanDestroy(chan->client), 0);
	CU_ASSERT_EQUAL(chan->errors, 0);
	CU_ASSERT_EQUAL(chan->handled, chan->callbacks);
	for (t = 0; t < THREADS; t++) {
		CU_ASSERT_EQUAL(chan->seen[t], REQUESTS);
		CU_ASSERT_EQUAL(chan->failures[t], 0);
	}
}

static bool stop_signals;

static void *interrupter_main(void *arg)
{
	int c, t;

	(void)arg;
	while (!__atomic_load_n(&stop_signals, __ATOMIC_RELAXED)) {
		for (c = 0; c < CHANNELS; c++)
			for (t = 0; t < THREADS; t++)
				fake_interrupt(chans[c].clients[t]);
		usleep(200);
	}
	return NULL;
}

static void run(uint32_t reqs, uint32_t pmem_pages, bool signals)
{
	struct pair pair;
	pthread_t interrupter;
	int c;

	fake_start(reqs, pmem_pages);
	pair_session(&pair);
	start(&pair);
	__atomic_store_n(&stop_signals, false, __ATOMIC_RELAXED);
	if (signals)
		pthread_create(&interrupter, NULL, interrupter_main, NULL);
	for (c = 0; c < CHANNELS; c++)
		finish(&chans[c]);
	__atomic_store_n(&stop_signals, true, __ATOMIC_RELAXED);
	if (signals)
		pthread_join(interrupter, NULL);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(pair.client), 0);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(pair.server), 0);
	CU_ASSERT_TRUE(fake_stop());
}

/* --- handlers that leave after one callback ------------------------------------ */

#define TURN_THREADS	3
#define TURNS		(500 * SCALE)

static struct {
	struct pair pair;
	pthread_barrier_t turn;
	nku32_f wrong;			/* atomic */
} turns;

static int handle_turn(void *cookie, VrpqProcId proc_id, VrpqShmParamInPtr in,
		       VrpqShmParamOutPtr out)
{
	(void)cookie;
	(void)in;
	(void)out;
	return (int)proc_id;
}

static void end_turn(bool right)
{
	if (!right)
		__atomic_fetch_add(&turns.wrong, 1, __ATOMIC_RELAXED);
	pthread_barrier_wait(&turns.turn);
}

static void *turn_handler_main(void *arg)
{
	for (nku32_f i = 0; i < TURNS; i++)
		end_turn(!vrpqCallbackHandle(turns.pair.client_chan, handle_turn, NULL));
	return arg;
}

static void *turn_server_main(void *arg)
{
	for (nku32_f i = 1; i <= TURNS; i++)
		end_turn(vrpqCallbackPerform(turns.pair.server_chan, i, NULL, NULL,
					     VRPQ_CALLBACK_SYNC) == (int)i);
	return arg;
}

/* As many handlers as callbacks: none is left asleep with a callback for it. */
static void test_turns(void)
{
	pthread_t handlers[TURN_THREADS], servers[TURN_THREADS];

	turns.wrong = 0;
	pair_open(&turns.pair, 256, 8);
	pthread_barrier_init(&turns.turn, NULL, 2 * TURN_THREADS);
	for (unsigned int i = 0; i < TURN_THREADS; i++) {
		pthread_create(&handlers[i], NULL, turn_handler_main, NULL);
		pthread_create(&servers[i], NULL, turn_server_main, NULL);
	}
	for (unsigned int i = 0; i < TURN_THREADS; i++) {
		pthread_join(handlers[i], NULL);
		pthread_join(servers[i], NULL);
	}
	pthread_barrier_destroy(&turns.turn);
	CU_ASSERT_EQUAL(turns.wrong, 0);
	pair_close(&turns.pair);
}

static void test_room(void)
{
	run(65536, 1024, false);
}

static void test_little_memory(void)
{
	run(256, 8, false);
}

static void test_signals(void)
{
	run(256, 8, true);
}

/* --- channels come and go while others are busy ---------------------------------- */

static struct pair churn_pair;

static void *churn_server(void *arg)
{
	VrpqProcReq *reqs[8];
	VrpqChanHandle chan;
	int avail;

	(void)arg;
	while (vrpqChanAccept(churn_pair.server, NULL, NULL, &chan) == 0) {
		while (vrpqReceive(chan, reqs, 8, &avail) == 0)
			;
		vrpqChanDestroy(chan);
	}
	return NULL;
}

static void *churn_client(void *arg)
{
	nku32_f *failures = arg, i, j;
	VrpqChanHandle chan;

	for (i = 0; i < 40 * SCALE; i++) {
		if (vrpqChanCreate(churn_pair.client, NULL, 0, &chan)) {
			(*failures)++;
			continue;
		}
		for (j = 0; j < 200; j++)
			*failures += post_plain(chan, 0, j, 400) != 0;
		*failures += vrpqCall(chan, BYE, NULL, NULL) != 0;
		*failures += post_plain(chan, 0, j, 16) != 0;
		vrpqChanDestroy(chan);
	}
	return NULL;
}

static void test_churn(void)
{
	pthread_t servers[CHANNELS], threads[CHANNELS];
	nku32_f failures[CHANNELS] = { 0 };
	int c;

	fake_start(256, 8);
	pair_session(&churn_pair);
	for (c = 0; c < CHANNELS; c++) {
		pthread_create(&servers[c], NULL, churn_server, NULL);
		pthread_create(&threads[c], NULL, churn_client, &failures[c]);
	}
	for (c = 0; c < CHANNELS; c++) {
		pthread_join(threads[c], NULL);
		CU_ASSERT_EQUAL(failures[c], 0);
	}
	CU_ASSERT_EQUAL(vrpqSessionDestroy(churn_pair.client), 0);
	for (c = 0; c < CHANNELS; c++)
		pthread_join(servers[c], NULL);
	CU_ASSERT_EQUAL(vrpqSessionDestroy(churn_pair.server), 0);
	CU_ASSERT_TRUE(fake_stop());
}

static const struct unit_test tests[] = {
	{ "handlers take turns", test_turns },
	{ "room enough", test_room },
	{ "little memory", test_little_memory },
	{ "little memory and signals", test_signals },
	{ "channels come and go", test_churn },
};

int main(void)
{
	UNIT_ADD("libvrpq under stress", tests);
	return unit_run("vrpq-stress");
}
