// SPDX-License-Identifier: LGPL-2.1-or-later
/* Memory for buffers, in pages of its own. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib.h"

struct piece {
	struct piece *next;
	char *addr;
	size_t size;			/* whole pages */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct piece *pieces;

void vumem_memory_before_fork(void)
{
	pthread_mutex_lock(&lock);
}

void vumem_memory_after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

void vumem_memory_after_fork_in_child(void)
{
	struct piece *piece;

	while ((piece = pieces)) {
		pieces = piece->next;
		free(piece);
	}
	pthread_mutex_unlock(&lock);
}

static void *map_pages(size_t size)
{
	void *addr = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (addr == MAP_FAILED)
		return NULL;
	if (madvise(addr, size, MADV_DONTFORK)) {
		munmap(addr, size);
		return NULL;
	}
	return addr;
}

int vumemServerMemAlloc(VumemSize size, void **addr)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct piece *piece;

	if (!addr)
		return EINVAL;
	vumem_watch_forks();
	piece = malloc(sizeof(*piece));
	if (!piece)
		return ENOMEM;
	piece->size = size ? ((size_t)size + page - 1) / page * page : page;
	piece->addr = map_pages(piece->size);
	if (!piece->addr) {
		free(piece);
		return ENOMEM;
	}
	pthread_mutex_lock(&lock);
	piece->next = pieces;
	pieces = piece;
	pthread_mutex_unlock(&lock);
	*addr = piece->addr;
	return 0;
}

int vumemServerMemFree(void *addr)
{
	struct piece **at, *piece;

	pthread_mutex_lock(&lock);
	for (at = &pieces; *at && (*at)->addr != addr; at = &(*at)->next)
		;
	piece = *at;
	if (piece)
		*at = piece->next;
	pthread_mutex_unlock(&lock);
	if (!piece)
		return EINVAL;
	munmap(piece->addr, piece->size);
	free(piece);
	return 0;
}

bool vumem_memory_is_padded(const void *addr, VumemSize size)
{
	const struct piece *piece;
	bool inside = false;

	pthread_mutex_lock(&lock);
	for (piece = pieces; piece && !inside; piece = piece->next)
		inside = (const char *)addr >= piece->addr &&
			 (const char *)addr + size <= piece->addr + piece->size &&
			 (const char *)addr + size > piece->addr + piece->size -
						     (size_t)sysconf(_SC_PAGESIZE);
	pthread_mutex_unlock(&lock);
	return inside;
}
