// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Buffers of -z bytes over libvumem. Works:
 *
 *	map	maps a new buffer and touches every page, -n times: microseconds for one
 *	access	writes and reads a mapped buffer, -n times: MB/s
 *	local	the same in memory of the client's own; the server has nothing to do
 */
#include "bench.h"
#include "pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <vlx/vumem/client-lib.h>
#include <vlx/vumem/server-lib.h>

static void check(int err, const char *what)
{
	if (!err)
		return;
	errno = err;
	bench_die("%s", what);
}

/* ---- the server: one piece of memory, for one buffer after the other ---- */

static void answer(VumemServerHandle server, const VumemReq *req, void *memory, size_t size)
{
	VumemResp resp = { 0 };

	if (req->header.cmd == VUMEM_CMD_BUFFER_ALLOC) {
		resp.bufferAlloc.bufferId = req->bufferAlloc.bufferId;
		resp.bufferAlloc.map.vaddr = memory;
		resp.bufferAlloc.map.size = (VumemSize)size;
	}
	check(vumemRespond(server, &resp), "respond");
}

/* Until so many buffers were freed. */
static void serve(const struct bench_args *args, unsigned long buffers)
{
	const char *node = bench_node(args, "vumem-srv-", "");
	VumemServerHandle server;
	VumemReq req;
	void *memory;

	check(vumemServerMemAlloc((VumemSize)args->size, &memory), "memory");
	bench_pages_fill(memory, bench_pages_of(args));
	check(vumemServerCreate(node, &server), node);
	while (buffers) {
		check(vumemReceive(server, &req), "receive");
		answer(server, &req, memory, args->size);
		if (req.header.cmd == VUMEM_CMD_BUFFER_FREE)
			buffers--;
	}
	check(vumemServerDestroy(server), "end the server");
}

/* ---- the client ---- */

static uint64_t timed_map(VumemSessionHandle session, uint32_t pages)
{
	VumemBufferHandle buffer;
	uint64_t start, end;
	void *addr;

	check(vumemBufferAlloc(session, NULL, 0, &buffer), "allocate");
	start = bench_now_ns();
	check(vumemBufferMap(buffer, &addr), "map");
	bench_pages_touch(addr, pages);
	end = bench_now_ns();
	check(vumemBufferUnmap(buffer), "unmap");
	check(vumemBufferFree(buffer), "free");
	return end - start;
}

static uint64_t *samples(const struct bench_args *args)
{
	uint64_t *ns = calloc(args->count, sizeof(*ns));

	if (!ns)
		bench_die("memory");
	return ns;
}

static void measure_maps(const struct bench_args *args, VumemSessionHandle session)
{
	uint64_t *ns = samples(args);
	unsigned long i;

	for (i = 0; i < args->count; i++)
		ns[i] = timed_map(session, bench_pages_of(args));
	bench_result(args, NULL, (double)bench_median(ns, args->count) / 1000, "us");
	free(ns);
}

static uint64_t write_all(volatile uint64_t *words, size_t count)
{
	uint64_t start = bench_now_ns();
	size_t i;

	for (i = 0; i < count; i++)
		words[i] = i;
	return bench_now_ns() - start;
}

static uint64_t read_all(const volatile uint64_t *words, size_t count)
{
	uint64_t start = bench_now_ns();
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < count; i++)
		sum += words[i];
	errno = 0;
	if (sum != (uint64_t)count * (count - 1) / 2)
		bench_die("what is read is not what was written");
	return bench_now_ns() - start;
}

static void measure_access(const struct bench_args *args, void *memory)
{
	size_t words = args->size / sizeof(uint64_t);
	uint64_t *wrote = samples(args), *read = samples(args);
	double bytes = (double)args->size * 1000;
	uint64_t writing, reading;
	unsigned long i;

	/* Every page is there before the clock starts. */
	write_all(memory, words);
	read_all(memory, words);
	for (i = 0; i < args->count; i++) {
		wrote[i] = write_all(memory, words);
		read[i] = read_all(memory, words);
	}
	writing = bench_median(wrote, args->count);
	reading = bench_median(read, args->count);
	bench_result(args, NULL, 2 * bytes / (double)(writing + reading), "MB/s");
	bench_result(args, "write", bytes / (double)writing, "MB/s");
	bench_result(args, "read", bytes / (double)reading, "MB/s");
	free(wrote);
	free(read);
}

static void measure_mapped_access(const struct bench_args *args, VumemSessionHandle session)
{
	VumemBufferHandle buffer;
	void *addr;

	check(vumemBufferAlloc(session, NULL, 0, &buffer), "allocate");
	check(vumemBufferMap(buffer, &addr), "map");
	measure_access(args, addr);
	check(vumemBufferFree(buffer), "free");
}

static void measure_local_access(const struct bench_args *args)
{
	void *memory = mmap(NULL, args->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	if (memory == MAP_FAILED)
		bench_die("memory");
	measure_access(args, memory);
	munmap(memory, args->size);
}

static void measure(const struct bench_args *args, bool map)
{
	const char *node = bench_node(args, "vumem-clt-", "");
	VumemSessionHandle session;

	check(vumemSessionCreate(node, &session), node);
	if (map)
		measure_maps(args, session);
	else
		measure_mapped_access(args, session);
	check(vumemSessionDestroy(session), "end the session");
}

int main(int argc, char **argv)
{
	struct bench_args args;
	bool map, local;

	bench_args_parse(&args, argc, argv);
	map = !strcmp(args.work, "map");
	local = !strcmp(args.work, "local");
	errno = 0;
	if (!map && !local && strcmp(args.work, "access"))
		bench_die("no work is called %s", args.work);
	if (args.side == BENCH_CLIENT && local)
		measure_local_access(&args);
	else if (args.side == BENCH_CLIENT)
		measure(&args, map);
	else if (!local)
		serve(&args, map ? args.count : 1);
	return 0;
}
