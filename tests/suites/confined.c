// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * confined PROGRAM [ARGUMENT]...: runs a program as toolstack/vlinkd.service confines
 * vlinkd, as far as a lab without systemd can: without capabilities but one, without new
 * privileges, with /etc and /usr read-only, and sockets of AF_UNIX only.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "confined: %s: %s\n", what, strerror(errno));
	return 1;
}

static int drop_capabilities(void)
{
	int cap;

	for (cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (cap != CAP_DAC_READ_SEARCH && prctl(PR_CAPBSET_DROP, cap) && errno != EINVAL)
			return fail("bounding set");
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? fail("no new privileges") : 0;
}

static int keep_writable(const char *dir)
{
	return mount(dir, dir, NULL, MS_BIND, NULL) ? fail(dir) : 0;
}

/* The root file system of the lab is a ramdisk, which is not to be remounted for all. */
static int protect_files(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return fail("mount namespace");
	if (keep_writable("/etc") || keep_writable("/usr"))
		return 1;
	if (mount(NULL, "/etc", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) ||
	    mount(NULL, "/usr", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL))
		return fail("read-only");
	return 0;
}

/* socket() of another family than AF_UNIX fails. */
static int forbid_sockets(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) ? fail("seccomp") : 0;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fputs("usage: confined PROGRAM [ARGUMENT]...\n", stderr);
		return 2;
	}
	if (protect_files() || drop_capabilities() || forbid_sockets())
		return 1;
	execvp(argv[1], argv + 1);
	return fail(argv[1]);
}
