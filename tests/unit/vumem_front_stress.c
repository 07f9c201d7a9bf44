// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Processes that make, map, pass on, register, free and close sessions and buffers, are
 * signalled and killed, while the server answers late or never, ends and begins anew, and
 * the link is cut: whatever meets, nothing may be left in the end.
 */
#include "vumem_link.h"

#define THREADS		4
#define STEPS		1000
#define SLOTS		8
#define LATE		16	/* requests that the server keeps for a while */

/* Descriptors that all threads use and close, at any moment; -1: none. */
static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;
static int sessions[SLOTS], buffers[SLOTS];
static struct task_struct tasks[THREADS];
static unsigned int running;
static unsigned int done[4];		/* sessions, buffers, mappings, registrations */

static unsigned int random_below(unsigned int *state, unsigned int n)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 16) % n;
}

/* --- processes --------------------------------------------------------------------- */

static int swap_fd(int *place, int fd)
{
	int old;

	pthread_mutex_lock(&slots_lock);
	old = *place;
	*place = fd;
	pthread_mutex_unlock(&slots_lock);
	return old;
}

/* A descriptor of one's own for what is there. */
static int take_copy(int *place)
{
	int fd;

	pthread_mutex_lock(&slots_lock);
	fd = *place < 0 ? -1 : kernel_dup(*place);
	pthread_mutex_unlock(&slots_lock);
	return fd;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		kernel_close(fd);
}

static void count(unsigned int what, long err)
{
	if (!err)
		__atomic_add_fetch(&done[what], 1, __ATOMIC_RELAXED);
}

static void make_session(int *place)
{
	struct vumem_session_args args = { 0 };
	int fd = open_node();
	long err = kernel_ioctl(fd, VUMEM_IOC_SESSION_CREATE, &args);

	count(0, err);
	close_fd(swap_fd(place, err ? -1 : fd));
	if (err)
		close_fd(fd);
}

/* False: the session is over. */
static bool make_buffer(int session, int *place)
{
	struct vumem_alloc_args args = { 0 };
	long err = kernel_ioctl(session, VUMEM_IOC_ALLOC, &args);

	count(1, err);
	if (!err)
		close_fd(swap_fd(place, args.fd));
	return err != -EPIPE;
}

/* False: the buffer is over. */
static bool use_buffer(int buffer, int session, unsigned int how)
{
	struct vm_area_struct vma = { .vm_end = PAGE_SIZE, .vm_flags = VM_SHARED };
	struct vumem_ctl_args ctl = { 0 };
	struct vumem_buffer_args info;
	s32 fd = session;

	switch (how) {
	case 0: kernel_ioctl(buffer, VUMEM_IOC_FREE, NULL); break;
	case 1: count(3, kernel_ioctl(buffer, VUMEM_IOC_REGISTER, &fd)); break;
	case 2: kernel_ioctl(buffer, VUMEM_IOC_UNREGISTER, &fd); break;
	case 3: kernel_ioctl(buffer, VUMEM_IOC_CTL, &ctl); break;
	default: count(2, kernel_mmap(buffer, &vma)); break;
	}
	return !kernel_ioctl(buffer, VUMEM_IOC_BUFFER, &info) && !info.ended;
}

static void step(unsigned int *state)
{
	int *session_place = &sessions[random_below(state, SLOTS)];
	int *buffer_place = &buffers[random_below(state, SLOTS)];
	int session = take_copy(session_place), buffer = take_copy(buffer_place);
	unsigned int what = random_below(state, 16);
	bool end_session = false, end_buffer = false;

	if (session < 0 || !what)
		make_session(session_place);
	else if (buffer < 0 || what == 1)
		end_session = !make_buffer(session, buffer_place);
	else if (what == 2)
		end_session = true;
	else if (what == 3)
		end_buffer = true;
	else
		end_buffer = !use_buffer(buffer, session, random_below(state, 12));
	if (end_session)
		close_fd(swap_fd(session_place, -1));
	if (end_buffer)
		close_fd(swap_fd(buffer_place, -1));
	close_fd(session);
	close_fd(buffer);
}

static void *process(void *arg)
{
	struct task_struct *task = arg;
	unsigned int state = (unsigned int)(task - tasks) + 1;

	kernel_become(task);
	for (unsigned int i = 0; i < STEPS; i++) {
		step(&state);
		/* Another process takes over. */
		__atomic_store_n(&task->signalled, false, __ATOMIC_RELAXED);
		__atomic_store_n(&task->killed, false, __ATOMIC_RELAXED);
	}
	__atomic_sub_fetch(&running, 1, __ATOMIC_RELAXED);
	return NULL;
}

/* --- the server and the link ---------------------------------------------------------- */

static struct vumem_msg late[LATE];
static unsigned int nr_late, next_buffer;
static u32 epoch = 1;

static void answer_late(unsigned int *state)
{
	unsigned int i = random_below(state, nr_late);
	struct vumem_msg msg = late[i];

	late[i] = late[--nr_late];
	if (msg.type == VUMEM_SESSION)
		msg.epoch = epoch;
	msg.ret = random_below(state, 10) ? 0 : ENOSPC;
	if (msg.type != VUMEM_SESSION && msg.epoch != epoch)
		msg.ret = EPIPE;
	if (msg.type == VUMEM_ALLOC) {
		msg.buffer = ++next_buffer;
		msg.pages = 1;
		msg.bytes = PAGE_SIZE;
		msg.dir_ref = 7;
	}
	msg.type = VUMEM_RESPONSE;
	peer_send(&msg);
}

static void end_server(void)
{
	struct vumem_msg msg = { .type = VUMEM_RESET, .epoch = epoch };

	epoch++;
	if (peer_has_room())
		peer_send(&msg);
}

static void cut_link(void)
{
	link_disconnect();
	nr_late = 0;
	epoch++;
	link_connect();
}

static void serve(unsigned int *state)
{
	struct vumem_msg msg;
	unsigned int what;

	run();
	if (nr_late < LATE && peer_receive(&msg) && msg.type != VUMEM_CANCEL)
		late[nr_late++] = msg;
	if (!nr_late || !peer_has_room() || random_below(state, 2))
		return;
	answer_late(state);
	what = random_below(state, 400);
	if (what < 3)
		end_server();
	else if (what == 3)
		cut_link();
	else if (what < 50)
		kernel_signal(&tasks[what % THREADS], what & 1);
}

static void nothing_is_left(void)
{
	pthread_t threads[THREADS];
	unsigned int state = 99;

	link_up(VLINK_CLIENT);
	for (unsigned int i = 0; i < SLOTS; i++) {
		sessions[i] = -1;
		buffers[i] = -1;
	}
	running = THREADS;
	for (unsigned int i = 0; i < THREADS; i++) {
		tasks[i] = (struct task_struct){ .pid = (int)i + 1, .tgid = (int)i + 1, .refs = 1 };
		if (pthread_create(&threads[i], NULL, process, &tasks[i]))
			abort();
	}
	while (__atomic_load_n(&running, __ATOMIC_RELAXED))
		serve(&state);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT(!link_failed());
	for (unsigned int i = 0; i < SLOTS; i++) {
		close_fd(sessions[i]);
		close_fd(buffers[i]);
	}
	link_down();
	for (unsigned int i = 0; i < ARRAY_SIZE(done); i++)
		CU_ASSERT(done[i] > 10);
	printf("%u sessions, %u buffers, %u mappings, %u registrations\n", done[0], done[1],
	       done[2], done[3]);
}

static const struct unit_test tests[] = {
	{ "nothing_is_left", nothing_is_left },
};

int main(void)
{
	UNIT_ADD("vumem_front_stress", tests);
	return unit_run("vumem_front_stress");
}
