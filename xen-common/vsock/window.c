// SPDX-License-Identifier: GPL-2.0
/*
 * How many bytes of a stream may be on their way. That is its socket's buffer size at first.
 * The default is sent in less time than it takes to wake both domains, so that one of them
 * would always wait for the other: a stream that has moved twice its window gets one twice as
 * large, as with TCP. A process that chose a buffer size has that, and the option tells the
 * size that was chosen, not the window.
 *
 * Both ends decide for themselves, and the smaller window counts. What windows have beyond
 * buffer sizes is bounded for the domain: a peer may fill them all.
 */
#include <linux/mm.h>
#include <linux/module.h>

#include "vsock.h"

/* The core's, which it does not export. */
#define BUFFER_DEFAULT	(256u << 10)

/* Linux from 6.12.118 on takes nothing into a buffer that is smaller than its own structures. */
#define WINDOW_MIN	4096u

/* The share of the domain's memory that windows may have beyond buffer sizes. */
#define EXTRA_SHARE	16

static unsigned int window_max = 1u << 20;
module_param(window_max, uint, 0644);
MODULE_PARM_DESC(window_max, "bytes of a stream that may be on their way, unless its process sets a buffer size");

static atomic_long_t extra_bytes;

u32 xvsock_window_of_size(u64 buffer_size)
{
	return max_t(u64, buffer_size, WINDOW_MIN);
}

static bool extra_take(u32 bytes)
{
	long max = totalram_pages() * (PAGE_SIZE / EXTRA_SHARE);

	if (atomic_long_add_return(bytes, &extra_bytes) <= max)
		return true;
	atomic_long_sub(bytes, &extra_bytes);
	return false;
}

/* Whether @window may double after @moved bytes; takes what it needs for that. */
static bool take_growth(const struct vsock_sock *vsk, u32 window, u32 moved)
{
	return sk_vsock(vsk)->sk_type == SOCK_STREAM && vsk->buffer_size == BUFFER_DEFAULT &&
	       window <= READ_ONCE(window_max) / 2 && moved >= 2 * window && extra_take(window);
}

void xvsock_window_after_read(struct vsock_sock *vsk)
{
	struct virtio_vsock_sock *vvs = vsk->trans;
	u64 window = vvs->buf_alloc;

	if (!take_growth(vsk, window, vvs->fwd_cnt))
		return;
	window *= 2;
	/* Tells the peer, too. */
	virtio_transport_notify_buffer_size(vsk, &window);
}

void xvsock_window_before_write(struct vsock_sock *vsk)
{
	struct virtio_vsock_sock *vvs = vsk->trans;
	u32 window = vvs->buf_alloc;

	if (READ_ONCE(vvs->peer_buf_alloc) <= window || !take_growth(vsk, window, vvs->tx_cnt))
		return;
	/* The peer learns it from the next packet. */
	WRITE_ONCE(vvs->buf_alloc, 2 * window);
}

void xvsock_window_release(struct vsock_sock *vsk)
{
	const struct virtio_vsock_sock *vvs = vsk->trans;

	if (vvs)
		atomic_long_sub(vvs->buf_alloc - xvsock_window_of_size(vsk->buffer_size),
				&extra_bytes);
}
