// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a domain's kernel holds, a line "NAME NUMBER [MARGIN]" for each thing that is counted;
 * the number may be too large by the margin. The lab compares the lines from before a
 * scenario's traffic with those from after it (rootfs/guest/usr/lib/xenlab/counting). Caches
 * are dropped and slabs shrunk before.
 */
#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GRANTS_PER_FRAME 512	/* of version 1, which Linux uses in all domains of the lab */

static bool incomplete;

/* What cannot be counted cannot be compared: that is no success. */
static void missing(const char *what)
{
	fprintf(stderr, "counts: %s: %s\n", what, strerror(errno));
	incomplete = true;
}

static bool write_string(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* The number that a file begins with, or -1. */
static long read_number(const char *dir, const char *name)
{
	char path[512];
	long number;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%ld", &number) != 1) {
		missing(path);
		number = -1;
	}
	if (f)
		fclose(f);
	return number;
}

/* Calls line() with each line of a file. */
static void each_line(const char *path, void (*line)(char *text, void *arg), void *arg)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;

	if (!f) {
		missing(path);
		return;
	}
	while (getline(&text, &room, f) >= 0)
		line(text, arg);
	free(text);
	fclose(f);
}

/* ---- modules, sockets ---- */

static void module_line(char *text, void *arg)
{
	char name[64], refs[32];

	(void)arg;
	if (sscanf(text, "%63s %*s %31s", name, refs) == 2 && isdigit(refs[0]))
		printf("module/%s %s\n", name, refs);
}

/* Of all families: AF_VSOCK does not count its own. */
static void sockstat_line(char *text, void *arg)
{
	long sockets;

	(void)arg;
	if (sscanf(text, "sockets: used %ld", &sockets) == 1)
		printf("sockets/used %ld\n", sockets);
}

/* ---- files ---- */

/* Each processor may have this many in its own count. */
#define FILES_OF_PROCESSOR	32

static void count_files(void)
{
	printf("files/open %ld %ld\n", read_number("/proc/sys/fs", "file-nr"),
	       FILES_OF_PROCESSOR * sysconf(_SC_NPROCESSORS_ONLN));
}

/* ---- slabs ---- */

/*
 * Shrunk, a cache has no slabs in the lists of processors, whose objects would all count as
 * used. The slab that a processor takes new ones from may be there again.
 */
static void count_cache(const char *name)
{
	char dir[300], shrink[320];
	long objects;

	snprintf(dir, sizeof(dir), "/sys/kernel/slab/%s", name);
	snprintf(shrink, sizeof(shrink), "%s/shrink", dir);
	write_string(shrink, "1");
	objects = read_number(dir, "objects");
	if (objects > 0)
		printf("slab/%s %ld %ld\n", name, objects,
		       read_number(dir, "objs_per_slab") * sysconf(_SC_NPROCESSORS_ONLN));
}

static void cache_line(char *text, void *arg)
{
	char name[64];

	(void)arg;
	if (text[0] != '#' && sscanf(text, "%63s", name) == 1 && strcmp(name, "slabinfo"))
		count_cache(name);
}

/* ---- pages ---- */

struct pages {
	long managed;	/* all that the kernel has to give away */
	long known;	/* free, or for what the kernel counts by itself */
	long pinned;
};

#define SECTION_BYTES	(128ull << 20)

static long page_kb(void)
{
	return sysconf(_SC_PAGESIZE) / 1024;
}

static void meminfo_line(char *text, void *arg)
{
	/* Stacks of threads are among what vmalloc has; huge pages, set aside for any process. */
	static const char * const known[] = { "VmallocUsed:", "Percpu:", "Hugetlb:" };
	struct pages *pages = arg;
	char name[64];
	long kb;

	if (sscanf(text, "%63s %ld", name, &kb) != 2)
		return;
	if (!strcmp(name, "MemTotal:"))
		pages->managed = kb / page_kb();
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(name, known[i]))
			pages->known += kb / page_kb();
	}
	if (!strcmp(name, "Percpu:"))
		printf("pages/percpu %ld\n", kb / page_kb());
}

static void vmstat_line(char *text, void *arg)
{
	static const char * const known[] = {
		"nr_free_pages", "nr_file_pages", "nr_anon_pages", "nr_page_table_pages",
		"nr_slab_reclaimable", "nr_slab_unreclaimable",
	};
	struct pages *pages = arg;
	char name[64];
	long n;

	if (sscanf(text, "%63s %ld", name, &n) != 2)
		return;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(name, known[i]))
			pages->known += n;
	}
	if (!strcmp(name, "nr_foll_pin_acquired"))
		pages->pinned += n;
	if (!strcmp(name, "nr_foll_pin_released"))
		pages->pinned -= n;
}

/* Free pages that a processor keeps for itself */
static void zoneinfo_line(char *text, void *arg)
{
	struct pages *pages = arg;
	long n;

	if (sscanf(text, " count: %ld", &n) == 1)
		pages->known += n;
}

/*
 * Addresses for pages of other domains, which Linux adds by sections as more of them are mapped
 * at a time, and keeps: each has its structures and its tables, 512 and 128 pages at most.
 */
static void iomem_line(char *text, void *arg)
{
	struct pages *pages = arg;
	unsigned long long first, last;

	if (strstr(text, " : Xen scratch") && sscanf(text, "%llx-%llx", &first, &last) == 2)
		pages->known += (long)((last - first + 1) / SECTION_BYTES * (512 + 128));
}

/* A kernel that notes where each object came from keeps these places for ever. */
#define PAGES_OF_PLACES	1024

static long pages_of_places(void)
{
	return read_number("/sys/kernel/slab/filp", "store_user") ? PAGES_OF_PLACES : 0;
}

static void count_pages(void)
{
	struct pages pages = { 0 };

	each_line("/proc/meminfo", meminfo_line, &pages);
	each_line("/proc/vmstat", vmstat_line, &pages);
	each_line("/proc/zoneinfo", zoneinfo_line, &pages);
	each_line("/proc/iomem", iomem_line, &pages);
	printf("pages/of-drivers %ld %ld\n", pages.managed - pages.known, pages_of_places());
	printf("pages/pinned %ld\n", pages.pinned);
}

static void count_ballooned(void)
{
	static const char dir[] = "/sys/devices/system/xen_memory/xen_memory0";

	printf("pages/ballooned-out %ld\n",
	       (read_number(dir, "target_kb") - read_number(dir, "info/current_kb")) / page_kb());
}

/* ---- vmalloc: areas by the module, or else the function, that asked for them ---- */

struct areas {
	char names[64][64];
	long counts[64];
	int nr;
};

static void count_area(struct areas *areas, const char *name)
{
	int i;

	for (i = 0; i < areas->nr && strcmp(areas->names[i], name); i++)
		;
	if (i == 64)
		return;
	if (i == areas->nr) {
		snprintf(areas->names[i], sizeof(areas->names[i]), "%s", name);
		areas->nr++;
	}
	areas->counts[i]++;
}

static void vmalloc_line(char *text, void *arg)
{
	char caller[64], module[64];
	int n;

	/* Given back already; the addresses are collected before they are used again. */
	if (strstr(text, "unpurged vm_area"))
		return;
	n = sscanf(text, "%*s %*s %63[^+ \n]+%*s [%63[^]]]", caller, module);
	if (n >= 1)
		count_area(arg, n == 2 ? module : caller);
}

static void count_areas(void)
{
	struct areas areas = { .nr = 0 };

	each_line("/proc/vmallocinfo", vmalloc_line, &areas);
	for (int i = 0; i < areas.nr; i++)
		printf("vmalloc/%s %ld\n", areas.names[i], areas.counts[i]);
}

/* ---- grants: Linux tells nobody how many are in use, but its variables do ---- */

struct variables {
	uint64_t frames, unused;
};

static void symbol_line(char *text, void *arg)
{
	struct variables *variables = arg;

	if (strstr(text, " nr_grant_frames\n"))
		variables->frames = strtoull(text, NULL, 16);
	else if (strstr(text, " gnttab_free_count\n"))
		variables->unused = strtoull(text, NULL, 16);
}

/* Finds the variable in the segments of the running kernel's core. */
static bool read_address(int core, uint64_t address, void *to, size_t size)
{
	Elf64_Ehdr head;
	Elf64_Phdr segment;

	if (pread(core, &head, sizeof(head), 0) != sizeof(head))
		return false;
	for (int i = 0; i < head.e_phnum; i++) {
		if (pread(core, &segment, sizeof(segment), head.e_phoff + i * sizeof(segment)) != sizeof(segment))
			return false;
		if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
		    address - segment.p_vaddr < segment.p_memsz)
			return pread(core, to, size, segment.p_offset + (address - segment.p_vaddr)) == (ssize_t)size;
	}
	errno = ENXIO;
	return false;
}

/* Debian's kernel for arm64 does not tell where its variables are: there nothing is counted. */
static void count_grants(void)
{
	struct variables variables = { 0 };
	int32_t frames, unused;
	int core;

	each_line("/proc/kallsyms", symbol_line, &variables);
	if (!variables.frames || !variables.unused)
		return;
	core = open("/proc/kcore", O_RDONLY);
	if (core >= 0 && read_address(core, variables.frames, &frames, sizeof(frames)) &&
	    read_address(core, variables.unused, &unused, sizeof(unused)))
		printf("grants/used %d\n", frames * GRANTS_PER_FRAME - unused);
	else
		missing("nr_grant_frames, gnttab_free_count");
	if (core >= 0)
		close(core);
}

/* ---- processes ---- */

static int nr_descriptors(const char *process)
{
	char path[512];
	DIR *dir;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%s/fd", process);
	dir = opendir(path);
	if (!dir)
		return 0;
	for (struct dirent *entry; (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void count_descriptors_of_vlinkd(void)
{
	char path[512], name[32];
	DIR *dir = opendir("/proc");

	if (!dir) {
		missing("/proc");
		return;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		FILE *f;

		if (!isdigit(entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (fscanf(f, "%31s", name) == 1 && !strcmp(name, "vlinkd"))
			printf("descriptors/vlinkd %d\n", nr_descriptors(entry->d_name));
		fclose(f);
	}
	closedir(dir);
}

/* What is cached is given back, and what RCU still had. */
static void drop_caches(void)
{
	/* Not to be told of in the log (4); page cache (1) and what can be had of slabs (2). */
	if (!write_string("/proc/sys/vm/drop_caches", "4") ||
	    !write_string("/proc/sys/vm/drop_caches", "3"))
		missing("drop_caches");
	/* Nothing tells when; membarrier() does not wait if there is one processor only. */
	usleep(100000);
}

int main(void)
{
	drop_caches();
	each_line("/proc/modules", module_line, NULL);
	each_line("/proc/net/sockstat", sockstat_line, NULL);
	count_files();
	each_line("/proc/slabinfo", cache_line, NULL);
	count_pages();
	count_ballooned();
	count_areas();
	count_grants();
	count_descriptors_of_vlinkd();
	return incomplete;
}
