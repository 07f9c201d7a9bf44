/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics, and that nothing is used up. */
#include "vumem_suite.h"

#include <stdio.h>
#include <stdlib.h>

static void counters_count(void)
{
	VumemSessionHandle session, other;
	VumemBufferHandle buffers[3];
	void *addr;

	start_server(1);
	SUITE_EQUAL(vumemProf(client_device(), VUMEM_PROF_RESET, NULL, 0), 0);
	session = new_session();
	other = new_session();
	SUITE_EQUAL(stat_of(VUMEM_PROF_SESSIONS), 2);
	for (unsigned int i = 0; i < 3; i++)
		buffers[i] = new_buffer(session, (i + 1) * PAGE, i ? &addr : NULL);
	SUITE_EQUAL(vumemBufferRegister(other, buffers[0]), 0);
	SUITE_EQUAL(vumemBufferUnregister(buffers[0]), 0);
	SUITE_EQUAL(remote(buffers[0], VU_ECHO, 0, NULL), 0);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_ALLOC), 3);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFERS), 3);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_MAP), 2);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_MAPPINGS), 2);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_REGISTER), 1);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_UNREGISTER), 1);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_CTL_REMOTE), 1);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_ALLOCATED_SIZE), 6 * PAGE);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_SINGLE_SIZE_MAX), 3 * PAGE);
	SUITE_EQUAL(vumemBufferUnmap(buffers[1]), 0);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_MAPPINGS), 1);
	SUITE_EQUAL(vumemBufferFree(buffers[2]), 0);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_MAPPINGS), 0);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_FREE), 1);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFERS), 2);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_ALLOCATED_SIZE), 3 * PAGE);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_ALLOCATED_SIZE_MAX), 6 * PAGE);
	/* 2 sessions, 3 allocations, 2 of registration, 1 control, 1 free */
	SUITE_EQUAL(stat_of(VUMEM_PROF_RPC_CALLS), 9);
	end_session(other);
	end_session(session);
}

static void reset_keeps_what_there_is(void)
{
	VumemSessionHandle session;
	void *addr;

	start_server(1);
	session = new_session();
	new_buffer(session, PAGE, &addr);
	SUITE_EQUAL(vumemProf(client_device(), VUMEM_PROF_RESET, NULL, 0), 0);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_ALLOC), 0);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_MAP), 0);
	SUITE_EQUAL(stat_of(VUMEM_PROF_RPC_CALLS), 0);
	SUITE_EQUAL(stat_of(VUMEM_PROF_SESSIONS), 1);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFERS), 1);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_MAPPINGS), 1);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_ALLOCATED_SIZE), PAGE);
	end_session(session);
}

static void unknown_statistics_are_einval(void)
{
	VumemStat stat = { .id = 16 };

	SUITE_EQUAL(vumemProf(client_device(), VUMEM_PROF_GEN_STAT_GET, &stat, 1), EINVAL);
	stat.id = 0;
	SUITE_EQUAL(vumemProf(client_device(), VUMEM_PROF_GEN_STAT_GET, &stat, 1), EINVAL);
	SUITE_EQUAL(vumemProf(client_device(), 3, &stat, 1), EINVAL);
	SUITE_EQUAL(vumemProf(client_device(), VUMEM_PROF_GEN_STAT_GET, NULL, 1), EINVAL);
	SUITE_EQUAL(vumemProf(client_device(), VUMEM_PROF_GEN_STAT_GET, &stat, -1), EINVAL);
	SUITE_EQUAL(vumemProf(client_device(), VUMEM_PROF_GEN_STAT_GET, NULL, 0), 0);
	SUITE_EQUAL(vumemProf("/dev/null", VUMEM_PROF_GEN_STAT_GET, NULL, 0), EINVAL);
}

static long available_kb(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	long value = -1;

	while (file && value < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %ld", &value) != 1)
			value = -1;
	if (file)
		fclose(file);
	return value;
}

static void one_cycle(VumemSessionHandle session, unsigned int i)
{
	uint32_t size = (i % 64 + 1) * PAGE;
	VumemBufferHandle buffer;
	char *addr;

	buffer = new_buffer(session, size, (void **)&addr);
	if (addr[size - 1] == addr[0])
		addr[0]++;
	if (pattern_check(addr + 1, PAGE - 1, 1, 1))
		suite_fail("cycle %u: another's memory", i);
	if (vumemBufferUnmap(buffer) || vumemBufferFree(buffer))
		suite_fail("cycle %u: unmap or free", i);
}

static void cycles_use_nothing_up(void)
{
	unsigned long cycles = option_number("cycles", 100);
	VumemSessionHandle session;
	long before = 0;

	start_server(1);
	session = new_session();
	for (unsigned int i = 0; i < cycles; i++) {
		/* What is kept for later uses is there by then. */
		if (i == 64)
			before = available_kb();
		one_cycle(session, i);
	}
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFERS), 0);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_MAPPINGS), 0);
	SUITE_EQUAL(command(VU_STAT, 0, 0).v[0], 0);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_FREE), cycles);
	/* A page lost each time would be 4 KiB each. */
	if (cycles >= 3000)
		CU_ASSERT(before - available_kb() < (long)cycles * 4 / 2 + 4096);
	end_session(session);
}

static void many_buffers_at_a_time(void)
{
	enum { MANY = 500 };
	VumemBufferHandle buffers[MANY];
	VumemSessionHandle session;
	char *addrs[MANY];

	start_server(4);
	session = new_session();
	for (unsigned int i = 0; i < MANY; i++) {
		buffers[i] = new_buffer(session, 2 * PAGE, (void **)&addrs[i]);
		memcpy(addrs[i], &i, sizeof(i));
	}
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFER_MAPPINGS), MANY);
	SUITE_EQUAL(command(VU_STAT, 0, 0).v[0], 2 * MANY);
	for (unsigned int i = 0; i < MANY; i++) {
		CU_ASSERT(!memcmp(addrs[i], &i, sizeof(i)));
		if (i % 2)
			SUITE_EQUAL(vumemBufferFree(buffers[i]), 0);
	}
	SUITE_EQUAL(command(VU_STAT, 0, 0).v[0], MANY);
	end_session(session);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_FREE), MANY);
}

const struct suite_test vumem_stat_tests[] = {
	{ "counters_count", counters_count, 0 },
	{ "reset_keeps_what_there_is", reset_keeps_what_there_is, 0 },
	{ "unknown_statistics_are_einval", unknown_statistics_are_einval, 0 },
	{ "many_buffers_at_a_time", many_buffers_at_a_time, 0 },
	{ "cycles_use_nothing_up", cycles_use_nothing_up, 600 },
	{ NULL, NULL, 0 },
};
