/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "vbpipe_suite.h"

#include "asleep.h"
#include "pattern.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define STILL_MS	40	/* how long a blocked call is watched */

static struct agent session;
static bool connected;

static void connect_agent(void)
{
	if (agent_connect(&session, node("ctl")))
		suite_fail("%s: %s", node("ctl"), strerror(errno));
	connected = true;
}

struct agent *peer(void)
{
	if (!connected)
		connect_agent();
	return &session;
}

void peer_leave(void)
{
	if (connected)
		close(session.fd);
	connected = false;
}

void close_session(void)
{
	peer_leave();
}

const char *numbered_node(void)
{
	static char path[32];

	snprintf(path, sizeof(path), "/dev/vbpipe%s", suite_option("minor", "9"));
	return path;
}

bool is_server(void)
{
	return !strcmp(suite_option("role", "server"), "server");
}

const char *node(const char *name)
{
	static char paths[4][AGENT_PATH_MAX];
	static unsigned int next;
	char *path = paths[next++ % 4];

	if (*name == '/')
		return name;
	snprintf(path, AGENT_PATH_MAX, "/dev/%s%s", suite_option("prefix", "vp-"), name);
	return path;
}

struct pair pair_open_flags(const char *name, int flags, int peer_flags)
{
	struct pair pair = { .name = name };
	uint32_t ticket = agent_start(peer(), agent_request_open(node(name), peer_flags));
	struct agent_reply reply;

	pair.fd = open(node(name), flags | O_CLOEXEC);
	if (pair.fd < 0)
		suite_fail("open of %s: %s", node(name), strerror(errno));
	reply = agent_finish(peer(), ticket);
	if (reply.value < 0)
		suite_fail("the peer's open of %s: %s", node(name), strerror(reply.error));
	pair.peer_fd = (int)reply.value;
	return pair;
}

struct pair pair_open(const char *name)
{
	return pair_open_flags(name, O_RDWR, O_RDWR);
}

void pair_close(struct pair *pair)
{
	SUITE_EQUAL(close(pair->fd), 0);
	SUITE_EQUAL(agent_close(peer(), pair->peer_fd), 0);
}

static void *buffer_of(size_t count)
{
	void *buffer = malloc(count ? count : 1);

	if (!buffer)
		suite_fail("no memory for %zu bytes", count);
	return buffer;
}

static ssize_t write_pattern(int fd, size_t count, uint64_t seed, uint64_t offset,
			     _Atomic int *phase)
{
	char *buffer = buffer_of(count);
	ssize_t done;
	int error;

	pattern_fill(buffer, count, seed, offset);
	if (phase)
		atomic_store(phase, CALL_ENTERED);
	done = write(fd, buffer, count);
	error = errno;
	free(buffer);
	errno = error;
	return done;
}

ssize_t read_checked(int fd, size_t count, uint64_t seed, uint64_t offset)
{
	char *buffer = buffer_of(count);
	ssize_t got = read(fd, buffer, count);
	int error = errno;

	if (got > 0 && pattern_check(buffer, (size_t)got, seed, offset)) {
		error = EBADMSG;
		got = -1;
	}
	free(buffer);
	errno = error;
	return got;
}

void send_all(int fd, size_t count, uint64_t seed, uint64_t offset)
{
	ssize_t done = write_pattern(fd, count, seed, offset, NULL);

	if (done != (ssize_t)count)
		suite_fail("write of %zu bytes returned %zd (%s)", count, done,
			   done < 0 ? strerror(errno) : "short");
}

void receive_all(int fd, size_t count, uint64_t seed, uint64_t offset)
{
	size_t total = 0;

	while (total < count) {
		ssize_t got = read_checked(fd, count - total, seed, offset + total);

		if (got <= 0)
			suite_fail("read at %zu of %zu bytes returned %zd (%s)", total, count, got,
				   got ? strerror(errno) : "end");
		total += (size_t)got;
	}
}

void peer_send(struct pair *pair, size_t count, uint64_t seed, uint64_t offset)
{
	long done = agent_write(peer(), pair->peer_fd, count, seed, offset);

	if (done != (long)count)
		suite_fail("the peer's write of %zu bytes returned %ld (%s)", count, done,
			   done < 0 ? strerror(errno) : "short");
}

void peer_receive(struct pair *pair, size_t count, uint64_t seed, uint64_t offset)
{
	size_t total = 0;

	while (total < count) {
		long got = agent_read(peer(), pair->peer_fd, count - total, seed, offset + total);

		if (got <= 0)
			suite_fail("the peer's read at %zu of %zu bytes returned %ld (%s)", total,
				   count, got, got ? strerror(errno) : "end");
		total += (size_t)got;
	}
}

void *no_access(void)
{
	void *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		suite_fail("mmap: %s", strerror(errno));
	return page;
}

void set_nonblock(int fd, bool nonblock)
{
	if (fcntl(fd, F_SETFL, nonblock ? O_NONBLOCK : 0))
		suite_fail("F_SETFL: %s", strerror(errno));
}

size_t fill_ring_from(int fd, uint64_t seed, uint64_t offset)
{
	size_t total = 0;
	ssize_t done;

	set_nonblock(fd, true);
	/* Far more than any ring of the suite, so that what fits is taken. */
	while ((done = write_pattern(fd, 1 << 20, seed, offset + total, NULL)) > 0)
		total += (size_t)done;
	if (errno != EAGAIN)
		suite_fail("filling the ring ended with %s", strerror(errno));
	set_nonblock(fd, false);
	return total;
}

size_t fill_ring(int fd, uint64_t seed)
{
	return fill_ring_from(fd, seed, 0);
}

short poll_now(int fd, short events)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	return poll(&poll_fd, 1, 0) < 0 ? -1 : poll_fd.revents;
}

/* ---- threads ---- */

static void on_signal(int number)
{
	(void)number;
}

static ssize_t poll_in_call(struct call *call)
{
	struct pollfd poll_fd = { .fd = call->fd, .events = (short)call->flags };
	int found = poll(&poll_fd, 1, -1);

	return found < 0 ? -1 : poll_fd.revents;
}

static ssize_t perform(struct call *call)
{
	switch (call->kind) {
	case CALL_OPEN: return open(call->path, call->flags | O_CLOEXEC);
	case CALL_READ: return read_checked(call->fd, call->count, call->seed, call->offset);
	case CALL_WRITE:
		return write_pattern(call->fd, call->count, call->seed, call->offset,
				     &call->phase);
	case CALL_POLL: return poll_in_call(call);
	}
	return -1;
}

static void *call_thread(void *argument)
{
	struct call *call = argument;

	call->tid = (pid_t)syscall(SYS_gettid);
	if (call->kind != CALL_WRITE)
		atomic_store(&call->phase, CALL_ENTERED);
	call->value = perform(call);
	call->error = call->value < 0 ? errno : 0;
	atomic_store(&call->phase, CALL_RETURNED);
	return NULL;
}

static void call_start(struct call *call)
{
	struct sigaction plain = { .sa_handler = on_signal };
	struct sigaction restart = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	int error;

	sigaction(SIGUSR1, &plain, NULL);
	sigaction(SIGUSR2, &restart, NULL);
	error = pthread_create(&call->thread, NULL, call_thread, call);
	if (error)
		suite_fail("thread: %s", strerror(error));
}

void call_open(struct call *call, const char *path, int flags)
{
	*call = (struct call){ .kind = CALL_OPEN, .flags = flags };
	snprintf(call->path, sizeof(call->path), "%s", path);
	call_start(call);
}

void call_read(struct call *call, int fd, size_t count, uint64_t seed, uint64_t offset)
{
	*call = (struct call){ .kind = CALL_READ, .fd = fd, .count = count, .seed = seed,
			       .offset = offset };
	call_start(call);
}

void call_write(struct call *call, int fd, size_t count, uint64_t seed, uint64_t offset)
{
	*call = (struct call){ .kind = CALL_WRITE, .fd = fd, .count = count, .seed = seed,
			       .offset = offset };
	call_start(call);
}

void call_poll(struct call *call, int fd, short events)
{
	*call = (struct call){ .kind = CALL_POLL, .fd = fd, .flags = events };
	call_start(call);
}

bool call_returned(struct call *call)
{
	return atomic_load(&call->phase) == CALL_RETURNED;
}

bool call_blocks(struct call *call)
{
	if (!wait_asleep(&call->tid, &call->phase))
		return false;
	sleep_ms(STILL_MS);
	return !call_returned(call);
}

ssize_t call_finish(struct call *call)
{
	static const char *const names[] = { "open", "read", "write", "poll" };
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += suite_patience_ms() / 1000;
	if (pthread_timedjoin_np(call->thread, NULL, &end))
		suite_fail("a blocked %s did not return", names[call->kind]);
	errno = call->error;
	return call->value;
}

void call_signal(struct call *call, bool restart)
{
	pthread_kill(call->thread, restart ? SIGUSR2 : SIGUSR1);
}

bool peer_call_blocks(uint32_t ticket)
{
	return !agent_wait_asleep(peer(), ticket) && peer_call_lasts(ticket);
}

bool peer_call_lasts(uint32_t ticket)
{
	return !agent_done(peer(), ticket, STILL_MS);
}

/* ---- processes ---- */

struct child child_start(void (*body)(void *argument, _Atomic int *phase), void *argument)
{
	struct child child;

	child.phase = mmap(NULL, sizeof(*child.phase), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (child.phase == MAP_FAILED)
		suite_fail("mmap: %s", strerror(errno));
	child.pid = fork();
	if (child.pid < 0)
		suite_fail("fork: %s", strerror(errno));
	if (!child.pid) {
		/* Its copy of the control pipe would keep the session alive. */
		peer_leave();
		body(argument, child.phase);
		atomic_store(child.phase, CALL_RETURNED);
		_exit(0);
	}
	return child;
}

bool child_blocks(struct child *child)
{
	if (!wait_asleep(&child->pid, child->phase))
		return false;
	sleep_ms(STILL_MS);
	return atomic_load(child->phase) != CALL_RETURNED;
}

int child_finish(struct child *child)
{
	int status = 0;

	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	munmap((void *)child->phase, sizeof(*child->phase));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

long child_kill(struct child *child)
{
	long long start = clock_us();

	kill(child->pid, SIGKILL);
	child_finish(child);
	return (long)((clock_us() - start) / 1000);
}
