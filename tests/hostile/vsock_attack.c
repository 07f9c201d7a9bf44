/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vsock_attack.h"

#include "../suites/vsock_suite.h"

#include <stdio.h>
#include <string.h>

static int neighbour_fd;
static uint64_t neighbour_seed;

void neighbour_works(void)
{
	neighbour_seed++;
	SUITE_EQUAL(agent_write(peer(), neighbour_fd, 3000, neighbour_seed, 0), 3000);
	for (long done = 0, n; done < 3000; done += n) {
		n = agent_read(peer(), neighbour_fd, 3000 - (size_t)done, neighbour_seed,
			       (uint64_t)done);
		if (n <= 0)
			suite_fail("the neighbour's connection: %s", n ? strerror(errno) : "end");
	}
}

void neighbour_connects(uint32_t cid)
{
	neighbour_fd = agent_socket(peer(), SOCK_STREAM);
	SUITE_EQUAL(agent_socket_connect(peer(), neighbour_fd, cid, NEIGHBOUR_PORT), 0);
	neighbour_works();
}

uint32_t neighbour_port(void)
{
	return agent_port(peer(), neighbour_fd);
}

long long kernel_memory(void)
{
	long long kb = agent_number(peer(), "/proc/meminfo SUnreclaim:");

	CU_ASSERT_FATAL(kb > 0);
	return kb;
}

void takes_less_than(long long kb, long long before)
{
	long long more = kernel_memory() - before;

	printf("# its kernel took %lld KiB more\n", more);
	CU_ASSERT(more < kb);
}
