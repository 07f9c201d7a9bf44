// SPDX-License-Identifier: LGPL-2.1-or-later
/* The kernel's part: device files, their calls and their memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../common/abi.h"
#include "../common/node.h"
#include "file.h"

static void close_file(int fd)
{
	close(fd);
}

static int control(int fd, unsigned long cmd, void *args)
{
	return ioctl(fd, cmd, args) < 0 ? errno : 0;
}

static void *map(int fd, void *at, size_t size)
{
	void *base = mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);

	return base == MAP_FAILED ? NULL : base;
}

static void unmap(void *at, size_t size)
{
	munmap(at, size);
}

static const struct vrpq_kernel linux_kernel = {
	.open_node = vlink_node_open,
	.close_file = close_file,
	.control = control,
	.map = map,
	.unmap = unmap,
};

const struct vrpq_kernel *vrpq_kernel = &linux_kernel;

void *vrpq_reserve(size_t size)
{
	void *base = mmap(NULL, size + VRPQ_TAIL, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return base == MAP_FAILED ? NULL : base;
}

void vrpq_reserve_again(void *base, size_t size)
{
	/* Without memory for a mapping there is nothing to go on with. */
	if (mmap(base, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		abort();
}

void vrpq_unreserve(void *base, size_t size)
{
	munmap(base, size + VRPQ_TAIL);
}

static void file_init(struct vrpq_file *file, int fd)
{
	*file = (struct vrpq_file) { .fd = fd < 0 ? -1 : fd, .slept_us = UINT32_MAX };
}

static int check_driver(struct vrpq_file *file)
{
	static struct vlink_abi abi = { .name = "libvrpq", .package = "libvrpq1",
					.oldest = VRPQ_ABI_OLDEST, .newest = VRPQ_ABI_NEWEST };
	struct vlink_abi_args driver;
	int err = vrpq_file_control(file, VRPQ_IOC_ABI, &driver);

	if (err)
		return err == ENOTTY ? EINVAL : err;
	return vlink_abi_check(&abi, &driver);
}

int vrpq_file_open(struct vrpq_file *file, const char *path)
{
	int fd = vrpq_kernel->open_node(path);
	int err;

	file_init(file, fd);
	if (fd < 0)
		return -fd;
	err = check_driver(file);
	if (err)
		vrpq_file_close(file);
	return err;
}

static int open_by_file(struct vrpq_file *file, int fd, unsigned long cmd)
{
	struct vrpq_file_args args = { .flags = O_CLOEXEC };
	int err = vrpq_kernel->control(fd, cmd, &args);

	file_init(file, err ? -1 : args.fd);
	return err;
}

int vrpq_file_open_chan(struct vrpq_file *file, const struct vrpq_file *session)
{
	return open_by_file(file, session->fd, VRPQ_IOC_CHAN_FILE);
}

int vrpq_file_open_like(struct vrpq_file *file, const struct vrpq_file *fresh)
{
	return open_by_file(file, fresh->fd, VRPQ_IOC_FRESH_FILE);
}

void vrpq_file_close(struct vrpq_file *file)
{
	if (file->fd >= 0)
		vrpq_kernel->close_file(file->fd);
	file->fd = -1;
}

int vrpq_file_control(struct vrpq_file *file, unsigned long cmd, void *args)
{
	return vrpq_kernel->control(file->fd, cmd, args);
}

int vrpq_file_wait_through(struct vrpq_file *file, int fd, u32 seq, u32 flags)
{
	struct vrpq_wait_args args = { .seq = seq, .flags = flags };
	int err = vrpq_kernel->control(fd, VRPQ_IOC_WAIT, &args);

	if (err == EINTR)
		return EINTR;
	if (err) {
		/* A file that cannot be waited on tells nothing any more. */
		__atomic_fetch_or(&file->status, VRPQ_WAIT_BROKEN, __ATOMIC_RELEASE);
		return 0;
	}
	if (!(flags & VRPQ_WAIT_NOT))
		vrpq_set(&file->slept_us, args.slept_us);
	vrpq_set(&file->pressure, args.status & VRPQ_WAIT_PRESSURE);
	__atomic_fetch_or(&file->status, args.status & VRPQ_ENDED, __ATOMIC_RELEASE);
	__atomic_store_n(&file->seq, args.seq, __ATOMIC_RELEASE);
	return 0;
}

int vrpq_file_wait(struct vrpq_file *file, u32 seq, u32 flags)
{
	return vrpq_file_wait_through(file, file->fd, seq, flags);
}

void vrpq_file_poll(struct vrpq_file *file, u32 flags)
{
	/* Without sleeping there is nothing to interrupt. */
	(void)vrpq_file_wait(file, 0, flags | VRPQ_WAIT_NOT);
}
