// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vmci_sockets.h>

void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

unsigned int number(const char *text)
{
	char *end = NULL;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || value > 0xffffffffu) {
		fprintf(stderr, "'%s' is not a number\n", text);
		exit(2);
	}
	return (unsigned int)value;
}

void set_buffers(int fd, int family)
{
	uint64 max = 4 * EXAMPLE_BUFFER, min = 4096, size = EXAMPLE_BUFFER, got = 0;
	socklen_t len = sizeof(got);

	/* In this order: the size has to lie between the bounds. */
	if (setsockopt(fd, family, SO_VMCI_BUFFER_MAX_SIZE, &max, sizeof(max)) ||
	    setsockopt(fd, family, SO_VMCI_BUFFER_MIN_SIZE, &min, sizeof(min)) ||
	    setsockopt(fd, family, SO_VMCI_BUFFER_SIZE, &size, sizeof(size)))
		die("setsockopt");
	if (getsockopt(fd, family, SO_VMCI_BUFFER_SIZE, &got, &len))
		die("getsockopt");
	if (got != size)
		fprintf(stderr, "a buffer of %llu bytes instead of %llu\n",
			(unsigned long long)got, (unsigned long long)size);
}
