/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stand-ins for what the kernel has and sources of drivers use, so that these run unmodified in
 * a process: lists, socket buffers, locks that only tell whether they are held. One thread.
 * linux/ beside this has the names under which the sources include it.
 */
#ifndef UNIT_KERNEL_H
#define UNIT_KERNEL_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16, __le16;
typedef uint32_t u32, __le32;
typedef uint64_t u64, __le64;
typedef int64_t s64;
typedef unsigned int gfp_t;

#define KBUILD_MODNAME	"unit"
#define __rcu
#define __acquires(lock)
#define __releases(lock)
#define HZ		250
#define PAGE_SIZE	4096ul
#define GFP_KERNEL	0u
#define __GFP_NOWARN	0u
#define module_param(name, type, mode)		static const bool name##_is_param __attribute__((unused))
#define MODULE_PARM_DESC(name, text)		static const char name##_text[] __attribute__((unused)) = text

#define cpu_to_le16(x)	((u16)(x))
#define cpu_to_le32(x)	((u32)(x))
#define cpu_to_le64(x)	((u64)(x))
#define le16_to_cpu(x)	(x)
#define le32_to_cpu(x)	(x)
#define le64_to_cpu(x)	(x)

#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#define smp_mb()		__sync_synchronize()
#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define max_t(type, a, b)	((type)(a) > (type)(b) ? (type)(a) : (type)(b))
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define ALIGN(x, a)		(((x) + (a) - 1) / (a) * (a))
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))
#define cond_resched()		do { } while (0)

/* ---- memory ---- */

/* How many allocations may still succeed; negative: all. */
extern int unit_allocations;
extern unsigned long unit_ram_pages;

static inline bool unit_may_allocate(void)
{
	if (!unit_allocations)
		return false;
	unit_allocations--;
	return true;
}

static inline void *kzalloc(size_t size, gfp_t gfp)
{
	(void)gfp;
	return unit_may_allocate() ? calloc(1, size) : NULL;
}

static inline void kfree(const void *p)
{
	free((void *)(uintptr_t)p);
}

static inline unsigned long totalram_pages(void)
{
	return unit_ram_pages;
}

struct page {
	char bytes[PAGE_SIZE];
};

static inline void *page_address(struct page *page)
{
	return page;
}

static inline unsigned long offset_in_page(unsigned long pos)
{
	return pos & (PAGE_SIZE - 1);
}

/* ---- counting ---- */

typedef struct { long value; } atomic_long_t;
typedef struct { long long value; } atomic64_t;
typedef struct { int value; } refcount_t;
struct kref { int value; };

#define atomic_long_add(n, a)	((a)->value += (long)(n))
#define atomic_long_sub(n, a)	((a)->value -= (long)(n))
#define atomic_long_read(a)	((a)->value)
#define atomic64_inc(a)		((a)->value++)
#define atomic64_add(n, a)	((a)->value += (long long)(n))
#define refcount_set(r, n)	((r)->value = (n))
#define refcount_inc(r)		((r)->value++)
#define refcount_dec_and_test(r) (!--(r)->value)
#define kref_get(k)		((k)->value++)

/* ---- locks and works ---- */

typedef struct { bool held; } spinlock_t;
struct mutex { bool held; };
struct work_struct { int unused; };
struct delayed_work { struct work_struct work; };
struct task_struct { int unused; };
struct hlist_node { void *unused; };
struct workqueue_struct;
extern struct task_struct unit_task;
#define current (&unit_task)

#define spin_lock_init(l)	((l)->held = false)
#define unit_lock(l)		do { if ((l)->held) abort(); (l)->held = true; } while (0)
#define unit_unlock(l)		do { if (!(l)->held) abort(); (l)->held = false; } while (0)
#define spin_lock(l)		unit_lock(l)
#define spin_unlock(l)		unit_unlock(l)
#define mutex_lock(l)		unit_lock(l)
#define mutex_unlock(l)		unit_unlock(l)

/* ---- lists ---- */

struct list_head { struct list_head *next, *prev; };

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define list_entry(p, type, member)	container_of(p, type, member)
#define list_empty(head)	((head)->next == (head))
#define list_first_entry_or_null(head, type, member) \
	(list_empty(head) ? NULL : list_entry((head)->next, type, member))
#define list_for_each_entry(pos, head, member) \
	for (pos = list_entry((head)->next, __typeof__(*pos), member); &pos->member != (head); \
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))
#define list_for_each_entry_safe(pos, n, head, member) \
	for (pos = list_entry((head)->next, __typeof__(*pos), member), \
	     n = list_entry(pos->member.next, __typeof__(*pos), member); &pos->member != (head); \
	     pos = n, n = list_entry(n->member.next, __typeof__(*n), member))

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head->prev = head;
}

static inline void list_add(struct list_head *node, struct list_head *head)
{
	node->next = head->next;
	node->prev = head;
	head->next->prev = node;
	head->next = node;
}

static inline void list_add_tail(struct list_head *node, struct list_head *head)
{
	list_add(node, head->prev);
}

static inline void list_del_init(struct list_head *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	INIT_LIST_HEAD(node);
}

#define list_del(node)	list_del_init(node)

static inline void list_move_tail(struct list_head *node, struct list_head *head)
{
	list_del_init(node);
	list_add_tail(node, head);
}

/* ---- sockets and their buffers ---- */

enum { SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_SEQPACKET = 5 };

struct sock {
	int sk_type, sk_err, sk_sndbuf;
	int wmem;		/* sk_wmem_alloc */
	unsigned int woken;	/* calls of sk_write_space */
};

struct sk_buff;
typedef unsigned long vm_flags_t;
struct vm_area_struct { vm_flags_t vm_flags; };

struct ubuf_info {
	void (*callback)(struct sk_buff *skb, struct ubuf_info *ubuf, bool success);
	refcount_t refcnt;
	u8 flags;
};
#define SKBFL_ZEROCOPY_FRAG	1

struct sk_buff {
	struct list_head node;
	struct sock *sk;
	bool owned;		/* counts as memory of @sk */
	struct ubuf_info *ubuf;
	unsigned int len, truesize, room;
	unsigned char *head, *data;
	char cb[48];
};

struct sk_buff_head { struct list_head list; unsigned int qlen; };

/* Socket buffers that there are. */
extern long unit_skbs;
extern size_t unit_skb_memory;

#define skb_queue_walk(queue, skb)		list_for_each_entry(skb, &(queue)->list, node)
#define skb_queue_reverse_walk(queue, skb) \
	for (skb = list_entry((queue)->list.prev, struct sk_buff, node); \
	     &skb->node != &(queue)->list; skb = list_entry(skb->node.prev, struct sk_buff, node))
#define skb_queue_empty(queue)			list_empty(&(queue)->list)
#define skb_peek(queue) list_first_entry_or_null(&(queue)->list, struct sk_buff, node)

static inline void __skb_queue_head_init(struct sk_buff_head *queue)
{
	INIT_LIST_HEAD(&queue->list);
	queue->qlen = 0;
}

static inline void __skb_queue_tail(struct sk_buff_head *queue, struct sk_buff *skb)
{
	list_add_tail(&skb->node, &queue->list);
	queue->qlen++;
}

static inline void __skb_unlink(struct sk_buff *skb, struct sk_buff_head *queue)
{
	list_del_init(&skb->node);
	queue->qlen--;
}

static inline void skb_queue_splice_tail_init(struct sk_buff_head *from, struct sk_buff_head *to)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(from))) {
		__skb_unlink(skb, from);
		__skb_queue_tail(to, skb);
	}
}

struct sk_buff *alloc_skb(unsigned int size, gfp_t gfp);
void kfree_skb(struct sk_buff *skb);
void skb_set_owner_w(struct sk_buff *skb, struct sock *sk);
void __skb_queue_purge(struct sk_buff_head *queue);
void skb_zcopy_clear(struct sk_buff *skb, bool success);
void skb_zcopy_set(struct sk_buff *skb, struct ubuf_info *ubuf, bool *have_ref);

static inline void skb_reserve(struct sk_buff *skb, unsigned int len)
{
	skb->data += len;
}

static inline void *skb_put(struct sk_buff *skb, unsigned int len)
{
	unsigned char *at = skb->data + skb->len;

	skb->len += len;
	if (skb->data + skb->len > skb->head + skb->room)
		abort();
	return at;
}

static inline int sk_wmem_alloc_get(const struct sock *sk)
{
	return sk->wmem;
}

#define sk_error_report(sk)	((void)(sk))
#define sock_put(sk)		((void)(sk))

/* ---- AF_VSOCK and virtio's part of it ---- */

#define VMADDR_CID_LOCAL	1u
#define VMADDR_CID_HOST		2u
#define VMADDR_CID_ANY		0xffffffffu
#define VMADDR_PORT_ANY		0xffffffffu

struct sockaddr_vm {
	u16 svm_family;
	u32 svm_port, svm_cid;
};

struct virtio_vsock_hdr {
	__le64 src_cid, dst_cid;
	__le32 src_port, dst_port, len;
	__le16 type, op;
	__le32 flags, buf_alloc, fwd_cnt;
} __attribute__((packed));

enum {
	VIRTIO_VSOCK_OP_REQUEST = 1, VIRTIO_VSOCK_OP_RESPONSE, VIRTIO_VSOCK_OP_RST,
	VIRTIO_VSOCK_OP_SHUTDOWN, VIRTIO_VSOCK_OP_RW, VIRTIO_VSOCK_OP_CREDIT_UPDATE,
	VIRTIO_VSOCK_OP_CREDIT_REQUEST,
};
enum { VIRTIO_VSOCK_SHUTDOWN_RCV = 1, VIRTIO_VSOCK_SHUTDOWN_SEND = 2 };
enum { VIRTIO_VSOCK_SEQ_EOM = 1, VIRTIO_VSOCK_SEQ_EOR = 2 };

struct vsock_sock { struct sock sk; };

static inline struct sock *sk_vsock(struct vsock_sock *vsk)
{
	return &vsk->sk;
}

struct virtio_vsock_sock {
	struct vsock_sock *vsk;
	u32 fwd_cnt, buf_alloc;
};
struct virtio_transport { int unused; };

#define VIRTIO_VSOCK_SKB_HEADROOM	sizeof(struct virtio_vsock_hdr)
#define virtio_vsock_hdr(skb)		((struct virtio_vsock_hdr *)(void *)(skb)->head)
#define virtio_transport_deliver_tap_pkt(skb)	((void)(skb))

static inline void virtio_transport_inc_tx_pkt(struct virtio_vsock_sock *vvs, struct sk_buff *skb)
{
	virtio_vsock_hdr(skb)->fwd_cnt = vvs->fwd_cnt;
	virtio_vsock_hdr(skb)->buf_alloc = vvs->buf_alloc;
}

static inline void vsock_addr_init(struct sockaddr_vm *addr, u32 cid, u32 port)
{
	memset(addr, 0, sizeof(*addr));
	addr->svm_family = 40;
	addr->svm_cid = cid;
	addr->svm_port = port;
}

static inline struct sock *vsock_find_connected_socket(struct sockaddr_vm *src,
						       struct sockaddr_vm *dst)
{
	(void)src;
	(void)dst;
	return NULL;
}

/* ---- the link layer ---- */

struct vlink { unsigned int notified; };
struct vlink_region;

static inline void vlink_notify(struct vlink *link)
{
	link->notified++;
}

#define vlink_fail(link, ...)	do { (void)(link); printf("# " __VA_ARGS__); } while (0)

#endif
