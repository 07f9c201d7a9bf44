/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the in-domain benchmark programs share.
 *
 * Each program is started once per repetition in both domains of a pair, as
 * server in one and as client in the other, with the same arguments. They find
 * each other through what they measure or through xenstore, never by waiting
 * for a while. The client measures and prints
 *
 *	RESULT <id> <repetition> <value> <unit>
 *
 * lines; counts that need no clock are printed as RESULT <id>.<what> lines.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bench_side { BENCH_SERVER, BENCH_CLIENT };

struct bench_args {
	enum bench_side side;
	const char *work;	/* what to do: "rtt", "stream", ... */
	const char *id;		/* of the measure, as printed */
	unsigned int rep;	/* number of this repetition, from 1 */
	unsigned long count;	/* round trips, or bytes of a stream each way */
	size_t size;		/* bytes of a message or of one write */
	size_t ring;		/* bytes of ring memory each way */
	unsigned int peer;	/* domain id of the other end */
	const char *links;	/* what the names of the links begin with */
	const char *pipe;	/* how that of the pipe goes on */
	const char *address;	/* IPv4 address of the server */
	unsigned int channels;	/* side by side */
	unsigned long batch;	/* operations that the peer is woken for at once */
	unsigned int limit;	/* seconds after which the program gives up */
};

/* The node of the measure's links whose name begins with @prefix; valid until the next call. */
const char *bench_node(const struct bench_args *args, const char *prefix, const char *suffix);

/* Reads the command line; ends the program when it is wrong. */
void bench_args_parse(struct bench_args *args, int argc, char **argv);

/*
 * Prints "PROGRAM: ID/REPETITION: text: errno" and ends the program: a
 * repetition that failed has no result, and the caller counts it.
 */
void __attribute__((format(printf, 1, 2), noreturn)) bench_die(const char *fmt, ...);

uint64_t bench_now_ns(void);

/* Prints a result of the measure itself (@what NULL) or of a count beside it. */
void bench_result(const struct bench_args *args, const char *what, double value,
		  const char *unit);

/* What the measuring end has seen so far; only what is known is printed. */
struct bench_counters {
	bool has_syscalls;
	uint64_t syscalls;
	bool has_events;
	uint64_t events_sent;
	uint64_t events_received;
};

/* A connected byte channel. Functions end the program on failure. */
struct bench_channel_ops {
	void *(*open)(const struct bench_args *args);
	/* Exactly @len bytes, by as few calls as the transport allows. */
	void (*read)(void *channel, void *buf, size_t len);
	void (*write)(void *channel, const void *buf, size_t len);
	void (*counters)(void *channel, struct bench_counters *counters);
	void (*close)(void *channel);
};

/* A channel that is a descriptor to read from and write to: these are operations of it. */
struct bench_fd {
	int fd;
	uint64_t syscalls;
};

void bench_fd_read(void *channel, void *buf, size_t len);
void bench_fd_write(void *channel, const void *buf, size_t len);
void bench_fd_counters(void *channel, struct bench_counters *counters);
void bench_fd_close(void *channel);

/* The whole program of a byte channel: works "rtt", "stream" and "messages". */
int bench_channel_main(int argc, char **argv, const struct bench_channel_ops *ops);

/*
 * Counts all system calls of the calling thread from now on; the number so far. The
 * kernel counts them (perf_event_open on a tracepoint), so that none is missed.
 */
void bench_syscalls_start(void);
uint64_t bench_syscalls(void);

/*
 * Rendezvous of two processes in two domains, through xenstore. Either side
 * publishes values below its own domain's data directory, readable by the
 * peer, and waits for those of the peer. The path is unique for each repetition.
 */
enum bench_end { BENCH_OWN, BENCH_PEER };

char *bench_meet_path(const struct bench_args *args, enum bench_end end);
void bench_meet_publish(const struct bench_args *args, const char *key, const char *value);
void bench_meet_remove(const struct bench_args *args);
char *bench_meet_await(const struct bench_args *args, const char *key);

#endif
