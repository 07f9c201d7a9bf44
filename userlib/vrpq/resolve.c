// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading what the peer wrote: references and strings are followed no further than the
 * memory they stand in, which is a session's, or the copy of a request.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "objects.h"

struct memory {
	struct memory *next;
	uintptr_t base, end;
	const void *owner;		/* of a copy; NULL: a session's */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct memory *memories;
static u32 generation = 1;		/* atomic; moves when one is removed */

/* The one this thread found last. */
static __thread struct {
	uintptr_t base, end;
	u32 generation;
} last;

void vrpq_memory_lock(void)
{
	pthread_mutex_lock(&lock);
}

void vrpq_memory_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

static int add(const void *base, size_t size, const void *owner)
{
	struct memory *memory = malloc(sizeof(*memory));

	if (!memory)
		return ENOMEM;
	memory->base = (uintptr_t)base;
	memory->end = (uintptr_t)base + size;
	memory->owner = owner;
	pthread_mutex_lock(&lock);
	memory->next = memories;
	memories = memory;
	pthread_mutex_unlock(&lock);
	return 0;
}

static void drop(const void *base, const void *owner)
{
	struct memory **at, *memory;

	pthread_mutex_lock(&lock);
	for (at = &memories; (memory = *at);) {
		if (owner ? memory->owner != owner : memory->base != (uintptr_t)base || memory->owner) {
			at = &memory->next;
			continue;
		}
		*at = memory->next;
		free(memory);
	}
	__atomic_fetch_add(&generation, 1, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&lock);
}

int vrpq_memory_add(const void *base, size_t size)
{
	return add(base, size, NULL);
}

void vrpq_memory_remove(const void *base)
{
	drop(base, NULL);
}

int vrpq_memory_add_copy(const void *base, size_t size, const void *owner)
{
	return add(base, size, owner);
}

void vrpq_memory_remove_copies(const void *owner)
{
	drop(NULL, owner);
}

/* The end of the memory that @ptr lies in; 0: none. */
static uintptr_t end_of(uintptr_t ptr)
{
	const struct memory *memory;
	u32 now = __atomic_load_n(&generation, __ATOMIC_ACQUIRE);

	if (last.generation == now && ptr >= last.base && ptr < last.end)
		return last.end;
	pthread_mutex_lock(&lock);
	for (memory = memories; memory; memory = memory->next)
		if (ptr >= memory->base && ptr < memory->end)
			break;
	last.generation = memory ? now : 0;
	last.base = memory ? memory->base : 0;
	last.end = memory ? memory->end : 0;
	pthread_mutex_unlock(&lock);
	return last.end;
}

void *vrpqParamRefResolve(const void *ref, VrpqSize size, int *bad)
{
	uintptr_t at = (uintptr_t)ref, end = end_of(at);
	u64 room, need;
	u32 ref_size, offset;

	*bad = 1;
	if (!end || at % VRPQ_UNIT || end - at < sizeof(struct vrpq_ref))
		return NULL;
	ref_size = vrpq_get(&((const struct vrpq_ref *)ref)->size);
	offset = vrpq_get(&((const struct vrpq_ref *)ref)->offset);
	if (ref_size) {
		room = end - at;
		need = (u64)offset + (ref_size > size ? ref_size : size);
		if (need > room)
			return NULL;
	}
	*bad = ref_size != size;
	return ref_size ? (void *)(at + offset) : NULL;
}

void vrpqParamStringCopy(char *to, size_t room, const void *from)
{
	uintptr_t end = end_of((uintptr_t)from);
	const char *text = from;
	size_t i;

	if (end && end - (uintptr_t)from < room)
		room = end - (uintptr_t)from;
	for (i = 0; i < room; i++) {
		to[i] = vrpq_get(&text[i]);
		if (!to[i])
			return;
	}
	if (room)
		to[room - 1] = 0;
}

VrpqShmParamInPtr vrpqParamInGet(const VrpqProcReq *req, void *shmBase)
{
	return req && shmBase && req->inOffset ? (unsigned char *)shmBase + req->inOffset : NULL;
}

VrpqShmParamOutPtr vrpqParamOutGet(const VrpqProcReq *req, void *shmBase)
{
	if (!req || !shmBase || !req->outOffset)
		return NULL;
	return (VrpqParamRef *)(void *)((unsigned char *)shmBase + req->outOffset);
}
