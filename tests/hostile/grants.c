/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client whose grants or directory are wrong, or go away; a server that does not
 * give back what it mapped.
 */
#include "hostile.h"

#include "../suites/asleep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN_SIZE	(8u << 20)	/* 2050 pages: three directory pages */

static struct end end;

/* ---- a hostile client ---- */

static void begin(uint32_t size)
{
	attack_begin(&end);
	client_prepare(&end, size);
}

static void refused(void)
{
	client_publish(&end);
	expect_refused(&end);
	attack_end(&end);
}

static void page_ref(uint32_t ref)
{
	begin(4096);
	*dir_word(&end, 0, 2) = ref;
	refused();
}

static void page_ref_0(void)
{
	page_ref(0);
}

static void page_ref_nobodys(void)
{
	page_ref(12345);
}

static void page_ref_beyond_any(void)
{
	page_ref(UINT32_MAX);
}

/* The last of many fails: the others are mapped by then. */
static void last_page_ref_wrong(void)
{
	begin(CHAIN_SIZE);
	*dir_word(&end, 2, 1 + (end.region.count - 1) % DIR_REFS) = 54321;
	refused();
}

static void pages_read_only(void)
{
	struct pages pages;

	begin(4096);
	pages = share_pages(&end, end.region.count, false);
	for (uint32_t i = 0; i < pages.count; i++)
		*dir_word(&end, 0, 1 + i) = pages.refs[i];
	client_publish(&end);
	expect_refused(&end);
	unshare_pages(&end, &pages);
	attack_end(&end);
}

static void pages_for_another_domain(void)
{
	struct pages pages;
	uint32_t other;

	begin(4096);
	other = end.other_domain;
	end.other_domain = 0;
	pages = share_pages(&end, end.region.count, true);
	end.other_domain = other;
	for (uint32_t i = 0; i < pages.count; i++)
		*dir_word(&end, 0, 1 + i) = pages.refs[i];
	client_publish(&end);
	expect_refused(&end);
	unshare_pages(&end, &pages);
	attack_end(&end);
}

static void pages_revoked(void)
{
	begin(4096);
	unshare_pages(&end, &end.region);
	refused();
}

static void directory_revoked(void)
{
	begin(4096);
	unshare_pages(&end, &end.dirs);
	refused();
}

static void chain_too_short(void)
{
	begin(CHAIN_SIZE);
	*dir_word(&end, 1, 0) = 0;
	refused();
}

static void chain_next_nobodys(void)
{
	begin(CHAIN_SIZE);
	*dir_word(&end, 0, 0) = 12345;
	refused();
}

/* Either answer is right; what counts is that there is one. */
static void connected_or_refused(void)
{
	client_publish(&end);
	end_await_any(&end, 1u << XenbusStateConnected | 1u << XenbusStateClosing);
	CU_PASS("answered");
}

static void chain_loops(void)
{
	begin(CHAIN_SIZE);
	*dir_word(&end, 0, 0) = end.dirs.refs[0];
	connected_or_refused();
	attack_end(&end);
}

/* A data page as the directory: zeros, which are no references. */
static void chain_of_zeros(void)
{
	begin(4096);
	client_key_number(&end, "ring-ref", end.region.refs[2]);
	refused();
}

static void scribble_directory(struct end *e, uint64_t *random)
{
	uint32_t *word = dir_word(e, random_below(random, e->dirs.count), random_below(random, 1024));
	uint32_t good = __atomic_load_n(word, __ATOMIC_RELAXED);

	__atomic_store_n(word, random_below(random, 100000), __ATOMIC_RELAXED);
	__atomic_store_n(word, good, __ATOMIC_RELAXED);
}

static void directory_changes_while_read(void)
{
	attack_begin(&end);
	for (unsigned int round = 0; round < 6; round++) {
		client_prepare(&end, CHAIN_SIZE);
		noise_start(&end, scribble_directory);
		connected_or_refused();
		noise_stop();
	}
	attack_end(&end);
}

/* The bytes of both rings lie on the control page. */
static void one_page_for_all(void)
{
	struct agent_reply reply;
	uint32_t ticket;
	int fd;

	begin(4096);
	for (uint32_t i = 0; i < end.region.count; i++)
		*dir_word(&end, 0, 1 + i) = end.region.refs[0];
	client_publish(&end);
	client_finish(&end);
	fd = victim_open(&end);
	/* Overwrites the indices, with what the victim's process chose. */
	ticket = agent_start(peer(), agent_request_write(fd, 4096, 20, 0));
	reply = agent_finish(peer(), ticket);
	CU_ASSERT(reply.value > 0 || reply.error == EPIPE);
	ticket = agent_start(peer(), agent_request_write(fd, 4096, 20, 0));
	reply = agent_finish(peer(), ticket);
	SUITE_EQUAL(reply.value, -1);
	SUITE_EQUAL(reply.error, EPIPE);
	attack_end(&end);
}

/*
 * All the references of the largest ring that the victim takes, but to few pages: Xen
 * allows 128 mappings of each.
 */
static void largest_ring_of_few_pages(void)
{
	uint32_t nr = 2 + (1u << 20) / PEER_PAGE, done = 0, few;
	struct pages dirs;

	begin(262144);
	few = end.region.count - 1;
	dirs = share_pages(&end, (nr + DIR_REFS - 1) / DIR_REFS, true);
	unshare_pages(&end, &end.dirs);
	end.dirs = dirs;
	for (unsigned int dir = 0; dir < dirs.count; dir++) {
		*dir_word(&end, dir, 0) = dir + 1 < dirs.count ? dirs.refs[dir + 1] : 0;
		for (unsigned int n = 0; n < DIR_REFS && done < nr; n++, done++)
			*dir_word(&end, dir, 1 + n) = end.region.refs[done ? 1 + done % few : 0];
	}
	client_key_number(&end, "ring-ref", dirs.refs[0]);
	client_key_number(&end, "ring-pages", nr);
	client_key_number(&end, "s2c-size", 1 << 20);
	client_publish(&end);
	client_finish(&end);
	SUITE_EQUAL(agent_close(peer(), victim_open(&end)), 0);
	attack_end(&end);
}

/* Memory and event channel go, xenstore says nothing. */
static void grants_end_under_reader(void)
{
	int fd = attack_open(&end);
	uint32_t ticket = victim_blocks(agent_request_read(fd, 10, 0, 0));

	end_release(&end);
	neighbour_works();
	victim_interruptible(ticket);
	/* The victim's mapping is there until the victim ends it. */
	SUITE_EQUAL(agent_write(peer(), fd, 100, 0, 0), 100);
	attack_end(&end);
}

const struct suite_test client_grant_tests[] = {
	{ "grants_page_ref_0", page_ref_0, 0 },
	{ "grants_page_ref_nobodys", page_ref_nobodys, 0 },
	{ "grants_page_ref_beyond_any", page_ref_beyond_any, 0 },
	{ "grants_last_page_ref_wrong", last_page_ref_wrong, 0 },
	{ "grants_pages_read_only", pages_read_only, 0 },
	{ "grants_pages_for_another_domain", pages_for_another_domain, 0 },
	{ "grants_pages_revoked", pages_revoked, 0 },
	{ "grants_directory_revoked", directory_revoked, 0 },
	{ "grants_chain_too_short", chain_too_short, 0 },
	{ "grants_chain_next_nobodys", chain_next_nobodys, 0 },
	{ "grants_chain_loops", chain_loops, 0 },
	{ "grants_chain_of_zeros", chain_of_zeros, 0 },
	{ "grants_directory_changes_while_read", directory_changes_while_read, 0 },
	{ "grants_one_page_for_all", one_page_for_all, 0 },
	{ "grants_largest_ring_of_few_pages", largest_ring_of_few_pages, 0 },
	{ "grants_end_under_reader", grants_end_under_reader, 0 },
	{ NULL, NULL, 0 },
};

/* ---- a hostile server ---- */

static long long quarantined(void)
{
	return agent_number(peer(), "/sys/kernel/debug/vlink/quarantined_pages");
}

static void await_no_quarantine(void)
{
	for (int ms = suite_patience_ms(); ms > 0 && quarantined() > 0; ms -= 20)
		sleep_ms(20);
	SUITE_EQUAL(quarantined(), 0);
}

/* Connects and keeps the mapping for itself. */
static struct pages connect_and_keep(const char *rx_size)
{
	struct pages kept;

	server_offer(&end, "1", rx_size);
	end_await(&end, XenbusStateInitialised);
	server_take(&end);
	server_finish(&end);
	kept = end.region;
	end.region = (struct pages){ 0 };
	return kept;
}

/* Pages that the victim ended its use of are nobody else's while we have them. */
static void kept_pages_are_nobodys(void)
{
	struct pages kept;
	int fd;

	attack_begin(&end);
	kept = connect_and_keep("65536");
	end_connect(&end, 4096);
	SUITE_EQUAL(quarantined(), kept.count);
	fd = victim_open(&end);
	memset(kept.at, 0xa5, (size_t)kept.count * PEER_PAGE);
	link_works(&end, fd);
	neighbour_works();
	unshare_pages(&end, &kept);
	await_no_quarantine();
	attack_end(&end);
}

#define KEEP_MAX	2	/* connections whose memory a server may keep */
#define KEEP_PAGES	66	/* two rings, 256 KiB and one page, and the control page */
#define REFUSAL_MS	2000

/*
 * Again and again a new connection, and no page given back: the victim lends no
 * more, and goes on when it has its pages back.
 */
static void never_unmaps(void)
{
	struct pages kept[KEEP_MAX];

	attack_begin(&end);
	for (unsigned int round = 0; round < KEEP_MAX; round++)
		kept[round] = connect_and_keep("262144");
	server_offer(&end, "1", "262144");
	CU_ASSERT_FALSE(end_reaches(&end, XenbusStateInitialised, REFUSAL_MS));
	SUITE_EQUAL(quarantined(), KEEP_MAX * KEEP_PAGES);
	neighbour_works();
	for (unsigned int round = 0; round < KEEP_MAX; round++)
		unshare_pages(&end, &kept[round]);
	await_no_quarantine();
	end_await(&end, XenbusStateInitialised);
	attack_end(&end);
}

/* The client waits for a server that mapped and says nothing. */
static void never_connects(void)
{
	uint32_t ticket;

	attack_begin(&end);
	server_offer(&end, "1", "4096");
	end_await(&end, XenbusStateInitialised);
	server_take(&end);
	ticket = victim_blocks(agent_request_open(node("evil"), O_RDWR));
	neighbour_works();
	victim_interruptible(ticket);
	attack_end(&end);
}

/* Connected without having looked at what the client offers. */
static void connects_without_mapping(void)
{
	uint32_t ticket;

	attack_begin(&end);
	server_offer(&end, "1", "4096");
	end_await(&end, XenbusStateInitialised);
	end_set_state(&end, XenbusStateConnected);
	end_await(&end, XenbusStateConnected);
	ticket = victim_blocks(agent_request_open(node("evil"), O_RDWR));
	victim_interruptible(ticket);
	attack_end(&end);
}

const struct suite_test server_grant_tests[] = {
	{ "grants_kept_pages_are_nobodys", kept_pages_are_nobodys, 0 },
	{ "grants_never_unmaps", never_unmaps, 0 },
	{ "grants_never_connects", never_connects, 0 },
	{ "grants_connects_without_mapping", connects_without_mapping, 0 },
	{ NULL, NULL, 0 },
};
