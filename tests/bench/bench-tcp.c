// SPDX-License-Identifier: LGPL-2.1-or-later
/* The same over a TCP connection with TCP_NODELAY. */
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct bench_fd connection;

static struct sockaddr_in server_address(const struct bench_args *args)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	if (!args->address || inet_pton(AF_INET, args->address, &sin.sin_addr) != 1) {
		errno = 0;
		bench_die("no IPv4 address of the server was given (-a)");
	}
	return sin;
}

static int new_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		bench_die("socket");
	return fd;
}

static int tcp_serve(const struct bench_args *args)
{
	struct sockaddr_in sin = server_address(args);
	socklen_t len = sizeof(sin);
	int listener = new_socket();
	char port[8];
	int fd;

	if (bind(listener, (struct sockaddr *)&sin, sizeof(sin)) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&sin, &len))
		bench_die("cannot listen at %s", args->address);
	snprintf(port, sizeof(port), "%u", ntohs(sin.sin_port));
	bench_meet_publish(args, "port", port);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		bench_die("accept");
	close(listener);
	bench_meet_remove(args);
	return fd;
}

static int tcp_connect(const struct bench_args *args)
{
	struct sockaddr_in sin = server_address(args);
	char *port = bench_meet_await(args, "port");
	int fd = new_socket();

	sin.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)))
		bench_die("cannot connect to %s port %s", args->address, port);
	free(port);
	return fd;
}

static void *tcp_open(const struct bench_args *args)
{
	int one = 1;

	connection.fd = args->side == BENCH_SERVER ? tcp_serve(args) : tcp_connect(args);
	if (setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		bench_die("TCP_NODELAY");
	return &connection;
}

static void tcp_read(void *channel, void *buf, size_t len)
{
	struct bench_fd *tcp = channel;
	char *at = buf;

	while (len) {
		ssize_t got = recv(tcp->fd, at, len, MSG_WAITALL);

		tcp->syscalls++;
		if (got == 0)
			errno = EPIPE;
		if (got <= 0)
			bench_die("recv");
		at += got;
		len -= (size_t)got;
	}
}

static void tcp_write(void *channel, const void *buf, size_t len)
{
	struct bench_fd *tcp = channel;
	const char *at = buf;

	while (len) {
		ssize_t put = send(tcp->fd, at, len, MSG_NOSIGNAL);

		tcp->syscalls++;
		if (put <= 0)
			bench_die("send");
		at += put;
		len -= (size_t)put;
	}
}

static const struct bench_channel_ops tcp_ops = {
	.open = tcp_open,
	.read = tcp_read,
	.write = tcp_write,
	.counters = bench_fd_counters,
	.close = bench_fd_close,
};

int main(int argc, char **argv)
{
	return bench_channel_main(argc, argv, &tcp_ops);
}
