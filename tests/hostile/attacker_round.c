// SPDX-License-Identifier: LGPL-2.1-or-later
/* The processes and threads of a round. */
#include "attacker.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define THREADS		3u	/* that attack, in each process */
#define SIBLINGS	1u	/* processes beside the first */
#define STUCK_MS	100u	/* a call that takes longer gets a signal */
#define PATIENCE	12u	/* so many times longer if it is that of a patient thread */

int outsider_sock = -1;

/* ---- what is done ---- */

static const struct op *const areas[AREA_COUNT] = {
#define AREA_TABLE(name) name##_ops,
	AREAS(AREA_TABLE)
#undef AREA_TABLE
};

/* Of a thousand operations so many are of the area. */
static const unsigned int shares[AREA_COUNT] = {
	[AREA_map] = 340, [AREA_ioctl] = 270, [AREA_fd] = 110, [AREA_memory] = 140,
	[AREA_socket] = 130, [AREA_limit] = 3, [AREA_race] = 6, [AREA_hoard] = 1,
};

static unsigned int weights[AREA_COUNT];
static unsigned int share_sum;

void ops_init(void)
{
	for (unsigned int area = 0; area < AREA_COUNT; area++) {
		for (const struct op *op = areas[area]; op->run; op++)
			weights[area] += op->weight;
		if (attack.areas & 1u << area)
			share_sum += shares[area];
	}
}

static unsigned int pick_area(void)
{
	uint32_t n = below(share_sum);

	for (unsigned int area = 0;; area++) {
		if (!(attack.areas & 1u << area))
			continue;
		if (n < shares[area])
			return area;
		n -= shares[area];
	}
}

void attack_once(void)
{
	unsigned int area = pick_area();
	uint32_t n = below(weights[area]);
	const struct op *op = areas[area];

	while (n >= op->weight)
		n -= op++->weight;
	op->run();
}

/* ---- signals ---- */

static void on_fault(int number)
{
	if (actor.guarded)
		siglongjmp(actor.guard, number);
	signal(number, SIG_DFL);
	raise(number);
}

static void on_signal(int number)
{
	(void)number;
}

static void handle_signals(void)
{
	struct sigaction fault = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };
	struct sigaction interrupt = { .sa_handler = on_signal };
	struct sigaction frame = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };

	sigaction(SIGSEGV, &fault, NULL);
	sigaction(SIGBUS, &fault, NULL);
	sigaction(SIGUSR1, &interrupt, NULL);
	sigaction(SIGIO, &interrupt, NULL);
	sigaction(SIGUSR2, &frame, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

/* ---- threads ---- */

struct thread {
	uint64_t seed;
	void (*run)(void);
	bool patient;
};

static void attack_for_ever(void)
{
	for (;;)
		attack_once();
}

static void *thread_main(void *arg)
{
	struct thread *thread = arg;

	actor_start(thread->seed);
	actor.board->patient = thread->patient;
	thread->run();
	return NULL;
}

static void start(uint64_t seed, void (*run)(void), bool patient)
{
	static struct thread threads[16];
	static unsigned int nr;
	struct thread *thread = &threads[nr++ % 16];
	pthread_t id;

	thread->seed = seed;
	thread->run = run;
	thread->patient = patient;
	pthread_create(&id, NULL, thread_main, thread);
}

void threads_start(uint64_t seed, unsigned int nr, bool makers)
{
	for (unsigned int i = 0; i < nr; i++)
		start(seed + i, attack_for_ever, false);
	if (!makers)
		return;
	start(seed + 100, make_vrpq, true);
	start(seed + 103, make_vrpq, true);
	start(seed + 101, make_vumem_client, true);
	start(seed + 102, serve_vumem, true);
}

/* Interrupts those who are in the same call for long: nobody comes to answer them. */
static void wake_stuck(bool patient)
{
	static unsigned int seen[2][BOARD_ACTORS];

	for (unsigned int i = 0; i < BOARD_ACTORS; i++) {
		struct board_actor *other = &board->actors[i];

		if (other->pid != getpid() || other->patient != patient)
			continue;
		if (other->calls == seen[patient][i])
			syscall(SYS_tgkill, getpid(), other->tid, SIGUSR1);
		seen[patient][i] = other->calls;
	}
}

static void __attribute__((noreturn)) watch_threads(void)
{
	for (unsigned int tick = 1;; tick++) {
		usleep(STUCK_MS * 1000u);
		wake_stuck(false);
		if (tick % PATIENCE == 0)
			wake_stuck(true);
	}
}

static void __attribute__((noreturn)) process_run(uint64_t seed, bool makers)
{
	child_begin(seed);
	memory_init();
	threads_start(seed * 1000, THREADS, makers);
	watch_threads();
}

/* What executed programs complain of is of no interest. */
static void be_silent(void)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (!attack.trace)
		dup2(null, STDERR_FILENO);
	close(null);
}

void round_run(uint64_t seed, int passed)
{
	be_silent();
	outsider_sock = passed;
	prctl(PR_SET_DUMPABLE, 1);
	handle_signals();
	nodes_find();
	/* They end with us: then there is a successor. */
	for (unsigned int i = 1; i <= SIBLINGS; i++)
		if (!fork())
			process_run(seed + i, true);
	process_run(seed, true);
}

/* ---- the outsider ---- */

static void take_passed(void)
{
	char control[256];
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *header;
	int fd;

	if (CALL(recvmsg, outsider_sock, &msg, 0) <= 0) {
		usleep(20000);
		return;
	}
	header = CMSG_FIRSTHDR(&msg);
	if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len < CMSG_LEN(sizeof(fd)))
		return;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	/* What it is, only asking tells: ops on everything will. */
	keep_fd(fd, 1 + below(8), NULL);
	map_window(fd, (1 + below(16)) * ATTACK_PAGE);
}

static void take_for_ever(void)
{
	for (;;)
		take_passed();
}

void outsider_run(uint64_t seed, int passed)
{
	be_silent();
	outsider_sock = passed;
	prctl(PR_SET_DUMPABLE, 1);
	handle_signals();
	child_begin(seed);
	memory_init();
	start(seed + 50, take_for_ever, true);
	threads_start(seed * 1000, 1, false);
	watch_threads();
}
