// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The same over libxenvchan, blocking. The server end grants the rings, as the
 * front end of a vbpipe link does.
 *
 * The calls that libxenvchan makes into libxenevtchn pass through functions of
 * this program, which count them: each of them is one system call.
 */
#include "bench.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

#include <libxenvchan.h>

static struct {
	uint64_t notify, pending, unmask;
} calls;

static void *next_function(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function) {
		errno = 0;
		bench_die("libxenevtchn has no %s", name);
	}
	return function;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
	static int (*next)(xenevtchn_handle *, evtchn_port_t);

	if (!next)
		next = (int (*)(xenevtchn_handle *, evtchn_port_t))next_function("xenevtchn_notify");
	calls.notify++;
	return next(xce, port);
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
	static xenevtchn_port_or_error_t (*next)(xenevtchn_handle *);

	if (!next)
		next = (xenevtchn_port_or_error_t (*)(xenevtchn_handle *))next_function("xenevtchn_pending");
	calls.pending++;
	return next(xce);
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
	static int (*next)(xenevtchn_handle *, evtchn_port_t);

	if (!next)
		next = (int (*)(xenevtchn_handle *, evtchn_port_t))next_function("xenevtchn_unmask");
	calls.unmask++;
	return next(xce, port);
}

static void *vchan_serve(const struct bench_args *args)
{
	char *path = bench_meet_path(args, BENCH_OWN);
	struct libxenvchan *vchan = libxenvchan_server_init(NULL, (int)args->peer, path,
							    args->ring, args->ring);

	if (!vchan)
		bench_die("cannot offer a vchan at %s to domain %u", path, args->peer);
	free(path);
	return vchan;
}

static void *vchan_connect(const struct bench_args *args)
{
	char *path = bench_meet_path(args, BENCH_PEER);
	struct libxenvchan *vchan;

	/* The server writes this key in the transaction that writes the others. */
	free(bench_meet_await(args, "event-channel"));
	vchan = libxenvchan_client_init(NULL, (int)args->peer, path);
	if (!vchan)
		bench_die("cannot connect to the vchan at %s", path);
	free(path);
	return vchan;
}

static void *vchan_open(const struct bench_args *args)
{
	struct libxenvchan *vchan = args->side == BENCH_SERVER ? vchan_serve(args) :
								 vchan_connect(args);

	vchan->blocking = 1;
	return vchan;
}

static void vchan_read(void *channel, void *buf, size_t len)
{
	char *at = buf;

	while (len) {
		int got = libxenvchan_read(channel, at, len);

		if (got <= 0)
			bench_die("libxenvchan_read");
		at += got;
		len -= (size_t)got;
	}
}

static void vchan_write(void *channel, const void *buf, size_t len)
{
	const char *at = buf;

	while (len) {
		int put = libxenvchan_write(channel, at, len);

		if (put <= 0)
			bench_die("libxenvchan_write");
		at += put;
		len -= (size_t)put;
	}
}

static void vchan_counters(void *channel, struct bench_counters *counters)
{
	(void)channel;
	counters->has_syscalls = true;
	counters->syscalls = calls.notify + calls.pending + calls.unmask;
	counters->has_events = true;
	counters->events_sent = calls.notify;
	counters->events_received = calls.pending;
}

static void vchan_close(void *channel)
{
	libxenvchan_close(channel);
}

static const struct bench_channel_ops vchan_ops = {
	.open = vchan_open,
	.read = vchan_read,
	.write = vchan_write,
	.counters = vchan_counters,
	.close = vchan_close,
};

int main(int argc, char **argv)
{
	return bench_channel_main(argc, argv, &vchan_ops);
}
