// SPDX-License-Identifier: LGPL-2.1-or-later
/* Round trips, streams and messages over any connected byte channel. */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB (1024.0 * 1024.0)

struct run {
	const struct bench_args *args;
	const struct bench_channel_ops *ops;
	void *channel;
	unsigned char *buf;
};

/* The part before the clock runs: page faults, slow starts, first wake-ups. */
static unsigned long warm_up(const struct bench_args *args)
{
	return args->count / 20 + 1;
}

static void __attribute__((noreturn)) wrong_data(const char *where, unsigned long at)
{
	errno = 0;
	bench_die("wrong data in %s %lu", where, at);
}

static void echo_round_trips(struct run *run)
{
	unsigned long i, total = run->args->count + warm_up(run->args);

	for (i = 0; i < total; i++) {
		run->ops->read(run->channel, run->buf, run->args->size);
		run->ops->write(run->channel, run->buf, run->args->size);
	}
}

static void make_round_trips(struct run *run, unsigned long count)
{
	unsigned long i;

	for (i = 0; i < count; i++) {
		unsigned char mark = (unsigned char)(i + 1);

		run->buf[0] = mark;
		run->buf[run->args->size - 1] = mark;
		run->ops->write(run->channel, run->buf, run->args->size);
		run->buf[0] = 0;
		run->ops->read(run->channel, run->buf, run->args->size);
		if (run->buf[0] != mark || run->buf[run->args->size - 1] != mark)
			wrong_data("round trip", i);
	}
}

static void print_counts(const struct bench_args *args, const struct bench_counters *from,
			 const struct bench_counters *to, double operations, const char *per)
{
	char unit[64];

	if (to->has_syscalls) {
		snprintf(unit, sizeof(unit), "syscalls/%s", per);
		bench_result(args, "syscalls", (double)(to->syscalls - from->syscalls) / operations, unit);
	}
	if (to->has_events) {
		uint64_t sent = to->events_sent - from->events_sent;
		uint64_t received = to->events_received - from->events_received;

		snprintf(unit, sizeof(unit), "events/%s", per);
		bench_result(args, "events_sent", (double)sent / operations, unit);
		bench_result(args, "events_received", (double)received / operations, unit);
	}
}

static void measure_round_trips(struct run *run)
{
	struct bench_counters before = { 0 }, after = { 0 };
	uint64_t start, end;

	make_round_trips(run, warm_up(run->args));
	run->ops->counters(run->channel, &before);
	start = bench_now_ns();
	make_round_trips(run, run->args->count);
	end = bench_now_ns();
	run->ops->counters(run->channel, &after);
	bench_result(run->args, NULL, (double)(end - start) / 1000.0 / (double)run->args->count, "us");
	print_counts(run->args, &before, &after, (double)run->args->count, "round-trip");
}

/* The last block may be shorter than the others. */
static size_t block_size(const struct run *run, unsigned long done)
{
	unsigned long left = run->args->count - done;

	return left < run->args->size ? left : run->args->size;
}

/* Each block begins and ends with the low byte of its number. */
static void send_stream(struct run *run)
{
	unsigned long done = 0, block = 0;

	while (done < run->args->count) {
		size_t len = block_size(run, done);

		run->buf[0] = (unsigned char)block;
		run->buf[len - 1] = (unsigned char)block;
		run->ops->write(run->channel, run->buf, len);
		done += len;
		block++;
	}
}

static void receive_stream(struct run *run)
{
	unsigned long done = 0, block = 0;

	while (done < run->args->count) {
		size_t len = block_size(run, done);

		run->ops->read(run->channel, run->buf, len);
		if (run->buf[0] != (unsigned char)block || run->buf[len - 1] != (unsigned char)block)
			wrong_data("block", block);
		done += len;
		block++;
	}
}

static void acknowledge(struct run *run)
{
	unsigned char byte = 0xac;

	run->ops->write(run->channel, &byte, 1);
}

static void await_acknowledge(struct run *run)
{
	unsigned char byte = 0;

	run->ops->read(run->channel, &byte, 1);
	if (byte != 0xac)
		wrong_data("acknowledge", byte);
}

/* One way, acknowledged, then the other way: the result is the mean of both. */
static void serve_stream(struct run *run)
{
	acknowledge(run);
	receive_stream(run);
	acknowledge(run);
	send_stream(run);
	await_acknowledge(run);
}

/* One way, a write and a read for each message, acknowledged at the end. */
static void serve_messages(struct run *run)
{
	unsigned long i;

	acknowledge(run);
	for (i = 0; i < run->args->count; i++) {
		run->ops->read(run->channel, run->buf, run->args->size);
		if (run->buf[0] != (unsigned char)i)
			wrong_data("message", i);
	}
	acknowledge(run);
}

static void measure_messages(struct run *run)
{
	struct bench_counters before = { 0 }, after = { 0 };
	unsigned long i;
	uint64_t start;

	await_acknowledge(run);
	run->ops->counters(run->channel, &before);
	start = bench_now_ns();
	for (i = 0; i < run->args->count; i++) {
		run->buf[0] = (unsigned char)i;
		run->ops->write(run->channel, run->buf, run->args->size);
	}
	await_acknowledge(run);
	bench_result(run->args, NULL,
		     (double)run->args->count * 1e9 / (double)(bench_now_ns() - start), "/s");
	run->ops->counters(run->channel, &after);
	print_counts(run->args, &before, &after, (double)run->args->count / 1000, "1000");
}

static double megabytes_per_second(unsigned long bytes, uint64_t ns)
{
	return (double)bytes * 1000.0 / (double)ns;
}

static void measure_stream(struct run *run)
{
	struct bench_counters before = { 0 }, after = { 0 };
	unsigned long bytes = run->args->count;
	uint64_t start, turn, end;

	await_acknowledge(run);
	run->ops->counters(run->channel, &before);
	start = bench_now_ns();
	send_stream(run);
	await_acknowledge(run);
	turn = bench_now_ns();
	receive_stream(run);
	end = bench_now_ns();
	run->ops->counters(run->channel, &after);
	acknowledge(run);
	bench_result(run->args, NULL, megabytes_per_second(2 * bytes, end - start), "MB/s");
	bench_result(run->args, "sent", megabytes_per_second(bytes, turn - start), "MB/s");
	bench_result(run->args, "received", megabytes_per_second(bytes, end - turn), "MB/s");
	print_counts(run->args, &before, &after, 2.0 * (double)bytes / MIB, "MiB");
}

static void do_work(struct run *run)
{
	bool server = run->args->side == BENCH_SERVER;

	if (!strcmp(run->args->work, "rtt"))
		(server ? echo_round_trips : measure_round_trips)(run);
	else if (!strcmp(run->args->work, "stream"))
		(server ? serve_stream : measure_stream)(run);
	else if (!strcmp(run->args->work, "messages"))
		(server ? serve_messages : measure_messages)(run);
	else
		bench_die("no work is called %s", run->args->work);
}

int bench_channel_main(int argc, char **argv, const struct bench_channel_ops *ops)
{
	struct bench_args args;
	struct run run = { .args = &args, .ops = ops };

	bench_args_parse(&args, argc, argv);
	run.buf = malloc(args.size);
	if (!run.buf)
		bench_die("out of memory");
	/* Touched before the clock runs, with something else than zeroes. */
	memset(run.buf, 0x5a, args.size);
	run.channel = ops->open(&args);
	do_work(&run);
	ops->close(run.channel);
	free(run.buf);
	return 0;
}

/* ---- channels that are descriptors ---- */

void bench_fd_read(void *channel, void *buf, size_t len)
{
	struct bench_fd *end = channel;
	char *at = buf;

	while (len) {
		ssize_t got = read(end->fd, at, len);

		end->syscalls++;
		if (got == 0)
			errno = EPIPE;
		if (got <= 0)
			bench_die("read");
		at += got;
		len -= (size_t)got;
	}
}

void bench_fd_write(void *channel, const void *buf, size_t len)
{
	struct bench_fd *end = channel;
	const char *at = buf;

	while (len) {
		ssize_t put = write(end->fd, at, len);

		end->syscalls++;
		if (put <= 0)
			bench_die("write");
		at += put;
		len -= (size_t)put;
	}
}

void bench_fd_counters(void *channel, struct bench_counters *counters)
{
	const struct bench_fd *end = channel;

	counters->has_syscalls = true;
	counters->syscalls = end->syscalls;
}

void bench_fd_close(void *channel)
{
	const struct bench_fd *end = channel;

	close(end->fd);
}
