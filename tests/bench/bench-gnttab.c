// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What VUMEM's mapping is compared with: the server shares -z bytes with libxengnttab's
 * gntshr, the client maps them with gnttab and touches every page, -n times (work "map").
 * The references of the pages stand in pages that are shared as well, for there are
 * more than a value of xenstore holds.
 */
#include "bench.h"
#include "pages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xengnttab.h>

#define LIST_REFS	(BENCH_PAGE / sizeof(uint32_t))
#define LISTS_MAX	8u

static uint32_t lists_of(uint32_t pages)
{
	uint32_t lists = (uint32_t)((pages + LIST_REFS - 1) / LIST_REFS);

	errno = EMSGSIZE;
	if (lists > LISTS_MAX)
		bench_die("%u pages", pages);
	return lists;
}

/* ---- the server ---- */

static void *share(xengntshr_handle *shares, const struct bench_args *args, uint32_t count,
		   uint32_t *refs)
{
	void *pages = xengntshr_share_pages(shares, args->peer, (int)count, refs, 1);

	if (!pages)
		bench_die("share %u pages (limit of xen_gntalloc?)", count);
	return pages;
}

static void publish_lists(const struct bench_args *args, const uint32_t *refs, uint32_t count)
{
	char text[LISTS_MAX * 12];
	size_t length = 0;
	uint32_t i;

	for (i = 0; i < count; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%u ", refs[i]);
	bench_meet_publish(args, "lists", text);
}

static void serve(const struct bench_args *args)
{
	uint32_t count = bench_pages_of(args), lists = lists_of(count);
	xengntshr_handle *shares = xengntshr_open(NULL, 0);
	uint32_t *refs = calloc(count, sizeof(*refs));
	uint32_t list_refs[LISTS_MAX];
	void *pages, *list;

	if (!shares || !refs)
		bench_die("gntalloc");
	pages = share(shares, args, count, refs);
	list = share(shares, args, lists, list_refs);
	bench_pages_fill(pages, count);
	memcpy(list, refs, count * sizeof(*refs));
	publish_lists(args, list_refs, lists);
	free(bench_meet_await(args, "done"));
	bench_meet_remove(args);
	xengntshr_unshare(shares, list, lists);
	xengntshr_unshare(shares, pages, count);
	xengntshr_close(shares);
	free(refs);
}

/* ---- the client ---- */

static void *map(xengnttab_handle *maps, const struct bench_args *args, uint32_t *refs,
		 uint32_t count)
{
	void *pages = xengnttab_map_domain_grant_refs(maps, count, args->peer, refs,
						      PROT_READ | PROT_WRITE);

	if (!pages)
		bench_die("map %u pages", count);
	return pages;
}

static uint32_t *read_lists(xengnttab_handle *maps, const struct bench_args *args, uint32_t count)
{
	uint32_t lists = lists_of(count), list_refs[LISTS_MAX], i;
	uint32_t *refs = calloc(count, sizeof(*refs));
	char *text = bench_meet_await(args, "lists");
	char *at = text;
	void *list;

	for (i = 0; i < lists; i++)
		list_refs[i] = (uint32_t)strtoul(at, &at, 10);
	free(text);
	list = map(maps, args, list_refs, lists);
	if (!refs)
		bench_die("memory");
	memcpy(refs, list, count * sizeof(*refs));
	xengnttab_unmap(maps, list, lists);
	return refs;
}

static uint64_t timed_map(xengnttab_handle *maps, const struct bench_args *args, uint32_t *refs,
			  uint32_t count)
{
	uint64_t start = bench_now_ns(), end;
	void *pages = map(maps, args, refs, count);

	bench_pages_touch(pages, count);
	end = bench_now_ns();
	if (xengnttab_unmap(maps, pages, count))
		bench_die("unmap");
	return end - start;
}

static void measure(const struct bench_args *args)
{
	uint32_t count = bench_pages_of(args);
	xengnttab_handle *maps = xengnttab_open(NULL, 0);
	uint64_t *ns = calloc(args->count, sizeof(*ns));
	unsigned long i;
	uint32_t *refs;

	if (!maps || !ns)
		bench_die("gntdev");
	refs = read_lists(maps, args, count);
	for (i = 0; i < args->count; i++)
		ns[i] = timed_map(maps, args, refs, count);
	bench_result(args, NULL, (double)bench_median(ns, args->count) / 1000, "us");
	free(ns);
	xengnttab_close(maps);
	free(refs);
	bench_meet_publish(args, "done", "1");
}

int main(int argc, char **argv)
{
	struct bench_args args;

	bench_args_parse(&args, argc, argv);
	errno = 0;
	if (strcmp(args.work, "map"))
		bench_die("no work is called %s", args.work);
	if (args.side == BENCH_SERVER)
		serve(&args);
	else
		measure(&args);
	return 0;
}
