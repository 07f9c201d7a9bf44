/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vsock_cut server
 * vsock_cut client CID
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

#define CONNECTIONS	100u
#define PORT		9000u
#define ENOUGH		65536u	/* bytes of a connection that moves */

static struct pollfd fds[CONNECTIONS];
static size_t received[CONNECTIONS];
static unsigned int open_now, moving, resets, ends, others;
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
}

static void write_some(unsigned int i)
{
	static const char buffer[16384];

	/* That the connection is over is the reader's to find. */
	send(fds[i].fd, buffer, sizeof(buffer), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void move(void)
{
	bool announced = false;

	for (unsigned int i = 0; i < CONNECTIONS; i++)
		fds[i].events = POLLIN | POLLOUT;
	while (open_now) {
		if (poll(fds, CONNECTIONS, -1) < 0)
			die("poll");
		for (unsigned int i = 0; i < CONNECTIONS; i++) {
			if (fds[i].revents & POLLOUT)
				write_some(i);
			if (fds[i].revents & ~POLLOUT)
				read_some(i);
		}
		if (moving == CONNECTIONS && !announced) {
			announce("moving", round_nr, "");
			announced = true;
		}
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

static void take_all(int listener)
{
	for (open_now = 0; open_now < CONNECTIONS; open_now++) {
		fds[open_now].fd = accept(listener, NULL, NULL);
		if (fds[open_now].fd < 0)
			die("accept");
	}
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
	for (open_now = 0; open_now < CONNECTIONS; open_now++)
		fds[open_now].fd = connect_once(cid);
}

static void end_round(void)
{
	char text[128];

	snprintf(text, sizeof(text), "resets=%u ends=%u others=%u", resets, ends, others);
	announce_end(round_nr, text);
	resets = ends = others = moving = 0;
	memset(received, 0, sizeof(received));
}

int main(int argc, char **argv)
{
	bool server = argc == 2 && !strcmp(argv[1], "server");
	struct sockaddr_vm address = address_of(VMADDR_CID_ANY);
	int listener = -1;

	if (!server && (argc != 3 || strcmp(argv[1], "client"))) {
		fputs("usage: vsock_cut server | client CID\n", stderr);
		return 2;
	}
	if (!announce_open("vsock_cut"))
		return 1;
	if (server) {
		listener = socket(AF_VSOCK, SOCK_STREAM, 0);
		if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
		    listen(listener, CONNECTIONS))
			die("cannot listen");
	}
	for (round_nr = 1;; round_nr++) {
		if (server)
			take_all(listener);
		else
			make_all((unsigned int)strtoul(argv[2], NULL, 10));
		move();
		end_round();
	}
}
