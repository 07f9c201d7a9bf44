// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Remote procedures over libvrpq. Works:
 *
 *	post		posts of 4 bytes, notified each -k of them, dealt out over -c
 *			channels, until the server has handled all: posts a second
 *	cost		the same as microseconds for a post
 *	syscalls	system calls of 1000 such posts while the server is busy
 *	rtt		calls with 4 bytes in and 4 bytes out
 */
#include "bench-vrpq.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Long enough for all posts of the work "syscalls". */
#define HOLD_MS		1000

static struct {
	const struct bench_args *args;
	VrpqSessionHandle session;
	VrpqChanHandle *chans;
	uint32_t count, sum;		/* posted so far */
} client;

void bench_vrpq_check(int err, const char *what)
{
	if (!err)
		return;
	errno = err;
	bench_die("%s", what);
}

static void post(VrpqChanHandle chan, VrpqProcId proc, uint32_t value, bool notify)
{
	VrpqParamInPtr in = vrpqParamPostAlloc(chan, sizeof(value), 0, 0);

	if (!in)
		bench_die("parameters of a post");
	VRPQ_PARAM_WRITE(in, 0, uint32_t, value);
	bench_vrpq_check(notify ? vrpqPostAndNotify(chan, proc, in) : vrpqPost(chan, proc, in),
			 "post");
}

static uint32_t call(VrpqProcId proc, uint32_t value)
{
	VrpqChanHandle chan = client.chans[0];
	uint32_t result = 0;
	VrpqParamOutPtr out;
	VrpqParamInPtr in;

	bench_vrpq_check(vrpqParamCallAlloc(chan, sizeof(value), 0, 0, 1, sizeof(result), &in, &out),
			 "parameters of a call");
	VRPQ_PARAM_WRITE(in, 0, uint32_t, value);
	VRPQ_PARAM_REF_WRITE(out, 0, sizeof(result), &result);
	bench_vrpq_check(vrpqCall(chan, proc, in, out), "call");
	return result;
}

/* Posts dealt out in batches, a notification with each; none is left unnotified. */
static void post_all(void)
{
	const struct bench_args *args = client.args;
	unsigned long i;

	for (i = 0; i < args->count; i++) {
		VrpqChanHandle chan = client.chans[i / args->batch % args->channels];
		bool last = (i + 1) % args->batch == 0 || i + 1 == args->count;

		post(chan, BENCH_ADD, (uint32_t)i, last);
		client.sum += (uint32_t)i;
	}
	client.count += (uint32_t)args->count;
}

/* Until the server has handled all that was posted. */
static void await_all(void)
{
	if (call(BENCH_SUM, client.count) == client.sum)
		return;
	errno = 0;
	bench_die("the server's sum is not ours");
}

/* Memory and threads are there, and everybody is awake, when the clock starts. */
static void warm_up(void)
{
	post_all();
	await_all();
}

static double timed_posts(void)
{
	uint64_t start, syscalls;
	double ns;

	warm_up();
	bench_syscalls_start();
	syscalls = bench_syscalls();
	start = bench_now_ns();
	post_all();
	await_all();
	ns = (double)(bench_now_ns() - start);
	bench_result(client.args, "syscalls",
		     (double)(bench_syscalls() - syscalls) * 1000 / (double)client.args->count,
		     "syscalls/1000");
	return ns;
}

static void measure_posts(void)
{
	double ns = timed_posts();

	bench_result(client.args, NULL, (double)client.args->count * 1e9 / ns, "/s");
}

static void measure_cost(void)
{
	double ns = timed_posts();

	bench_result(client.args, NULL, ns / 1000 / (double)client.args->count, "us");
}

/* The server looks at nothing while it is held, as if it were busy with a request. */
static void measure_syscalls(void)
{
	uint64_t before, after, start;

	warm_up();
	bench_syscalls_start();
	start = bench_now_ns();
	post(client.chans[0], BENCH_HOLD, HOLD_MS, true);
	before = bench_syscalls();
	post_all();
	after = bench_syscalls();
	errno = 0;
	if (bench_now_ns() - start > HOLD_MS * 1000000ull)
		bench_die("the posts took longer than the server was busy");
	await_all();
	bench_result(client.args, NULL, (double)(after - before) * 1000 / (double)client.args->count,
		     "syscalls/1000");
}

static void make_calls(unsigned long count)
{
	unsigned long i;

	errno = 0;
	for (i = 0; i < count; i++)
		if (call(BENCH_NEXT, (uint32_t)i) != (uint32_t)i + 1)
			bench_die("wrong answer to call %lu", i);
}

static void measure_calls(void)
{
	unsigned long count = client.args->count;
	uint64_t start, syscalls;
	double ns;

	make_calls(count / 20 + 1);
	bench_syscalls_start();
	syscalls = bench_syscalls();
	start = bench_now_ns();
	make_calls(count);
	ns = (double)(bench_now_ns() - start);
	bench_result(client.args, NULL, ns / 1000 / (double)count, "us");
	bench_result(client.args, "syscalls", (double)(bench_syscalls() - syscalls) / (double)count,
		     "syscalls/round-trip");
}

static void connect_client(const struct bench_args *args)
{
	const char *node = bench_node(args, "vrpq-clt-", "");
	unsigned int i;

	client.args = args;
	client.chans = calloc(args->channels, sizeof(*client.chans));
	if (!client.chans)
		bench_die("channels");
	bench_vrpq_check(vrpqSessionCreate(node, BENCH_PORT, NULL, 0, &client.session), node);
	for (i = 0; i < args->channels; i++)
		bench_vrpq_check(vrpqChanCreate(client.session, NULL, 0, &client.chans[i]),
				 "create a channel");
}

static void disconnect_client(void)
{
	unsigned int i;

	for (i = 0; i < client.args->channels; i++)
		bench_vrpq_check(vrpqChanDestroy(client.chans[i]), "destroy a channel");
	bench_vrpq_check(vrpqSessionDestroy(client.session), "destroy the session");
	free(client.chans);
}

static const struct work {
	const char *name;
	void (*measure)(void);
} works[] = {
	{ "post", measure_posts },
	{ "cost", measure_cost },
	{ "syscalls", measure_syscalls },
	{ "rtt", measure_calls },
};

static const struct work *find_work(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(works) / sizeof(works[0]); i++)
		if (!strcmp(works[i].name, name))
			return &works[i];
	errno = 0;
	bench_die("no work is called %s", name);
}

int main(int argc, char **argv)
{
	const struct work *work;
	struct bench_args args;

	bench_args_parse(&args, argc, argv);
	work = find_work(args.work);
	if (args.side == BENCH_SERVER) {
		bench_vrpq_serve(&args, bench_node(&args, "vrpq-srv-", ""));
		return 0;
	}
	connect_client(&args);
	work->measure();
	disconnect_client();
	return 0;
}
