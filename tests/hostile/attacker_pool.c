// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a process of the attacker holds: descriptors, memory. The pools have no locks: that
 * one thread closes or unmaps what another one uses is wanted.
 */
#include "attacker.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NODES	32u
#define FDS	10u	/* of each kind */
#define RANGES	48u

/* ---- nodes ---- */

static struct node nodes[NODES];
static unsigned int nr_nodes;

static const char *const prefixes[] = {
	[VRPQ_CLT] = "vrpq-clt-", [VRPQ_SRV] = "vrpq-srv-", [VUMEM_CLT] = "vumem-clt-",
	[VUMEM_SRV] = "vumem-srv-", [VBPIPE] = "vbpipe",
};

static bool is_near(const char *name)
{
	for (unsigned int i = 0; i < attack.nr_near; i++)
		if (!strcmp(attack.near[i], name))
			return true;
	return false;
}

static void node_add(enum role role, const char *name)
{
	struct node *node = &nodes[nr_nodes];

	/* Two users of a pipe disturb each other by its very rules. */
	if (nr_nodes == NODES || (role == VBPIPE && is_near(name)))
		return;
	snprintf(node->path, sizeof(node->path), "/dev/%.50s", name);
	node->role = role;
	node->near = is_near(name);
	nr_nodes++;
}

void nodes_find(void)
{
	DIR *dir = opendir("/dev");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		for (enum role role = VRPQ_CLT; role <= VBPIPE; role++)
			if (!strncmp(entry->d_name, prefixes[role], strlen(prefixes[role])))
				node_add(role, entry->d_name);
	if (dir)
		closedir(dir);
}

const struct node *node_of(enum role role)
{
	const struct node *found = NULL;
	unsigned int nr = 0;

	/* Each with the same chance. */
	for (unsigned int i = 0; i < nr_nodes; i++)
		if (nodes[i].role == role && !below(++nr))
			found = &nodes[i];
	return found;
}

const struct node *node_any(void)
{
	return nr_nodes ? &nodes[below(nr_nodes)] : NULL;
}

/* ---- descriptors ---- */

struct slot {
	int fd;			/* + 1; 0: none */
	const struct node *node;
};

/* For each kind as much room, so that what is made often does not displace all else. */
static struct slot fds[NR_WHATS * FDS];

void keep_fd(int fd, enum what what, const struct node *node)
{
	struct slot *slot = &fds[what * FDS + below(FDS)];
	int old = slot->fd - 1;

	if (fd < 0)
		return;
	slot->fd = 0;
	if (old > STDERR_FILENO)
		CALL(close, old);
	slot->node = node;
	slot->fd = fd + 1;
}

int pick_fd_on(enum what what, const struct node **node)
{
	const struct slot *slots = what == ANYTHING ? fds : &fds[what * FDS];
	unsigned int nr = what == ANYTHING ? NR_WHATS * FDS : FDS, start = below(nr);

	for (unsigned int i = 0; i < nr; i++) {
		struct slot slot = slots[(start + i) % nr];

		if (slot.fd) {
			*node = slot.node;
			return slot.fd - 1;
		}
	}
	*node = NULL;
	return -1;
}

int pick_fd(enum what what)
{
	const struct node *node;

	return pick_fd_on(chance(90) ? what : ANYTHING, &node);
}

void forget_fd(int fd)
{
	for (unsigned int i = 0; i < NR_WHATS * FDS; i++)
		if (fds[i].fd == fd + 1)
			fds[i].fd = 0;
}

void forget_all_fds(void)
{
	memset(fds, 0, sizeof(fds));
}

/* ---- memory ---- */

/*
 * Mappings whose places the attacker chooses lie in an area far below of where the kernel puts
 * others: neither libraries nor stacks get into holes that are made there.
 */
#define ARENA		((char *)0x200000000000)
#define ARENA_SLOTS	256u

static struct range ranges[2][RANGES];

bool is_in_arena(const char *addr)
{
	return addr >= ARENA && addr < ARENA + (size_t)ARENA_SLOTS * ARENA_SLOT;
}

char *arena_place(void)
{
	return ARENA + (size_t)below(ARENA_SLOTS) * ARENA_SLOT +
	       (chance(20) ? below(64) * ATTACK_PAGE : 0);
}

void keep_range(enum memory kind, void *addr, size_t len)
{
	struct range *range = &ranges[kind][below(RANGES)];
	struct range old = *range;

	range->len = 0;
	/* What others are told of may be anything by now, but nothing of a library. */
	if (old.len && is_in_arena(old.addr))
		CALL(munmap, old.addr, old.len);
	range->addr = addr;
	range->len = len;
}

struct range pick_range(enum memory kind)
{
	unsigned int start = below(RANGES);

	for (unsigned int i = 0; i < RANGES; i++) {
		struct range range = ranges[kind][(start + i) % RANGES];

		if (range.len)
			return range;
	}
	return (struct range){ arena_place(), ATTACK_PAGE };
}

struct range pick_part(void)
{
	struct range range = pick_range(chance(85) ? WINDOW : MEMORY);
	uint32_t pages = (uint32_t)(range.len / ATTACK_PAGE), first;

	if (chance(40) || !pages)
		return range;
	first = below(pages);
	range.addr += (size_t)first * ATTACK_PAGE;
	range.len = (size_t)(1 + below(pages - first)) * ATTACK_PAGE;
	if (chance(10))
		range.len += (size_t)(1 + below(16)) * ATTACK_PAGE;
	if (chance(5))
		range.addr += below(ATTACK_PAGE);
	if (chance(5))
		range.len = odd_number();
	/* Nothing but the arena is to be changed by accident. */
	if (!is_in_arena(range.addr) || range.len > ARENA_SLOT)
		range.len %= ARENA_SLOT;
	return range;
}

static const char read_only[ATTACK_PAGE] = "read only";

void *odd_pointer(size_t len)
{
	struct range range = pick_range(chance(50) ? WINDOW : MEMORY);
	static char own[1 << 18];	/* more than any odd_size() */

	switch (below(12)) {
	case 0: return NULL;
	case 1: return (void *)-1l;
	case 2: return (void *)(uintptr_t)odd_number();
	case 3: return (void *)(uintptr_t)read_only;
	/* over the end */
	case 4: return range.addr + range.len - below((uint32_t)len + 1);
	case 5: return range.addr + below(ATTACK_PAGE);
	case 6: case 7: case 8: return range.addr;
	default: return own;
	}
}

static void look_at_page(const volatile uint64_t *page, bool all)
{
	for (unsigned int i = 0; i < (all ? ATTACK_PAGE / sizeof(*page) : 1); i++) {
		uint64_t word = page[i];

		if (word == SECRET_FREED)
			attack_report("memory at %p shows what a server has after a buffer's end",
				      (const void *)page);
		if (word == SECRET_HONEST)
			attack_report("memory at %p shows what belongs to an honest process",
				      (const void *)page);
	}
}

static void read_range(void *arg)
{
	const struct range *range = arg;
	bool all = chance(20);

	for (size_t i = 0; i + ATTACK_PAGE <= range->len; i += ATTACK_PAGE)
		look_at_page((const volatile uint64_t *)(void *)(range->addr + i), all);
}

static void write_range(void *arg)
{
	const struct range *range = arg;
	unsigned int nr = 1 + below(64);

	for (unsigned int i = 0; i < nr; i++) {
		size_t at = below((uint32_t)(range->len / 4)) * 4ul;

		*(volatile uint32_t *)(void *)(range->addr + at) = (uint32_t)odd_number();
	}
}

void touch(struct range range, bool write)
{
	range.addr = (char *)((uintptr_t)range.addr & ~7ul);
	if (range.len >= 4 && is_in_arena(range.addr))
		guarded(write ? write_range : read_range, &range);
}

void map_window(int fd, size_t len)
{
	char *place = arena_place();
	void *addr = (void *)CALL(mmap, place, len, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED, fd, 0);
	unsigned int nr;

	if (addr == MAP_FAILED)
		return;
	atomic_fetch_add(&board->windows, 1);
	keep_range(WINDOW, addr, len);
	nr = atomic_fetch_add(&board->next_shown, 1) % BOARD_WINDOWS;
	board->shown[nr].addr = addr;
	board->shown[nr].uid = getuid();
	board->shown[nr].pid = getpid();
}

/* Memory of a few kinds to begin with. */
void memory_init(void)
{
	for (unsigned int i = 0; i < 8; i++) {
		size_t len = (1 + below(16)) * ATTACK_PAGE;
		int flags = MAP_FIXED | MAP_ANONYMOUS | (chance(50) ? MAP_SHARED : MAP_PRIVATE);
		void *addr = mmap(arena_place(), len, PROT_READ | PROT_WRITE, flags, -1, 0);

		if (addr != MAP_FAILED)
			keep_range(MEMORY, addr, len);
	}
}
