// SPDX-License-Identifier: LGPL-2.1-or-later
/* The counters that VRPQ and VUMEM hand out by ioctl. */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <vlink/vrpq_ioctl.h>
#include <vlink/vumem_ioctl.h>
#include <vlx/vumem/common.h>

#include "lib/services.h"
#include "../../userlib/common/abi.h"
#include "lib/sample.h"
#include "counters.h"

typedef void (*adder)(void *arg, const char *name, uint64_t value);

static void add_vrpq(const struct vrpq_stat_args *stat, adder add, void *arg)
{
	const struct { const char *name; uint64_t value; } values[] = {
		{ "sessions", stat->sessions }, { "sessions_max", stat->sessions_max },
		{ "sessions_total", stat->sessions_total }, { "channels", stat->channels },
		{ "channels_max", stat->channels_max },
		{ "channels_total", stat->channels_total },
		{ "requests", stat->reqs_now }, { "requests_max", stat->reqs_max },
		{ "parameter_pages", stat->pmem_now },
		{ "parameter_pages_max", stat->pmem_max }, { "ring_pages", stat->ring_now },
		{ "ring_pages_max", stat->ring_max }, { "withheld_pages", stat->quarantined },
		{ "bells_rung", stat->bells_rung }, { "bells_heard", stat->bells_heard },
		{ "events_sent", stat->events_sent },
		{ "events_received", stat->events_received }, { "wakeups", stat->wakeups },
	};
	unsigned int i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		add(arg, values[i].name, values[i].value);
	for (i = 0; i < sizeof(stat->counters) / sizeof(stat->counters[0]); i++)
		if (counter_name(i))
			add(arg, counter_name(i), stat->counters[i]);
}

static void read_vrpq(int fd, adder add, void *arg)
{
	static struct vlink_abi abi = { .name = "vlinkctl", .package = "xen-vlink-guest",
					.cmd = VRPQ_IOC_ABI, .oldest = VRPQ_ABI_OLDEST,
					.newest = VRPQ_ABI_NEWEST };
	struct vrpq_stat_args stat = { 0 };

	if (!vlink_abi_check_node(&abi, fd) && !ioctl(fd, VRPQ_IOC_STAT, &stat))
		add_vrpq(&stat, add, arg);
}

static void read_vumem(int fd, adder add, void *arg)
{
	static const char *const names[] = {
		[VUMEM_PROF_BUFFER_ALLOC] = "buffer_alloc",
		[VUMEM_PROF_BUFFER_FREE] = "buffer_free",
		[VUMEM_PROF_BUFFER_MAP] = "buffer_map",
		[VUMEM_PROF_BUFFER_REGISTER] = "buffer_register",
		[VUMEM_PROF_BUFFER_UNREGISTER] = "buffer_unregister",
		[VUMEM_PROF_BUFFER_CTL_REMOTE] = "buffer_ctl_remote",
		[VUMEM_PROF_RPC_CALLS] = "rpc_calls",
		[VUMEM_PROF_SESSIONS] = "sessions",
		[VUMEM_PROF_BUFFERS] = "buffers",
		[VUMEM_PROF_BUFFER_MAPPINGS] = "buffer_mappings",
		[VUMEM_PROF_BUFFER_SINGLE_SIZE_MAX] = "buffer_single_size_max",
		[VUMEM_PROF_BUFFER_ALLOCATED_SIZE] = "buffer_allocated_size",
		[VUMEM_PROF_BUFFER_ALLOCATED_SIZE_MAX] = "buffer_allocated_size_max",
	};
	static struct vlink_abi abi = { .name = "vlinkctl", .package = "xen-vlink-guest",
					.cmd = VUMEM_IOC_ABI, .oldest = VUMEM_ABI_OLDEST,
					.newest = VUMEM_ABI_NEWEST };
	struct vumem_stat_args stat = { 0 };
	unsigned int i;

	if (vlink_abi_check_node(&abi, fd) || ioctl(fd, VUMEM_IOC_STAT, &stat))
		return;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i])
			add(arg, names[i], stat.stats[i]);
	add(arg, "pinned_pages", stat.pinned_pages);
	add(arg, "withheld_pages", stat.quarantined_pages);
}

void counters_read(const char *service, const char *path, adder add, void *arg)
{
	bool is_vrpq = !strcmp(service, SERVICE_VRPQ);
	int fd;

	/* Opening a node of another service may have effects. */
	if (!is_vrpq && strcmp(service, SERVICE_VUMEM))
		return;
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	if (is_vrpq)
		read_vrpq(fd, add, arg);
	else
		read_vumem(fd, add, arg);
	close(fd);
}
