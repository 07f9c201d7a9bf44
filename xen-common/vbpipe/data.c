// SPDX-License-Identifier: GPL-2.0
/*
 * The data path: read, write, poll, FIONREAD.
 *
 * Bytes are copied between user memory and the shared ring directly, once on
 * each side, in an RCU read-side section with page faults disabled: so a connection
 * can end while a user's buffer is being paged in, and a user process never holds
 * up the link. What faulted is brought in outside, then the copy goes on.
 *
 * read_lock and write_lock make one reader and one writer at a time: a blocking
 * reader holds the lock until it has all it asked for, as pipes of this kind do.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include <asm/ioctls.h>

#include "vbpipe.h"

/*
 * Bytes after which progress is published while more is being copied, so that
 * both domains copy at the same time.
 */
#define CHUNK_MAX	(16u << 10)

/* Bytes for which waking a sleeper costs more than copying. */
#define WAKE_MIN	2048u

/* The connection that open files may use, or NULL. Under rcu_read_lock. */
static struct vbpipe_conn *open_conn(struct vbpipe *pipe)
{
	if (READ_ONCE(pipe->state) != VBPIPE_END_OPEN)
		return NULL;
	return rcu_dereference(pipe->conn);
}

/* The peer's index made no sense: this end takes it for gone. Under pipe->lock. */
static void give_up(struct vbpipe *pipe, struct vbpipe_conn *conn)
{
	if (pipe->state != VBPIPE_END_OPEN)
		return;
	vlink_fail(conn->link, "the peer has a ring index that cannot be");
	pipe->state = VBPIPE_END_LOST;
	pipe->residue_len = 0;
	pipe->residue_pos = 0;
	vbpipe_wake_all(pipe);
}

static u32 rx_avail(struct vbpipe *pipe, struct vbpipe_conn *conn)
{
	bool broken = false;
	u32 avail;

	spin_lock(&pipe->lock);
	avail = vlink_consumer_avail(&conn->rx, &broken);
	if (broken)
		give_up(pipe, conn);
	spin_unlock(&pipe->lock);
	return broken ? 0 : avail;
}

static u32 tx_space(struct vbpipe *pipe, struct vbpipe_conn *conn)
{
	bool broken = false;
	u32 space;

	spin_lock(&pipe->lock);
	space = vlink_producer_space(&conn->tx, &broken);
	if (broken)
		give_up(pipe, conn);
	spin_unlock(&pipe->lock);
	return broken ? 0 : space;
}

/* Asks the peer for a notification; returns whether none is needed any more. */
static bool rx_arm(struct vbpipe *pipe, struct vbpipe_conn *conn, u32 want)
{
	bool broken = false, ready;

	spin_lock(&pipe->lock);
	ready = vlink_consumer_arm(&conn->rx, want, &broken);
	if (broken)
		give_up(pipe, conn);
	spin_unlock(&pipe->lock);
	return ready || broken;
}

static bool tx_arm(struct vbpipe *pipe, struct vbpipe_conn *conn, u32 want)
{
	bool broken = false, ready;

	spin_lock(&pipe->lock);
	ready = vlink_producer_arm(&conn->tx, want, &broken);
	if (broken)
		give_up(pipe, conn);
	spin_unlock(&pipe->lock);
	return ready || broken;
}

static void rx_publish(struct vbpipe *pipe, struct vbpipe_conn *conn, u32 n)
{
	bool notify;

	spin_lock(&pipe->lock);
	notify = vlink_consumer_publish(&conn->rx, n);
	spin_unlock(&pipe->lock);
	if (notify)
		vlink_notify(conn->link);
}

static void tx_publish(struct vbpipe *pipe, struct vbpipe_conn *conn, u32 n)
{
	bool notify;

	spin_lock(&pipe->lock);
	notify = vlink_producer_publish(&conn->tx, n);
	spin_unlock(&pipe->lock);
	if (notify)
		vlink_notify(conn->link);
}

/* Copies up to @len bytes out of the ring; short when user memory faults. */
static u32 copy_from_ring(struct vbpipe_conn *conn, u32 len, struct iov_iter *to)
{
	u32 done = 0, pos, n, copied;

	pagefault_disable();
	while (done < len) {
		pos = (conn->rx.index + done) & (conn->rx_size - 1);
		n = vbpipe_run_length(conn->rx_size, pos, len - done);
		copied = copy_to_iter(page_address(conn->rx_pages[pos / PAGE_SIZE]) +
				      offset_in_page(pos), n, to);
		done += copied;
		if (copied < n)
			break;
	}
	pagefault_enable();
	return done;
}

static u32 copy_to_ring(struct vbpipe_conn *conn, u32 len, struct iov_iter *from)
{
	u32 done = 0, pos, n, copied;

	pagefault_disable();
	while (done < len) {
		pos = (conn->tx.index + done) & (conn->tx_size - 1);
		n = vbpipe_run_length(conn->tx_size, pos, len - done);
		copied = copy_from_iter(page_address(conn->tx_pages[pos / PAGE_SIZE]) +
					offset_in_page(pos), n, from);
		done += copied;
		if (copied < n)
			break;
	}
	pagefault_enable();
	return done;
}

static u32 chunk_length(u32 size, u32 len)
{
	return min3(len, max(size / 8, VBPIPE_RING_MIN), CHUNK_MAX);
}

/*
 * Moves a chunk. Returns the number of bytes; *@fault says that user memory was not
 * there, *@off that there is no peer any more. One chunk for each RCU section,
 * however much the peer has to offer.
 */
static u32 rx_move(struct vbpipe *pipe, struct iov_iter *to, bool *fault, bool *off)
{
	struct vbpipe_conn *conn;
	u32 len, n = 0;

	rcu_read_lock();
	conn = open_conn(pipe);
	if (conn) {
		/* In this order: the peer closes after its last byte. */
		*off = !vbpipe_peer_is_on(conn);
		len = min_t(size_t, rx_avail(pipe, conn), iov_iter_count(to));
		len = chunk_length(conn->rx_size, len);
		if (len) {
			*off = false;
			n = copy_from_ring(conn, len, to);
			rx_publish(pipe, conn, n);
			*fault = n < len;
		}
	}
	rcu_read_unlock();
	return n;
}

static u32 tx_move(struct vbpipe *pipe, struct iov_iter *from, bool *fault, bool *off)
{
	struct vbpipe_conn *conn;
	u32 len, n = 0;

	rcu_read_lock();
	conn = open_conn(pipe);
	if (conn) {
		*off = !vbpipe_peer_is_on(conn);
		len = min_t(size_t, tx_space(pipe, conn), iov_iter_count(from));
		len = chunk_length(conn->tx_size, len);
		if (len && !*off) {
			n = copy_to_ring(conn, len, from);
			tx_publish(pipe, conn, n);
			*fault = n < len;
		}
	}
	rcu_read_unlock();
	return n;
}

/* What was left of a lost connection; private memory under read_lock. */
static size_t residue_move(struct vbpipe *pipe, struct iov_iter *to)
{
	size_t n = min_t(size_t, pipe->residue_len - pipe->residue_pos, iov_iter_count(to));

	if (!n)
		return 0;
	n = copy_to_iter(pipe->residue + pipe->residue_pos, n, to);
	pipe->residue_pos += n;
	return n;
}

static bool is_lost(struct vbpipe *pipe)
{
	/* Pairs with the unlock after which the residue is complete. */
	return smp_load_acquire(&pipe->state) == VBPIPE_END_LOST;
}

/*
 * Bytes or room at which a sleeper that wants at least that much is woken. Waking
 * takes about as long as the other side needs for the rest of a ring: begun early, it
 * lets both go on without sleeping. Small rings wake at half: two steps are the
 * fewest with which both can work at the same time.
 */
static u32 wake_step(u32 size)
{
	return max3(size / 8, min(size / 2, WAKE_MIN), 1u);
}

/* Is there something for a reader that wants @want bytes to do? */
static bool rx_ready(struct vbpipe *pipe, size_t want)
{
	struct vbpipe_conn *conn;
	bool ready = is_lost(pipe);

	rcu_read_lock();
	conn = open_conn(pipe);
	if (conn)
		ready = rx_arm(pipe, conn, min_t(size_t, want, wake_step(conn->rx_size))) ||
			!vbpipe_peer_is_on(conn);
	rcu_read_unlock();
	return ready;
}

static bool tx_ready(struct vbpipe *pipe, size_t want)
{
	struct vbpipe_conn *conn;
	bool ready = is_lost(pipe);

	rcu_read_lock();
	conn = open_conn(pipe);
	if (conn)
		ready = tx_arm(pipe, conn, min_t(size_t, want, wake_step(conn->tx_size))) ||
			!vbpipe_peer_is_on(conn);
	rcu_read_unlock();
	return ready;
}

static bool is_nonblock(const struct kiocb *iocb)
{
	return iocb->ki_filp->f_flags & O_NONBLOCK || iocb->ki_flags & IOCB_NOWAIT;
}

static int lock_end(struct mutex *lock, bool nonblock)
{
	if (nonblock)
		return mutex_trylock(lock) ? 0 : -EAGAIN;
	return mutex_lock_interruptible(lock) ? -ERESTARTSYS : 0;
}

/*
 * Reads what is there, bringing in user memory as needed. *@eof: nothing more
 * will come. *@err is -EFAULT when user memory is not to be had, -EINTR after a kill.
 */
static size_t read_pass(struct vbpipe *pipe, struct iov_iter *to, bool *eof, int *err)
{
	size_t done = 0;
	bool fault;
	u32 n;

	do {
		cond_resched();
		fault = false;
		n = rx_move(pipe, to, &fault, eof);
		done += n;
	} while (!fatal_signal_pending(current) && iov_iter_count(to) &&
		 (fault ? !fault_in_iov_iter_writeable(to, 1) : n));
	if (fault)
		*err = -EFAULT;
	else if (fatal_signal_pending(current))
		*err = -EINTR;

	if (is_lost(pipe) && !fault) {
		done += residue_move(pipe, to);
		*eof = pipe->residue_pos == pipe->residue_len;
		if (!*eof && iov_iter_count(to))
			*err = -EFAULT;
	}
	return done;
}

/* Has something changed that a sleeping reader would be woken for? Asks for nothing. */
static bool rx_changed(struct vbpipe *pipe)
{
	struct vbpipe_conn *conn;
	bool changed = is_lost(pipe);

	rcu_read_lock();
	conn = open_conn(pipe);
	if (conn)
		changed = vlink_load(&conn->rx_prod->prod) != conn->rx.index ||
			  !vbpipe_peer_is_on(conn);
	rcu_read_unlock();
	return changed;
}

/* Looks for data for as long as it has been worth it lately. */
static bool rx_poll(struct vbpipe *pipe)
{
	u64 end = local_clock() + pipe->poll_ns;
	bool changed;

	while (!(changed = rx_changed(pipe)) && !need_resched() &&
	       !signal_pending(current) && local_clock() < end)
		cpu_relax();
	return changed;
}

/*
 * Sleeps until rx_ready(). With poll= in the info it looks for a while first: a
 * peer that answers at once then costs neither side a wake-up. Looking in vain makes
 * the while shorter. A short sleep makes it whole again: most of that may have been
 * the two wake-ups that looking saves.
 */
static int rx_sleep(struct vbpipe *pipe, size_t want)
{
	const u32 poll_max = pipe->config.poll_us * NSEC_PER_USEC;
	u64 begin;
	int err;

	if (!poll_max)
		return vlink_wait_event(pipe->rx_wait, rx_ready(pipe, want));

	if (pipe->poll_ns && rx_poll(pipe))
		return 0;
	begin = local_clock();
	err = vlink_wait_event(pipe->rx_wait, rx_ready(pipe, want));
	pipe->poll_ns = local_clock() - begin < 4ull * poll_max ? poll_max : pipe->poll_ns / 2;
	return err;
}

/*
 * After a signal: what came while the reader slept for more counts as read. Not so if
 * it is killed: other readers of the pipe may live on.
 */
static size_t read_interrupted(struct vbpipe *pipe, struct iov_iter *to, size_t done)
{
	bool eof = false;
	int err = 0;

	if (!fatal_signal_pending(current))
		done += read_pass(pipe, to, &eof, &err);
	return done;
}

static ssize_t read_locked(struct vbpipe *pipe, struct iov_iter *to, bool nonblock)
{
	const bool available = pipe->config.read_available;
	bool eof = false;
	size_t done = 0;
	int err = 0;

	for (;;) {
		done += read_pass(pipe, to, &eof, &err);
		if (err || eof || !iov_iter_count(to) || (done && available))
			break;
		if (nonblock) {
			err = -EAGAIN;
			break;
		}
		err = rx_sleep(pipe, available ? 1 : iov_iter_count(to));
		if (err)
			return read_interrupted(pipe, to, done) ?: err;
	}
	return done ?: err;
}

/*
 * Who watches by edges (EPOLLET) does not ask again after a read: the peer is to
 * notify of the next byte, and what came meanwhile is news.
 */
static void tell_rx_watchers(struct vbpipe *pipe)
{
	if (wq_has_sleeper(&pipe->rx_wait) && rx_ready(pipe, 1))
		wake_up_interruptible_poll(&pipe->rx_wait, EPOLLIN | EPOLLRDNORM);
}

ssize_t vbpipe_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct vbpipe *pipe = vbpipe_of(iocb->ki_filp);
	bool nonblock = is_nonblock(iocb);
	ssize_t ret;

	atomic64_inc(&pipe->stats.reads);
	if (!iov_iter_count(to))
		return 0;
	ret = lock_end(&pipe->read_lock, nonblock);
	if (ret)
		return ret;
	ret = read_locked(pipe, to, nonblock);
	mutex_unlock(&pipe->read_lock);
	tell_rx_watchers(pipe);
	if (ret > 0)
		atomic64_add(ret, &pipe->stats.read_bytes);
	return ret;
}

/* Writes what there is room for. *@err: why nothing more can be written, or 0. */
static size_t write_pass(struct vbpipe *pipe, struct iov_iter *from, int *err)
{
	bool fault, off = false;
	size_t done = 0;
	u32 n;

	do {
		cond_resched();
		fault = false;
		n = tx_move(pipe, from, &fault, &off);
		done += n;
	} while (!fatal_signal_pending(current) && iov_iter_count(from) &&
		 (fault ? !fault_in_iov_iter_readable(from, 1) : n));
	if (fault)
		*err = -EFAULT;
	else if (fatal_signal_pending(current))
		*err = -EINTR;
	if (off || is_lost(pipe))
		*err = -EPIPE;
	return done;
}

/* Is there room for all of @count, or no peer to have room for? */
static bool has_room(struct vbpipe *pipe, size_t count)
{
	struct vbpipe_conn *conn;
	bool room = true;

	rcu_read_lock();
	conn = open_conn(pipe);
	if (conn && vbpipe_peer_is_on(conn) && count <= conn->tx_size)
		room = tx_space(pipe, conn) >= count;
	rcu_read_unlock();
	return room;
}

static ssize_t write_locked(struct vbpipe *pipe, struct iov_iter *from, bool nonblock)
{
	size_t done = 0;
	int err = 0;

	/* Up to the size of the ring all or nothing: nobody else writes now. */
	if (nonblock && !has_room(pipe, iov_iter_count(from)))
		return -EAGAIN;

	for (;;) {
		done += write_pass(pipe, from, &err);
		if (!iov_iter_count(from))
			return done;
		if (err)
			break;
		if (nonblock) {
			err = -EAGAIN;
			break;
		}
		err = vlink_wait_event(pipe->tx_wait,
				       tx_ready(pipe, iov_iter_count(from)));
		if (err)
			break;
	}
	return done ?: err;
}

/* Asks for a notification when @want bytes that did not fit have room, however many fit now. */
static void tell_tx_watchers(struct vbpipe *pipe, size_t want)
{
	struct vbpipe_conn *conn;
	bool news = false;

	if (!want || !wq_has_sleeper(&pipe->tx_wait))
		return;
	rcu_read_lock();
	conn = open_conn(pipe);
	if (conn)
		news = tx_arm(pipe, conn, min_t(size_t, want, conn->tx_size));
	rcu_read_unlock();
	if (news)
		wake_up_interruptible_poll(&pipe->tx_wait, EPOLLOUT | EPOLLWRNORM);
}

ssize_t vbpipe_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct vbpipe *pipe = vbpipe_of(iocb->ki_filp);
	bool nonblock = is_nonblock(iocb);
	ssize_t ret;

	atomic64_inc(&pipe->stats.writes);
	if (!iov_iter_count(from))
		return 0;
	ret = lock_end(&pipe->write_lock, nonblock);
	if (ret)
		return ret;
	ret = write_locked(pipe, from, nonblock);
	mutex_unlock(&pipe->write_lock);
	tell_tx_watchers(pipe, iov_iter_count(from));
	if (ret > 0)
		atomic64_add(ret, &pipe->stats.write_bytes);
	return ret;
}

/* Bytes that a reader would get now. */
static u32 readable(struct vbpipe *pipe)
{
	struct vbpipe_conn *conn;
	u32 avail = 0;

	rcu_read_lock();
	conn = open_conn(pipe);
	if (conn)
		avail = rx_avail(pipe, conn);
	else if (is_lost(pipe))
		avail = READ_ONCE(pipe->residue_len) - READ_ONCE(pipe->residue_pos);
	rcu_read_unlock();
	return avail;
}

__poll_t vbpipe_poll(struct file *file, poll_table *wait)
{
	struct vbpipe *pipe = vbpipe_of(file);
	struct vbpipe_conn *conn;
	__poll_t mask = 0;

	poll_wait(file, &pipe->rx_wait, wait);
	poll_wait(file, &pipe->tx_wait, wait);

	rcu_read_lock();
	conn = open_conn(pipe);
	if (conn) {
		if (tx_arm(pipe, conn, 1))
			mask |= EPOLLOUT | EPOLLWRNORM;
		rx_arm(pipe, conn, 1);
		if (!vbpipe_peer_is_on(conn))
			mask = EPOLLERR | EPOLLHUP;
	}
	rcu_read_unlock();

	if (is_lost(pipe))
		mask = EPOLLERR | EPOLLHUP;
	if (readable(pipe))
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask;
}

long vbpipe_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd != FIONREAD)
		return -ENOTTY;
	return put_user((int)readable(vbpipe_of(file)), (int __user *)arg);
}
