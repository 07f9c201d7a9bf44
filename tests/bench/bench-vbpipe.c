// SPDX-License-Identifier: LGPL-2.1-or-later
/* Round trips and streams over a vbpipe node: plain open, read and write. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct vbpipe {
	int fd;
	uint64_t syscalls;
	const char *name;
} pipe_end;

/* Blocks until the other end has opened its node too: that is the rendezvous. */
static void *vbpipe_open(const struct bench_args *args)
{
	if (!args->node) {
		errno = 0;
		bench_die("no device node was given (-d)");
	}
	pipe_end.fd = open(args->node, O_RDWR | O_CLOEXEC);
	if (pipe_end.fd < 0)
		bench_die("%s: open", args->node);
	pipe_end.name = strrchr(args->node, '/') ? strrchr(args->node, '/') + 1 : args->node;
	return &pipe_end;
}

static void vbpipe_read(void *channel, void *buf, size_t len)
{
	struct vbpipe *pipe = channel;
	char *at = buf;

	while (len) {
		ssize_t got = read(pipe->fd, at, len);

		pipe->syscalls++;
		if (got == 0)
			errno = EPIPE;
		if (got <= 0)
			bench_die("read");
		at += got;
		len -= (size_t)got;
	}
}

static void vbpipe_write(void *channel, const void *buf, size_t len)
{
	struct vbpipe *pipe = channel;
	const char *at = buf;

	while (len) {
		ssize_t put = write(pipe->fd, at, len);

		pipe->syscalls++;
		if (put <= 0)
			bench_die("write");
		at += put;
		len -= (size_t)put;
	}
}

static bool attribute(const struct vbpipe *pipe, const char *name, uint64_t *value)
{
	char path[256];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "/sys/class/vbpipe/%s/%s", pipe->name, name);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fscanf(f, "%" SCNu64, value) == 1;
	fclose(f);
	return ok;
}

static void vbpipe_counters(void *channel, struct bench_counters *counters)
{
	const struct vbpipe *pipe = channel;

	counters->has_syscalls = true;
	counters->syscalls = pipe->syscalls;
	counters->has_events = attribute(pipe, "events_sent", &counters->events_sent) &&
			       attribute(pipe, "events_received", &counters->events_received);
}

static void vbpipe_close(void *channel)
{
	struct vbpipe *pipe = channel;

	close(pipe->fd);
}

static const struct bench_channel_ops vbpipe_ops = {
	.open = vbpipe_open,
	.read = vbpipe_read,
	.write = vbpipe_write,
	.counters = vbpipe_counters,
	.close = vbpipe_close,
};

int main(int argc, char **argv)
{
	return bench_channel_main(argc, argv, &vbpipe_ops);
}
