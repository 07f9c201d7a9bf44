/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The other file operations. */
#include "vbpipe_suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <termios.h>

static int readable(int fd)
{
	int number = -1;

	CU_ASSERT(!ioctl(fd, FIONREAD, &number));
	return number;
}

static void fionread_counts_readable_bytes(void)
{
	struct pair pair = pair_open("def");

	SUITE_EQUAL(readable(pair.fd), 0);
	peer_send(&pair, 123, 1, 0);
	SUITE_EQUAL(readable(pair.fd), 123);
	receive_all(pair.fd, 23, 1, 0);
	SUITE_EQUAL(readable(pair.fd), 100);
	/* Of this end's ring only. */
	send_all(pair.fd, 55, 2, 0);
	SUITE_EQUAL(readable(pair.fd), 100);
	SUITE_EQUAL(agent_readable(peer(), pair.peer_fd), 55);
	pair_close(&pair);
}

static void fionread_of_a_full_ring(void)
{
	struct pair pair = pair_open("def");
	size_t full = fill_ring(pair.fd, 3);

	SUITE_EQUAL(agent_readable(peer(), pair.peer_fd), full);
	pair_close(&pair);
}

static void fionread_after_peer_close(void)
{
	struct pair pair = pair_open("def");

	peer_send(&pair, 77, 4, 0);
	agent_close(peer(), pair.peer_fd);
	SUITE_EQUAL(readable(pair.fd), 77);
	receive_all(pair.fd, 77, 4, 0);
	SUITE_EQUAL(readable(pair.fd), 0);
	close(pair.fd);
}

static void fionread_to_bad_memory_is_EFAULT(void)
{
	struct pair pair = pair_open("def");

	SUITE_EQUAL(ioctl(pair.fd, FIONREAD, no_access()), -1);
	SUITE_EQUAL(errno, EFAULT);
	pair_close(&pair);
}

static void other_ioctls_are_ENOTTY(void)
{
	static const unsigned long commands[] = { TCGETS, TIOCGWINSZ, TIOCOUTQ, 0x1234 };
	struct pair pair = pair_open("def");
	char space[256] = { 0 };

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		SUITE_EQUAL(ioctl(pair.fd, commands[i], space), -1);
		SUITE_EQUAL(errno, ENOTTY);
	}
	CU_ASSERT(!isatty(pair.fd));
	pair_close(&pair);
}

static void lseek_is_ESPIPE(void)
{
	struct pair pair = pair_open("def");
	char byte;

	SUITE_EQUAL(lseek(pair.fd, 0, SEEK_SET), -1);
	SUITE_EQUAL(errno, ESPIPE);
	SUITE_EQUAL(lseek(pair.fd, 0, SEEK_END), -1);
	SUITE_EQUAL(errno, ESPIPE);
	SUITE_EQUAL(pread(pair.fd, &byte, 1, 0), -1);
	SUITE_EQUAL(errno, ESPIPE);
	SUITE_EQUAL(pwrite(pair.fd, "x", 1, 0), -1);
	SUITE_EQUAL(errno, ESPIPE);
	pair_close(&pair);
}

static void mmap_is_refused(void)
{
	struct pair pair = pair_open("def");

	CU_ASSERT(mmap(NULL, 4096, PROT_READ, MAP_SHARED, pair.fd, 0) == MAP_FAILED);
	SUITE_EQUAL(errno, ENODEV);
	pair_close(&pair);
}

static void node_is_a_character_device(void)
{
	struct pair pair = pair_open("def");
	struct stat by_fd = { 0 }, by_path = { 0 };

	CU_ASSERT_FATAL(!fstat(pair.fd, &by_fd) && !stat(node("def"), &by_path));
	CU_ASSERT(S_ISCHR(by_fd.st_mode));
	SUITE_EQUAL(by_fd.st_rdev, by_path.st_rdev);
	pair_close(&pair);
}

static void flags_can_be_changed_while_open(void)
{
	struct pair pair = pair_open("def");
	struct call call;

	set_nonblock(pair.fd, true);
	CU_ASSERT(fcntl(pair.fd, F_GETFL) & O_NONBLOCK);
	SUITE_EQUAL(read_checked(pair.fd, 1, 0, 0), -1);
	SUITE_EQUAL(errno, EAGAIN);
	set_nonblock(pair.fd, false);
	call_read(&call, pair.fd, 1, 5, 0);
	CU_ASSERT(call_blocks(&call));
	peer_send(&pair, 1, 5, 0);
	SUITE_EQUAL(call_finish(&call), 1);
	pair_close(&pair);
}

/* Becomes the 32-bit program that stands beside this one, on descriptor 0. */
static void become_echo32(void *argument, _Atomic int *phase)
{
	char directory[256], path[300];
	ssize_t length = readlink("/proc/self/exe", directory, sizeof(directory) - 1);
	char *slash;

	(void)phase;
	directory[length < 0 ? 0 : length] = 0;
	slash = strrchr(directory, '/');
	if (slash)
		*slash = 0;
	snprintf(path, sizeof(path), "%s/echo32", directory);
	if (dup2(*(int *)argument, 0) == 0)
		execl(path, "echo32", NULL);
	_exit(errno == ENOENT ? 254 : 253);
}

static void programs_of_32_bits_work_alike(void)
{
	struct pair pair = pair_open("def");
	struct child child;
	int status;

	peer_send(&pair, 77, 6, 0);
	child = child_start(become_echo32, &pair.fd);
	status = child_finish(&child);
	if (status == 254)
		suite_skip("no program of 32 bits for this architecture");
	SUITE_EQUAL(status, 77);
	peer_receive(&pair, 77, 6, 0);
	pair_close(&pair);
}

const struct suite_test file_tests[] = {
	{ "fionread_counts_readable_bytes", fionread_counts_readable_bytes, 0 },
	{ "fionread_of_a_full_ring", fionread_of_a_full_ring, 0 },
	{ "fionread_after_peer_close", fionread_after_peer_close, 0 },
	{ "fionread_to_bad_memory_is_EFAULT", fionread_to_bad_memory_is_EFAULT, 0 },
	{ "other_ioctls_are_ENOTTY", other_ioctls_are_ENOTTY, 0 },
	{ "lseek_is_ESPIPE", lseek_is_ESPIPE, 0 },
	{ "mmap_is_refused", mmap_is_refused, 0 },
	{ "node_is_a_character_device", node_is_a_character_device, 0 },
	{ "flags_can_be_changed_while_open", flags_can_be_changed_while_open, 0 },
	{ "programs_of_32_bits_work_alike", programs_of_32_bits_work_alike, 0 },
	{ NULL, NULL, 0 },
};
