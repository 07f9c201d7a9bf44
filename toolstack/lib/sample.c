// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE	/* O_PATH */
#include "services.h"
#include "../../userlib/common/abi.h"
#include "sample.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

/* The kernel's name of the device behind @fd, whatever its node is called. */
static bool kernel_name(int fd, const char *suffix, char *name, size_t size)
{
	char path[64], target[PATH_MAX];
	const char *last;
	struct stat st;
	ssize_t length;

	if (fstat(fd, &st) || !S_ISCHR(st.st_mode))
		return false;
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u%s", major(st.st_rdev), minor(st.st_rdev),
		 suffix);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	last = strrchr(target, '/') ? strrchr(target, '/') + 1 : target;
	if (strlen(last) >= size)
		return false;
	memcpy(name, last, strlen(last) + 1);
	return true;
}

static bool driver_is_good(struct device *device, const char **why)
{
	static const struct vlink_abi own = { .name = "vrpqstat", .package = "xen-vlink-guest",
					      .oldest = VRPQ_ABI_OLDEST, .newest = VRPQ_ABI_NEWEST };
	static char text[256];
	struct vlink_abi_args driver;

	if (ioctl(device->fd, VRPQ_IOC_ABI, &driver)) {
		*why = strerror(errno);
	} else {
		*why = text;
		if (!vlink_abi_compare(&own, &driver, text, sizeof(text)))
			return true;
	}
	device_close(device);
	return false;
}

bool device_open(struct device *device, const char *path, const char **why)
{
	char name[64];

	/* Opening other devices may have effects: look first, without them. */
	device->path = path;
	device->fd = open(path, O_PATH | O_CLOEXEC);
	if (device->fd < 0) {
		*why = strerror(errno);
		return false;
	}
	if (!kernel_name(device->fd, "/subsystem", name, sizeof(name)) || strcmp(name, SERVICE_VRPQ)) {
		*why = "not a VRPQ device";
		device_close(device);
		return false;
	}
	device->server = kernel_name(device->fd, "", name, sizeof(name)) &&
			 !strncmp(name, "vrpq-srv-", 9);
	device_close(device);
	device->fd = open(path, O_RDWR | O_CLOEXEC);
	*why = strerror(errno);
	return device->fd >= 0 && driver_is_good(device, why);
}

void device_close(struct device *device)
{
	close(device->fd);
	device->fd = -1;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

bool device_read(const struct device *device, bool reset, struct sample *sample)
{
	memset(sample, 0, sizeof(*sample));
	sample->stat.reset = reset;
	sample->stat.proc_count = SAMPLE_PROCS;
	sample->stat.procs = (uintptr_t)sample->procs;
	if (ioctl(device->fd, VRPQ_IOC_STAT, &sample->stat))
		return false;
	sample->time = now();
	sample->nr_procs = sample->stat.proc_count < SAMPLE_PROCS ? sample->stat.proc_count :
								     SAMPLE_PROCS;
	return true;
}

struct activity activity_total(const struct sample *sample)
{
	const __u64 *counters = sample->stat.counters;

	/* The post of vrpqPostAndNotify is not among those that it announces. */
	return (struct activity) {
		.posts = (double)(counters[VRPQ_PROF_POSTS_PER_CALL] +
				  counters[VRPQ_PROF_POSTS_PER_NOTIFY] +
				  counters[VRPQ_PROF_POST_MULTI_NOTIFY] +
				  counters[VRPQ_PROF_GROUPED_POSTS]),
		.calls = (double)counters[VRPQ_PROF_POST_MULTI_CALL],
		.notifies = (double)(counters[VRPQ_PROF_NOTIFY] +
				     counters[VRPQ_PROF_POST_MULTI_NOTIFY]),
		.wakeups = (double)sample->stat.wakeups,
		.waits = (double)(counters[VRPQ_PROF_REQ_RING_FULL] +
				  counters[VRPQ_PROF_PARAM_RING_FULL]),
		.bells = (double)sample->stat.bells_rung,
		.events = (double)sample->stat.events_sent,
	};
}

/* What is less than before was cleared in between: then all of it is new. */
static double rate(double before, double after, double seconds)
{
	return (after < before ? after : after - before) / seconds;
}

struct activity activity_per_second(const struct sample *before, const struct sample *after)
{
	double seconds = after->time > before->time ? after->time - before->time : 1;
	struct activity from = activity_total(before), to = activity_total(after);

	return (struct activity) {
		.posts = rate(from.posts, to.posts, seconds),
		.calls = rate(from.calls, to.calls, seconds),
		.notifies = rate(from.notifies, to.notifies, seconds),
		.wakeups = rate(from.wakeups, to.wakeups, seconds),
		.waits = rate(from.waits, to.waits, seconds),
		.bells = rate(from.bells, to.bells, seconds),
		.events = rate(from.events, to.events, seconds),
	};
}

static uint32_t count_of(const struct sample *sample, uint32_t id)
{
	size_t i;

	for (i = 0; i < sample->nr_procs; i++)
		if (sample->procs[i].id == id)
			return sample->procs[i].count;
	return 0;
}

static int more_first(const void *a, const void *b)
{
	const struct sample_proc *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

size_t sample_rank_procs(const struct sample *before, const struct sample *sample,
			 struct sample_proc *ranked)
{
	size_t i, n = 0;

	for (i = 0; i < sample->nr_procs; i++) {
		struct sample_proc proc = sample->procs[i];
		uint32_t old = before ? count_of(before, proc.id) : 0;

		if (old <= proc.count)
			proc.count -= old;
		if (proc.count)
			ranked[n++] = proc;
	}
	qsort(ranked, n, sizeof(*ranked), more_first);
	return n;
}

const char *counter_name(unsigned int id)
{
	static const char *const names[] = {
		[VRPQ_PROF_NOTIFY] = "notify",
		[VRPQ_PROF_POST_MULTI_CALL] = "post_multi_call",
		[VRPQ_PROF_POSTS_PER_CALL] = "posts_per_call",
		[VRPQ_PROF_POSTS_PER_CALL_MAX] = "posts_per_call_max",
		[VRPQ_PROF_POST_MULTI_NOTIFY] = "post_multi_notify",
		[VRPQ_PROF_POSTS_PER_NOTIFY] = "posts_per_notify",
		[VRPQ_PROF_POSTS_PER_NOTIFY_MAX] = "posts_per_notify_max",
		[VRPQ_PROF_POST_MULTI] = "post_multi",
		[VRPQ_PROF_GROUPED_POSTS] = "grouped_posts",
		[VRPQ_PROF_GROUPED_POSTS_MAX] = "grouped_posts_max",
		[VRPQ_PROF_PARAM_ALLOC_FAST] = "param_alloc_fast",
		[VRPQ_PROF_PARAM_ALLOC_SLOW] = "param_alloc_slow",
		[VRPQ_PROF_IN_PARAM_REF] = "in_param_ref",
		[VRPQ_PROF_PARAM_SINGLE_SZ_MAX] = "param_single_sz_max",
		[VRPQ_PROF_REQS_FREE] = "reqs_free",
		[VRPQ_PROF_REQS_PER_FREE] = "reqs_per_free",
		[VRPQ_PROF_REQ_RING_FULL] = "req_ring_full",
		[VRPQ_PROF_PARAM_RING_FULL] = "param_ring_full",
		[VRPQ_PROF_WAIT_FOR_SPACE_INTR] = "wait_for_space_intr",
	};

	return id < sizeof(names) / sizeof(names[0]) ? names[id] : NULL;
}

unsigned int percent(uint32_t part, uint32_t whole)
{
	if (!whole)
		return 0;
	return (unsigned int)(((uint64_t)part * 100 + whole / 2) / whole);
}
