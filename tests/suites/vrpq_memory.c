/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvrpq does not offer: the driver's counts, and the mapped memory itself. */
#include "pattern.h"
#include "vma.h"
#include "vrpq_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vlink/vrpq_ioctl.h>

#define PAGE		4096u
#define LOOK_AGAIN	20000u	/* writes after which the pages in use are looked for anew */

struct area {
	unsigned char *start;
	size_t size;
};

static int read_stat(const struct vq_request *r, struct vq_reply *reply)
{
	struct vrpq_stat_args stat = { 0 };
	int fd = open(r->device, O_RDWR | O_CLOEXEC), error;

	if (fd < 0)
		return errno;
	error = ioctl(fd, VRPQ_IOC_STAT, &stat) ? errno : 0;
	close(fd);
	reply->v[VQ_SESSIONS] = stat.sessions;
	reply->v[VQ_CHANNELS] = stat.channels;
	reply->v[VQ_REQS] = stat.reqs_now;
	reply->v[VQ_PMEM] = stat.pmem_now;
	reply->v[VQ_RING] = stat.ring_now;
	reply->v[VQ_QUARANTINED] = stat.quarantined;
	reply->v[VQ_EVENTS] = (int64_t)stat.events_received;
	return error;
}

/* The first mapping of the device, which bears its name without the directory. */
static bool find_area(const char *device, struct area *area)
{
	const char *slash = strrchr(device, '/'), *name = slash ? slash + 1 : device;
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end;
	bool found = false;
	char line[256];

	while (maps && !found && fgets(line, sizeof(line), maps))
		if (strstr(line, name) && sscanf(line, "%lx-%lx", &start, &end) == 2) {
			*area = (struct area){ (unsigned char *)start, end - start };
			found = true;
		}
	if (maps)
		fclose(maps);
	return found;
}

static bool page_in_use(const unsigned char *page)
{
	for (unsigned int i = 0; i < PAGE; i++)
		if (page[i])
			return true;
	return false;
}

static size_t list_pages(const struct area *area, unsigned char **pages)
{
	size_t n = 0;

	for (size_t at = 0; at < area->size; at += PAGE)
		if (page_in_use(area->start + at))
			pages[n++] = area->start + at;
	return n;
}

/* Random bytes all over what is in use, and now and then anywhere. */
static void scribble_some(const struct area *area, uint64_t *state, uint32_t count)
{
	unsigned char **pages = calloc(area->size / PAGE + 1, sizeof(*pages));
	size_t n = pages ? list_pages(area, pages) : 0;

	for (uint32_t i = 0; i < count; i++) {
		size_t offset = pattern_size(state, PAGE) - 1;
		volatile unsigned char *at;

		if (n && pattern_size(state, 8) > 1)
			at = pages[pattern_size(state, n) - 1] + offset;
		else
			at = area->start + pattern_size(state, area->size) - 1;
		*at = (unsigned char)pattern_size(state, 256);
	}
	free(pages);
}

static int scribble(const struct vq_request *r, struct vq_reply *reply)
{
	uint64_t state = r->seed;
	struct area area;

	while (reply->v[0] < (int64_t)r->count) {
		uint32_t some = r->count - (uint32_t)reply->v[0];

		if (some > LOOK_AGAIN)
			some = LOOK_AGAIN;
		if (!find_area(r->device, &area))
			return ENOENT;
		scribble_some(&area, &state, some);
		reply->v[0] += some;
	}
	return 0;
}

static int misuse(const struct vq_request *r)
{
	const char *broken;
	struct area area;

	if (!find_area(r->device, &area))
		return ENOENT;
	broken = vma_misuse(area.start, area.size);
	if (broken)
		fprintf(stderr, "not so: %s\n", broken);
	return broken ? EPERM : 0;
}

int vq_memory_op(const struct vq_request *r, struct vq_reply *reply)
{
	switch (r->op) {
	case VQ_STAT: return read_stat(r, reply);
	case VQ_MISUSE: return misuse(r);
	default: return scribble(r, reply);
	}
}
