/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent.h"
#include "transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int agent_connect(struct agent *agent, const char *path)
{
	memset(agent, 0, sizeof(*agent));
	do
		agent->fd = open(path, O_RDWR | O_CLOEXEC);
	while (agent->fd < 0 && errno == EINTR);
	return agent->fd < 0 ? -1 : 0;
}

uint32_t agent_start(struct agent *agent, struct agent_request request)
{
	request.seq = ++agent->next_seq;
	return transfer_whole(agent->fd, &request, sizeof(request), true) ? request.seq : 0;
}

static bool take_early(struct agent *agent, uint32_t ticket, struct agent_reply *reply)
{
	for (unsigned int i = 0; i < agent->nr_early; i++) {
		if (agent->early[i].seq != ticket)
			continue;
		*reply = agent->early[i];
		agent->early[i] = agent->early[--agent->nr_early];
		return true;
	}
	return false;
}

static bool is_early(const struct agent *agent, uint32_t ticket)
{
	for (unsigned int i = 0; i < agent->nr_early; i++)
		if (agent->early[i].seq == ticket)
			return true;
	return false;
}

static bool receive_one(struct agent *agent)
{
	struct agent_reply reply;

	if (agent->nr_early == AGENT_PENDING_MAX ||
	    !transfer_whole(agent->fd, &reply, sizeof(reply), false))
		return false;
	agent->early[agent->nr_early++] = reply;
	return true;
}

struct agent_reply agent_finish(struct agent *agent, uint32_t ticket)
{
	struct agent_reply reply = { .error = ENOTCONN, .value = -1 };

	while (ticket && !take_early(agent, ticket, &reply))
		if (!receive_one(agent))
			break;
	return reply;
}

bool agent_done(struct agent *agent, uint32_t ticket, int ms)
{
	struct pollfd poll_fd = { .fd = agent->fd, .events = POLLIN };

	while (!is_early(agent, ticket)) {
		if (poll(&poll_fd, 1, ms) <= 0 || !receive_one(agent))
			return false;
	}
	return true;
}

struct agent_reply agent_call(struct agent *agent, struct agent_request request)
{
	return agent_finish(agent, agent_start(agent, request));
}

struct agent_request agent_request_open(const char *path, int flags)
{
	struct agent_request request = { .op = AGENT_OPEN, .flags = (uint32_t)flags };

	snprintf(request.path, sizeof(request.path), "%s", path);
	return request;
}

struct agent_request agent_request_close(int fd)
{
	return (struct agent_request){ .op = AGENT_CLOSE, .fd = fd };
}

struct agent_request agent_request_read(int fd, size_t count, uint64_t seed, uint64_t offset)
{
	return (struct agent_request){
		.op = AGENT_READ, .fd = fd, .count = count, .seed = seed, .offset = offset
	};
}

struct agent_request agent_request_write(int fd, size_t count, uint64_t seed, uint64_t offset)
{
	return (struct agent_request){
		.op = AGENT_WRITE, .fd = fd, .count = count, .seed = seed, .offset = offset
	};
}

struct agent_request agent_request_read_stream(int fd, uint64_t count, uint64_t seed, size_t max)
{
	return (struct agent_request){
		.op = AGENT_READ_STREAM, .fd = fd, .count = count, .seed = seed,
		.arg = (uint32_t)max
	};
}

struct agent_request agent_request_write_stream(int fd, uint64_t count, uint64_t seed, size_t max)
{
	return (struct agent_request){
		.op = AGENT_WRITE_STREAM, .fd = fd, .count = count, .seed = seed,
		.arg = (uint32_t)max
	};
}

struct agent_request agent_request_read_records(int fd, uint64_t count)
{
	return (struct agent_request){ .op = AGENT_READ_RECORDS, .fd = fd, .count = count };
}

struct agent_request agent_request_poll(int fd, short events, int ms)
{
	return (struct agent_request){
		.op = AGENT_POLL, .fd = fd, .flags = (uint32_t)events, .arg = (uint32_t)ms
	};
}

static long long value_of(struct agent_reply reply)
{
	errno = reply.error;
	if (reply.value >= 0 && reply.wrong_at) {
		errno = EBADMSG;
		return -1;
	}
	return reply.value;
}

int agent_open(struct agent *agent, const char *path, int flags)
{
	return (int)value_of(agent_call(agent, agent_request_open(path, flags)));
}

int agent_close(struct agent *agent, int fd)
{
	return (int)value_of(agent_call(agent, agent_request_close(fd)));
}

long agent_write(struct agent *agent, int fd, size_t count, uint64_t seed, uint64_t offset)
{
	return (long)value_of(agent_call(agent, agent_request_write(fd, count, seed, offset)));
}

long agent_read(struct agent *agent, int fd, size_t count, uint64_t seed, uint64_t offset)
{
	return (long)value_of(agent_call(agent, agent_request_read(fd, count, seed, offset)));
}

int agent_poll(struct agent *agent, int fd, short events, int ms)
{
	return (int)value_of(agent_call(agent, agent_request_poll(fd, events, ms)));
}

long agent_readable(struct agent *agent, int fd)
{
	struct agent_request request = { .op = AGENT_READABLE, .fd = fd };

	return (long)value_of(agent_call(agent, request));
}

int agent_set_flags(struct agent *agent, int fd, int flags)
{
	struct agent_request request = { .op = AGENT_SET_FLAGS, .fd = fd,
					 .flags = (uint32_t)flags };

	return (int)value_of(agent_call(agent, request));
}

int agent_wait_asleep(struct agent *agent, uint32_t ticket)
{
	struct agent_request request = { .op = AGENT_WAIT_ASLEEP, .arg = ticket };

	return (int)value_of(agent_call(agent, request));
}

int agent_interrupt(struct agent *agent, uint32_t ticket, bool restart)
{
	struct agent_request request = { .op = AGENT_INTERRUPT, .arg = ticket, .flags = restart };

	return (int)value_of(agent_call(agent, request));
}

long long agent_number(struct agent *agent, const char *path)
{
	struct agent_request request = { .op = AGENT_NUMBER };

	snprintf(request.path, sizeof(request.path), "%s", path);
	return value_of(agent_call(agent, request));
}

long agent_count_records(struct agent *agent, int fd, const char *text)
{
	struct agent_request request = { .op = AGENT_COUNT_RECORDS, .fd = fd };

	snprintf(request.path, sizeof(request.path), "%s", text);
	return (long)value_of(agent_call(agent, request));
}
