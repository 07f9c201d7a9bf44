// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Round trips and streams over an AF_VSOCK connection, and the works "conns" and "uneven":
 * -c connections carry -n bytes in all at the same time, after one that did. "conns" is
 * their total rate over the one's, "uneven" the largest share over the smallest.
 */
#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vmci_sockets.h>

#define CHANNELS_MAX	1000

static struct bench_fd connection;

static struct sockaddr_vm address_of(unsigned int cid, unsigned int port)
{
	struct sockaddr_vm address;

	memset(&address, 0, sizeof(address));
	address.svm_family = AF_VSOCK;
	address.svm_cid = cid;
	address.svm_port = port;
	return address;
}

static int new_socket(void)
{
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		bench_die("socket");
	return fd;
}

/* Tells the client where: the CID of this domain and a port that was free. */
static int start_listening(const struct bench_args *args, int backlog)
{
	struct sockaddr_vm address = address_of(VMADDR_CID_ANY, VMADDR_PORT_ANY);
	socklen_t len = sizeof(address);
	int listener = new_socket();
	char text[16];

	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, backlog) ||
	    getsockname(listener, (struct sockaddr *)&address, &len))
		bench_die("cannot listen");
	snprintf(text, sizeof(text), "%u", VMCISock_GetLocalCID());
	bench_meet_publish(args, "cid", text);
	snprintf(text, sizeof(text), "%u", address.svm_port);
	bench_meet_publish(args, "port", text);
	return listener;
}

static unsigned int await_number(const struct bench_args *args, const char *key)
{
	char *text = bench_meet_await(args, key);
	unsigned int number = (unsigned int)strtoul(text, NULL, 10);

	free(text);
	return number;
}

static struct sockaddr_vm await_address(const struct bench_args *args)
{
	unsigned int cid = await_number(args, "cid");

	return address_of(cid, await_number(args, "port"));
}

static int accept_one(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		bench_die("accept");
	return fd;
}

static int connect_one(const struct sockaddr_vm *address)
{
	int fd = new_socket();

	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)))
		bench_die("cannot connect to CID %u port %u", address->svm_cid, address->svm_port);
	return fd;
}

static void *vsock_open(const struct bench_args *args)
{
	struct sockaddr_vm address;
	int listener;

	if (args->side == BENCH_SERVER) {
		listener = start_listening(args, 1);
		connection.fd = accept_one(listener);
		close(listener);
		bench_meet_remove(args);
	} else {
		address = await_address(args);
		connection.fd = connect_one(&address);
	}
	return &connection;
}

static const struct bench_channel_ops vsock_ops = {
	.open = vsock_open,
	.read = bench_fd_read,
	.write = bench_fd_write,
	.counters = bench_fd_counters,
	.close = bench_fd_close,
};

/* ---- many connections ---- */

struct crowd {
	unsigned int nr;
	struct pollfd fds[CHANNELS_MAX];
	uint64_t bytes[CHANNELS_MAX];
	uint64_t total;
	char *buffer;
	size_t size;
};

/* Writes wherever there is room, until the other side has enough and closes. */
static void crowd_write(struct crowd *crowd)
{
	unsigned int open = crowd->nr;

	while (open) {
		if (poll(crowd->fds, crowd->nr, -1) < 0)
			bench_die("poll");
		for (unsigned int i = 0; i < crowd->nr; i++) {
			if (!crowd->fds[i].revents || crowd->fds[i].fd < 0 ||
			    send(crowd->fds[i].fd, crowd->buffer, crowd->size,
				 MSG_DONTWAIT | MSG_NOSIGNAL) > 0 || errno == EAGAIN)
				continue;
			close(crowd->fds[i].fd);
			crowd->fds[i].fd = -1;
			open--;
		}
	}
}

static void crowd_read(struct crowd *crowd, uint64_t enough)
{
	while (crowd->total < enough) {
		if (poll(crowd->fds, crowd->nr, -1) < 0)
			bench_die("poll");
		for (unsigned int i = 0; i < crowd->nr; i++) {
			ssize_t got = crowd->fds[i].revents ?
				      read(crowd->fds[i].fd, crowd->buffer, crowd->size) : 0;

			if (got < 0)
				bench_die("read");
			crowd->bytes[i] += (uint64_t)got;
			crowd->total += (uint64_t)got;
		}
	}
}

static double unevenness(const struct crowd *crowd)
{
	uint64_t least = crowd->bytes[0], most = least;

	for (unsigned int i = 1; i < crowd->nr; i++) {
		least = crowd->bytes[i] < least ? crowd->bytes[i] : least;
		most = crowd->bytes[i] > most ? crowd->bytes[i] : most;
	}
	return least ? (double)most / (double)least : 1e6;
}

static void crowd_close(struct crowd *crowd)
{
	for (unsigned int i = 0; i < crowd->nr; i++)
		if (crowd->fds[i].fd >= 0)
			close(crowd->fds[i].fd);
}

/* The client reads, so that it knows the shares. Bytes per second. */
static double crowd_run(const struct bench_args *args, struct crowd *crowd, int listener,
			const struct sockaddr_vm *address, unsigned int nr)
{
	uint64_t begin;

	memset(crowd->bytes, 0, sizeof(crowd->bytes));
	crowd->nr = nr;
	crowd->total = 0;
	for (unsigned int i = 0; i < nr; i++)
		crowd->fds[i] = (struct pollfd){
			.fd = address ? connect_one(address) : accept_one(listener),
			.events = address ? POLLIN : POLLOUT,
		};
	begin = bench_now_ns();
	if (address)
		crowd_read(crowd, args->count);
	else
		crowd_write(crowd);
	begin = bench_now_ns() - begin;
	crowd_close(crowd);
	return (double)crowd->total * 1e9 / (double)begin;
}

static void conns_server(const struct bench_args *args, struct crowd *crowd)
{
	int listener = start_listening(args, CHANNELS_MAX);

	crowd_run(args, crowd, listener, NULL, 1);
	crowd_run(args, crowd, listener, NULL, args->channels);
	close(listener);
	bench_meet_remove(args);
}

static void conns_client(const struct bench_args *args, struct crowd *crowd)
{
	struct sockaddr_vm address = await_address(args);
	double one = crowd_run(args, crowd, -1, &address, 1), all;

	all = crowd_run(args, crowd, -1, &address, args->channels);
	if (!strcmp(args->work, "uneven")) {
		bench_result(args, NULL, unevenness(crowd), "x");
		return;
	}
	bench_result(args, NULL, all / one, "x");
	bench_result(args, "one", one / 1e6, "MB/s");
}

static int conns_main(const struct bench_args *args)
{
	static struct crowd crowd;

	crowd.size = args->size;
	crowd.buffer = calloc(1, args->size);
	if (!crowd.buffer || !args->channels || args->channels > CHANNELS_MAX) {
		errno = EINVAL;
		bench_die("connections (-c)");
	}
	if (args->side == BENCH_SERVER)
		conns_server(args, &crowd);
	else
		conns_client(args, &crowd);
	free(crowd.buffer);
	return 0;
}

int main(int argc, char **argv)
{
	struct bench_args args;

	if (argc < 3 || (strcmp(argv[2], "conns") && strcmp(argv[2], "uneven")))
		return bench_channel_main(argc, argv, &vsock_ops);
	bench_args_parse(&args, argc, argv);
	return conns_main(&args);
}
