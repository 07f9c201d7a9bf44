/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A full barrier that ThreadSanitizer understands: a read-modify-write of one word that
 * all threads share.
 */
#ifndef TSAN_FENCE_H
#define TSAN_FENCE_H

extern unsigned int tsan_fence_word;

#define vlink_full_barrier() ((void)__atomic_fetch_add(&tsan_fence_word, 0, __ATOMIC_SEQ_CST))

#endif
