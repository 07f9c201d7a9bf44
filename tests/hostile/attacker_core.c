// SPDX-License-Identifier: LGPL-2.1-or-later
/* What an attacking thread decides, calls, and survives. */
#include "attacker.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct board *board;
struct attack_options attack;
__thread struct actor actor;

void attack_report(const char *format, ...)
{
	va_list args;

	if (atomic_fetch_add(&board->reports, 1))
		return;
	va_start(args, format);
	vsnprintf(board->report, sizeof(board->report), format, args);
	va_end(args);
}

/* ---- choices ---- */

/* splitmix64 */
uint64_t rnd(void)
{
	uint64_t z = (actor.random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint32_t below(uint32_t limit)
{
	return (uint32_t)((rnd() >> 32) * limit >> 32);
}

bool chance(unsigned int percent)
{
	return below(100) < percent;
}

uint64_t odd_number(void)
{
	static const uint32_t edges[] = { 0, 1, 7, 127, 128, 129, 255, 256, 257, 1023, 1024, 4095,
					  4096, 4097, 65535, 65536, 0x7fffffff, 0x80000000 };

	switch (below(8)) {
	case 0: return 0;
	case 1: return (uint64_t)-1;
	case 2: return UINT64_C(1) << below(64);
	case 3: return (UINT64_C(1) << below(64)) - 1;
	case 4: return -(uint64_t)below(600);
	case 5: return rnd();
	default: return edges[below(sizeof(edges) / sizeof(edges[0]))];
	}
}

size_t odd_size(void)
{
	return 1 + below(1u << (1 + below(17)));
}

void actor_start(uint64_t seed)
{
	unsigned int nr = atomic_fetch_add(&board->next_actor, 1) % BOARD_ACTORS;

	memset(&actor, 0, sizeof(actor));
	actor.random = seed;
	actor.board = &board->actors[nr];
	actor.board->tid = (pid_t)syscall(SYS_gettid);
	actor.board->patient = false;
	actor.board->pid = getpid();
}

/* ---- calls ---- */

static void note_call(const char *name, const long args[6], struct board_call **noted)
{
	unsigned int nr;

	if (attack.trace)
		dprintf(STDERR_FILENO, "%d %s(%#lx, %#lx, %#lx, %#lx, %#lx, %#lx)\n",
			actor.board ? actor.board->tid : 0, name, args[0], args[1], args[2],
			args[3], args[4], args[5]);
	if (!actor.board)
		return;
	nr = atomic_fetch_add(&actor.board->calls, 1) % BOARD_TRACE;
	*noted = &actor.board->last[nr];
	(*noted)->name = name;
	memcpy((*noted)->args, args, sizeof((*noted)->args));
	(*noted)->result = BOARD_RUNNING;
}

static long do_call(long number, const long args[6])
{
#ifdef __x86_64__
	if (number == SYS_ioctl_of_32_bits) {
		long result;

		__asm__ volatile("int $0x80"
				 : "=a"(result)
				 : "a"(54l), "b"(args[0]), "c"(args[1]), "d"(args[2])
				 : "memory", "r8", "r9", "r10", "r11");
		if (result >= 0)
			return result;
		errno = (int)-result;
		return -1;
	}
#endif
	return syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
}

long traced_call(const char *name, long number, const long args[6])
{
	unsigned int kind = (unsigned int)number % BOARD_IOCTLS;
	struct board_call *noted = NULL;
	long result;

	if (number == SYS_ioctl && strcmp(name, "ioctl"))
		kind = BOARD_IOCTLS + ((unsigned int)args[1] & 0x1ff);
	note_call(name, args, &noted);
	board->names[kind] = name;
	atomic_fetch_add(&board->calls[kind], 1);
	result = do_call(number, args);
	if (result < 0) {
		board->errors[kind] = errno;
		atomic_fetch_add(&board->failed[kind], 1);
	}
	if (noted)
		noted->result = result < 0 ? -errno : result;
	return result;
}

void guarded(void (*access)(void *arg), void *arg)
{
	if (!sigsetjmp(actor.guard, 1)) {
		actor.guarded = true;
		access(arg);
	}
	actor.guarded = false;
}
