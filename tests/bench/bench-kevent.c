// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Events between two kernels (work "rtt"): the module bench-event measures, this
 * program brings the two ends together.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void command(const char *text)
{
	errno = 0;
	if (system(text) != 0)
		bench_die("'%s' failed", text);
}

static unsigned long long parameter(const char *name)
{
	unsigned long long value;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/bench_event/parameters/%s", name);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%llu", &value) != 1)
		bench_die("cannot read %s", path);
	fclose(f);
	return value;
}

static void serve(const struct bench_args *args)
{
	char text[64];

	snprintf(text, sizeof(text), "modprobe bench-event peer=%u", args->peer);
	command(text);
	snprintf(text, sizeof(text), "%llu", parameter("port"));
	bench_meet_publish(args, "port", text);
	free(bench_meet_await(args, "done"));
	command("rmmod bench-event");
	bench_meet_remove(args);
}

static void measure(const struct bench_args *args)
{
	char *port = bench_meet_await(args, "port");
	char text[128];

	snprintf(text, sizeof(text), "modprobe bench-event peer=%u remote=%lu count=%lu", args->peer,
		 strtoul(port, NULL, 10), args->count);
	free(port);
	command(text);
	bench_result(args, NULL, (double)parameter("ns") / 1000.0 / (double)args->count, "us");
	command("rmmod bench-event");
	bench_meet_publish(args, "done", "1");
}

int main(int argc, char **argv)
{
	struct bench_args args;

	bench_args_parse(&args, argc, argv);
	errno = 0;
	if (strcmp(args.work, "rtt"))
		bench_die("no work is called %s", args.work);
	(args.side == BENCH_SERVER ? serve : measure)(&args);
	return 0;
}
