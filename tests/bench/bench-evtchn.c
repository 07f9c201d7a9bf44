// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The limit of every round trip: an event there and an event back between two
 * processes, with nothing to carry (work "rtt").
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenevtchn.h>

struct line {
	xenevtchn_handle *handle;
	evtchn_port_t port;
};

static evtchn_port_t checked_port(xenevtchn_port_or_error_t port, const char *what)
{
	if (port < 0)
		bench_die("%s", what);
	return (evtchn_port_t)port;
}

static void await_event(struct line *line)
{
	evtchn_port_t port = checked_port(xenevtchn_pending(line->handle), "pending");

	if (xenevtchn_unmask(line->handle, port))
		bench_die("unmask");
}

static void send_event(struct line *line)
{
	if (xenevtchn_notify(line->handle, line->port))
		bench_die("notify");
}

static void line_serve(struct line *line, const struct bench_args *args)
{
	char text[16];

	line->port = checked_port(xenevtchn_bind_unbound_port(line->handle, args->peer), "bind");
	snprintf(text, sizeof(text), "%u", line->port);
	bench_meet_publish(args, "port", text);
}

static void line_connect(struct line *line, const struct bench_args *args)
{
	char *text = bench_meet_await(args, "port");
	evtchn_port_t remote = (evtchn_port_t)strtoul(text, NULL, 10);

	free(text);
	line->port = checked_port(xenevtchn_bind_interdomain(line->handle, args->peer, remote),
				  "bind to the other domain's port");
	/*
	 * Xen marks a port that is bound to another one as pending, because an
	 * event might have been lost before: this one is not ours.
	 */
	await_event(line);
}

static void echo_events(struct line *line, unsigned long count)
{
	while (count--) {
		await_event(line);
		send_event(line);
	}
}

static void exchange_events(struct line *line, unsigned long count)
{
	while (count--) {
		send_event(line);
		await_event(line);
	}
}

static void measure_events(struct line *line, const struct bench_args *args, unsigned long warm_up)
{
	uint64_t start;

	exchange_events(line, warm_up);
	start = bench_now_ns();
	exchange_events(line, args->count);
	bench_result(args, NULL, (double)(bench_now_ns() - start) / 1000.0 / (double)args->count, "us");
}

int main(int argc, char **argv)
{
	struct bench_args args;
	struct line line;
	unsigned long warm_up;

	bench_args_parse(&args, argc, argv);
	errno = 0;
	if (strcmp(args.work, "rtt"))
		bench_die("no work is called %s", args.work);
	warm_up = args.count / 20 + 1;
	line.handle = xenevtchn_open(NULL, 0);
	if (!line.handle)
		bench_die("cannot open the event channel device");
	if (args.side == BENCH_SERVER) {
		line_serve(&line, &args);
		echo_events(&line, args.count + warm_up);
		bench_meet_remove(&args);
	} else {
		line_connect(&line, &args);
		measure_events(&line, &args, warm_up);
	}
	xenevtchn_close(line.handle);
	return 0;
}
