// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Ways to memory other than the processor's: by debuggers, by other processes, and wherever the
 * kernel takes references to pages.
 */
#include "attacker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* A window that some process of the round has, or had. */
static pid_t shown_window(char **addr)
{
	unsigned int i = below(BOARD_WINDOWS);

	/* Rarely of the other user, whose memory is nothing to us. */
	for (unsigned int tries = 8; tries-- && board->shown[i].uid != getuid();)
		i = below(BOARD_WINDOWS);
	*addr = board->shown[i].addr + below(4) * ATTACK_PAGE;
	return board->shown[i].pid;
}

/* ---- memory of other processes ---- */

static void copy_across(void)
{
	struct range part = pick_part();
	struct iovec local, remote;
	char *addr;
	pid_t pid = shown_window(&addr);

	if (pid <= 1)
		return;
	local = (struct iovec){ chance(50) ? odd_pointer(odd_size()) : part.addr, odd_size() };
	remote = (struct iovec){ addr, odd_size() };
	if (chance(50))
		CALL(process_vm_readv, pid, &local, 1, &remote, 1, 0);
	else
		CALL(process_vm_writev, pid, &local, 1, &remote, 1, 0);
}

static void through_proc(void)
{
	static const char *const files[] = { "mem", "mem", "mem", "maps", "smaps", "pagemap",
					     "numa_maps", "clear_refs", "smaps_rollup", "fdinfo/5",
					     "stack", "wchan", "coredump_filter", "environ" };
	char path[64], *addr;
	pid_t pid = shown_window(&addr);
	size_t len = odd_size();
	off_t at;
	long fd;

	if (pid <= 1)
		return;
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid,
		 files[below(sizeof(files) / sizeof(files[0]))]);
	fd = CALL(openat, AT_FDCWD, path, chance(70) ? O_RDWR : O_RDONLY);
	if (fd < 0)
		fd = CALL(openat, AT_FDCWD, path, O_RDONLY);
	if (fd < 0)
		return;
	at = strstr(path, "pagemap") ? (off_t)((uintptr_t)addr / ATTACK_PAGE * 8) :
				       (off_t)(uintptr_t)addr;
	if (strstr(path, "maps"))
		at = 0;
	CALL(pread64, fd, odd_pointer(len), len, at);
	CALL(pwrite64, fd, chance(50) ? "1" : odd_pointer(len), chance(50) ? 1 : len, at);
	keep_fd((int)fd, PLAIN, NULL);
}

static void debug_one(pid_t pid, char *addr)
{
	struct iovec part = { odd_pointer(1024), 1024 };
	char siginfo[4096];

	for (unsigned int i = 0; i < 6; i++) {
		CALL(ptrace, PTRACE_PEEKDATA, pid, addr + below(64) * 8, odd_pointer(8));
		CALL(ptrace, PTRACE_POKEDATA, pid, addr + below(64) * 8, odd_number());
	}
	CALL(ptrace, PTRACE_GETREGSET, pid, 1, &part);
	CALL(ptrace, PTRACE_PEEKSIGINFO, pid, odd_pointer(32), siginfo);
}

/* Only a child of one's own: a traced process stands still. */
static void debug_child(void)
{
	uint64_t seed = rnd();
	pid_t child = fork();
	char *addr;

	if (child < 0)
		return;
	if (!child) {
		child_begin(seed);
		for (;;)
			attack_once();
	}
	usleep(below(20000));
	shown_window(&addr);
	CALL(ptrace, PTRACE_SEIZE, child, 0, chance(50) ? PTRACE_O_EXITKILL : 0);
	CALL(ptrace, PTRACE_INTERRUPT, child, 0, 0);
	for (unsigned int i = 0; i < 50 && !CALL(wait4, child, NULL, WNOHANG | __WALL, NULL); i++)
		usleep(1000);
	debug_one(child, chance(70) ? addr : pick_part().addr);
	if (chance(50))
		CALL(ptrace, PTRACE_DETACH, child, 0, 0);
	CALL(kill, child, SIGKILL);
	waitpid(child, NULL, __WALL);
}

/* ---- pages that come when they are asked for ---- */

struct lazy {
	int fd;
	uint64_t random;
};

/* Answers faults late, wrongly or never. */
static void *answer_faults(void *arg)
{
	struct lazy *lazy = arg;
	struct uffd_msg msg;
	struct pollfd poll_fd = { .fd = lazy->fd, .events = POLLIN };
	static char page[ATTACK_PAGE] __attribute__((aligned(4096)));

	actor_start(lazy->random);
	for (unsigned int i = 0; i < 50; i++) {
		struct uffdio_copy copy = { .src = (uintptr_t)page, .len = ATTACK_PAGE };
		struct uffdio_zeropage zero = { .range.len = ATTACK_PAGE };

		if (poll(&poll_fd, 1, 1000) != 1 || read(lazy->fd, &msg, sizeof(msg)) <= 0)
			break;
		usleep(below(chance(10) ? 500000 : 20000));
		copy.dst = msg.arg.pagefault.address & ~(uint64_t)(ATTACK_PAGE - 1);
		zero.range.start = copy.dst;
		if (chance(10))
			copy.src = (uintptr_t)pick_part().addr;
		if (chance(80))
			ASK(lazy->fd, UFFDIO_COPY, &copy);
		else
			ASK(lazy->fd, UFFDIO_ZEROPAGE, &zero);
	}
	CALL(close, lazy->fd);
	return NULL;
}

static void fault_in_user_space(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = chance(30) ? rnd() & 0x1ff : 0 };
	struct uffdio_register area = { 0 };
	struct range part = pick_part();
	static struct lazy lazies[8];
	struct lazy *lazy = &lazies[below(8)];
	pthread_t thread;
	long fd;

	/* Memory that has no pages yet, or a window, which must be refused. */
	if (chance(80)) {
		part.len = (1 + below(8)) * ATTACK_PAGE;
		part.addr = mmap(arena_place(), part.len, PROT_READ | PROT_WRITE,
				 MAP_FIXED | MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
		if (part.addr == MAP_FAILED)
			return;
		keep_range(MEMORY, part.addr, part.len);
	}
	fd = CALL(userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		fd = CALL(userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	if (fd < 0)
		return;
	area.range.start = (uintptr_t)part.addr & ~(uintptr_t)(ATTACK_PAGE - 1);
	area.range.len = part.len & ~(size_t)(ATTACK_PAGE - 1);
	area.mode = chance(80) ? UFFDIO_REGISTER_MODE_MISSING : below(8);
	lazy->fd = (int)fd;
	lazy->random = rnd();
	if (ASK(fd, UFFDIO_API, &api) || ASK(fd, UFFDIO_REGISTER, &area) ||
	    pthread_create(&thread, NULL, answer_faults, lazy)) {
		CALL(close, fd);
		return;
	}
	pthread_detach(thread);
}

/* ---- the kernel takes references ---- */

static void through_pipes(void)
{
	struct range part = pick_part();
	struct iovec vec = { part.addr, part.len };
	const struct node *node;
	static const enum what whats[] = { PIPE_NODE, SOCKET, PLAIN, ANYTHING };
	int ends[2] = { -1, -1 }, other = pick_fd_on(whats[below(4)], &node);
	unsigned int flags = below(16);

	if (CALL(pipe2, ends, O_NONBLOCK | O_CLOEXEC | (chance(20) ? O_DIRECT : 0)))
		return;
	CALL(vmsplice, ends[1], &vec, 1, flags | SPLICE_F_NONBLOCK);
	CALL(write, ends[1], odd_pointer(4096), 4096);
	CALL(splice, ends[0], NULL, other, NULL, odd_size(), flags | SPLICE_F_NONBLOCK);
	CALL(splice, other, NULL, ends[1], NULL, odd_size(), flags | SPLICE_F_NONBLOCK);
	CALL(tee, ends[0], pick_fd_on(PLAIN, &node), odd_size(), SPLICE_F_NONBLOCK);
	CALL(vmsplice, ends[0], &vec, 1, SPLICE_F_NONBLOCK);
	for (unsigned int i = 0; i < 2; i++)
		if (chance(30))
			keep_fd(ends[i], PLAIN, NULL);
		else
			CALL(close, ends[i]);
}

static void through_files(void)
{
	struct range part = pick_part();
	const struct node *node;
	int other = pick_fd_on(ANYTHING, &node);
	long file;

	switch (below(3)) {
	case 0: file = CALL(memfd_create, "attack", below(4)); break;
	case 1: file = CALL(openat, AT_FDCWD, "data", O_RDWR | O_CREAT | O_DIRECT, 0600); break;
	default: file = CALL(memfd_secret, 0);
	}
	if (file < 0)
		file = CALL(openat, AT_FDCWD, "data", O_RDWR | O_CREAT, 0600);
	if (file < 0)
		return;
	CALL(ftruncate, file, 65536);
	CALL(pwrite64, file, part.addr, part.len % 65536, 0);
	CALL(pread64, file, part.addr, part.len % 65536, 0);
	CALL(sendfile, other, file, NULL, odd_size());
	CALL(sendfile, file, other, NULL, odd_size());
	CALL(copy_file_range, file, NULL, other, NULL, odd_size(), 0);
	if (chance(40))
		keep_fd((int)file, PLAIN, NULL);
	else
		CALL(close, file);
}

static void asynchronously(void)
{
	aio_context_t context = 0;
	struct iocb blocks[4], *pointers[4];
	struct io_event events[4];
	struct timespec soon = { .tv_nsec = 5000000 };
	const struct node *node;

	if (CALL(io_setup, 8, &context))
		return;
	for (unsigned int i = 0; i < 4; i++) {
		struct range part = pick_part();

		memset(&blocks[i], 0, sizeof(blocks[i]));
		blocks[i].aio_lio_opcode = (uint16_t)below(9);
		blocks[i].aio_fildes = (uint32_t)pick_fd_on(ANYTHING, &node);
		blocks[i].aio_buf = blocks[i].aio_lio_opcode == IOCB_CMD_POLL ?
				    (uint64_t)below(64) : (uintptr_t)part.addr;
		blocks[i].aio_nbytes = part.len;
		pointers[i] = &blocks[i];
	}
	CALL(io_submit, context, 1 + below(4), pointers);
	CALL(io_getevents, context, 0, 4, chance(50) ? odd_pointer(256) : events, &soon);
	if (chance(90))
		CALL(io_destroy, context);
}

/* ---- io_uring, without its library ---- */

struct ring {
	int fd;
	char *queue, *completions;
	struct io_uring_sqe *entries;
	struct io_uring_params params;
};

static bool ring_open(struct ring *ring)
{
	size_t size;

	memset(ring, 0, sizeof(*ring));
	ring->params.flags = chance(80) ? 0 : (uint32_t)rnd() & 0x7f;
	ring->fd = (int)CALL(io_uring_setup, 8, &ring->params);
	if (ring->fd < 0)
		return false;
	size = ring->params.sq_off.array + ring->params.sq_entries * sizeof(uint32_t);
	ring->queue = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			   IORING_OFF_SQ_RING);
	ring->entries = mmap(NULL, ring->params.sq_entries * sizeof(*ring->entries),
			     PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQES);
	return ring->queue != MAP_FAILED && ring->entries != MAP_FAILED;
}

static void ring_close(struct ring *ring)
{
	if (ring->queue && ring->queue != MAP_FAILED)
		munmap(ring->queue, ring->params.sq_off.array +
		       ring->params.sq_entries * sizeof(uint32_t));
	if (ring->entries && (void *)ring->entries != MAP_FAILED)
		munmap(ring->entries, ring->params.sq_entries * sizeof(*ring->entries));
	if (ring->fd >= 0)
		CALL(close, ring->fd);
}

static void fill_entry(struct io_uring_sqe *entry)
{
	static const uint8_t opcodes[] = { IORING_OP_READ, IORING_OP_WRITE, IORING_OP_READ_FIXED,
					   IORING_OP_WRITE_FIXED, IORING_OP_READV, IORING_OP_SEND,
					   IORING_OP_RECV, IORING_OP_POLL_ADD, IORING_OP_CLOSE,
					   IORING_OP_SPLICE, IORING_OP_MADVISE, IORING_OP_ACCEPT,
					   IORING_OP_SHUTDOWN, IORING_OP_URING_CMD,
					   IORING_OP_TIMEOUT, IORING_OP_SEND_ZC,
					   IORING_OP_PROVIDE_BUFFERS };
	struct range part = pick_part();
	const struct node *node;

	memset(entry, 0, sizeof(*entry));
	entry->opcode = opcodes[below(sizeof(opcodes))];
	entry->fd = pick_fd_on(ANYTHING, &node);
	entry->addr = (uintptr_t)part.addr;
	entry->len = (uint32_t)part.len;
	entry->buf_index = (uint16_t)below(3);
	if (entry->opcode == IORING_OP_POLL_ADD)
		entry->poll32_events = below(64);
	if (entry->opcode == IORING_OP_MADVISE)
		entry->fadvise_advice = below(26);
	if (entry->opcode == IORING_OP_CLOSE && entry->fd <= STDERR_FILENO)
		entry->opcode = IORING_OP_NOP;
	entry->flags = chance(70) ? 0 : (uint8_t)(below(64) & ~1u);
}

static void ring_submit(struct ring *ring, unsigned int nr)
{
	const struct io_sqring_offsets *at = &ring->params.sq_off;
	_Atomic uint32_t *tail = (_Atomic uint32_t *)(void *)(ring->queue + at->tail);
	uint32_t *array = (uint32_t *)(void *)(ring->queue + at->array);
	uint32_t mask = ring->params.sq_entries - 1;

	for (unsigned int i = 0; i < nr; i++) {
		uint32_t slot = (*tail + i) & mask;

		fill_entry(&ring->entries[slot]);
		array[slot] = slot;
	}
	atomic_fetch_add(tail, nr);
	CALL(io_uring_enter, ring->fd, nr, 0, 0, NULL, 0);
}

/* The kernel keeps to itself the pages that say where buffers are. */
static void register_ring_of_buffers(const struct ring *ring)
{
	struct io_uring_buf_reg where = {
		.ring_addr = (uintptr_t)pick_part().addr,
		.ring_entries = chance(90) ? 1u << below(8) : (uint32_t)odd_number(),
		.bgid = (uint16_t)below(3),
	};

	CALL(io_uring_register, ring->fd, IORING_REGISTER_PBUF_RING, &where, 1);
}

static void through_rings(void)
{
	struct range parts[3];
	const struct node *node;
	int files[4];
	struct ring ring;

	for (unsigned int i = 0; i < 3; i++)
		parts[i] = pick_part();
	for (unsigned int i = 0; i < 4; i++)
		files[i] = pick_fd_on(ANYTHING, &node);
	if (ring_open(&ring)) {
		CALL(io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, parts, 1 + below(3));
		if (chance(30))
			CALL(io_uring_register, ring.fd, IORING_REGISTER_FILES, files, 4);
		if (!attack.no_buffer_rings && chance(30))
			register_ring_of_buffers(&ring);
		for (unsigned int i = 1 + below(3); i; i--)
			ring_submit(&ring, 1 + below(4));
	}
	ring_close(&ring);
}

/* ---- the kernel writes by itself ---- */

static void wait_on_word(void)
{
	uint32_t *word = (uint32_t *)(void *)(pick_part().addr + 4ul * below(16));
	struct timespec soon = { .tv_nsec = 2000000 };

	CALL(futex, word, below(14) | (chance(30) ? FUTEX_PRIVATE_FLAG : 0), below(3),
	     chance(70) ? &soon : odd_pointer(16), word + below(4), below(3));
}

static void write_frame(void *where)
{
	stack_t stack = { .ss_sp = where, .ss_size = 4 * (size_t)ATTACK_PAGE };

	sigaltstack(&stack, NULL);
	raise(SIGUSR2);
}

/* A child whose end, signals and core the kernel writes to where a window is. */
static void end_in_window(void)
{
	uint64_t seed = rnd();
	pid_t child = fork();
	struct range range;

	if (child < 0)
		return;
	if (!child) {
		struct rlimit core = { 1u << 20, 1u << 20 };
		const struct node *node;

		child_begin(seed);
		map_window(pick_fd_on(chance(50) ? VUMEM_BUFFER : VRPQ_SESSION, &node),
			   (1 + below(16)) * ATTACK_PAGE);
		range = pick_range(WINDOW);
		CALL(set_robust_list, range.addr, 24);
		CALL(set_tid_address, range.addr + 64);
		CALL(madvise, range.addr, range.len, 17);	/* DODUMP */
		setrlimit(RLIMIT_CORE, &core);
		if (chance(50))
			write_frame(range.addr);
		raise(chance(50) ? SIGQUIT : SIGKILL);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static void results_into_window(void)
{
	struct range part = pick_part();

	switch (below(8)) {
	case 0: CALL(getrandom, part.addr, part.len % 65536, 1); break;
	case 1: CALL(getcwd, part.addr, part.len % 65536); break;
	case 2: CALL(uname, part.addr); break;
	case 3: CALL(getdents64, pick_fd(PLAIN), part.addr, part.len % 65536); break;
	case 4: CALL(prlimit64, 0, below(16), NULL, part.addr); break;
	case 5: CALL(prctl, 0x53564d41, 0, part.addr, part.len, "name"); break;
	case 6: CALL(times, part.addr); break;
	default: CALL(readlinkat, AT_FDCWD, "/proc/self/exe", part.addr, part.len % 4096);
	}
}

const struct op memory_ops[] = {
	{ copy_across, 120 }, { through_proc, 100 }, { debug_child, 4 },
	{ fault_in_user_space, 40 }, { through_pipes, 100 }, { through_files, 60 },
	{ asynchronously, 40 }, { through_rings, 60 }, { wait_on_word, 80 },
	{ end_in_window, 6 }, { results_into_window, 100 }, { 0 },
};
