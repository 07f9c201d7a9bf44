// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Connections of a pipe and the peer's events for them, which come whenever the peer likes:
 * before this end's first rendezvous, after it, and when there is no connection. The test is
 * the link layer and the peer.
 */
#include <linux/vlink.h>

#include "../../xen-common/vbpipe/vbpipe.h"
#include "unit.h"

#define SIZE	4096u
#define PAGES	3u	/* control page and two rings */

static struct {
	struct vlink link;
	struct vlink_driver drv;
	struct vbpipe pipe;
	struct wakeup_source wakeup;
	struct vlink_region region;
	struct page pages[PAGES], *page_list[PAGES];
} t;

/* ---- the link layer ---- */

int vlink_key_write(struct vlink *link, struct xenbus_transaction xbt, const char *key, u32 value)
{
	return 0;
}

int vlink_peer_u32(struct vlink *link, const char *key, u32 min, u32 max, u32 *value)
{
	*value = SIZE;
	return 0;
}

int vlink_peer_ring_size(struct vlink *link, const char *key, u32 min, u32 max, u32 *size)
{
	return vlink_peer_u32(link, key, min, max, size);
}

struct vlink_region *vlink_region_create(struct vlink *link, const char *name,
					 unsigned int nr_pages)
{
	CU_ASSERT_EQUAL(nr_pages, PAGES);
	for (unsigned int i = 0; i < PAGES; i++)
		memset(t.pages[i].memory, 0, PAGE_SIZE);
	return &t.region;
}

struct vlink_region *vlink_region_map(struct vlink *link, const char *name, unsigned int nr_pages)
{
	return vlink_region_create(link, name, nr_pages);
}

void vlink_notify(struct vlink *link)
{
}

/* ---- the pipe and its peer ---- */

static struct vbpipe_control *control(void)
{
	return t.pages[0].memory;
}

static u32 *peer_word(void)
{
	return t.drv.role == VLINK_SERVER ? &control()->client.word : &control()->server.word;
}

/* Of the ring that the peer writes to, and of the one that it reads from. */
static u32 *peer_prod(void)
{
	return t.drv.role == VLINK_SERVER ? &control()->c2s_prod.prod : &control()->s2c_prod.prod;
}

static u32 *peer_cons(void)
{
	return t.drv.role == VLINK_SERVER ? &control()->s2c_cons.cons : &control()->c2s_cons.cons;
}

static void connect(void)
{
	if (t.drv.role == VLINK_CLIENT)
		CU_ASSERT_EQUAL(vbpipe_setup(&t.link), 0);
	CU_ASSERT_EQUAL(vbpipe_connect(&t.link), 0);
}

static void begin(enum vlink_role role)
{
	memset(&t, 0, sizeof(t));
	t.drv.role = role;
	t.link = (struct vlink){ .drv = &t.drv, .priv = &t.pipe };
	t.pipe.config.rx_size = SIZE;
	t.pipe.wakeup = &t.wakeup;
	spin_lock_init(&t.pipe.lock);
	t.region = (struct vlink_region){ .nr_pages = PAGES, .pages = t.page_list };
	for (unsigned int i = 0; i < PAGES; i++) {
		t.pages[i].memory = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
		t.page_list[i] = &t.pages[i];
	}
	connect();
}

static void end(void)
{
	if (t.pipe.conn)
		vbpipe_disconnect(&t.link);
	vbpipe_retract(&t.pipe);
	for (unsigned int i = 0; i < PAGES; i++)
		free(t.pages[i].memory);
}

/* The peer opens as this end does, step by step. */
static void peer_answers(void)
{
	u32 state = VBPIPE_STATE(*peer_word());

	if (state == VBPIPE_OFF)
		*peer_word() = VBPIPE_WORD(VBPIPE_RESET, 0);
	else
		*peer_word() = VBPIPE_WORD(VBPIPE_ON, state == VBPIPE_ON);
	vbpipe_event(&t.link);
}

static void open_pipe(void)
{
	kernel_idle = peer_answers;
	CU_ASSERT_EQUAL(vbpipe_rendezvous(&t.pipe), 0);
	kernel_idle = NULL;
	CU_ASSERT_EQUAL(t.pipe.state, VBPIPE_END_OPEN);
}

/* ---- tests ---- */

/* No reason, whatever the rings say: nobody here has asked for anything. */
static void events_without_reason(void)
{
	static const u32 indices[] = { 0, 1, SIZE, SIZE + 1, 0x80000000u, 0xffffffffu };
	unsigned int woken = t.wakeup.events;

	for (unsigned int i = 0; i < ARRAY_SIZE(indices); i++) {
		*peer_prod() = indices[i];
		*peer_cons() = indices[ARRAY_SIZE(indices) - 1 - i];
		CU_ASSERT_FALSE(vbpipe_event(&t.link));
	}
	CU_ASSERT_EQUAL(t.wakeup.events, woken);
	*peer_prod() = 0;
	*peer_cons() = 0;
}

static void before_rendezvous(enum vlink_role role)
{
	begin(role);
	events_without_reason();
	/* The peer opens first: that is news, once. */
	*peer_word() = VBPIPE_WORD(VBPIPE_RESET, 0);
	CU_ASSERT_TRUE(vbpipe_event(&t.link));
	CU_ASSERT_FALSE(vbpipe_event(&t.link));
	CU_ASSERT_EQUAL(t.wakeup.events, 1);
	open_pipe();
	end();
}

static void before_rendezvous_at_server(void)
{
	before_rendezvous(VLINK_SERVER);
}

static void before_rendezvous_at_client(void)
{
	before_rendezvous(VLINK_CLIENT);
}

/* Between two connections, and before the rendezvous of the second. */
static void around_connections(enum vlink_role role)
{
	begin(role);
	open_pipe();
	CU_ASSERT_FALSE(vbpipe_event(&t.link));
	vbpipe_disconnect(&t.link);
	CU_ASSERT_EQUAL(t.pipe.state, VBPIPE_END_LOST);
	CU_ASSERT_FALSE(vbpipe_event(&t.link));
	vbpipe_retract(&t.pipe);
	connect();
	events_without_reason();
	open_pipe();
	end();
}

static void around_connections_at_server(void)
{
	around_connections(VLINK_SERVER);
}

static void around_connections_at_client(void)
{
	around_connections(VLINK_CLIENT);
}

/* Words that change with each event are news only as often as this end's doings allow. */
static void word_that_flaps(void)
{
	unsigned int news = 0;

	begin(VLINK_SERVER);
	for (u32 i = 1; i < 100; i++) {
		*peer_word() = VBPIPE_WORD(VBPIPE_RESET, i);
		news += vbpipe_event(&t.link);
	}
	CU_ASSERT_EQUAL(news, VBPIPE_WORDS_DUE);
	end();
}

static const struct unit_test tests[] = {
	{ "event_before_first_rendezvous_at_server", before_rendezvous_at_server },
	{ "event_before_first_rendezvous_at_client", before_rendezvous_at_client },
	{ "event_around_connections_at_server", around_connections_at_server },
	{ "event_around_connections_at_client", around_connections_at_client },
	{ "event_of_word_that_flaps", word_that_flaps },
};

int main(void)
{
	UNIT_ADD("events", tests);
	return unit_run("vbpipe_event_test");
}
