// SPDX-License-Identifier: LGPL-2.1-or-later
/* Arguments, clock and output of the benchmark programs. */
#include "bench.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *program = "bench";
static const struct bench_args *current;

void bench_die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	fprintf(stderr, "%s: ", program);
	if (current && current->id)
		fprintf(stderr, "%s/%u: ", current->id, current->rep);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (err)
		fprintf(stderr, ": %s", strerror(err));
	fputc('\n', stderr);
	exit(1);
}

static void __attribute__((noreturn)) usage(void)
{
	fprintf(stderr,
		"usage: %s server|client WORK -i ID [-r REPETITION] [-n COUNT] [-z SIZE]\n"
		"       [-R RINGSIZE] [-p PEER-DOMID] [-l LINKS] [-d PIPE] [-a ADDRESS]\n"
		"       [-t SECONDS] [-c CHANNELS] [-k BATCH]\n",
		program);
	exit(2);
}

/* A decimal number with an optional K or M behind it, from 1 to @max. */
static unsigned long number(const char *text, unsigned long max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *text == '-')
		usage();
	if (*end == 'K')
		value <<= 10, end++;
	else if (*end == 'M')
		value <<= 20, end++;
	if (*end || value > max)
		usage();
	return value;
}

static void option(struct bench_args *args, int opt)
{
	switch (opt) {
	case 'i': args->id = optarg; break;
	case 'r': args->rep = (unsigned int)number(optarg, 100000); break;
	case 'n': args->count = number(optarg, 1UL << 31); break;
	case 'z': args->size = number(optarg, 1UL << 24); break;
	case 'R': args->ring = number(optarg, 1UL << 20); break;
	case 'p': args->peer = (unsigned int)number(optarg, 0x7fef); break;
	case 'l': args->links = optarg; break;
	case 'd': args->pipe = optarg; break;
	case 'a': args->address = optarg; break;
	case 'c': args->channels = (unsigned int)number(optarg, 1023); break;
	case 'k': args->batch = number(optarg, 1UL << 20); break;
	case 't': args->limit = (unsigned int)number(optarg, 100000); break;
	default: usage();
	}
}

static void gave_up(int sig)
{
	static const char text[] = "bench: nothing more came from the other end; gave up\n";

	(void)sig;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(4);
	_exit(3);
}

void bench_args_parse(struct bench_args *args, int argc, char **argv)
{
	int opt;

	program = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	*args = (struct bench_args) { .rep = 1, .count = 1000, .size = 64, .ring = 65536, .limit = 120,
				     .channels = 1, .batch = 32, .links = "bench", .pipe = "" };
	if (argc < 3 || (strcmp(argv[1], "server") && strcmp(argv[1], "client")))
		usage();
	args->side = argv[1][0] == 's' ? BENCH_SERVER : BENCH_CLIENT;
	args->work = argv[2];
	optind = 3;
	while ((opt = getopt(argc, argv, "i:r:n:z:R:p:l:d:a:t:c:k:")) != -1)
		option(args, opt);
	if (optind != argc || !args->id || !args->count || !args->size ||
	    !args->channels || !args->batch)
		usage();
	current = args;
	signal(SIGALRM, gave_up);
	signal(SIGPIPE, SIG_IGN);
	alarm(args->limit);
}

const char *bench_node(const struct bench_args *args, const char *prefix, const char *suffix)
{
	static char path[128];

	if (snprintf(path, sizeof(path), "/dev/%s%s%s", prefix, args->links, suffix) >=
	    (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		bench_die("%s", args->links);
	}
	return path;
}

uint64_t bench_now_ns(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts))
		bench_die("clock");
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void bench_result(const struct bench_args *args, const char *what, double value,
		  const char *unit)
{
	printf("RESULT %s%s%s %u %.4f %s\n", args->id, what ? "." : "", what ? what : "",
	       args->rep, value, unit);
	fflush(stdout);
}
