// SPDX-License-Identifier: LGPL-2.1-or-later
/* How the two ends of a benchmark find each other: see bench.h. */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenstore.h>

static struct xs_handle *connection(void)
{
	static struct xs_handle *xs;

	if (!xs)
		xs = xs_open(0);
	if (!xs)
		bench_die("cannot reach xenstore");
	return xs;
}

/*
 * A domain's own paths are relative: xenstored knows who asks. A measure's
 * name has dots, which a path must not have.
 */
char *bench_meet_path(const struct bench_args *args, enum bench_end end)
{
	char *path, *dot;
	int ret;

	if (end == BENCH_OWN)
		ret = asprintf(&path, "data/bench/%s/%u", args->id, args->rep);
	else
		ret = asprintf(&path, "/local/domain/%u/data/bench/%s/%u", args->peer,
			       args->id, args->rep);
	if (ret < 0)
		bench_die("out of memory");
	for (dot = strchr(path, '.'); dot; dot = strchr(dot, '.'))
		*dot = '-';
	return path;
}

static char *key_path(const struct bench_args *args, enum bench_end end, const char *key)
{
	char *dir = bench_meet_path(args, end);
	char *path;

	if (asprintf(&path, "%s/%s", dir, key) < 0)
		bench_die("out of memory");
	free(dir);
	return path;
}

static unsigned int own_domid(void)
{
	char *text = xs_read(connection(), XBT_NULL, "domid", NULL);
	unsigned int domid;

	if (!text || sscanf(text, "%u", &domid) != 1)
		bench_die("cannot read this domain's id from xenstore");
	free(text);
	return domid;
}

static bool write_for_peer(const char *path, const char *value, unsigned int peer)
{
	struct xs_permissions perms[2] = {
		{ .id = own_domid(), .perms = XS_PERM_NONE },
		{ .id = peer, .perms = XS_PERM_READ },
	};
	xs_transaction_t t;

	do {
		t = xs_transaction_start(connection());
		if (!t)
			return false;
		if (!xs_write(connection(), t, path, value, (unsigned int)strlen(value)) ||
		    !xs_set_permissions(connection(), t, path, perms, 2)) {
			xs_transaction_end(connection(), t, true);
			return false;
		}
		if (xs_transaction_end(connection(), t, false))
			return true;
	} while (errno == EAGAIN);
	return false;
}

void bench_meet_publish(const struct bench_args *args, const char *key, const char *value)
{
	char *path = key_path(args, BENCH_OWN, key);

	if (!write_for_peer(path, value, args->peer))
		bench_die("cannot write %s", path);
	free(path);
}

void bench_meet_remove(const struct bench_args *args)
{
	char *dir = bench_meet_path(args, BENCH_OWN);

	xs_rm(connection(), XBT_NULL, dir);
	free(dir);
}

char *bench_meet_await(const struct bench_args *args, const char *key)
{
	char *path = key_path(args, BENCH_PEER, key);
	char *value = NULL;

	/* A watch fires once when it is set, so that nothing is missed. */
	if (!xs_watch(connection(), path, "meet"))
		bench_die("cannot watch %s", path);
	while (!value) {
		unsigned int num;
		char **event = xs_read_watch(connection(), &num);

		if (!event)
			bench_die("cannot wait for %s", path);
		free(event);
		value = xs_read(connection(), XBT_NULL, path, NULL);
	}
	xs_unwatch(connection(), path, "meet");
	free(path);
	return value;
}
