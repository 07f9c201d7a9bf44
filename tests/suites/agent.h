/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The peer's half of a test.
 *
 * The agent runs in the other domain and does there what the test asks for, so
 * that one program drives both ends of a link. They talk over a control pipe: a
 * link of its own, or any descriptor that carries bytes both ways.
 *
 * The test sends requests of fixed size and gets one reply for each, in the
 * order in which the requested calls return, matched by @seq. Each call runs in
 * a thread of its own in the agent, so that many may be blocked at a time. When
 * the control pipe ends, the agent's session process ends, and with it all
 * descriptors and blocked calls of the session: nothing is left for the next
 * test. Both ends have the same byte order.
 */
#ifndef SUITES_AGENT_H
#define SUITES_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGENT_PATH_MAX	80

enum agent_op {
	AGENT_PING = 1,		/* value: the agent's process id */
	AGENT_OPEN,		/* open(path, flags) */
	AGENT_CLOSE,		/* close(fd) */
	AGENT_READ,		/* read(fd, count), checked against the pattern */
	AGENT_WRITE,		/* write(fd, count) of the pattern */
	AGENT_READ_STREAM,	/* reads of 1..arg bytes until count bytes or the end; value: total */
	AGENT_WRITE_STREAM,	/* writes of 1..arg bytes until count bytes; value: total */
	AGENT_POLL,		/* poll(fd, flags, arg ms); value: revents */
	AGENT_READABLE,		/* ioctl(FIONREAD); value: the number */
	AGENT_SET_FLAGS,	/* fcntl(F_SETFL, flags) */
	AGENT_WAIT_ASLEEP,	/* until the call with seq @arg sleeps in the kernel */
	AGENT_INTERRUPT,	/* a signal for the call with seq @arg; flags: 1 = SA_RESTART */
	AGENT_NUMBER,		/* value: the decimal number in the file at path ("PATH WORD": behind it) */
	AGENT_READ_RECORDS,	/* read count bytes; value: their pattern_record_sum() / 2 */
	AGENT_COUNT_RECORDS,	/* reads until the end or EAGAIN; value: how many had the text path */

	/* On AF_VSOCK sockets (agent_sockets.h); an address is flags: CID, arg: port */
	AGENT_SOCKET,		/* flags: type */
	AGENT_BIND,
	AGENT_LISTEN,		/* arg: backlog */
	AGENT_ACCEPT,
	AGENT_CONNECT,
	AGENT_SHUTDOWN,		/* arg: how */
	AGENT_SOCKET_CID,	/* flags: 1 = the peer's */
	AGENT_SOCKET_PORT,
	AGENT_LOCAL_CID,
	AGENT_ECHO,		/* arg: connections to serve */
	AGENT_FLOOD,		/* arg: connections, of descriptors from fd on */
	AGENT_RESIZE,		/* count times another buffer size */
	AGENT_SHUT_OFTEN,	/* count times a shutdown of what is read */
	AGENT_LINGER,		/* close that waits arg seconds for the peer */
	AGENT_CONNECT_OFTEN,	/* count sockets that connect, do not wait, and are closed */
};

struct agent_request {
	uint32_t seq;
	uint32_t op;
	int32_t fd;
	uint32_t flags;
	uint64_t count;
	uint64_t seed;		/* of the pattern */
	uint64_t offset;	/* in the pattern */
	uint32_t arg;
	char path[AGENT_PATH_MAX];
	uint32_t unused;
};

struct agent_reply {
	uint32_t seq;
	int32_t error;		/* errno, 0: none */
	int64_t value;		/* what the call returned */
	uint64_t elapsed_us;
	uint64_t wrong_at;	/* 1 + pattern offset of the first wrong byte; 0: all right */
};

/* ---- the agent ---- */

/* Serves one session on @fd until its end, then ends the process. */
void agent_serve(int fd) __attribute__((noreturn));

/* ---- the test's side; for use by one thread ---- */

#define AGENT_PENDING_MAX 64

struct agent {
	int fd;
	uint32_t next_seq;
	unsigned int nr_early;
	struct agent_reply early[AGENT_PENDING_MAX];	/* replies nobody asked for yet */
};

/* Opens the control pipe (waits for the agent). 0, or -1 with errno. */
int agent_connect(struct agent *agent, const char *path);

/* Sends a request (seq is filled in); returns its seq, the ticket for the reply. 0: lost. */
uint32_t agent_start(struct agent *agent, struct agent_request request);

/* Waits for the reply to a ticket. A lost agent is error ENOTCONN. */
struct agent_reply agent_finish(struct agent *agent, uint32_t ticket);

/* Whether the reply is there within @ms; agent_finish() then gives it at once. */
bool agent_done(struct agent *agent, uint32_t ticket, int ms);

struct agent_reply agent_call(struct agent *agent, struct agent_request request);

/* Requests in the order of their arguments. */
struct agent_request agent_request_open(const char *path, int flags);
struct agent_request agent_request_close(int fd);
struct agent_request agent_request_read(int fd, size_t count, uint64_t seed, uint64_t offset);
struct agent_request agent_request_write(int fd, size_t count, uint64_t seed, uint64_t offset);
struct agent_request agent_request_read_stream(int fd, uint64_t count, uint64_t seed, size_t max);
struct agent_request agent_request_write_stream(int fd, uint64_t count, uint64_t seed, size_t max);
struct agent_request agent_request_read_records(int fd, uint64_t count);
struct agent_request agent_request_poll(int fd, short events, int ms);

/* Synchronous calls: the call's value, or -1 with errno. */
int agent_open(struct agent *agent, const char *path, int flags);
int agent_close(struct agent *agent, int fd);
long agent_write(struct agent *agent, int fd, size_t count, uint64_t seed, uint64_t offset);
/* A wrong byte is errno EBADMSG. */
long agent_read(struct agent *agent, int fd, size_t count, uint64_t seed, uint64_t offset);
int agent_poll(struct agent *agent, int fd, short events, int ms);
long agent_readable(struct agent *agent, int fd);
int agent_set_flags(struct agent *agent, int fd, int flags);
int agent_wait_asleep(struct agent *agent, uint32_t ticket);
int agent_interrupt(struct agent *agent, uint32_t ticket, bool restart);
long long agent_number(struct agent *agent, const char *path);
/*
 * Reads all that @fd has; how many of the reads got @text. For /dev/kmsg, where each
 * read gets one message: errno EPIPE means that messages were lost meanwhile.
 */
long agent_count_records(struct agent *agent, int fd, const char *text);

#endif
