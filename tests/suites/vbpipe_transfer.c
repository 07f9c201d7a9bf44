/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vbpipe_transfer DEVICE [MIB [ROUNDS]]
 *
 * One end of a transfer that may be cut off at any time: opens the pipe, moves
 * MIB (64) MiB of a pattern each way at once, closes and begins again, as often
 * as told, without ROUNDS for ever. What happens is written to xenstore, below
 * /tool/xenlab/signal, where other domains see it at once:
 *
 *	cut-DOMID-moving-N	round N has moved its first bytes both ways
 *	cut-DOMID-end-N	round N is over; value: how, see report_end()
 */
#include "announce.h"
#include "pattern.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE		(64u << 10)
#define MOVING		(1u << 20)	/* bytes each way after which it moves */
#define SEED		5

struct direction {
	int fd;
	uint64_t count, total;
	int error;		/* errno of the call that ended it; 0: none */
	bool wrong;		/* not the pattern */
	bool over;
};

static unsigned int round_nr;
static _Atomic unsigned int moving;

/* The second direction that has moved enough tells. */
static void note_progress(uint64_t before, uint64_t after)
{
	if (before < MOVING && after >= MOVING && atomic_fetch_add(&moving, 1) == 1)
		announce("moving", round_nr, "1");
	announce_alive();
}

static void *send_stream(void *argument)
{
	struct direction *d = argument;
	static char buffer[PIECE];

	while (d->total < d->count) {
		ssize_t done;

		pattern_fill(buffer, sizeof(buffer), SEED, d->total);
		done = write(d->fd, buffer, sizeof(buffer));
		if (done < 0) {
			d->error = errno;
			break;
		}
		note_progress(d->total, d->total + (uint64_t)done);
		d->total += (uint64_t)done;
	}
	return NULL;
}

static void *receive_stream(void *argument)
{
	struct direction *d = argument;
	static char buffer[PIECE];

	while (d->total < d->count && !d->wrong) {
		ssize_t got = read(d->fd, buffer, sizeof(buffer));

		if (got < 0)
			d->error = errno;
		d->over = !got;
		if (got <= 0)
			break;
		d->wrong = pattern_check(buffer, (size_t)got, SEED, d->total);
		note_progress(d->total, d->total + (uint64_t)got);
		d->total += (uint64_t)got;
	}
	return NULL;
}

static const char *outcome(const struct direction *d)
{
	if (d->wrong)
		return "wrong";
	if (d->over)
		return "end";
	if (d->error)
		return strerrorname_np(d->error);
	return "all";
}

/*
 * read=R write=W: "end" (EOF), "all" (complete), "wrong" (bad data) or an errno;
 * then bytes moved.
 */
static void report_end(const struct direction *in, const struct direction *out)
{
	char text[256];

	snprintf(text, sizeof(text), "read=%s write=%s received=%llu sent=%llu", outcome(in),
		 outcome(out), (unsigned long long)in->total, (unsigned long long)out->total);
	announce_end(round_nr, text);
}

static int run_round(const char *device, uint64_t count)
{
	struct direction in = { .count = count }, out = { .count = count };
	pthread_t sender, receiver;
	int fd = open(device, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		fprintf(stderr, "vbpipe_transfer: %s: %s\n", device, strerror(errno));
		return -1;
	}
	atomic_store(&moving, 0);
	in.fd = out.fd = fd;
	if (pthread_create(&sender, NULL, send_stream, &out) ||
	    pthread_create(&receiver, NULL, receive_stream, &in))
		abort();
	pthread_join(sender, NULL);
	pthread_join(receiver, NULL);
	report_end(&in, &out);
	close(fd);
	return in.wrong ? -1 : 0;
}

int main(int argc, char **argv)
{
	uint64_t mib = argc > 2 ? strtoull(argv[2], NULL, 10) : 64;
	unsigned long rounds = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;

	if (argc < 2 || argc > 4 || !mib) {
		fprintf(stderr, "usage: vbpipe_transfer DEVICE [MIB [ROUNDS]]\n");
		return 2;
	}
	if (!announce_open("vbpipe_transfer"))
		return 1;
	for (round_nr = 1; !rounds || round_nr <= rounds; round_nr++)
		if (run_round(argv[1], mib << 20))
			return 1;
	return 0;
}
