/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel.h"

int unit_allocations = -1;
unsigned long unit_ram_pages = (256ul << 20) / PAGE_SIZE;
struct task_struct unit_task;
long unit_skbs;
size_t unit_skb_memory;

/* What the kernel adds to a buffer. */
#define OVERHEAD	576

struct sk_buff *alloc_skb(unsigned int size, gfp_t gfp)
{
	struct sk_buff *skb = kzalloc(sizeof(*skb), gfp);

	if (!skb)
		return NULL;
	skb->head = calloc(1, size);
	if (!skb->head)
		abort();
	INIT_LIST_HEAD(&skb->node);
	skb->data = skb->head;
	skb->room = size;
	skb->truesize = size + OVERHEAD;
	unit_skbs++;
	unit_skb_memory += skb->truesize;
	return skb;
}

void skb_set_owner_w(struct sk_buff *skb, struct sock *sk)
{
	if (skb->owned)
		abort();
	skb->sk = sk;
	skb->owned = true;
	sk->wmem += (int)skb->truesize;
}

void skb_zcopy_set(struct sk_buff *skb, struct ubuf_info *ubuf, bool *have_ref)
{
	(void)have_ref;
	refcount_inc(&ubuf->refcnt);
	skb->ubuf = ubuf;
}

void skb_zcopy_clear(struct sk_buff *skb, bool success)
{
	struct ubuf_info *ubuf = skb->ubuf;

	skb->ubuf = NULL;
	if (ubuf)
		ubuf->callback(skb, ubuf, success);
}

void kfree_skb(struct sk_buff *skb)
{
	if (!skb)
		return;
	skb_zcopy_clear(skb, true);
	if (skb->owned) {
		skb->sk->wmem -= (int)skb->truesize;
		skb->sk->woken++;
	}
	unit_skbs--;
	unit_skb_memory -= skb->truesize;
	free(skb->head);
	free(skb);
}

void __skb_queue_purge(struct sk_buff_head *queue)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(queue))) {
		__skb_unlink(skb, queue);
		kfree_skb(skb);
	}
}
