/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vsock_cut server [CONNECTIONS]
 * vsock_cut client CID [CONNECTIONS]
 *
 * One end of a hundred connections that are cut off at any time: traffic both ways over each
 * until the other end's domain is gone; then again, for ever. What happens is written
 * to xenstore, below /tool/xenlab/signal:
 *
 *	cut-DOMID-moving-N	round N has traffic over all connections
 *	cut-DOMID-end-N		round N is over; value: what was found then
 */
#include "announce.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vmci_sockets.h>

#define CONNECTIONS_MAX	100u
#define PORT		9000u
#define ENOUGH		65536u	/* bytes of a connection that moves */

static unsigned int connections = CONNECTIONS_MAX;
/* Of the client's or the server's connections; behind them the server's listener. */
static struct pollfd fds[CONNECTIONS_MAX + 1];
static size_t received[CONNECTIONS_MAX];
/* In this round: opened so far; open now, and how many of these have moved enough. */
static unsigned int opened, open_now, moving;
static unsigned int resets, ends, others;
static unsigned int round_nr;

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "vsock_cut: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void read_some(unsigned int i)
{
	static char buffer[65536];
	ssize_t n = recv(fds[i].fd, buffer, sizeof(buffer), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0) {
		if (received[i] < ENOUGH && received[i] + (size_t)n >= ENOUGH)
			moving++;
		received[i] += (size_t)n;
		return;
	}
	if (!n)
		ends++;
	else if (errno == ECONNRESET)
		resets++;
	else
		others++;
	close(fds[i].fd);
	fds[i].fd = -1;
	open_now--;
	if (received[i] >= ENOUGH)
		moving--;
}

static void write_some(unsigned int i)
{
	static const char buffer[16384];

	/* That the connection is over is the reader's to find. */
	send(fds[i].fd, buffer, sizeof(buffer), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void add(unsigned int i, int fd)
{
	fds[i].fd = fd;
	fds[i].events = POLLIN | POLLOUT;
	received[i] = 0;
	opened++;
	open_now++;
}

/* Into a free place; while there is none, it waits. */
static void take_one(int listener)
{
	for (unsigned int i = 0; i < connections; i++) {
		if (fds[i].fd >= 0)
			continue;
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			die("accept");
		add(i, fd);
		return;
	}
}

static void move_once(void)
{
	struct pollfd *listener = &fds[connections];

	listener->events = open_now < connections ? POLLIN : 0;
	if (poll(fds, connections + 1, -1) < 0)
		die("poll");
	for (unsigned int i = 0; i < connections; i++) {
		if (fds[i].revents & POLLOUT)
			write_some(i);
		if (fds[i].revents & ~POLLOUT)
			read_some(i);
	}
	if (listener->revents & POLLIN)
		take_one(listener->fd);
}

/*
 * Until all are over. A connection whose client gave up while it was made is one more, at the
 * server's end only.
 */
static void move(void)
{
	bool announced = false;

	while (open_now || opened < connections) {
		move_once();
		if (opened >= connections && open_now && moving == open_now && !announced) {
			announce("moving", round_nr, "");
			announced = true;
		}
		if (announced)
			announce_alive();
	}
}

static struct sockaddr_vm address_of(unsigned int cid)
{
	struct sockaddr_vm address;

	memset(&address, 0, sizeof(address));
	address.svm_family = AF_VSOCK;
	address.svm_cid = cid;
	address.svm_port = PORT;
	return address;
}

/* The peer's domain may not run, and its program not listen yet: asked again. */
static int connect_once(unsigned int cid)
{
	struct sockaddr_vm address = address_of(cid);
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		usleep(20000);
	return fd;
}

static void make_all(unsigned int cid)
{
	for (unsigned int i = 0; i < connections; i++)
		add(i, connect_once(cid));
}

static void end_round(void)
{
	char text[128];

	snprintf(text, sizeof(text), "resets=%u ends=%u others=%u", resets, ends, others);
	announce_end(round_nr, text);
	resets = ends = others = opened = 0;
}

/* The number of connections, if it is told. */
static bool read_connections(const char *text)
{
	if (text)
		connections = (unsigned int)strtoul(text, NULL, 10);
	return connections && connections <= CONNECTIONS_MAX;
}

static int listen_to_all(void)
{
	struct sockaddr_vm address = address_of(VMADDR_CID_ANY);
	int listener = socket(AF_VSOCK, SOCK_STREAM, 0);

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, CONNECTIONS_MAX))
		die("cannot listen");
	return listener;
}

int main(int argc, char **argv)
{
	bool server = argc >= 2 && !strcmp(argv[1], "server");
	bool client = argc >= 3 && !strcmp(argv[1], "client");
	int told = server ? 2 : 3;

	if ((!server && !client) || argc > told + 1 || !read_connections(argv[told])) {
		fputs("usage: vsock_cut server [CONNECTIONS] | client CID [CONNECTIONS]\n", stderr);
		return 2;
	}
	if (!announce_open("vsock_cut"))
		return 1;
	for (unsigned int i = 0; i <= connections; i++)
		fds[i].fd = -1;
	if (server)
		fds[connections].fd = listen_to_all();
	for (round_nr = 1;; round_nr++) {
		if (client)
			make_all((unsigned int)strtoul(argv[2], NULL, 10));
		move();
		end_round();
	}
}
