/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The router of an end: passes requests to its processes, and their replies back. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "transfer.h"
#include "vrpq_remote.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PENDING_MAX 128

struct process {
	pid_t pid;		/* 0: there is none */
	int fd;
	unsigned int nr_pending;
	uint32_t pending[PENDING_MAX];	/* requests without a reply */
	uint32_t ender;		/* request that waits for the end, or 0 */
	int status;		/* of the one that was here last */
};

static struct {
	int control;
	struct process processes[VQ_PROCESSES];
} router;

static void reply(uint32_t seq, int result, int64_t value)
{
	struct vq_reply message = { .seq = seq, .result = result, .v = { value } };

	/* A test that is gone shows at the next read. */
	transfer_whole(router.control, &message, sizeof(message), true);
}

static void close_descriptors(void)
{
	close(router.control);
	for (unsigned int i = 0; i < VQ_PROCESSES; i++)
		if (router.processes[i].pid)
			close(router.processes[i].fd);
}

static bool start_process(struct process *p)
{
	int sockets[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return false;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close_descriptors();
		close(sockets[0]);
		vq_process(sockets[1]);
	}
	close(sockets[1]);
	if (pid < 0) {
		close(sockets[0]);
		return false;
	}
	*p = (struct process){ .pid = pid, .fd = sockets[0] };
	return true;
}

/* The process is gone, or to be: all that it owes gets a reply. */
static void bury(struct process *p)
{
	int status = 0;

	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	for (unsigned int i = 0; i < p->nr_pending; i++)
		reply(p->pending[i], VQ_LOST, 0);
	if (p->ender)
		reply(p->ender, 0, status);
	close(p->fd);
	*p = (struct process){ .status = status };
}

static void kill_process(struct process *p, const struct vq_request *r)
{
	if (r->arg)
		usleep((useconds_t)r->arg);
	kill(p->pid, SIGKILL);
	p->ender = r->seq;
	bury(p);
}

static void forward(struct process *p, const struct vq_request *r)
{
	if (p->nr_pending == PENDING_MAX ||
	    send(p->fd, r, sizeof(*r), MSG_NOSIGNAL) != (ssize_t)sizeof(*r))
		reply(r->seq, VQ_LOST, 0);
	else
		p->pending[p->nr_pending++] = r->seq;
}

/* For the log of a test that hangs. */
static void dump_threads(void)
{
	static const char command[] =
		"for t in /proc/[0-9]*/task/*; do case $(cat $t/comm) in vrpq*) "
		"echo \"# $t $(cat $t/syscall)\"; head -n 7 $t/stack;; esac; done >&2";

	if (system(command))
		fprintf(stderr, "# no stacks\n");
}

static void handle(const struct vq_request *r)
{
	struct process *p = &router.processes[r->process % VQ_PROCESSES];

	if (r->op == VQ_DUMP) {
		dump_threads();
		reply(r->seq, 0, 0);
	} else if (!p->pid && r->op == VQ_WAIT_END) {
		reply(r->seq, 0, p->status);
	} else if (!p->pid && !start_process(p)) {
		reply(r->seq, VQ_BAD, 0);
	} else if (r->op == VQ_KILL) {
		kill_process(p, r);
	} else if (r->op == VQ_WAIT_END) {
		p->ender = r->seq;
	} else {
		forward(p, r);
	}
}

static void pass_reply(struct process *p)
{
	struct vq_reply message;
	unsigned int i;

	if (recv(p->fd, &message, sizeof(message), 0) != (ssize_t)sizeof(message)) {
		bury(p);
		return;
	}
	for (i = 0; i < p->nr_pending && p->pending[i] != message.seq; i++)
		;
	if (i < p->nr_pending)
		p->pending[i] = p->pending[--p->nr_pending];
	transfer_whole(router.control, &message, sizeof(message), true);
}

static void pass_replies(const struct pollfd *fds)
{
	for (unsigned int i = 0; i < VQ_PROCESSES; i++)
		if (router.processes[i].pid && fds[i].fd == router.processes[i].fd &&
		    fds[i].revents)
			pass_reply(&router.processes[i]);
}

static void kill_all(void)
{
	for (unsigned int i = 0; i < VQ_PROCESSES; i++)
		if (router.processes[i].pid)
			kill(router.processes[i].pid, SIGKILL);
	/* What they forked ends with them (PR_SET_PDEATHSIG), and comes here. */
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

void vq_route(int fd)
{
	struct pollfd fds[VQ_PROCESSES + 1];
	struct vq_request request;

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	router.control = fd;
	for (;;) {
		for (unsigned int i = 0; i < VQ_PROCESSES; i++)
			fds[i] = (struct pollfd){
				.fd = router.processes[i].pid ? router.processes[i].fd : -1,
				.events = POLLIN,
			};
		fds[VQ_PROCESSES] = (struct pollfd){ .fd = fd, .events = POLLIN };
		if (poll(fds, VQ_PROCESSES + 1, -1) < 0)
			continue;
		pass_replies(fds);
		if (!fds[VQ_PROCESSES].revents)
			continue;
		if (!transfer_whole(fd, &request, sizeof(request), false))
			break;
		request.device[VQ_DEVICE_MAX - 1] = 0;
		handle(&request);
	}
	kill_all();
	_exit(0);
}
