// SPDX-License-Identifier: LGPL-2.1-or-later
/* Every ioctl, with every argument; reads and writes of nodes beside them. */
#include "attacker.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vlink/vrpq_ioctl.h>
#include <vlink/vumem_ioctl.h>

union any_args {
	struct vlink_abi_args abi;
	struct vrpq_session_args session;
	struct vrpq_chan_args chan;
	struct vrpq_file_args chan_file;
	struct vrpq_grow_args grow;
	struct vrpq_trim_args trim;
	struct vrpq_wait_args wait;
	struct vrpq_stat_args stat;
	struct vumem_session_args vumem_session;
	struct vumem_alloc_args alloc;
	struct vumem_buffer_args buffer;
	struct vumem_ctl_args ctl;
	struct vumem_receive_args receive;
	struct vumem_respond_args respond;
	struct vumem_stat_args vumem_stat;
	__s32 fd;
	uint32_t words[128];
};

static uint32_t a_port(void)
{
	return chance(90) ? ATTACK_PORT + below(ATTACK_PORTS) : (uint32_t)odd_number();
}

static void fill_session(union any_args *args)
{
	args->session.port = a_port();
	args->session.info_size = below(300);
	args->session.info = (uintptr_t)odd_pointer(args->session.info_size);
}

static void fill_chan(union any_args *args)
{
	args->chan.session_fd = pick_fd(VRPQ_SESSION);
	args->chan.info_size = below(260);
	args->chan.info = (uintptr_t)odd_pointer(args->chan.info_size);
	args->chan.ctl_page = below(4);
}

static void fill_grow(union any_args *args)
{
	args->grow.zone = below(4);
	args->grow.want = below(64);
	args->grow.min = chance(80) ? below(args->grow.want + 1) : (uint32_t)odd_number();
}

static void fill_trim(union any_args *args)
{
	args->trim.zone = below(4);
	args->trim.pages = below(32);
}

static void fill_wait(union any_args *args)
{
	args->wait.seq = chance(50) ? 0 : (uint32_t)rnd();
	args->wait.flags = below(8) | (chance(60) ? VRPQ_WAIT_NOT : 0);
}

static void fill_stat(union any_args *args)
{
	args->stat.proc_count = below(300);
	args->stat.procs = (uintptr_t)odd_pointer(4096);
	args->stat.reset = below(2);
}

static void fill_alloc(union any_args *args)
{
	args->alloc.size = below(140);
	args->alloc.opaque = (uintptr_t)odd_pointer(128);
}

static void fill_fd(union any_args *args)
{
	args->fd = pick_fd(VUMEM_SESSION);
}

static void fill_ctl(union any_args *args)
{
	args->ctl.size = below(140);
	args->ctl.opaque = (uintptr_t)odd_pointer(128);
}

static void fill_respond(union any_args *args)
{
	args->respond.ret = chance(50) ? 0 : (uint32_t)odd_number();
	args->respond.buffer = below(64);
	args->respond.vaddr = (uintptr_t)odd_pointer(4096) & ~4095ul;
	args->respond.bytes = (uint32_t)odd_number();
}

static const struct command {
	const char *name;
	unsigned long number;
	void (*fill)(union any_args *args);	/* NULL: zeros */
	size_t size;
	enum what what;
} commands[] = {
#define COMMAND(name, fill, type, what) { #name, name, fill, sizeof(type), what }
	COMMAND(VRPQ_IOC_ABI, NULL, struct vlink_abi_args, VRPQ_FRESH),
	COMMAND(VUMEM_IOC_ABI, NULL, struct vlink_abi_args, VUMEM_SESSION),
	COMMAND(VRPQ_IOC_SESSION_CREATE, fill_session, struct vrpq_session_args, VRPQ_FRESH),
	COMMAND(VRPQ_IOC_SESSION_ACCEPT, fill_session, struct vrpq_session_args, VRPQ_FRESH),
	COMMAND(VRPQ_IOC_CHAN_CREATE, fill_chan, struct vrpq_chan_args, VRPQ_FRESH),
	COMMAND(VRPQ_IOC_CHAN_ACCEPT, fill_chan, struct vrpq_chan_args, VRPQ_FRESH),
	COMMAND(VRPQ_IOC_CHAN_FILE, NULL, struct vrpq_file_args, VRPQ_SESSION),
	COMMAND(VRPQ_IOC_FRESH_FILE, NULL, struct vrpq_file_args, VRPQ_FRESH),
	COMMAND(VRPQ_IOC_GROW, fill_grow, struct vrpq_grow_args, VRPQ_SESSION),
	COMMAND(VRPQ_IOC_GROW, fill_grow, struct vrpq_grow_args, VRPQ_SESSION),
	COMMAND(VRPQ_IOC_TRIM, fill_trim, struct vrpq_trim_args, VRPQ_SESSION),
	COMMAND(VRPQ_IOC_RING, NULL, uint32_t, VRPQ_CHAN),
	COMMAND(VRPQ_IOC_WAIT, fill_wait, struct vrpq_wait_args, VRPQ_CHAN),
	COMMAND(VRPQ_IOC_WAIT, fill_wait, struct vrpq_wait_args, VRPQ_SESSION),
	COMMAND(VRPQ_IOC_KICK, NULL, uint32_t, VRPQ_SESSION),
	COMMAND(VRPQ_IOC_STAT, fill_stat, struct vrpq_stat_args, VRPQ_FRESH),
	COMMAND(VUMEM_IOC_SESSION_CREATE, NULL, struct vumem_session_args, VUMEM_FRESH),
	COMMAND(VUMEM_IOC_ALLOC, fill_alloc, struct vumem_alloc_args, VUMEM_SESSION),
	COMMAND(VUMEM_IOC_FREE, NULL, uint32_t, VUMEM_BUFFER),
	COMMAND(VUMEM_IOC_REGISTER, fill_fd, __s32, VUMEM_BUFFER),
	COMMAND(VUMEM_IOC_UNREGISTER, fill_fd, __s32, VUMEM_BUFFER),
	COMMAND(VUMEM_IOC_CTL, fill_ctl, struct vumem_ctl_args, VUMEM_BUFFER),
	COMMAND(VUMEM_IOC_BUFFER, NULL, struct vumem_buffer_args, VUMEM_BUFFER),
	COMMAND(VUMEM_IOC_SERVER_CREATE, NULL, uint32_t, VUMEM_FRESH),
	COMMAND(VUMEM_IOC_RECEIVE, NULL, struct vumem_receive_args, VUMEM_SERVER),
	COMMAND(VUMEM_IOC_RESPOND, fill_respond, struct vumem_respond_args, VUMEM_SERVER),
	COMMAND(VUMEM_IOC_STAT, NULL, struct vumem_stat_args, VUMEM_FRESH),
	COMMAND(VUMEM_IOC_SERVER_DESTROY, NULL, uint32_t, VUMEM_SERVER),
};

/* As it should be, with one word of it wrong, or with nothing of it right. */
static void fill_args(const struct command *command, union any_args *args)
{
	memset(args, 0, sizeof(*args));
	if (chance(8)) {
		for (unsigned int i = 0; i < 128; i++)
			args->words[i] = (uint32_t)odd_number();
		return;
	}
	if (command->fill)
		command->fill(args);
	if (chance(25))
		args->words[below((uint32_t)command->size / 4)] = (uint32_t)odd_number();
}

struct placement {
	void *to;
	const void *from;
	size_t size;
};

static void place(void *arg)
{
	struct placement *placement = arg;

	memcpy(placement->to, placement->from, placement->size);
}

/* Where the arguments are: mostly on the stack, or anywhere. */
static void *place_args(union any_args *args, size_t size)
{
	struct placement placement = { odd_pointer(size), args, size };

	if (chance(75))
		return args;
	if (is_in_arena(placement.to))
		guarded(place, &placement);
	return placement.to;
}

/*
 * On a node of honest processes nobody makes himself the master or the server: that shuts out
 * all others by its very meaning.
 */
static bool is_unfair(unsigned int number, const struct node *node)
{
	unsigned int nr = _IOC_NR(number);

	return node && node->near && (nr == _IOC_NR(VUMEM_IOC_SESSION_CREATE) ||
				      nr == _IOC_NR(VUMEM_IOC_SERVER_CREATE));
}

static void ask_known(void)
{
	const struct command *command = &commands[below(sizeof(commands) / sizeof(commands[0]))];
	enum what what = chance(90) ? command->what : ANYTHING;
	const struct node *node;
	int fd = pick_fd_on(what, &node);
	union any_args args;
	void *placed;
	long ret;

	if (is_unfair((unsigned int)command->number, node))
		return;
	fill_args(command, &args);
	placed = place_args(&args, command->size);
	ret = traced_call(command->name, SYS_ioctl,
			  (const long[6]){ fd, (long)command->number, (long)placed });
	if (!ret && command->number == VUMEM_IOC_ALLOC && placed == &args)
		keep_fd(args.alloc.fd, VUMEM_BUFFER, node);
}

static void ask_unknown(void)
{
	static const unsigned int general[] = { FIONREAD, FIONBIO, FIOASYNC, FIOCLEX, FIONCLEX,
						FIOQSIZE, FIGETBSZ, FIBMAP, TIOCOUTQ, FS_IOC_GETFLAGS,
						FICLONE, FIFREEZE };
	unsigned int number = general[below(sizeof(general) / sizeof(general[0]))];
	const struct node *node;
	int fd = pick_fd_on(ANYTHING, &node);
	union any_args args;

	if (chance(50))
		number = _IOC(below(4), 'Q', 0x30 + below(0x50), below(0x4000));
	if (chance(10))
		number = (unsigned int)rnd();
	if (is_unfair(number, node))
		return;
	memset(&args, 0, sizeof(args));
	CALL(ioctl, fd, number, place_args(&args, sizeof(args)));
}

#ifdef __x86_64__
/* As programs of 32 bits do, whose pointers have half of the bits. */
static void ask_as_32_bits(void)
{
	static union any_args *low;
	const struct command *command = &commands[below(sizeof(commands) / sizeof(commands[0]))];
	const struct node *node;
	int fd = pick_fd_on(command->what, &node);
	union any_args args;

	if (is_unfair((unsigned int)command->number, node))
		return;
	if (!low) {
		void *place = mmap(NULL, ATTACK_PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

		if (place == MAP_FAILED)
			return;
		low = place;
	}
	fill_args(command, &args);
	*low = args;
	CALL(ioctl_of_32_bits, fd, command->number, low);
}
#endif

static void open_node(void)
{
	static const int more[] = { 0, 0, O_NONBLOCK, O_DIRECT, O_APPEND, O_TRUNC, O_ASYNC, O_PATH,
				    O_CREAT, O_DIRECTORY, O_SYNC };
	const struct node *node = node_any();
	int flags = chance(85) ? O_RDWR : (int)below(4);
	long fd;

	if (!node)
		return;
	fd = CALL(openat, AT_FDCWD, node->path, flags | more[below(sizeof(more) / sizeof(more[0]))],
		  0600);
	keep_fd((int)fd, node->role == VBPIPE ? PIPE_NODE :
		node->role <= VRPQ_SRV ? VRPQ_FRESH : VUMEM_FRESH, node);
}

static void move_bytes(void)
{
	int fd = pick_fd(chance(50) ? PIPE_NODE : ANYTHING);
	size_t len = odd_size();
	void *buffer = odd_pointer(len);
	struct range parts[4];

	for (unsigned int i = 0; i < 4; i++)
		parts[i] = pick_part();
	switch (below(7)) {
	case 0: CALL(read, fd, buffer, len); break;
	case 1: CALL(write, fd, buffer, len); break;
	case 2: CALL(readv, fd, parts, below(5)); break;
	case 3: CALL(writev, fd, parts, below(5)); break;
	case 4: CALL(pread64, fd, buffer, len, odd_number()); break;
	case 5: CALL(pwrite64, fd, buffer, len, odd_number()); break;
	default: CALL(lseek, fd, odd_number(), below(6));
	}
}

const struct op ioctl_ops[] = {
	{ ask_known, 60 }, { ask_unknown, 6 }, { open_node, 12 }, { move_bytes, 10 },
#ifdef __x86_64__
	{ ask_as_32_bits, 8 },
#endif
	{ 0 },
};
