/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What sources of vlink.ko use of the kernel, for tests on the host. A test has those
 * functions of its own whose calls it looks at.
 */
#ifndef UNIT_KERNEL_STAND_INS_H
#define UNIT_KERNEL_STAND_INS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint32_t u32;
typedef uint16_t domid_t;
typedef uint32_t grant_ref_t;
typedef uint32_t grant_handle_t;

#define READ_ONCE(x)		(*(volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value)	(*(volatile __typeof__(x) *)&(x) = (value))
#define EXPORT_SYMBOL_GPL(s)	_Static_assert(1, #s)
#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define XEN_PAGE_SIZE		4096ul

#define ERR_PTR(err)		((void *)(intptr_t)(err))
#define IS_ERR(ptr)		((uintptr_t)(ptr) >= (uintptr_t)-4095)
#define PTR_ERR(ptr)		((long)(intptr_t)(ptr))

/* A millisecond is a jiffy. */
#define msecs_to_jiffies(ms)	(ms)

#define GFP_KERNEL_ACCOUNT	0
#define kzalloc(size, flags)	calloc(1, size)
#define kfree(ptr)		free(ptr)

/* Whatever the kernel would print is of no interest. */
#define pr_info_ratelimited(...)	((void)snprintf(NULL, 0, __VA_ARGS__))
#define pr_warn_ratelimited(...)	((void)snprintf(NULL, 0, __VA_ARGS__))

/* ---- lists ---- */

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD(name)		struct list_head name = { &(name), &(name) }

static inline void list_add_tail(struct list_head *node, struct list_head *head)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

static inline void list_del(struct list_head *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

#define list_entry_of(pos, node, member)	container_of(node, __typeof__(*(pos)), member)
#define list_for_each_entry_safe(pos, next_, head, member)				\
	for (pos = list_entry_of(pos, (head)->next, member),				\
	     next_ = list_entry_of(pos, (pos)->member.next, member);			\
	     &(pos)->member != (head);							\
	     pos = next_, next_ = list_entry_of(pos, (pos)->member.next, member))

/* ---- locks: the test asks how many are held ---- */

static int locks_held;

struct lock {
	bool held;
};

#define DEFINE_SPINLOCK(name)	struct lock name
#define DEFINE_MUTEX(name)	struct lock name

static inline void lock_take(struct lock *lock)
{
	if (lock->held)
		abort();
	lock->held = true;
	locks_held++;
}

static inline void lock_drop(struct lock *lock)
{
	if (!lock->held)
		abort();
	lock->held = false;
	locks_held--;
}

#define spin_lock(lock)		lock_take(lock)
#define spin_unlock(lock)	lock_drop(lock)
#define mutex_lock(lock)	lock_take(lock)
#define mutex_unlock(lock)	lock_drop(lock)

/* ---- counts ---- */

typedef struct {
	int value;
} atomic_t;

#define ATOMIC_INIT(n)		{ n }
#define atomic_read(a)		((a)->value)
#define atomic_set(a, n)	((a)->value = (n))
#define atomic_add(n, a)	((a)->value += (n))

#endif
