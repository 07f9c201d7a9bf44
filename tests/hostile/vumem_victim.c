/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vumem_victim CONTROL DEVICE
 *
 * A client of a server that is hostile. A process does what it is told over the control
 * pipe; it may be killed over that at any time, and is replaced.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "vumem_victim.h"

#include "../suites/pattern.h"
#include "../suites/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vlx/vumem/client-lib.h>

static const char *device;
static VumemSessionHandle session;
static VumemBufferHandle buffer;
static void *addr;
static VumemSize size;

/* ---- the process ---- */

static int allocate(void)
{
	char opaque[VUMEM_OPAQUE_REQUEST_SIZE_MAX] = "victim";
	int err = vumemBufferAlloc(session, opaque, sizeof(opaque), &buffer);

	size = 0;
	return err ? err : vumemBufferInfo(buffer, &size, NULL);
}

static uint32_t is_zero(void)
{
	for (uint32_t i = 0; i < size; i++)
		if (((const volatile char *)addr)[i])
			return 0;
	return 1;
}

static int control(void)
{
	char opaque[VUMEM_OPAQUE_REQUEST_SIZE_MAX] = "victim";

	return vumemBufferCtl(buffer, VUMEM_CTL_REMOTE, opaque, sizeof(opaque));
}

static struct victim_report obey(const struct victim_order *order)
{
	struct victim_report report = { 0 };

	switch (order->op) {
	case VICTIM_SESSION: report.result = vumemSessionCreate(device, &session); break;
	case VICTIM_ALLOC: report.result = allocate(); break;
	case VICTIM_MAP: report.result = vumemBufferMap(buffer, &addr); break;
	case VICTIM_UNMAP: report.result = vumemBufferUnmap(buffer); break;
	case VICTIM_FREE: report.result = vumemBufferFree(buffer); break;
	case VICTIM_CTL: report.result = control(); break;
	case VICTIM_END: report.result = vumemSessionDestroy(session); break;
	case VICTIM_CHECK: report.value = (uint32_t)pattern_check(addr, size, order->arg, 0); break;
	case VICTIM_FILL: pattern_fill(addr, size, order->arg, 0); break;
	case VICTIM_ZERO: report.value = is_zero(); break;
	default: report.result = EBADRQC;
	}
	return report;
}

static void __attribute__((noreturn)) obey_all(int sock)
{
	struct victim_order order;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (transfer_whole(sock, &order, sizeof(order), false)) {
		struct victim_report report = obey(&order);

		transfer_whole(sock, &report, sizeof(report), true);
	}
	_exit(0);
}

/* ---- its keeper ---- */

static pid_t process;
static int process_sock = -1;

static void end_process(void)
{
	if (process > 0) {
		kill(process, SIGKILL);
		while (waitpid(process, NULL, 0) < 0 && errno == EINTR)
			;
		close(process_sock);
	}
	process = 0;
}

static bool start_process(void)
{
	int socks[2];

	end_process();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks))
		return false;
	process = fork();
	if (!process) {
		close(socks[0]);
		obey_all(socks[1]);
	}
	close(socks[1]);
	process_sock = socks[0];
	return process > 0;
}

static bool pass_order(int fd)
{
	struct victim_report report = { 0 };
	struct victim_order order;

	if (!transfer_whole(fd, &order, sizeof(order), false))
		return false;
	if (order.op != VICTIM_KILL)
		return transfer_whole(process_sock, &order, sizeof(order), true);
	return start_process() && transfer_whole(fd, &report, sizeof(report), true);
}

static bool pass_report(int fd)
{
	struct victim_report report;

	return transfer_whole(process_sock, &report, sizeof(report), false) &&
	       transfer_whole(fd, &report, sizeof(report), true);
}

/* One test: until the control pipe's other end is closed. */
static void serve(int fd)
{
	bool going = start_process();

	while (going) {
		struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
					{ .fd = process_sock, .events = POLLIN } };

		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents)
			going = pass_order(fd);
		else if (fds[1].revents)
			going = pass_report(fd);
	}
	end_process();
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: vumem_victim CONTROL DEVICE\n");
		return 2;
	}
	device = argv[2];
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		int fd = open(argv[1], O_RDWR | O_CLOEXEC);

		if (fd < 0) {
			perror(argv[1]);
			return 1;
		}
		serve(fd);
		close(fd);
	}
}
