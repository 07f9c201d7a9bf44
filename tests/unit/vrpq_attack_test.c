// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vrpq_attack_test [ROUNDS [FIRST]]
 *
 * Processes at both ends of a VRPQ link ask both drivers for anything, in any order (attack.h).
 * Whatever they do, the link stays up, and nothing is left when they have gone.
 */
#include "attack.h"
#include "vrpq_link.h"

#define OPS	3000u	/* in a round */

enum kind { FRESH, SESSION, CHAN, KINDS };

static attack_files files[2][KINDS];
static struct mm_struct mm;
static char infos[512];
static struct vrpq_proc_counter procs[300];
static unsigned int done[KINDS];

/* ---- files ---- */

static int pick(enum link_end end, enum kind kind)
{
	return attack_pick(files[end][kind]);
}

static void open_one(enum link_end end)
{
	int fd = try_open_node(end);

	if (fd >= 0)
		attack_keep(files[end][FRESH], fd);
	else
		CU_ASSERT(attack.scarce);
}

static void close_one(enum link_end end)
{
	attack_close(&files[end][below(KINDS)][below(ATTACK_FILES)]);
}

static void dup_one(enum link_end end)
{
	enum kind kind = (enum kind)(SESSION + below(2));
	int fd = pick(end, kind), copy = fd < 0 ? -1 : kernel_dup(fd);

	if (copy >= 0)
		attack_keep(files[end][kind], copy);
}

/* ---- calls ---- */

union any_args {
	struct vrpq_session_args session;
	struct vrpq_chan_args chan;
	struct vrpq_file_args file;
	struct vrpq_grow_args grow;
	struct vrpq_trim_args trim;
	struct vrpq_wait_args wait;
	struct vrpq_stat_args stat;
	u32 words[64];
};

static u64 an_info(u32 *size)
{
	*size = chance(90) ? below(300) : odd_number() % sizeof(infos);
	return chance(80) ? (uintptr_t)infos : 0;
}

static void fill_session(union any_args *args, enum link_end end)
{
	(void)end;
	args->session.port = chance(95) ? PORT + below(2) : odd_number();
	args->session.info = an_info(&args->session.info_size);
}

static void fill_chan(union any_args *args, enum link_end end)
{
	args->chan.session_fd = chance(95) ? pick(end, SESSION) : pick(!end, SESSION);
	args->chan.info = an_info(&args->chan.info_size);
	args->chan.ctl_page = chance(90) ? below(8) : odd_number();
}

static void fill_file(union any_args *args, enum link_end end)
{
	(void)end;
	args->file.flags = chance(90) ? 0 : odd_number();
}

static void fill_grow(union any_args *args, enum link_end end)
{
	(void)end;
	args->grow.zone = chance(95) ? below(3) : odd_number();
	args->grow.pages = chance(70) ? below(64) : odd_number();
	args->grow.want = chance(80) ? below(64) : odd_number();
	args->grow.min = chance(80) ? below(8) : odd_number();
}

static void fill_trim(union any_args *args, enum link_end end)
{
	(void)end;
	args->trim.zone = chance(95) ? below(3) : odd_number();
	args->trim.pages = chance(80) ? below(64) : odd_number();
}

static void fill_wait(union any_args *args, enum link_end end)
{
	(void)end;
	args->wait.seq = chance(50) ? below(8) : odd_number();
	args->wait.flags = chance(95) ? below(16) : odd_number();
}

static void fill_stat(union any_args *args, enum link_end end)
{
	(void)end;
	args->stat.proc_count = below(ARRAY_SIZE(procs) + 1);
	args->stat.procs = chance(70) ? (uintptr_t)procs : 0;
	args->stat.reset = chance(90) ? below(2) : odd_number();
}

static void fill_nothing(union any_args *args, enum link_end end)
{
	(void)args;
	(void)end;
}

static const struct command {
	unsigned int number;
	enum kind kind, becomes;
	void (*fill)(union any_args *args, enum link_end end);
} commands[] = {
	{ VRPQ_IOC_SESSION_CREATE, FRESH, SESSION, fill_session },
	{ VRPQ_IOC_SESSION_ACCEPT, FRESH, SESSION, fill_session },
	{ VRPQ_IOC_CHAN_CREATE, FRESH, CHAN, fill_chan },
	{ VRPQ_IOC_CHAN_ACCEPT, FRESH, CHAN, fill_chan },
	{ VRPQ_IOC_CHAN_CREATE, FRESH, CHAN, fill_chan },
	{ VRPQ_IOC_CHAN_ACCEPT, FRESH, CHAN, fill_chan },
	{ VRPQ_IOC_CHAN_FILE, SESSION, SESSION, fill_file },
	{ VRPQ_IOC_FRESH_FILE, FRESH, FRESH, fill_file },
	{ VRPQ_IOC_GROW, SESSION, SESSION, fill_grow },
	{ VRPQ_IOC_GROW, CHAN, CHAN, fill_grow },
	{ VRPQ_IOC_TRIM, SESSION, SESSION, fill_trim },
	{ VRPQ_IOC_RING, CHAN, CHAN, fill_nothing },
	{ VRPQ_IOC_WAIT, SESSION, SESSION, fill_wait },
	{ VRPQ_IOC_WAIT, CHAN, CHAN, fill_wait },
	{ VRPQ_IOC_KICK, SESSION, SESSION, fill_nothing },
	{ VRPQ_IOC_KICK, CHAN, CHAN, fill_nothing },
	{ VRPQ_IOC_STAT, FRESH, FRESH, fill_stat },
};

static void ask(enum link_end end, const struct command *command)
{
	enum kind kind = chance(95) ? command->kind : (enum kind)below(KINDS);
	int fd = pick(end, kind);
	union any_args args;
	long result;

	memset(&args, 0, sizeof(args));
	command->fill(&args, end);
	result = kernel_ioctl(fd, command->number, chance(98) ? &args : NULL);
	if (result || fd < 0)
		return;
	if (command->number == VRPQ_IOC_CHAN_FILE || command->number == VRPQ_IOC_FRESH_FILE)
		attack_keep(files[end][FRESH], args.file.fd);
	else if (command->kind != command->becomes)
		done[command->becomes] += attack_move(files[end][FRESH],
						      files[end][command->becomes], fd);
}

static void ask_one(enum link_end end)
{
	ask(end, &commands[below(ARRAY_SIZE(commands))]);
}

/* For a client that may be waiting for it. */
static void accept_one(void)
{
	static const struct command accepts[] = {
		{ VRPQ_IOC_SESSION_ACCEPT, FRESH, SESSION, fill_session },
		{ VRPQ_IOC_CHAN_ACCEPT, FRESH, CHAN, fill_chan },
	};

	ask(SERVER, &accepts[below(2)]);
}

static void map_one(enum link_end end)
{
	struct vm_area_struct vma = { .vm_end = PAGE_SIZE * (1 + below(64)),
				      .vm_flags = VM_SHARED | VM_WRITE,
				      .vm_pgoff = chance(90) ? 0 : odd_number() };

	kernel_mmap(pick(end, (enum kind)below(KINDS)), &vma);
}

static void connect_anew(void)
{
	kernel_allocs_left = -1;
	maps_left = -1;
	if (!attack.scarce) {
		CU_ASSERT_PTR_NULL(link_failure(CLIENT));
		CU_ASSERT_PTR_NULL(link_failure(SERVER));
	}
	link_connect_anew();
}

static void attack_once(void)
{
	enum link_end end = (enum link_end)below(2);
	u32 n = below(100);

	if (attack.scarce && chance(5))
		kernel_allocs_left = (int)below(4);
	if (attack.scarce && chance(2))
		maps_left = (int)below(2);
	if (!attack.depth ? !below(500) : !below(5000))
		connect_anew();
	else if (attack.depth && chance(20))
		accept_one();
	else if (n < 12)
		open_one(end);
	else if (n < 14)
		close_one(end);
	else if (n < 16)
		dup_one(end);
	else if (n < 19)
		map_one(end);
	else if (n < 22)
		run(chance(30));
	else if (n < 40)
		attack_work_a_little();
	else
		ask_one(end);
	kernel_allocs_left = -1;
}

/* ---- rounds ---- */

static void begin(u64 round)
{
	static const struct { u32 reqs, pmem_pages; } links[] = { { 256, 4 }, { 256, 64 },
								  { 4096, 1792 } };
	u32 which;

	attack_begin(round, &mm);
	which = below(ARRAY_SIZE(links));
	link_up(links[which].reqs, links[which].pmem_pages);
}

static void end(void)
{
	for (unsigned int i = 0; i < 2 * KINDS; i++)
		for (unsigned int k = 0; k < ATTACK_FILES; k++)
			attack_close(&files[i % 2][i / 2][k]);
	run(true);
	link_down();
	attack_check_tasks();
}

/* Both kernels are honest: whatever their processes do, neither may find fault with the other. */
static void hear(const char *line)
{
	if (attack.scarce || !strstr(line, "breaks the protocol"))
		return;
	CU_FAIL("a kernel finds fault with an honest one");
	puts(line);
}

static void do_round(u64 round)
{
	kernel_hears = hear;
	begin(round);
	attack_ops(OPS);
	if (!attack.scarce) {
		CU_ASSERT_PTR_NULL(link_failure(CLIENT));
		CU_ASSERT_PTR_NULL(link_failure(SERVER));
	}
	end();
}

static void attack_all(bool scarce)
{
	memset(done, 0, sizeof(done));
	attack_rounds(scarce, do_round);
	printf(" %u ends of sessions, %u of channels ", done[SESSION], done[CHAN]);
	/* An attack on nothing is none. */
	CU_ASSERT(done[SESSION] > attack.rounds && done[CHAN] > attack.rounds);
}

static void with_memory(void)
{
	attack_all(false);
}

static void without_memory(void)
{
	attack_all(true);
}

static const struct unit_test tests[] = {
	{ "attack_leaves_link_and_memory_alone", with_memory },
	{ "attack_while_memory_is_scarce_leaves_nothing", without_memory },
};

int main(int argc, char **argv)
{
	attack_options(argc, argv, 60);
	attack.once = attack_once;
	attack.run = run;
	UNIT_ADD("attack", tests);
	return unit_run("vrpq_attack_test");
}
