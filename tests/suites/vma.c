/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vma.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE	4096ul

/* All that Linux knows up to now; those that poison memory are root's own affair. */
static const int advices[] = {
	MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED, MADV_FREE,
	MADV_REMOVE, MADV_DONTFORK, MADV_DOFORK, MADV_MERGEABLE, MADV_UNMERGEABLE, MADV_HUGEPAGE,
	MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_COLD,
	MADV_PAGEOUT, 22 /* POPULATE_READ */, 23 /* POPULATE_WRITE */, 24 /* DONTNEED_LOCKED */,
	25 /* COLLAPSE */,
};

/* Is [@addr, @addr + @size) a mapping, no more and no less? */
static bool is_one_mapping(const char *addr, size_t size)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end;
	bool found = false;
	char line[512];

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && start == (uintptr_t)addr &&
		    end == (uintptr_t)addr + size)
			found = true;
	if (maps)
		fclose(maps);
	return found;
}

/* Not fork(): libraries map anew in their handlers of that. */
static pid_t plain_fork(void)
{
	return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

/* The signal that a child dies of that reads a byte; 0: it finds one. */
static int signal_of_forked(const volatile char *addr)
{
	int status = 0;
	pid_t pid = plain_fork();

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		(void)*addr;
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* ---- advice ---- */

static bool advice_is_harmless(char *addr, size_t size)
{
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
		madvise(addr, PAGE, advices[i]);
		madvise(addr + PAGE, size - PAGE, advices[i]);
		madvise(addr, size, advices[i]);
		if (!is_one_mapping(addr, size))
			return false;
	}
	return true;
}

static bool fork_is_never_allowed(char *addr, size_t size)
{
	return madvise(addr, size, MADV_DOFORK) && errno == EINVAL &&
	       signal_of_forked(addr) == SIGSEGV;
}

static bool advice_from_outside_is_harmless(char *addr, size_t size)
{
	struct iovec iov = { addr, size };
	int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		syscall(SYS_process_madvise, pidfd, &iov, 1, advices[i], 0);
	close(pidfd);
	return is_one_mapping(addr, size);
}

/* ---- places and rights ---- */

static bool it_cannot_be_moved(char *addr, size_t size)
{
	void *place = mmap(NULL, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const int moving = MREMAP_MAYMOVE | MREMAP_FIXED;
	bool moved;

	moved = mremap(addr, size, size, moving, place) != MAP_FAILED ||
		mremap(addr, size, 2 * size, MREMAP_MAYMOVE) != MAP_FAILED ||
		mremap(addr, PAGE, PAGE, moving, place) != MAP_FAILED ||
		mremap(addr, size, PAGE, 0) != MAP_FAILED ||
		mremap(addr, size, PAGE, moving, place) != MAP_FAILED;
	munmap(place, 2 * size);
	return !moved;
}

static bool it_cannot_be_doubled(char *addr, size_t size)
{
	void *place = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool doubled;

	doubled = mremap(addr, 0, size, MREMAP_MAYMOVE) != MAP_FAILED ||
		  mremap(addr, 0, size, MREMAP_MAYMOVE | MREMAP_FIXED, place) != MAP_FAILED ||
		  mremap(addr, size, size, MREMAP_MAYMOVE | 4 /* DONTUNMAP */) != MAP_FAILED;
	munmap(place, size);
	return !doubled;
}

static bool it_cannot_be_split(char *addr, size_t size)
{
	return munmap(addr, PAGE) && munmap(addr + PAGE, size - PAGE) &&
	       munmap(addr + PAGE, PAGE);
}

static bool its_pages_keep_their_order(char *addr, size_t size)
{
	return syscall(SYS_remap_file_pages, addr, size, 0, 0, 0) &&
	       syscall(SYS_remap_file_pages, addr, PAGE, 0, 1, 0);
}

static bool its_rights_are_for_good(char *addr, size_t size)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
				     PROT_READ | PROT_EXEC };

	for (size_t i = 0; i < sizeof(prots) / sizeof(prots[0]); i++)
		if (!mprotect(addr, size, prots[i]) || !mprotect(addr, PAGE, prots[i]) ||
		    !syscall(SYS_pkey_mprotect, addr, size, prots[i], -1))
			return false;
	return true;
}

/* What only concerns pages that can be paged or moved is without effect. */
static bool locking_is_without_effect(char *addr, size_t size)
{
	unsigned long node = 1;

	mlock(addr, size);
	mlock(addr + PAGE, PAGE);
	syscall(SYS_mlock2, addr, PAGE, 1 /* MLOCK_ONFAULT */);
	munlock(addr, PAGE);
	munlock(addr, size);
	syscall(SYS_mbind, addr, size, 2 /* MPOL_BIND */, &node, 8, 2 /* MPOL_MF_MOVE */);
	syscall(SYS_mbind, addr, size, 0 /* MPOL_DEFAULT */, NULL, 0, 0);
	msync(addr, size, MS_SYNC | MS_INVALIDATE);
	return is_one_mapping(addr, size);
}

static bool counting_references_is_without_effect(char *addr, size_t size)
{
	static const char *const what[] = { "1", "3", "4" };

	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		(void)!write(fd, what[i], 1);
		close(fd);
	}
	return is_one_mapping(addr, size);
}

/* ---- references to pages ---- */

static bool processes_get_no_references(char *addr, size_t size)
{
	char copy[PAGE] = "";
	struct iovec ours = { copy, PAGE }, theirs = { addr, PAGE };
	ssize_t got = process_vm_readv(getpid(), &ours, 1, &theirs, 1, 0);

	(void)size;
	if (got < 0 && errno == ENOSYS)
		return true;
	return got < 0 && process_vm_writev(getpid(), &ours, 1, &theirs, 1, 0) < 0;
}

static bool pipes_get_no_references(char *addr, size_t size)
{
	struct iovec iov = { addr, size };
	int fds[2];
	bool none;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return false;
	none = vmsplice(fds[1], &iov, 1, SPLICE_F_GIFT) < 0 && vmsplice(fds[1], &iov, 1, 0) < 0;
	close(fds[0]);
	close(fds[1]);
	return none;
}

static bool futexes_get_no_references(char *addr, size_t size)
{
	static const struct timespec at_once;

	(void)size;
	return syscall(SYS_futex, addr, FUTEX_WAIT, 0, &at_once, NULL, 0) && errno == EFAULT;
}

static bool rings_get_no_references(char *addr, size_t size)
{
	struct io_uring_params params = { 0 };
	struct iovec iov = { addr, size };
	int fd = (int)syscall(SYS_io_uring_setup, 2, &params);
	long err;

	if (fd < 0)
		return true;
	err = syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, &iov, 1);
	close(fd);
	return err < 0;
}

static bool faults_stay_the_kernels(char *addr, size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .range = { (uintptr_t)addr, size } };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */);
	bool taken = false;

	if (fd < 0)
		return true;
	ioctl(fd, UFFDIO_API, &api);
	for (reg.mode = 1; reg.mode < 8; reg.mode <<= 1)
		taken |= !ioctl(fd, UFFDIO_REGISTER, &reg);
	close(fd);
	return !taken;
}

const char *vma_misuse(void *addr, size_t size)
{
	static const struct {
		const char *name;
		bool (*holds)(char *addr, size_t size);
	} rules[] = {
#define RULE(name) { #name, name }
		RULE(fork_is_never_allowed), RULE(advice_is_harmless),
		RULE(advice_from_outside_is_harmless), RULE(it_cannot_be_moved),
		RULE(it_cannot_be_doubled), RULE(it_cannot_be_split),
		RULE(its_pages_keep_their_order), RULE(its_rights_are_for_good),
		RULE(locking_is_without_effect), RULE(counting_references_is_without_effect),
		RULE(processes_get_no_references), RULE(pipes_get_no_references),
		RULE(futexes_get_no_references), RULE(rings_get_no_references),
		RULE(faults_stay_the_kernels),
#undef RULE
	};

	/* Only what is there can be copied. */
	for (size_t at = 0; at < size && at < 64 * PAGE; at += PAGE)
		(void)*((volatile char *)addr + at);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (!rules[i].holds(addr, size) || !is_one_mapping(addr, size) ||
		    signal_of_forked(addr) != SIGSEGV)
			return rules[i].name;
	return NULL;
}

/* ---- protections ---- */

static void access_all(int fd, size_t size, int prot, int write)
{
	volatile char *addr = mmap(NULL, size, prot, MAP_SHARED, fd, 0);

	if (addr == MAP_FAILED)
		_exit(1);
	/* The first fault may fill all, so it is of a right that there is. */
	if (write && prot & PROT_READ)
		(void)addr[0];
	for (size_t at = 0; at < size; at += PAGE) {
		if (write)
			addr[at] = 1;
		else
			(void)addr[at];
	}
	_exit(0);
}

int vma_access_signal(int fd, size_t size, int prot, int write)
{
	int status = 0;
	pid_t pid = plain_fork();

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		access_all(fd, size, prot, write);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

int vma_proc_mem(void *addr, int write)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	off_t at = (off_t)(uintptr_t)addr;
	char byte = 1;
	ssize_t did;
	int err;

	if (fd < 0)
		return -1;
	did = write ? pwrite(fd, &byte, 1, at) : pread(fd, &byte, 1, at);
	err = did == 1 ? 0 : did < 0 ? errno : EIO;
	close(fd);
	return err;
}
