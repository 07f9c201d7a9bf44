// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Copying what a program's references name. Nobody has checked these addresses: a wrong
 * one is to be an error of this request, not the end of the process. So the kernel copies,
 * which says EFAULT where the library would be killed by a signal. One system call is
 * enough for all pieces of a request; it costs as much as five to ten posts.
 *
 * No call is needed for the calling thread's own stack, where programs have most of
 * what is small: from the present frame up it is there for certain.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "call.h"

#define PIPE_PIECE	4096u	/* any pipe has room for it */

enum direction { FROM_PROGRAM, TO_PROGRAM };

/* Of this thread; both 0: not known yet. */
static __thread struct {
	uintptr_t start, end;
} stack;

static void find_stack(void)
{
	pthread_attr_t attr;
	size_t size;
	void *start;

	stack.end = 1;
	if (pthread_getattr_np(pthread_self(), &attr))
		return;
	if (!pthread_attr_getstack(&attr, &start, &size)) {
		stack.start = (uintptr_t)start;
		stack.end = stack.start + size;
	}
	pthread_attr_destroy(&attr);
}

static bool is_on_stack(const void *ptr, size_t size)
{
	uintptr_t at = (uintptr_t)ptr, frame = (uintptr_t)__builtin_frame_address(0);

	if (!stack.end)
		find_stack();
	/* The frame may be that of a signal handler, or of a coroutine, with a stack of its own. */
	return frame >= stack.start && at >= frame && at < stack.end && size <= stack.end - at;
}

static void copy_piece(const struct iovec *ours, const struct iovec *theirs,
		       enum direction direction)
{
	if (direction == FROM_PROGRAM)
		memcpy(ours->iov_base, theirs->iov_base, ours->iov_len);
	else
		memcpy(theirs->iov_base, ours->iov_base, ours->iov_len);
}

/* Through a pipe, for memory that process_vm_readv() does not reach, or where it is forbidden. */
static int pump(int fds[2], const struct iovec *to, const struct iovec *from)
{
	size_t at, n;

	for (at = 0; at < from->iov_len; at += n) {
		n = from->iov_len - at < PIPE_PIECE ? from->iov_len - at : PIPE_PIECE;
		if (write(fds[1], (const char *)from->iov_base + at, n) != (ssize_t)n ||
		    read(fds[0], (char *)to->iov_base + at, n) != (ssize_t)n)
			return EFAULT;
	}
	return 0;
}

static int copy_by_pipe(const struct vrpq_copy *copy, enum direction direction)
{
	unsigned int i;
	int err = 0, fds[2];

	/* What a pipe has room for, and has, is not waited for. */
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return errno;
	for (i = 0; i < copy->nr && !err; i++)
		err = direction == FROM_PROGRAM ? pump(fds, &copy->ours[i], &copy->theirs[i]) :
						  pump(fds, &copy->theirs[i], &copy->ours[i]);
	close(fds[0]);
	close(fds[1]);
	return err;
}

static int copy_all(const struct vrpq_copy *copy, enum direction direction)
{
	ssize_t done;

	if (!copy->nr)
		return 0;
	done = direction == FROM_PROGRAM ?
		process_vm_readv(getpid(), copy->ours, copy->nr, copy->theirs, copy->nr, 0) :
		process_vm_writev(getpid(), copy->ours, copy->nr, copy->theirs, copy->nr, 0);
	return done == (ssize_t)copy->size ? 0 : copy_by_pipe(copy, direction);
}

/* Copies at once what needs no care. */
static int copy(const struct vrpq_copy *all, enum direction direction)
{
	struct vrpq_copy rest;
	unsigned int i;

	rest.nr = 0;
	rest.size = 0;
	for (i = 0; i < all->nr; i++) {
		if (is_on_stack(all->theirs[i].iov_base, all->theirs[i].iov_len))
			copy_piece(&all->ours[i], &all->theirs[i], direction);
		else
			vrpq_copy_add(&rest, all->ours[i].iov_base, all->theirs[i].iov_base,
				      all->ours[i].iov_len);
	}
	return copy_all(&rest, direction);
}

int vrpq_copy_from_program(const struct vrpq_copy *all)
{
	return copy(all, FROM_PROGRAM);
}

int vrpq_copy_to_program(const struct vrpq_copy *all)
{
	return copy(all, TO_PROGRAM);
}
