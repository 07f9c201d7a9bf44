/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attacks on drivers over the stand-ins of module/: operations in any order, chosen by the
 * number of a round alone, so that a round which fails can be had again. What waits does
 * not sleep, but has another process do operations meanwhile, some deep, until it gets a
 * signal, or is killed. One thread does it all. To be included by one test.
 */
#ifndef UNIT_ATTACK_H
#define UNIT_ATTACK_H

#include "kernel.h"
#include "unit.h"

#define ATTACK_DEPTH	4u	/* calls that wait for each other */
#define ATTACK_TURNS	12u	/* of others, after which who waits gets a signal */

static struct {
	u64 state;
	struct task_struct tasks[ATTACK_DEPTH];
	unsigned int depth, turns[ATTACK_DEPTH];
	void (*once)(void);
	void (*run)(bool late);
	bool scarce;		/* memory is, now and then */
	u64 rounds, first;
} attack;

/* ---- choices ---- */

static u32 below(u32 limit)
{
	u64 z = (attack.state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return (u32)(((z ^ (z >> 31)) >> 32) * limit >> 32);
}

static bool chance(u32 percent)
{
	return below(100) < percent;
}

/* Around the bounds of all kinds. */
static u32 odd_number(void)
{
	static const u32 edges[] = { 0, 1, 2, 127, 128, 129, 255, 256, 257, 1023, 1024, 4095,
				     65535, 65536, 65537, 0x7fffffff, 0x80000000, 0xfffffffe,
				     0xffffffff };

	return chance(20) ? below(0xffffffff) : edges[below(ARRAY_SIZE(edges))];
}

/* ---- files ---- */

#define ATTACK_FILES	6u	/* of each kind */

/* Those of one kind: number + 1; 0: none. */
typedef int attack_files[ATTACK_FILES];

/* One of them; -1: none. */
static int attack_pick(const attack_files files)
{
	for (unsigned int tries = 0; tries < 2 * ATTACK_FILES; tries++) {
		int fd = files[below(ATTACK_FILES)];

		if (fd)
			return fd - 1;
	}
	return -1;
}

static void attack_close(int *slot)
{
	int fd = *slot - 1;

	*slot = 0;
	if (fd >= 0)
		kernel_close(fd);
}

/* In place of another, which is closed. */
static void attack_keep(attack_files files, int fd)
{
	int *slot = &files[below(ATTACK_FILES)];

	attack_close(slot);
	*slot = fd + 1;
}

/* What was of one kind is of another; false: it has been closed meanwhile. */
static bool attack_move(attack_files from, attack_files to, int fd)
{
	for (unsigned int i = 0; i < ATTACK_FILES; i++) {
		if (from[i] != fd + 1)
			continue;
		from[i] = 0;
		attack_keep(to, fd);
		return true;
	}
	return false;
}

/* ---- processes ---- */

static void attack_as(unsigned int depth)
{
	attack.depth = depth;
	attack.turns[depth] = 0;
	attack.tasks[depth].signalled = false;
	attack.tasks[depth].killed = false;
	kernel_become(&attack.tasks[depth]);
	attack.once();
}

static void attack_idle(void)
{
	unsigned int depth = attack.depth, turn = attack.turns[depth]++;
	int allocs = kernel_allocs_left;

	kernel_allocs_left = -1;
	attack.run(chance(20));
	if (turn >= ATTACK_TURNS)
		kernel_signal(current, turn >= 2 * ATTACK_TURNS);
	else if (depth + 1 < ATTACK_DEPTH)
		attack_as(depth + 1);
	attack.depth = depth;
	kernel_become(&attack.tasks[depth]);
	kernel_allocs_left = allocs;
}

/* ---- rounds ---- */

/* Everything from now on is by processes with @mm, and by the choices of @round. */
static void attack_begin(u64 round, struct mm_struct *mm)
{
	attack.state = round;
	for (unsigned int i = 0; i < ATTACK_DEPTH; i++)
		attack.tasks[i] = (struct task_struct){ .pid = 300 + (int)i, .tgid = 300 + (int)i,
							.refs = 1, .mm = mm };
	attack.depth = 0;
	kernel_become(&attack.tasks[0]);
	kernel_idle = attack_idle;
	kernel_pick = below;
}

/* Some of the work that is there, so that messages of both ends cross. */
static void attack_work_a_little(void)
{
	for (u32 n = below(4); n; n--)
		kernel_run_one();
}

static void attack_ops(unsigned int nr)
{
	while (nr--)
		attack_as(0);
	kernel_idle = NULL;
	kernel_pick = NULL;
}

/* Nobody holds one of the processes any more. */
static void attack_check_tasks(void)
{
	for (unsigned int i = 0; i < ATTACK_DEPTH; i++)
		CU_ASSERT_EQUAL(attack.tasks[i].refs, 1);
}

/* Does @round for each, until one fails. */
static void attack_rounds(bool scarce, void (*do_round)(u64 round))
{
	unsigned int failures = CU_get_number_of_failures();

	attack.scarce = scarce;
	for (u64 round = attack.first; round < attack.first + attack.rounds; round++) {
		do_round(round);
		if (CU_get_number_of_failures() != failures) {
			printf("round %llu%s failed\n", round, scarce ? ", memory scarce," : "");
			return;
		}
	}
}

/* Arguments: [ROUNDS [FIRST]] */
static void attack_options(int argc, char **argv, u64 rounds)
{
	attack.rounds = argc > 1 ? strtoull(argv[1], NULL, 0) : rounds;
	attack.first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
}

#endif
