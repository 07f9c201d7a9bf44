/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process of an end: a thread for each request. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "asleep.h"
#include "vrpq_ops.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OBJECTS_MAX	4096
#define FILES_MAX	8192
#define NOBODY		65534

struct worker {
	struct vq_request request;
	struct vq_reply reply;
	pid_t tid;
	_Atomic int phase;
	struct worker *next;
};

static struct {
	int fd;
	pthread_mutex_t lock;
	struct worker *workers;
	struct vq_object *objects[OBJECTS_MAX];
	int nr_objects;
} process = { .lock = PTHREAD_MUTEX_INITIALIZER };

int vq_add_object(void *handle, struct vq_object *session)
{
	struct vq_object *object = calloc(1, sizeof(*object));
	int number;

	if (!object)
		abort();
	object->handle = handle;
	object->session = session;
	pthread_mutex_lock(&process.lock);
	if (process.nr_objects == OBJECTS_MAX)
		abort();
	number = process.nr_objects++;
	process.objects[number] = object;
	pthread_mutex_unlock(&process.lock);
	return number;
}

struct vq_object *vq_object(int number)
{
	static struct vq_object none;
	struct vq_object *object = &none;

	pthread_mutex_lock(&process.lock);
	if (number >= 0 && number < process.nr_objects)
		object = process.objects[number];
	pthread_mutex_unlock(&process.lock);
	return object;
}

/* The only purpose is to interrupt a call. */
static void on_signal(int number)
{
	(void)number;
}

static void prepare_process(void)
{
	struct sigaction plain = { .sa_handler = on_signal };
	struct sigaction restart = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct rlimit files = { FILES_MAX, FILES_MAX };

	sigaction(SIGUSR1, &plain, NULL);
	sigaction(SIGUSR2, &restart, NULL);
	setrlimit(RLIMIT_NOFILE, &files);
}

static struct worker *find_worker(uint32_t seq)
{
	struct worker *w;

	pthread_mutex_lock(&process.lock);
	for (w = process.workers; w && w->request.seq != seq; w = w->next)
		;
	pthread_mutex_unlock(&process.lock);
	return w;
}

/* Workers stay in the list for good, so the target is valid. */
static int wait_for_worker(const struct vq_request *r)
{
	struct worker *target = find_worker((uint32_t)r->arg);

	if (!target)
		return ESRCH;
	return wait_asleep(&target->tid, &target->phase) ? 0 : EALREADY;
}

static int interrupt_worker(const struct vq_request *r)
{
	struct worker *target = find_worker((uint32_t)r->arg);

	if (!target)
		return ESRCH;
	/* Its thread id is known from then on. */
	while (atomic_load(&target->phase) == CALL_IDLE)
		sleep_ms(1);
	return syscall(SYS_tgkill, getpid(), target->tid, r->flags ? SIGUSR2 : SIGUSR1) ? errno : 0;
}

static int end_process(const struct vq_request *r)
{
	switch (r->flags) {
	case VQ_EXIT_0: _exit(0);
	case VQ_EXIT_ABORT: abort();
	case VQ_EXIT_SEGV: raise(SIGSEGV);
	}
	return VQ_BAD;
}

static int give_up_rights(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return errno;
	return 0;
}

/* Who this is: the process and, where there is xenstore, the domain. */
static int ping(struct vq_reply *reply)
{
	FILE *domid = popen("xenstore-read domid 2>/dev/null", "re");
	long long number;

	reply->v[0] = getpid();
	reply->v[1] = domid && fscanf(domid, "%lld", &number) == 1 ? number : -1;
	if (domid)
		pclose(domid);
	return 0;
}

static int execute(struct worker *w)
{
	const struct vq_request *r = &w->request;

	switch (r->op) {
	case VQ_PING: return ping(&w->reply);
	case VQ_WAIT_ASLEEP: return wait_for_worker(r);
	case VQ_INTERRUPT: return interrupt_worker(r);
	case VQ_EXIT: return end_process(r);
	case VQ_GIVE_UP_RIGHTS: return give_up_rights();
	case VQ_STRESS: return vq_stress(r, &w->reply);
	case VQ_CROWD_OPEN:
	case VQ_CROWD_RUN: return vq_crowd_op(r, &w->reply);
	case VQ_STAT:
	case VQ_SCRIBBLE:
	case VQ_MISUSE: return vq_memory_op(r, &w->reply);
	case VQ_SERVE:
	case VQ_FORK_SERVE:
	case VQ_DAEMON:
	case VQ_CROWD_SERVE: return vq_serve_op(r, &w->reply);
	}
	if (r->op >= VQ_SESSION_ACCEPT)
		return vq_server_op(r, &w->reply);
	return vq_client_op(r, &w->reply);
}

static void *work(void *argument)
{
	struct worker *w = argument;
	long long start = clock_us();

	w->tid = (pid_t)syscall(SYS_gettid);
	w->reply.seq = w->request.seq;
	atomic_store(&w->phase, CALL_ENTERED);
	w->reply.result = execute(w);
	atomic_store(&w->phase, CALL_RETURNED);
	w->reply.elapsed_ms = (uint32_t)((clock_us() - start) / 1000);
	while (send(process.fd, &w->reply, sizeof(w->reply), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
	return NULL;
}

static void start_worker(const struct vq_request *request)
{
	struct worker *w = calloc(1, sizeof(*w));
	pthread_attr_t attributes;
	pthread_t thread;

	if (!w)
		abort();
	w->request = *request;
	pthread_mutex_lock(&process.lock);
	w->next = process.workers;
	process.workers = w;
	pthread_mutex_unlock(&process.lock);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, 256 << 10);
	if (pthread_create(&thread, &attributes, work, w))
		abort();
	pthread_attr_destroy(&attributes);
}

void vq_process(int fd)
{
	struct vq_request request;
	ssize_t got;

	process.fd = fd;
	prepare_process();
	while ((got = recv(fd, &request, sizeof(request), 0))) {
		if (got == (ssize_t)sizeof(request))
			start_worker(&request);
		else if (got < 0 && errno != EINTR)
			break;
	}
	_exit(0);
}
