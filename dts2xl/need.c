// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vlink/info.h>
#include <xen/io/vumem.h>

#include "lib/services.h"
#include "info.h"
#include "mem.h"
#include "need.h"
#include "xlcfg.h"

#define PAGE		4096ull
#define GRANTS_A_FRAME	(PAGE / 8)	/* entries of version 1 */
#define MAPS_A_FRAME	(PAGE / 16)

/* What Xen and xl give a domain without being asked. */
#define DEFAULT_GRANT_FRAMES	64
#define DEFAULT_MAPTRACK_FRAMES	1024
#define DEFAULT_EVENT_CHANNELS	1023

/* For the console, xenstore, disks and network interfaces. */
#define OTHER_GRANTS	2048
#define OTHER_MAPS	0
#define OTHER_EVENTS	64

/* Sessions and channels that have their guaranteed pages besides the shared ones. */
#define VRPQ_SESSIONS	32

static unsigned long long divide_up(unsigned long long n, unsigned long long by)
{
	return (n + by - 1) / by;
}

/* With the directory pages that list them, as regions have them (xen/io/vlink.h). */
static unsigned long long with_directory(unsigned long long pages)
{
	return pages + divide_up(pages, VLINK_DIR_REFS);
}

static unsigned long long ring_pages(const struct model *model, const struct end *end,
				     const char *info)
{
	unsigned long long wanted = info_pipe(model, end->cfg.class_name, info).size, size;

	for (size = VBPIPE_RING_MIN; size < wanted - VBPIPE_SIZE_HEADER; size *= 2)
		;
	return divide_up(size, PAGE);
}

/* A control page and the two rings. */
static void need_vbpipe(const struct model *model, const struct end *end, struct need *client,
			struct need *server)
{
	client->grants = with_directory(1 + ring_pages(model, end, info_of(end)) +
					ring_pages(model, end, info_of_peer(end)));
	server->maps = client->grants;
}

/* A mailbox, segments of requests, parameters, and what sessions are guaranteed. */
static void need_vrpq(const struct model *model, const struct end *end, struct need *client,
		      struct need *server)
{
	unsigned long long reqs = vlinkcfg_info_value(info_of(end), "vrpq-reqs");
	unsigned long long pmem = vlinkcfg_info_value(info_of(end), "vrpq-pmem");

	(void)model;
	client->grants = with_directory(VLINK_MAILBOX_PAGES) + VRPQ_SEGMENT_PAGES(reqs) +
		divide_up(pmem, PAGE) +
		VRPQ_SESSIONS * (1 + VRPQ_FLOOR_RING_PAGES + VRPQ_FLOOR_PARAM_PAGES);
	server->maps = client->grants;
}

static bool says_buffers(const struct end *end)
{
	const char *info = info_of(end);

	return info && strcasestr(info, "vumem-mem=");
}

/*
 * A mailbox of the client's; the buffers are the server's. Links whose info does not say how
 * much memory their buffers have share 64 MiB: it is enough for each, not for all at a time.
 */
static void need_vumem(const struct model *model, const struct end *end, struct need *client,
		       struct need *server)
{
	unsigned long long size = vlinkcfg_info_value(info_of(end), "vumem-mem"), buffers;

	(void)model;
	buffers = with_directory(divide_up(size, PAGE));
	client->grants = with_directory(VLINK_MAILBOX_PAGES);
	server->maps = client->grants;
	*(says_buffers(end) ? &server->grants : &server->shared_grants) = buffers;
	*(says_buffers(end) ? &client->maps : &client->shared_maps) = buffers;
}

static unsigned long long vsock_ring_pages(const char *info)
{
	unsigned long long size = vlinkcfg_info_value(info, "vsock-ring"), ring = VSOCK_RING_MIN;

	while (ring < size)
		ring *= 2;
	return ring / PAGE;
}

/* The lines of the rings, and the two rings. */
static void need_vsock(const struct model *model, const struct end *end, struct need *client,
		       struct need *server)
{
	(void)model;
	client->grants = with_directory(1 + vsock_ring_pages(info_of(end)) +
					vsock_ring_pages(info_of_peer(end)));
	server->maps = client->grants;
}

/* What a class needs is the sum of what its services need, and a channel for each. */
static const struct {
	const char *service;
	void (*need)(const struct model *model, const struct end *end, struct need *client,
		     struct need *server);
} services[] = {
	{ SERVICE_VBPIPE, need_vbpipe },
	{ SERVICE_VRPQ, need_vrpq },
	{ SERVICE_VUMEM, need_vumem },
	{ SERVICE_VSOCK, need_vsock },
};

static unsigned long long larger(unsigned long long a, unsigned long long b)
{
	return a > b ? a : b;
}

static void add(struct need *sum, const struct need *need)
{
	sum->shared_grants = larger(sum->shared_grants, need->shared_grants);
	sum->shared_maps = larger(sum->shared_maps, need->shared_maps);
	sum->grants += need->grants;
	sum->maps += need->maps;
	sum->events += need->events;
}

static void add_service(const struct model *model, const struct end *end, const char *service,
			struct need *sum)
{
	struct need client = { 0 }, server = { 0 };
	size_t i;

	for (i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (!strcmp(services[i].service, service))
			services[i].need(model, end, &client, &server);
	/* Every service has an event channel, also one that is not known here. */
	client.events = 1;
	server.events = 1;
	add(sum, end->cfg.role == VLINKCFG_CLIENT ? &client : &server);
}

struct need need_of_end(const struct model *model, const struct end *end)
{
	const struct vlinkcfg_class *class =
		vlinkcfg_class_find(model->classes, end->cfg.class_name);
	struct need sum = { 0 };
	size_t i;

	for (i = 0; class && i < class->nr_services; i++)
		add_service(model, end, class->services[i], &sum);
	return sum;
}

#define NOT_SHARED	((size_t)-1)

/* One of the three resources. */
struct resource {
	const char *key;
	const char *what;
	const char *boot;	/* the option of Xen's that allows more; NULL: none */
	size_t field;
	size_t shared;
	unsigned long long others;
	unsigned long long per_unit;
	unsigned long long standard;
};

static const struct resource resources[] = {
	{ "max_grant_frames", "grants", "gnttab_max_frames", offsetof(struct need, grants),
	  offsetof(struct need, shared_grants), OTHER_GRANTS, GRANTS_A_FRAME, DEFAULT_GRANT_FRAMES },
	{ "max_maptrack_frames", "mapped grants", "gnttab_max_maptrack_frames",
	  offsetof(struct need, maps), offsetof(struct need, shared_maps), OTHER_MAPS, MAPS_A_FRAME, DEFAULT_MAPTRACK_FRAMES },
	{ "max_event_channels", "event channels", NULL, offsetof(struct need, events),
	  NOT_SHARED, OTHER_EVENTS, 1, DEFAULT_EVENT_CHANNELS },
};

static unsigned long long field_of(const struct need *need, size_t field)
{
	if (field == NOT_SHARED)
		return 0;
	return *(const unsigned long long *)((const char *)need + field);
}

static struct need need_of_vm(const struct model *model, const struct vm *vm)
{
	struct need sum = { 0 }, need;
	size_t i;

	for (i = 0; i < vm->nr_ends; i++) {
		need = need_of_end(model, &vm->ends[i]);
		add(&sum, &need);
	}
	return sum;
}

static void print_arithmetic(FILE *out, const struct model *model, const struct vm *vm,
			     const struct resource *resource, unsigned long long shared,
			     unsigned long long sum)
{
	unsigned long long part;
	struct need need;
	size_t i;

	fprintf(out, "# The links of %s need of %s:\n", model_domain_name(model, vm->number),
		resource->what);
	for (i = 0; i < vm->nr_ends; i++) {
		need = need_of_end(model, &vm->ends[i]);
		part = field_of(&need, resource->field);
		if (part)
			fprintf(out, "#   %s (%s): %llu\n", vm->ends[i].cfg.link,
				vm->ends[i].cfg.class_name, part);
	}
	if (shared)
		fprintf(out, "#   buffers of links without vumem-mem: %llu\n", shared);
	fprintf(out, "#   other devices: %llu\n#   in all %llu", resource->others, sum);
	if (resource->per_unit > 1)
		fprintf(out, ", %llu a frame", resource->per_unit);
	fputc('\n', out);
	if (resource->boot)
		fprintf(out, "# Xen must have been booted with %s=%llu or more.\n",
			resource->boot, divide_up(sum, resource->per_unit));
}

/* True if the config has the key; a value that is too small is warned of. */
static bool is_given(const struct xlcfg *cfg, const struct vm *vm, const struct resource *resource,
		     unsigned long long needed)
{
	long value;

	if (!xlcfg_has(cfg, resource->key))
		return false;
	if (!xlu_cfg_get_long(cfg->config, resource->key, &value, 1) && value >= 0 &&
	    (unsigned long long)value < needed)
		diag_warning(CODE_GRANTS, vm->pos, "the links of vm%u need %s = %llu, but its config says %ld",
			     vm->number, resource->key, needed, value);
	return true;
}

static void print_resource(FILE *out, const struct model *model, const struct vm *vm,
			   const struct xlcfg *cfg, const struct resource *resource)
{
	struct need need = need_of_vm(model, vm);
	unsigned long long shared = field_of(&need, resource->shared), sum, needed;

	sum = field_of(&need, resource->field) + shared + resource->others;
	needed = divide_up(sum, resource->per_unit);
	if (needed <= resource->standard || is_given(cfg, vm, resource, needed))
		return;
	if (needed > INT_MAX) {
		diag_error(CODE_GRANTS, vm->pos, "the links of vm%u need %llu %s: that is out of reach",
			   vm->number, sum, resource->what);
		return;
	}
	print_arithmetic(out, model, vm, resource, shared, sum);
	/* dom0's come from Xen's command line alone. */
	fprintf(out, "%s%s = %llu\n", vm->number == model->dom0 ? "# " : "", resource->key, needed);
	if (resource->boot)
		diag_warning(CODE_GRANTS, vm->pos,
			     "the links of vm%u need %s = %llu: Xen must be booted with %s=%llu or more",
			     vm->number, resource->key, needed, resource->boot, needed);
}

/* What a VM grants is memory of its own. */
static void check_memory(const struct model *model, const struct vm *vm, const struct xlcfg *cfg)
{
	const struct need need = need_of_vm(model, vm);
	unsigned long long mib = divide_up(need.grants * PAGE, 1 << 20);
	long memory;

	if (!xlu_cfg_get_long(cfg->config, "memory", &memory, 1) && memory > 0 &&
	    mib >= (unsigned long long)memory)
		diag_warning(CODE_GRANTS, vm->pos, "the links of vm%u take %llu MiB of its memory, which is %ld MiB",
			     vm->number, mib, memory);
}

const char *need_text(const struct model *model, const struct vm *vm, const char *config)
{
	struct mem_stream stream;
	FILE *out = mem_stream_open(&stream);
	struct xlcfg cfg;
	size_t i;

	if (xlcfg_open(&cfg, "config", config)) {
		for (i = 0; i < sizeof(resources) / sizeof(resources[0]); i++)
			print_resource(out, model, vm, &cfg, &resources[i]);
		check_memory(model, vm, &cfg);
	}
	xlcfg_close(&cfg);
	return mem_stream_close(&stream);
}
