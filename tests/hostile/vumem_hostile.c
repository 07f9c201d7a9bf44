/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vumem_hostile.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAINTER	"/usr/lib/xen-vlink/examples/vumem-client"

void neighbour_works(void)
{
	const char *near = suite_option("near", "/dev/vumem-clt-vumem0");
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDOUT_FILENO);
		execl(PAINTER, PAINTER, near, "64", "48", (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	SUITE_EQUAL(status, 0);
}
