// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vumem_attack_test [ROUNDS [FIRST]]
 *
 * One end of a VUMEM link, whose processes ask its driver for anything, in any order
 * (attack.h), while the peer's kernel does as it should, or as it likes. Whatever they do,
 * nothing is left when they have gone; and only a peer that does as it likes ends the link.
 */
#include "attack.h"
#include "vumem_link.h"

#define OPS	2000u	/* in a round */
#define MEMORY	0x10000u	/* where a server's memory lies */

enum kind { FRESH, SESSION, BUFFER, SERVER, KINDS };

static attack_files files[KINDS];
static struct mm_struct mm;
static enum vlink_role role;
static bool liar;		/* the peer does as it likes */
static u32 epoch, next_tag, last_buffer, unanswered;
static char opaque[2 * VUMEM_OPAQUE_MAX];
static unsigned int done[KINDS], mapped, answered;

/* ---- files ---- */

static int pick(enum kind kind)
{
	return attack_pick(files[kind]);
}

static void keep(enum kind kind, int fd)
{
	attack_keep(files[kind], fd);
	done[kind]++;
}

static void becomes(int fd, enum kind kind)
{
	done[kind] += attack_move(files[FRESH], files[kind], fd);
}

/* ---- processes ---- */

union any_args {
	struct vumem_session_args session;
	struct vumem_alloc_args alloc;
	struct vumem_buffer_args buffer;
	struct vumem_ctl_args ctl;
	struct vumem_receive_args receive;
	struct vumem_respond_args respond;
	struct vumem_stat_args stat;
	s32 fd;
};

static void fill_session(union any_args *args)
{
	if (chance(10))
		memset(args, (int)odd_number(), sizeof(args->session));
}

static void fill_alloc(union any_args *args)
{
	args->alloc.size = chance(90) ? below(VUMEM_OPAQUE_MAX + 4) : odd_number();
	args->alloc.opaque = chance(90) ? (uintptr_t)opaque : 0;
}

static void fill_fd(union any_args *args)
{
	args->fd = chance(90) ? pick(SESSION) : pick((enum kind)below(KINDS));
}

static void fill_ctl(union any_args *args)
{
	args->ctl.size = chance(90) ? below(VUMEM_OPAQUE_MAX + 4) : odd_number();
	args->ctl.opaque = chance(90) ? (uintptr_t)opaque : 0;
}

static void fill_respond(union any_args *args)
{
	args->respond.ret = chance(80) ? 0 : odd_number();
	args->respond.buffer = chance(90) ? last_buffer : odd_number();
	args->respond.vaddr = chance(90) ? MEMORY : chance(50) ? (u64)-1 : odd_number();
	args->respond.bytes = chance(90) ? (1 + below(8)) * PAGE_SIZE : odd_number();
}

static void fill_nothing(union any_args *args)
{
	(void)args;
}

static const struct command {
	unsigned int number;
	enum kind kind;
	void (*fill)(union any_args *args);
} commands[] = {
	{ VUMEM_IOC_SESSION_CREATE, FRESH, fill_session },
	{ VUMEM_IOC_ALLOC, SESSION, fill_alloc },
	{ VUMEM_IOC_ALLOC, SESSION, fill_alloc },
	{ VUMEM_IOC_FREE, BUFFER, fill_nothing },
	{ VUMEM_IOC_REGISTER, BUFFER, fill_fd },
	{ VUMEM_IOC_UNREGISTER, BUFFER, fill_fd },
	{ VUMEM_IOC_CTL, BUFFER, fill_ctl },
	{ VUMEM_IOC_BUFFER, BUFFER, fill_nothing },
	{ VUMEM_IOC_STAT, FRESH, fill_nothing },
	{ VUMEM_IOC_SERVER_CREATE, FRESH, fill_nothing },
	{ VUMEM_IOC_RECEIVE, SERVER, fill_nothing },
	{ VUMEM_IOC_RECEIVE, SERVER, fill_nothing },
	{ VUMEM_IOC_RESPOND, SERVER, fill_respond },
	{ VUMEM_IOC_RECEIVE, SERVER, fill_nothing },
	{ VUMEM_IOC_RESPOND, SERVER, fill_respond },
	{ VUMEM_IOC_SERVER_DESTROY, SERVER, fill_nothing },
};

/* Mostly at once: nobody else may answer. */
static void received(int fd, u32 buffer)
{
	union any_args args;

	last_buffer = buffer;
	if (chance(20))
		return;
	memset(&args, 0, sizeof(args));
	fill_respond(&args);
	answered += !kernel_ioctl(fd, VUMEM_IOC_RESPOND, &args);
}

static void ask_one(void)
{
	const struct command *command = &commands[below(ARRAY_SIZE(commands))];
	int fd = pick(chance(95) ? command->kind : (enum kind)below(KINDS));
	union any_args args;
	bool given = chance(98);

	memset(&args, 0, sizeof(args));
	command->fill(&args);
	if (kernel_ioctl(fd, command->number, given ? &args : NULL))
		return;
	switch (command->number) {
	case VUMEM_IOC_SESSION_CREATE: becomes(fd, SESSION); break;
	case VUMEM_IOC_SERVER_CREATE: becomes(fd, SERVER); epoch++; break;
	case VUMEM_IOC_ALLOC: keep(BUFFER, args.alloc.fd); break;
	case VUMEM_IOC_RECEIVE: received(fd, args.receive.buffer); break;
	case VUMEM_IOC_RESPOND: answered++; break;
	}
}

static void map_one(void)
{
	int fd = pick(chance(80) ? BUFFER : (enum kind)below(KINDS));
	struct vumem_buffer_args buffer = { .bytes = PAGE_SIZE };
	struct vm_area_struct vma = { .vm_flags = VM_SHARED | (chance(50) ? VM_WRITE : 0),
				      .vm_pgoff = chance(95) ? 0 : odd_number() };

	kernel_ioctl(fd, VUMEM_IOC_BUFFER, &buffer);
	vma.vm_end = chance(90) ? buffer.bytes : PAGE_SIZE * (1 + below(8));
	mapped += !kernel_mmap(fd, &vma);
}

static void dup_one(void)
{
	enum kind kind = (enum kind)(SESSION + below(3));
	int fd = pick(kind), copy = fd < 0 ? -1 : kernel_dup(fd);

	if (copy >= 0)
		keep(kind, copy);
}

/* ---- the peer ---- */

static struct vumem_msg any_message(void)
{
	struct vumem_msg msg = { .type = chance(80) ? below(VUMEM_RESET + 2) : odd_number(),
				 .tag = chance(50) ? below(next_tag + 2) : odd_number(),
				 .epoch = chance(70) ? epoch : odd_number(),
				 .app_id = odd_number(),
				 .buffer = chance(50) ? last_buffer : odd_number(),
				 .opaque_size = chance(80) ? below(140) : odd_number(),
				 .ret = chance(60) ? 0 : odd_number(), .bytes = odd_number(),
				 .attr = odd_number(), .pages = chance(50) ? 1 : odd_number(),
				 .dir_ref = odd_number() };

	return msg;
}

static void change_server(void)
{
	struct vumem_msg msg = { .type = VUMEM_RESET };

	msg.epoch = ++epoch;
	peer_send(&msg);
}

/* The server's kernel: an answer to each request, some day. */
static void serve_requests(void)
{
	struct vumem_msg msg;

	while (chance(90) && peer_has_room() && peer_receive(&msg)) {
		if (msg.type == VUMEM_CANCEL)
			continue;
		if (msg.type == VUMEM_SESSION)
			msg.epoch = epoch;
		if (msg.type == VUMEM_ALLOC) {
			msg.buffer = ++last_buffer;
			msg.pages = 1 + below(8);
			msg.bytes = msg.pages * PAGE_SIZE;
			msg.dir_ref = 9;
		}
		msg.type = VUMEM_RESPONSE;
		msg.ret = chance(85) ? 0 : ENOMEM;
		peer_send(&msg);
	}
	if (chance(2) && peer_has_room())
		change_server();
}

/* The client's kernel: no more requests than it may have, answers taken. */
static void make_requests(void)
{
	static const u32 types[] = { VUMEM_SESSION, VUMEM_ALLOC, VUMEM_ALLOC, VUMEM_FREE,
				     VUMEM_REGISTER, VUMEM_UNREGISTER, VUMEM_CTL };
	struct vumem_msg msg;

	while (peer_receive(&msg))
		if (msg.type == VUMEM_RESPONSE) {
			last_buffer = msg.buffer;
			unanswered--;
		}
	if (!peer_has_room() || unanswered == VUMEM_REQUESTS_MAX)
		return;
	unanswered++;
	msg = (struct vumem_msg){ .type = types[below(ARRAY_SIZE(types))], .tag = ++next_tag,
				  .epoch = epoch, .app_id = below(3), .buffer = last_buffer,
				  .opaque_size = below(VUMEM_OPAQUE_MAX + 1) };
	peer_send(&msg);
}

static void peer_does_something(void)
{
	if (liar && chance(10) && peer_has_room()) {
		struct vumem_msg msg = any_message();

		peer_send(&msg);
	} else if (role == VLINK_CLIENT) {
		serve_requests();
	} else {
		make_requests();
	}
}

static void connect_anew(void)
{
	kernel_allocs_left = -1;
	link_disconnect();
	link_connect();
	unanswered = 0;
	run();
}

static void attack_once(void)
{
	u32 n = below(100);

	if (attack.scarce && chance(5))
		kernel_allocs_left = (int)below(4);
	if (attack.scarce && chance(2))
		charge_max = below(2) * 8;
	region_error = attack.scarce && chance(5) ? -ENOMEM : 0;
	peer_maps = chance(20);
	/* Stand-ins have memory for files. */
	if (n < 12)
		kernel_allocs_left = -1;
	if (link_failed() ? chance(50) : chance(1))
		connect_anew();
	else if (n < 12)
		keep(FRESH, open_node());
	else if (n < 15)
		attack_close(&files[below(KINDS)][below(ATTACK_FILES)]);
	else if (n < 17)
		dup_one();
	else if (n < 25)
		map_one();
	else if (n < 45)
		peer_does_something();
	else if (n < 55)
		attack_work_a_little();
	else
		ask_one();
	kernel_allocs_left = -1;
	charge_max = 1000000;
}

static void run_all(bool late)
{
	kernel_run_work(late);
}

/* ---- rounds ---- */

static void do_round(u64 round)
{
	mm = (struct mm_struct){ .memlock = 64 * PAGE_SIZE };
	epoch = 1;
	unanswered = 0;
	attack_begin(round, &mm);
	link_up(role);
	attack_ops(OPS);
	if (!attack.scarce && !liar)
		CU_ASSERT_FALSE(link_failed());
	peer_maps = false;
	region_error = 0;
	for (unsigned int i = 0; i < KINDS; i++)
		for (unsigned int k = 0; k < ATTACK_FILES; k++)
			attack_close(&files[i][k]);
	run_all(true);
	link_down();
	attack_check_tasks();
	CU_ASSERT_EQUAL(atomic64_read(&mm.pinned_vm), 0);
}

static void attack_all(enum vlink_role end, bool lies, bool scarce)
{
	role = end;
	liar = lies;
	memset(done, 0, sizeof(done));
	mapped = 0;
	answered = 0;
	attack_rounds(scarce, do_round);
	printf(" %u sessions, %u buffers, %u mappings, %u servers, %u answers ", done[SESSION],
	       done[BUFFER], mapped, done[SERVER], answered);
	/* An attack on nothing is none. */
	CU_ASSERT(end == VLINK_SERVER ? done[SERVER] > attack.rounds && answered > attack.rounds :
					done[BUFFER] > attack.rounds && mapped > attack.rounds);
}

static void client(void)
{
	attack_all(VLINK_CLIENT, false, false);
}

static void client_without_memory(void)
{
	attack_all(VLINK_CLIENT, false, true);
}

static void client_of_liar(void)
{
	attack_all(VLINK_CLIENT, true, false);
}

static void server(void)
{
	attack_all(VLINK_SERVER, false, false);
}

static void server_without_memory(void)
{
	attack_all(VLINK_SERVER, false, true);
}

static void server_of_liar(void)
{
	attack_all(VLINK_SERVER, true, false);
}

static const struct unit_test tests[] = {
	{ "attack_at_client", client },
	{ "attack_at_client_while_memory_is_scarce", client_without_memory },
	{ "attack_at_client_with_peer_that_lies", client_of_liar },
	{ "attack_at_server", server },
	{ "attack_at_server_while_memory_is_scarce", server_without_memory },
	{ "attack_at_server_with_peer_that_lies", server_of_liar },
};

int main(int argc, char **argv)
{
	attack_options(argc, argv, 60);
	attack.once = attack_once;
	attack.run = run_all;
	UNIT_ADD("attack", tests);
	return unit_run("vumem_attack_test");
}
