/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Ring indices with sleep and wake-up between two parties that do not trust
 * each other. The same file serves the kernel drivers and the user libraries.
 *
 * A ring has one producer and one consumer. Each owns one cache line in shared
 * memory and only ever writes that one:
 *
 *   offset  producer's line             consumer's line
 *   0       u32 prod                    u32 cons
 *   4       u32 space_event             u32 data_event
 *   8..63   reserved, 0                 reserved, 0
 *
 * prod and cons are free-running counts modulo 2^32 of units produced and
 * consumed; a ring of size units (a power of two, at most 2^31) holds
 * prod - cons of them. What a unit is (a byte, a descriptor) is the user's
 * affair: this file moves indices, never data.
 *
 * Going to sleep. The consumer stores in data_event the value of prod at which
 * it wants to be woken; the producer stores in space_event such a value of
 * cons. Whoever moves an index from old to new notifies the peer if and only
 * if the peer's event lies in (old, new]. The one who wants to sleep
 *
 *      1. stores its event,   2. full barrier,   3. reads the peer's index again
 *
 * and sleeps only if that still does not suffice. The mover does the mirror
 * image: store the index, full barrier, read the event. One of the two
 * must therefore see the other's store, and no wake-up is lost. An event that
 * was passed need not be taken back: it lies behind the index and is
 * not met again before the index went once around 2^32, where it costs one
 * superfluous wake-up.
 *
 * Asking for more than one unit ("wake me at half a ring") wakes in bulk. If
 * several local waiters share one end, the one satisfied soonest decides, and the
 * others arm again when they have looked.
 *
 * Trust. Own indices are kept in private memory; the copies in shared memory
 * are only for the peer to read. What is read from the peer is read once and
 * checked against the ring's size, which never comes from shared memory.
 *
 * Locking. One thread at a time per end, with one exception: a caller that lets
 * several threads arm concurrently serialises them itself.
 */
#ifndef VLINK_RING_H
#define VLINK_RING_H

#ifdef __KERNEL__

#include <linux/types.h>
#include <asm/barrier.h>

typedef u32 vlink_u32;
typedef s32 vlink_s32;

#define vlink_load(p)			READ_ONCE(*(p))
#define vlink_store(p, v)		WRITE_ONCE(*(p), (v))
#define vlink_load_acquire(p)		virt_load_acquire(p)
#define vlink_store_release(p, v)	virt_store_release(p, v)
#define vlink_full_barrier()		virt_mb()

#else

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t vlink_u32;
typedef int32_t vlink_s32;

#define vlink_load(p)			__atomic_load_n((p), __ATOMIC_RELAXED)
#define vlink_store(p, v)		__atomic_store_n((p), (v), __ATOMIC_RELAXED)
/* A tool that does not see these as they are defines its own before including this file. */
#ifndef vlink_load_acquire
#define vlink_load_acquire(p)		__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define vlink_store_release(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELEASE)
#endif
#ifndef vlink_full_barrier
#define vlink_full_barrier()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif

#endif

#define VLINK_RING_LINE		64

/* The cache line that the producer writes and the consumer reads. */
struct vlink_ring_prod {
	vlink_u32 prod;
	vlink_u32 space_event;
	vlink_u32 reserved[14];
};

/* The cache line that the consumer writes and the producer reads. */
struct vlink_ring_cons {
	vlink_u32 cons;
	vlink_u32 data_event;
	vlink_u32 reserved[14];
};

/* One end of a ring, in private memory: the producer's or the consumer's. */
struct vlink_ring_end {
	struct vlink_ring_prod *prod_line;
	struct vlink_ring_cons *cons_line;
	vlink_u32 size;
	vlink_u32 index;	/* own index */
	vlink_u32 peer;		/* peer's index as last read and checked */
	vlink_u32 event;	/* own event word as last stored */
	vlink_u32 passed;	/* the one before, if it had been passed when it was replaced */
	vlink_u32 answered;	/* the event that vlink_ring_news() told of last */
};

/* Is @event in (@old, @new], counting around 2^32? */
static inline bool vlink_event_passed(vlink_u32 event, vlink_u32 old, vlink_u32 new)
{
	return (vlink_u32)(new - event) < (vlink_u32)(new - old);
}

/*
 * Prepares an end and clears its own line. @size: units, a power of two up to
 * 2^31. The peer must not be using the ring: it does so only after it learned
 * that this end is ready.
 */
static inline void vlink_ring_init_end(struct vlink_ring_end *end,
				       struct vlink_ring_prod *prod_line,
				       struct vlink_ring_cons *cons_line,
				       vlink_u32 size)
{
	end->prod_line = prod_line;
	end->cons_line = cons_line;
	end->size = size;
	end->index = 0;
	end->peer = 0;
	end->event = 0;
	end->passed = 0;
	end->answered = 0;
}

static inline void vlink_producer_init(struct vlink_ring_end *end,
				       struct vlink_ring_prod *prod_line,
				       struct vlink_ring_cons *cons_line,
				       vlink_u32 size)
{
	vlink_ring_init_end(end, prod_line, cons_line, size);
	vlink_store(&prod_line->prod, 0);
	vlink_store(&prod_line->space_event, 0);
}

static inline void vlink_consumer_init(struct vlink_ring_end *end,
				       struct vlink_ring_prod *prod_line,
				       struct vlink_ring_cons *cons_line,
				       vlink_u32 size)
{
	vlink_ring_init_end(end, prod_line, cons_line, size);
	vlink_store(&cons_line->cons, 0);
	vlink_store(&cons_line->data_event, 0);
}

/*
 * Units that may be produced now, up to @end->size. An impossible index
 * (more consumed than produced, or going back) sets *@broken and counts as
 * no news, so that the caller's arithmetic stays sound whatever the peer does.
 */
static inline vlink_u32 vlink_producer_space(struct vlink_ring_end *end, bool *broken)
{
	vlink_u32 untrusted_cons = vlink_load_acquire(&end->cons_line->cons);

	if ((vlink_u32)(untrusted_cons - end->peer) > (vlink_u32)(end->index - end->peer))
		*broken = true;
	else
		end->peer = untrusted_cons;
	return end->size - (vlink_u32)(end->index - end->peer);
}

/* Units that may be consumed now, up to @end->size; *@broken as above. */
static inline vlink_u32 vlink_consumer_avail(struct vlink_ring_end *end, bool *broken)
{
	vlink_u32 untrusted_prod = vlink_load_acquire(&end->prod_line->prod);

	if ((vlink_u32)(untrusted_prod - end->index) > end->size ||
	    (vlink_u32)(untrusted_prod - end->index) < (vlink_u32)(end->peer - end->index))
		*broken = true;
	else
		end->peer = untrusted_prod;
	return end->peer - end->index;
}

/*
 * Hands @n units that were written to the consumer. Returns whether the
 * consumer sleeps for them and is to be notified.
 */
static inline bool vlink_producer_publish(struct vlink_ring_end *end, vlink_u32 n)
{
	vlink_u32 old = end->index;

	/* Interrupt handlers read it: vlink_producer_news() and its twin. */
	vlink_store(&end->index, old + n);
	vlink_store_release(&end->prod_line->prod, end->index);
	vlink_full_barrier();
	return vlink_event_passed(vlink_load(&end->cons_line->data_event), old, end->index);
}

/*
 * Gives the room of @n units that were read back to the producer. Returns
 * whether the producer sleeps for it and is to be notified.
 */
static inline bool vlink_consumer_publish(struct vlink_ring_end *end, vlink_u32 n)
{
	vlink_u32 old = end->index;

	vlink_store(&end->index, old + n);
	vlink_store_release(&end->cons_line->cons, end->index);
	vlink_full_barrier();
	return vlink_event_passed(vlink_load(&end->prod_line->space_event), old, end->index);
}

/* Is the event that stands in the own line still ahead of the peer's index? */
static inline bool vlink_ring_armed(const struct vlink_ring_end *end)
{
	return (vlink_s32)(end->event - end->peer) > 0;
}

/* Stores @event in *@word unless an event of another waiter comes sooner. */
static inline void vlink_ring_arm(struct vlink_ring_end *end, vlink_u32 *word, vlink_u32 event)
{
	bool armed = vlink_ring_armed(end);

	if (!armed || (vlink_s32)(end->event - event) > 0) {
		if (!armed)
			vlink_store(&end->passed, end->event);
		vlink_store(&end->event, event);
		vlink_store(word, event);
	}
	vlink_full_barrier();
}

/*
 * To be called before sleeping for room for @want units (1 to size): asks the
 * consumer for a notification. Returns whether the room is there by now; then
 * the caller does not sleep.
 */
static inline bool vlink_producer_arm(struct vlink_ring_end *end, vlink_u32 want, bool *broken)
{
	if (vlink_producer_space(end, broken) >= want)
		return true;
	do {
		vlink_ring_arm(end, &end->prod_line->space_event, end->index + want - end->size);
		if (vlink_producer_space(end, broken) >= want)
			return true;
		/* Another waiter's event may have passed just now: then ours is due. */
	} while (!vlink_ring_armed(end));
	return false;
}

/* To be called before sleeping for @want units (1 to size) of data; mirror image. */
static inline bool vlink_consumer_arm(struct vlink_ring_end *end, vlink_u32 want, bool *broken)
{
	if (vlink_consumer_avail(end, broken) >= want)
		return true;
	do {
		vlink_ring_arm(end, &end->cons_line->data_event, end->index + want);
		if (vlink_consumer_avail(end, broken) >= want)
			return true;
	} while (!vlink_ring_armed(end));
	return false;
}

/* Has the peer's index got to an event that was armed and not told of yet? */
static inline bool vlink_ring_passed(struct vlink_ring_end *end, vlink_u32 untrusted_index)
{
	vlink_u32 event = vlink_load(&end->event);

	/* Armed again since, perhaps, by one that looked before the notification came. */
	if ((vlink_s32)(untrusted_index - event) < 0)
		event = vlink_load(&end->passed);
	/* Forward only: an index that goes back and forth is told of once. */
	if ((vlink_s32)(untrusted_index - event) < 0 || (vlink_s32)(event - end->answered) <= 0)
		return false;
	end->answered = event;
	return true;
}

/*
 * Whether the peer had a reason to notify: its index is within the ring, and went past
 * an event that this end armed, once for each event. Everything else an honest peer
 * does not notify of, so that one which does can be throttled. Only
 * that: what is there is for the functions above to say, and a sleeper is woken
 * whether or not it is news, since others may arm and look at the same time.
 *
 * For the interrupt handler: no lock is needed, but one handler at a time.
 */
static inline bool vlink_consumer_news(struct vlink_ring_end *end)
{
	vlink_u32 index = vlink_load(&end->index);
	vlink_u32 untrusted_prod = vlink_load(&end->prod_line->prod);

	return (vlink_u32)(untrusted_prod - index) <= end->size &&
	       vlink_ring_passed(end, untrusted_prod);
}

static inline bool vlink_producer_news(struct vlink_ring_end *end)
{
	vlink_u32 untrusted_cons = vlink_load(&end->cons_line->cons);
	vlink_u32 index = vlink_load(&end->index);

	return (vlink_u32)(index - untrusted_cons) <= end->size &&
	       vlink_ring_passed(end, untrusted_cons);
}

#endif /* VLINK_RING_H */
