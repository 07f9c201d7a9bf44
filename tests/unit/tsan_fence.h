/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What ThreadSanitizer does not see by itself. It knows no fences: a full barrier is a
 * read-modify-write of one word that all threads share. And it goes by addresses: where
 * the two ends of a ring see an index at different ones, which have their place in a page
 * in common, it is told by that what one end's load has of the other's store.
 */
#ifndef TSAN_FENCE_H
#define TSAN_FENCE_H

#include <sanitizer/tsan_interface.h>

extern unsigned int tsan_fence_word;
extern unsigned int tsan_page[1024];

#define tsan_place(p) (&tsan_page[(__UINTPTR_TYPE__)(p) / sizeof(*tsan_page) % 1024])

#define vlink_full_barrier() ((void)__atomic_fetch_add(&tsan_fence_word, 0, __ATOMIC_SEQ_CST))

#define vlink_load_acquire(p) ({ \
	__typeof__(*(p)) tsan_value = __atomic_load_n((p), __ATOMIC_ACQUIRE); \
	\
	__tsan_acquire(tsan_place(p)); \
	tsan_value; \
})

#define vlink_store_release(p, v) do { \
	__tsan_release(tsan_place(p)); \
	__atomic_store_n((p), (v), __ATOMIC_RELEASE); \
} while (0)

#endif
