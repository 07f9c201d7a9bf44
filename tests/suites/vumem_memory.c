/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory of all kinds for the buffers of the test's server. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "vumem_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vlx/vumem/server-lib.h>

#define PAGE		4096ul
#define HUGE_SIZE	(2ul << 20)
#define GLOBAL_SIZE	(256ul << 10)

static char global_array[GLOBAL_SIZE] __attribute__((aligned(4096)));

static size_t round_up(size_t size, size_t unit)
{
	return (size + unit - 1) / unit * unit;
}

static int map_new(size_t size, int prot, int flags, int fd, void **addr)
{
	*addr = mmap(NULL, size, prot, flags, fd, 0);
	return *addr == MAP_FAILED ? errno : 0;
}

static int map_file(int fd, size_t size, void **addr)
{
	int err = 0;

	if (fd < 0)
		return errno;
	if (ftruncate(fd, (off_t)size))
		err = errno;
	else
		err = map_new(size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, addr);
	close(fd);
	return err;
}

static int map_shm(size_t size, void **addr)
{
	char path[] = "/dev/shm/vumem.XXXXXX", other[] = "/tmp/vumem.XXXXXX";
	int fd = mkstemp(path);

	if (fd >= 0) {
		unlink(path);
	} else {
		fd = mkstemp(other);
		if (fd >= 0)
			unlink(other);
	}
	return map_file(fd, size, addr);
}

static int map_huge(size_t size, void **addr)
{
	FILE *number = fopen("/proc/sys/vm/nr_hugepages", "we");
	int err;

	if (!number)
		return VU_UNAVAILABLE;
	fprintf(number, "%zu\n", round_up(size, HUGE_SIZE) / HUGE_SIZE + 1);
	fclose(number);
	err = map_new(round_up(size, HUGE_SIZE), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, addr);
	return err ? VU_UNAVAILABLE : 0;
}

/* The clock's data, which the kernel maps into every process by its page frames. */
static int find_device(void **addr)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	unsigned long start;
	int err = VU_UNAVAILABLE;

	while (maps && err && fgets(line, sizeof(line), maps))
		if (strstr(line, "[vvar") && sscanf(line, "%lx-", &start) == 1) {
			*addr = (void *)start;
			err = 0;
		}
	if (maps)
		fclose(maps);
	return err;
}

static int map_and_shift(size_t size, void **addr)
{
	int err = map_new(size + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  addr);

	if (!err)
		*addr = (char *)*addr + 16;
	return err;
}

static int map_and_unmap(size_t size, void **addr)
{
	int err = map_new(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, addr);

	if (!err)
		munmap(*addr, size);
	return err;
}

int vu_memory_new(uint32_t kind, size_t size, void **addr)
{
	const int rw = PROT_READ | PROT_WRITE;
	const int private = MAP_PRIVATE | MAP_ANONYMOUS;

	switch (kind) {
	case VU_LIBRARY: return vumemServerMemAlloc((VumemSize)size, addr);
	case VU_MALLOC: return posix_memalign(addr, PAGE, round_up(size, PAGE));
	case VU_ANONYMOUS: return map_new(size, rw, private, -1, addr);
	case VU_SHARED: return map_new(size, rw, MAP_SHARED | MAP_ANONYMOUS, -1, addr);
	case VU_MEMFD: return map_file(memfd_create("vumem", MFD_CLOEXEC), size, addr);
	case VU_SHM: return map_shm(size, addr);
	case VU_HUGE: return map_huge(size, addr);
	case VU_DEVICE: return find_device(addr);
	case VU_MISALIGNED: return map_and_shift(size, addr);
	case VU_ABSENT: return map_and_unmap(size, addr);
	case VU_READ_ONLY: return map_new(size, PROT_READ, private, -1, addr);
	case VU_RESERVED: return map_new(size, rw, private | MAP_NORESERVE, -1, addr);
	case VU_NOWHERE: *addr = VUMEM_BUFFER_NO_VADDR; return 0;
	case VU_GLOBAL: *addr = global_array; return size > GLOBAL_SIZE ? ENOMEM : 0;
	}
	return EBADR;
}

void vu_memory_free(uint32_t kind, size_t size, void *addr)
{
	switch (kind) {
	case VU_LIBRARY:
		if (vumemServerMemFree(addr))
			abort();
		break;
	case VU_MALLOC:
		free(addr);
		break;
	case VU_MISALIGNED:
		munmap((char *)addr - 16, size + PAGE);
		break;
	case VU_HUGE:
		munmap(addr, round_up(size, HUGE_SIZE));
		break;
	case VU_NOWHERE:
	case VU_DEVICE:
	case VU_ABSENT:
	case VU_GLOBAL:
		break;
	default:
		munmap(addr, size);
	}
}

bool vu_memory_is_real(uint32_t kind)
{
	return kind <= VU_GLOBAL;
}
