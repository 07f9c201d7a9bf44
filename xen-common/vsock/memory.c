// SPDX-License-Identifier: GPL-2.0
/*
 * Counting what came over links and was not read yet. A socket takes as many bytes as it
 * promised, but packets take more memory than they carry, and there are many sockets: there is
 * one bound for the domain, whichever link things came over and however often that link
 * connected anew.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "../compat.h"
#include "vsock.h"

static unsigned long unread_max;
module_param(unread_max, ulong, 0644);
MODULE_PARM_DESC(unread_max, "bytes of memory that packets may take until they are read (0: a quarter of the domain's)");

static atomic_long_t unread;

static void memory_release(struct sk_buff *skb, struct ubuf_info *ubuf, bool success)
{
	struct xvsock_memory *memory = container_of(ubuf, struct xvsock_memory, ubuf);

	if (skb) {
		atomic_long_sub(skb->truesize, &memory->bytes);
		atomic_long_sub(skb->truesize, &unread);
	}
	xvsock_memory_put(memory);
}

struct xvsock_memory *xvsock_memory_new(void)
{
	struct xvsock_memory *memory = kzalloc(sizeof(*memory), GFP_KERNEL);

	if (!memory)
		return NULL;
	/* The hook that sockets call when they release a packet of pages that are not theirs. */
	ubuf_info_set_complete(&memory->ubuf, memory_release);
	memory->ubuf.flags = SKBFL_ZEROCOPY_FRAG;
	refcount_set(&memory->ubuf.refcnt, 1);
	return memory;
}

void xvsock_memory_put(struct xvsock_memory *memory)
{
	if (refcount_dec_and_test(&memory->ubuf.refcnt))
		kfree(memory);
}

void xvsock_memory_charge(struct xvsock_memory *memory, struct sk_buff *skb)
{
	atomic_long_add(skb->truesize, &memory->bytes);
	atomic_long_add(skb->truesize, &unread);
	skb_zcopy_set(skb, &memory->ubuf, NULL);
}

void xvsock_memory_uncharge(struct sk_buff *skb)
{
	skb_zcopy_clear(skb, true);
}

bool xvsock_memory_is_full(void)
{
	unsigned long max = READ_ONCE(unread_max) ?: totalram_pages() * (PAGE_SIZE / 4);

	return atomic_long_read(&unread) > (long)min_t(unsigned long, max, LONG_MAX);
}
