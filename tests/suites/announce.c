/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "announce.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xenstore.h>

static struct xs_handle *store;
static const char *program;
static bool tells_alive;

bool announce_open(const char *the_program)
{
	program = the_program;
	tells_alive = getenv("ANNOUNCE_ALIVE");
	store = xs_open(0);
	if (!store)
		fprintf(stderr, "%s: xenstore: %s\n", program, strerror(errno));
	return store;
}

static void write_signal(const char *what, const char *value)
{
	const char *prefix = getenv("ANNOUNCE_AS");
	/* Each time: a domain that was restored has another. */
	char *domid = xs_read(store, XBT_NULL, "domid", NULL);
	char path[128];

	snprintf(path, sizeof(path), "/tool/xenlab/signal/%s-%s-%s", prefix ? prefix : "cut",
		 domid ? domid : "none", what);
	free(domid);
	if (!xs_write(store, XBT_NULL, path, value, (unsigned int)strlen(value)))
		fprintf(stderr, "%s: %s: %s\n", program, path, strerror(errno));
}

void announce(const char *what, unsigned int round, const char *value)
{
	char name[64];

	snprintf(name, sizeof(name), "%s-%u", what, round);
	write_signal(name, value);
}

void announce_alive(void)
{
	static _Atomic time_t second;
	struct timespec now;
	char value[32];

	if (!tells_alive)
		return;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (atomic_exchange(&second, now.tv_sec) == now.tv_sec)
		return;
	snprintf(value, sizeof(value), "%lld", (long long)now.tv_sec);
	write_signal("alive", value);
}

/* The number behind @key at the start of a line of the file; -1: there is none. */
static long long number_in(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	long long number = -1;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)) &&
		    sscanf(line + strlen(key), "%lld", &number) == 1)
			break;
	if (file)
		fclose(file);
	return number;
}

void announce_end(unsigned int round, const char *report)
{
	char text[512];

	snprintf(text, sizeof(text), "%s available=%lld current=%lld", report,
		 number_in("/proc/meminfo", "MemAvailable:"),
		 number_in("/sys/devices/system/xen_memory/xen_memory0/info/current_kb", ""));
	announce("end", round, text);
	printf("%s: round %u: %s\n", program, round, text);
	fflush(stdout);
}
