/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "announce.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

static struct xs_handle *store;
static char domid[16];
static const char *program, *kind;

bool announce_open(const char *the_program, const char *the_kind)
{
	char *text;

	program = the_program;
	kind = the_kind;
	store = xs_open(0);
	text = store ? xs_read(store, XBT_NULL, "domid", NULL) : NULL;
	if (!text) {
		fprintf(stderr, "%s: xenstore: %s\n", program, strerror(errno));
		return false;
	}
	snprintf(domid, sizeof(domid), "%s", text);
	free(text);
	return true;
}

void announce(const char *what, unsigned int round, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/tool/xenlab/signal/%s-%s-%s-%u", kind, domid, what, round);
	if (!xs_write(store, XBT_NULL, path, value, (unsigned int)strlen(value)))
		fprintf(stderr, "%s: %s: %s\n", program, path, strerror(errno));
}
