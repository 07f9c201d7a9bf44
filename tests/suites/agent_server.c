/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent.h"
#include "agent_sockets.h"
#include "asleep.h"
#include "pattern.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT_MAX	(256u << 20)	/* of a single read or write */

struct worker {
	struct agent_request request;
	struct agent_reply reply;
	pid_t tid;
	_Atomic int phase;
	struct worker *next;
};

static struct {
	int fd;
	pthread_mutex_t lock;	/* of the list */
	pthread_mutex_t sending;
	struct worker *workers;
} session = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.sending = PTHREAD_MUTEX_INITIALIZER,
};

/* The only purpose is to interrupt a call. */
static void on_signal(int number)
{
	(void)number;
}

static void install_signals(void)
{
	struct sigaction plain = { .sa_handler = on_signal };
	struct sigaction restart = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigaction(SIGUSR1, &plain, NULL);
	sigaction(SIGUSR2, &restart, NULL);
	signal(SIGPIPE, SIG_DFL);	/* a pipe that raises it must show */
}

static int64_t do_read(struct worker *w)
{
	const struct agent_request *r = &w->request;
	char *buffer = malloc(r->count ? r->count : 1);
	int64_t got;
	int error;

	if (!buffer)
		return -1;
	got = read(r->fd, buffer, r->count);
	error = errno;
	if (got > 0)
		w->reply.wrong_at = pattern_check(buffer, (size_t)got, r->seed, r->offset);
	free(buffer);
	errno = error;
	return got;
}

static int64_t do_write(struct worker *w)
{
	const struct agent_request *r = &w->request;
	char *buffer = malloc(r->count ? r->count : 1);
	int64_t done;
	int error;

	if (!buffer)
		return -1;
	pattern_fill(buffer, r->count, r->seed, r->offset);
	/* Entered only now: filling takes its time. */
	atomic_store(&w->phase, CALL_ENTERED);
	done = write(r->fd, buffer, r->count);
	error = errno;
	free(buffer);
	errno = error;
	return done;
}

static int64_t read_stream(struct worker *w, char *buffer)
{
	const struct agent_request *r = &w->request;
	uint64_t total = 0, state = r->seed;

	while (total < r->count && !w->reply.wrong_at) {
		size_t want = pattern_size(&state, r->arg);
		ssize_t got;

		if (want > r->count - total)
			want = r->count - total;
		got = read(r->fd, buffer, want);
		if (got < 0 && errno != EINTR)
			return total ? (int64_t)total : -1;
		if (!got)
			break;
		if (got > 0) {
			w->reply.wrong_at = pattern_check(buffer, (size_t)got, r->seed, total);
			total += (uint64_t)got;
		}
	}
	errno = 0;
	return (int64_t)total;
}

static int64_t write_stream(struct worker *w, char *buffer)
{
	const struct agent_request *r = &w->request;
	uint64_t total = 0, state = ~r->seed;

	while (total < r->count) {
		size_t want = pattern_size(&state, r->arg);
		ssize_t done;

		if (want > r->count - total)
			want = r->count - total;
		pattern_fill(buffer, want, r->seed, total);
		done = write(r->fd, buffer, want);
		if (done < 0 && errno != EINTR)
			return total ? (int64_t)total : -1;
		if (done > 0)
			total += (uint64_t)done;
	}
	errno = 0;
	return (int64_t)total;
}

static int64_t do_stream(struct worker *w)
{
	char *buffer = malloc(w->request.arg ? w->request.arg : 1);
	int64_t total;
	int error;

	if (!buffer)
		return -1;
	total = w->request.op == AGENT_READ_STREAM ? read_stream(w, buffer) :
						     write_stream(w, buffer);
	error = errno;
	free(buffer);
	/* Reported beside a partial total as well. */
	w->reply.error = error;
	errno = error;
	return total;
}

static int64_t do_read_records(const struct agent_request *r)
{
	char record[PATTERN_RECORD];
	uint64_t sum = 0;

	for (uint64_t total = 0; total < r->count; total += sizeof(record)) {
		if (read(r->fd, record, sizeof(record)) != (ssize_t)sizeof(record)) {
			errno = EPROTO;
			return -1;
		}
		sum += pattern_record_sum(record, sizeof(record));
	}
	return (int64_t)(sum / 2);
}

static int64_t do_poll(const struct agent_request *r)
{
	struct pollfd poll_fd = { .fd = r->fd, .events = (short)r->flags };
	int found = poll(&poll_fd, 1, (int)r->arg);

	return found > 0 ? poll_fd.revents : found;
}

static int64_t do_readable(const struct agent_request *r)
{
	int available = -1;

	return ioctl(r->fd, FIONREAD, &available) ? -1 : available;
}

static int64_t number_in(FILE *file, const char *word)
{
	char token[64];
	long long number;

	while (*word && fscanf(file, "%63s", token) == 1)
		if (!strcmp(token, word))
			word = "";
	if (!*word && fscanf(file, "%lld", &number) == 1)
		return number;
	errno = EINVAL;
	return -1;
}

/* "PATH" or "PATH WORD": the number at the beginning, or behind the word. */
static int64_t read_number(const char *path)
{
	char name[AGENT_PATH_MAX] = "", word[AGENT_PATH_MAX] = "";
	int64_t number;
	FILE *file;

	sscanf(path, "%79s %79s", name, word);
	file = fopen(name, "re");
	if (!file)
		return -1;
	number = number_in(file, word);
	fclose(file);
	return number;
}

static int64_t count_records(const struct agent_request *r)
{
	char record[8192];	/* what a message of the kernel may take at most */
	int64_t found = 0;
	ssize_t got;

	while ((got = read(r->fd, record, sizeof(record) - 1)) > 0) {
		record[got] = 0;
		found += strstr(record, r->path) != NULL;
	}
	return !got || errno == EAGAIN ? found : -1;
}

static struct worker *find_worker(uint32_t seq)
{
	struct worker *w;

	pthread_mutex_lock(&session.lock);
	for (w = session.workers; w && w->request.seq != seq; w = w->next)
		;
	pthread_mutex_unlock(&session.lock);
	if (!w)
		errno = ESRCH;
	return w;
}

/* Workers stay in the list until the session ends, so @target stays valid. */
static int64_t wait_for_worker(uint32_t seq)
{
	struct worker *target = find_worker(seq);

	if (!target)
		return -1;
	if (wait_asleep(&target->tid, &target->phase))
		return 0;
	errno = EALREADY;
	return -1;
}

static int64_t interrupt_worker(uint32_t seq, bool restart)
{
	struct worker *target = find_worker(seq);

	if (!target)
		return -1;
	/* Its thread id is known from then on. */
	while (atomic_load(&target->phase) == CALL_IDLE)
		sleep_ms(1);
	return syscall(SYS_tgkill, getpid(), target->tid, restart ? SIGUSR2 : SIGUSR1);
}

static int64_t execute(struct worker *w)
{
	const struct agent_request *r = &w->request;

	switch (r->op) {
	case AGENT_PING: return getpid();
	case AGENT_OPEN: return open(r->path, (int)r->flags | O_CLOEXEC);
	case AGENT_CLOSE: return close(r->fd);
	case AGENT_READ: return do_read(w);
	case AGENT_WRITE: return do_write(w);
	case AGENT_READ_STREAM:
	case AGENT_WRITE_STREAM: return do_stream(w);
	case AGENT_POLL: return do_poll(r);
	case AGENT_READABLE: return do_readable(r);
	case AGENT_SET_FLAGS: return fcntl(r->fd, F_SETFL, (int)r->flags);
	case AGENT_WAIT_ASLEEP: return wait_for_worker(r->arg);
	case AGENT_INTERRUPT: return interrupt_worker(r->arg, r->flags);
	case AGENT_READ_RECORDS: return do_read_records(r);
	case AGENT_NUMBER: return read_number(r->path);
	case AGENT_COUNT_RECORDS: return count_records(r);
	}
	return agent_socket_call(r);
}

static void send_reply(const struct agent_reply *reply)
{
	const char *bytes = (const char *)reply;
	size_t left = sizeof(*reply);

	pthread_mutex_lock(&session.sending);
	while (left) {
		ssize_t done = write(session.fd, bytes, left);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			break;	/* the test is gone; the reading side ends the session */
		bytes += done;
		left -= (size_t)done;
	}
	pthread_mutex_unlock(&session.sending);
}

static void *work(void *argument)
{
	struct worker *w = argument;
	long long start = clock_us();

	w->tid = (pid_t)syscall(SYS_gettid);
	if (w->request.op != AGENT_WRITE)
		atomic_store(&w->phase, CALL_ENTERED);
	errno = 0;
	w->reply.value = execute(w);
	if (w->reply.value < 0)
		w->reply.error = errno;
	atomic_store(&w->phase, CALL_RETURNED);
	w->reply.seq = w->request.seq;
	w->reply.elapsed_us = (uint64_t)(clock_us() - start);
	send_reply(&w->reply);
	return NULL;
}

static bool receive_request(struct agent_request *request)
{
	char *bytes = (char *)request;
	size_t left = sizeof(*request);

	while (left) {
		ssize_t got = read(session.fd, bytes, left);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		bytes += got;
		left -= (size_t)got;
	}
	request->path[AGENT_PATH_MAX - 1] = 0;
	return request->count <= COUNT_MAX || request->op == AGENT_READ_STREAM ||
	       request->op == AGENT_WRITE_STREAM;
}

static void start_worker(const struct agent_request *request)
{
	struct worker *w = calloc(1, sizeof(*w));
	struct agent_reply failure = { .seq = request->seq, .error = ENOMEM, .value = -1 };
	pthread_t thread;

	if (!w) {
		send_reply(&failure);
		return;
	}
	w->request = *request;
	pthread_mutex_lock(&session.lock);
	w->next = session.workers;
	session.workers = w;
	pthread_mutex_unlock(&session.lock);
	failure.error = pthread_create(&thread, NULL, work, w);
	if (failure.error)
		send_reply(&failure);
	else
		pthread_detach(thread);
}

void agent_serve(int fd)
{
	struct agent_request request;

	session.fd = fd;
	install_signals();
	while (receive_request(&request))
		start_worker(&request);
	/* Blocked workers and open descriptors go with the process. */
	_exit(0);
}
