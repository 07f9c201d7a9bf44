// SPDX-License-Identifier: LGPL-2.1-or-later
/* How the daemon becomes one, and how it tells that it is ready. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "background.h"
#include "lib/pidfile.h"
#include "log.h"

static int ready_fd = -1;

static void __attribute__((noreturn)) wait_for_child(int fd)
{
	ssize_t len;
	char byte;

	do {
		len = read(fd, &byte, 1);
	} while (len < 0 && errno == EINTR);
	_exit(len == 1 ? 0 : 1);
}

int background_start(void)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	pid = fork();
	if (pid < 0)
		return -1;
	if (pid) {
		close(fds[1]);
		wait_for_child(fds[0]);
	}
	close(fds[0]);
	ready_fd = fds[1];
	return setsid() < 0 || chdir("/") ? -1 : 0;
}

static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	log_to_syslog("vlinkd");
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		close(null);
	}
}

void background_tell(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (!len || len >= sizeof(addr.sun_path))
		return;
	memcpy(addr.sun_path, path, len);
	if (addr.sun_path[0] == '@')
		addr.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&addr,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		log_warning("%s: %s", path, strerror(errno));
	close(fd);
}

void background_ready(void)
{
	background_tell("READY=1");
	if (ready_fd < 0)
		return;
	leave_terminal();
	if (write(ready_fd, "", 1) < 0)
		log_warning("the starting process is gone: %s", strerror(errno));
	close(ready_fd);
	ready_fd = -1;
}

static int write_pid(int fd)
{
	return ftruncate(fd, 0) || dprintf(fd, "%ld\n", (long)getpid()) < 0 ? -1 : 0;
}

/*
 * Stays open, and with it the lock, until the process ends. Who may open the file can lock it, too:
 * that is for root alone, also if an earlier version has made the file.
 */
static int lock_pidfile(int fd, const char *path)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	const char *why;

	if (!fchmod(fd, 0600) && !fcntl(fd, F_OFD_SETLK, &all) && !write_pid(fd))
		return 0;
	why = errno == EAGAIN ? "locked: vlinkd runs already" : strerror(errno);
	log_error("%s: %s", path, why);
	close(fd);
	return -1;
}

int background_pidfile(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		log_error("%s: %s", path, strerror(errno));
		return -1;
	}
	return lock_pidfile(fd, path);
}

int background_own_pidfile(void)
{
	int fd;

	if (mkdir(PIDFILE_DIR, 0755) && errno != EEXIST)
		log_warning("%s: %s", PIDFILE_DIR, strerror(errno));
	fd = open(PIDFILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		return lock_pidfile(fd, PIDFILE);
	/* Without it only vlinkctl does not find the daemon. */
	log_warning("%s: %s; vlinkctl will not see that this runs", PIDFILE,
		    strerror(errno));
	return 0;
}
