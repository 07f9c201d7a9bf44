// SPDX-License-Identifier: LGPL-2.1-or-later
/* Tells when xenstored ends. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <xenstore.h>

#include "lifeline.h"

int lifeline_open(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = xs_daemon_socket();
	struct stat st;
	int fd, error;

	if (!path || snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path) >=
		     (int)sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	/* libxenstore takes the path of a device, too. */
	if (!stat(path, &st) && !S_ISSOCK(st.st_mode)) {
		errno = ENOENT;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}
