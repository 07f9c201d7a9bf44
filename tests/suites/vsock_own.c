/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All links of this domain are lost: of connections over them, and of those within the domain. */
#include "vsock_suite.h"

#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const driver_dirs[] = {
	"/sys/bus/xen/drivers/vsock", "/sys/bus/xen-backend/drivers/vsock", NULL,
};

/* Has a driver bind or unbind a device. */
static void write_name(const char *dir, const char *file, const char *name)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "w");
	if (!f || fputs(name, f) < 0 || fclose(f))
		suite_fail("%s, %s: %s", path, name, strerror(errno));
}

/* Takes the devices of a driver away and gives them back; how many they are. */
static size_t unbind_and_bind(const char *dir)
{
	char pattern[128];
	glob_t found;
	size_t i, nr;

	snprintf(pattern, sizeof(pattern), "%s/vsock-*", dir);
	if (glob(pattern, 0, NULL, &found))
		return 0;
	nr = found.gl_pathc;
	for (i = 0; i < nr; i++)
		write_name(dir, "unbind", basename(found.gl_pathv[i]));
	for (i = 0; i < nr; i++)
		write_name(dir, "bind", basename(found.gl_pathv[i]));
	globfree(&found);
	return nr;
}

static void lose_all_links(void)
{
	size_t i, nr = 0;

	for (i = 0; driver_dirs[i]; i++)
		nr += unbind_and_bind(driver_dirs[i]);
	if (!nr)
		suite_fail("no device has a driver");
}

static void connections_to_oneself_outlive_all_links(void)
{
	int listener = vm_listener(SOCK_STREAM, 1), fd = vm_socket(SOCK_STREAM), accepted;
	struct pair pair = pair_connect(SOCK_STREAM);
	char buffer[4];

	SUITE_EQUAL(vm_connect(fd, own_cid(), port_of(listener)), 0);
	accepted = accept(listener, NULL, NULL);
	CU_ASSERT(accepted >= 0);

	lose_all_links();
	FAILS_WITH(recv(pair.fd, buffer, sizeof(buffer), 0), ECONNRESET);
	SUITE_EQUAL(system("vlinkctl wait --timeout 240"), 0);
	SUITE_EQUAL(send(fd, "own", 3, MSG_NOSIGNAL), 3);
	SUITE_EQUAL(recv(accepted, buffer, sizeof(buffer), 0), 3);
	pair_connect(SOCK_STREAM);
}

static void reader_learns_of_loss_after_writer(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	char buffer[4];

	lose_all_links();
	for (int i = 0; i < 3; i++)
		CU_ASSERT(send(pair.fd, "x", 1, MSG_NOSIGNAL) < 0);
	for (int i = 0; i < 3; i++)
		FAILS_WITH(recv(pair.fd, buffer, sizeof(buffer), 0), ECONNRESET);
	SUITE_EQUAL(system("vlinkctl wait --timeout 240"), 0);
}

const struct suite_test own_tests[] = {
	{ "connections_to_oneself_outlive_all_links", connections_to_oneself_outlive_all_links, 0 },
	{ "reader_learns_of_loss_after_writer", reader_learns_of_loss_after_writer, 0 },
	{ NULL, NULL, 0 }
};
