/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "announce.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

static struct xs_handle *store;
static const char *program;

bool announce_open(const char *the_program)
{
	program = the_program;
	store = xs_open(0);
	if (!store)
		fprintf(stderr, "%s: xenstore: %s\n", program, strerror(errno));
	return store;
}

void announce(const char *what, unsigned int round, const char *value)
{
	const char *prefix = getenv("ANNOUNCE_AS");
	/* Each time: a domain that was restored has another. */
	char *domid = xs_read(store, XBT_NULL, "domid", NULL);
	char path[128];

	snprintf(path, sizeof(path), "/tool/xenlab/signal/%s-%s-%s-%u", prefix ? prefix : "cut",
		 domid ? domid : "none", what, round);
	free(domid);
	if (!xs_write(store, XBT_NULL, path, value, (unsigned int)strlen(value)))
		fprintf(stderr, "%s: %s: %s\n", program, path, strerror(errno));
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
