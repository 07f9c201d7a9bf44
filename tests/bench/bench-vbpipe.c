// SPDX-License-Identifier: LGPL-2.1-or-later
/* Round trips and streams over a vbpipe node: plain open, read and write. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct bench_fd pipe_end;
static const char *pipe_name;

/* Blocks until the other end has opened its node too: that is the rendezvous. */
static void *vbpipe_open(const struct bench_args *args)
{
	const char *path = bench_node(args, "", args->pipe);

	pipe_end.fd = open(path, O_RDWR | O_CLOEXEC);
	if (pipe_end.fd < 0)
		bench_die("%s: open", path);
	pipe_name = strrchr(path, '/') + 1;
	return &pipe_end;
}

static bool attribute(const char *name, uint64_t *value)
{
	char path[256];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "/sys/class/vbpipe/%s/%s", pipe_name, name);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fscanf(f, "%" SCNu64, value) == 1;
	fclose(f);
	return ok;
}

static void vbpipe_counters(void *channel, struct bench_counters *counters)
{
	bench_fd_counters(channel, counters);
	counters->has_events = attribute("events_sent", &counters->events_sent) &&
			       attribute("events_received", &counters->events_received);
}

static const struct bench_channel_ops vbpipe_ops = {
	.open = vbpipe_open,
	.read = bench_fd_read,
	.write = bench_fd_write,
	.counters = vbpipe_counters,
	.close = bench_fd_close,
};

int main(int argc, char **argv)
{
	return bench_channel_main(argc, argv, &vbpipe_ops);
}
