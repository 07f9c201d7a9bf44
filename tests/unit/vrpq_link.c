// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vrpq_link.h"

#include "link.h"

#include <sched.h>
#include <stdarg.h>
#include <unistd.h>

#include "../../xen-common/vrpq/vrpq.h"

#define REFS_MAX	0x40000u
#define HANG_TRIES	60000u		/* of a millisecond */

struct vlink_window { unsigned long nr_pages; };
struct vlink_account { int refs; };

static struct {
	struct vlink link;
	struct vlink_driver played_drv;
	struct xenbus_device xdev;
	char failure[128];
} ends[2];

static struct page admin_pages[VLINK_MAILBOX_PAGES], *admin_list[VLINK_MAILBOX_PAGES];
static struct vlink_region admin;
static struct vlink_mailbox played;
static int played_end = -1;
static u32 link_reqs, link_pmem_pages;

static struct page *granted[REFS_MAX];
static u32 next_ref;
unsigned int mapped_now, granted_now;
int maps_left = -1;
static long charged;

/* --- the link layer ------------------------------------------------------------------------ */

static enum vlink_role role_of(enum link_end end)
{
	return end == CLIENT ? VLINK_CLIENT : VLINK_SERVER;
}

static enum link_end end_of(const struct vlink *link)
{
	return link == &ends[CLIENT].link ? CLIENT : SERVER;
}

u64 vlink_param_get(const struct vlink *link, const struct vlink_info_key *key)
{
	(void)link;
	return strcmp(key->name, "vrpq-reqs") ? (u64)link_pmem_pages * VRPQ_PAGE_SIZE : link_reqs;
}

int vlink_peer_u32(struct vlink *link, const char *key, u32 min, u32 max, u32 *value)
{
	(void)link;
	(void)min;
	(void)max;
	*value = strcmp(key, "reqs") ? link_pmem_pages : link_reqs;
	return 0;
}

int vlink_key_write(struct vlink *link, struct xenbus_transaction xbt, const char *key,
		    unsigned int value)
{
	(void)link;
	(void)xbt;
	(void)key;
	(void)value;
	return 0;
}

static bool refilling;
static void refill(void);
static bool event_was_news;

void vlink_notify(struct vlink *link)
{
	enum link_end other = end_of(link) == CLIENT ? SERVER : CLIENT;

	if ((int)other != played_end)
		event_was_news = ends[other].link.drv->ops->event(&ends[other].link);
	else if (refilling)
		refill();
}

void vlink_fail(struct vlink *link, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(ends[end_of(link)].failure, sizeof(ends[0].failure), fmt, args);
	va_end(args);
}

const char *link_failure(enum link_end end)
{
	return *ends[end].failure ? ends[end].failure : NULL;
}

/* --- pages --------------------------------------------------------------------------------- */

struct vlink_region *vlink_region_create(struct vlink *link, const char *name,
					 unsigned int nr_pages)
{
	(void)name;
	(void)nr_pages;
	/* The client finds it there. */
	if (end_of(link) == CLIENT)
		list_add_tail(&admin.node, &link->regions);
	return &admin;
}

struct vlink_region *vlink_region_map(struct vlink *link, const char *name,
				      unsigned int nr_pages)
{
	return vlink_region_create(link, name, nr_pages);
}

static struct vlink_region *region_new(unsigned int nr_pages)
{
	struct vlink_region *region = calloc(1, sizeof(*region));

	region->nr_pages = nr_pages;
	region->refs = calloc(nr_pages, sizeof(*region->refs));
	region->pages = calloc(nr_pages, sizeof(*region->pages));
	return region;
}

static void region_free(struct vlink_region *region)
{
	free(region->refs);
	free(region->pages);
	free(region);
}

static u32 grant(struct page *page)
{
	do
		next_ref = next_ref % (REFS_MAX - 1) + 1;
	while (granted[next_ref]);
	granted[next_ref] = page;
	granted_now++;
	return next_ref;
}

/* Fails as an allocation of the kernel's does. */
static bool memory_is_short(void)
{
	void *probe = kernel_alloc(1, 1);

	kfree(probe);
	return !probe;
}

struct vlink_region *vlink_pages_share(struct vlink *link, unsigned int nr_pages)
{
	struct vlink_region *region;
	unsigned int i;

	(void)link;
	if (memory_is_short())
		return ERR_PTR(-ENOMEM);
	region = region_new(nr_pages);
	for (i = 0; i < nr_pages; i++) {
		region->pages[i] = calloc(1, sizeof(struct page));
		region->pages[i]->memory = calloc(1, PAGE_SIZE);
		region->refs[i] = grant(region->pages[i]);
	}
	return region;
}

/* Nobody maps a page when its grant ends. */
void vlink_pages_unshare(struct vlink *link, struct vlink_region *region)
{
	unsigned int i;

	(void)link;
	for (i = 0; i < region->nr_pages; i++) {
		if (played_end < 0)
			CU_ASSERT_FALSE(region->pages[i]->owner_priv);
		granted[region->refs[i]] = NULL;
		granted_now--;
		free(region->pages[i]->memory);
		free(region->pages[i]);
	}
	region_free(region);
}

/* A page that is mapped is marked. */
struct vlink_region *vlink_pages_map(struct vlink *link, const grant_ref_t *refs,
				     unsigned int nr_pages)
{
	struct vlink_region *region;
	unsigned int i;

	(void)link;
	if (maps_left >= 0 && maps_left-- == 0)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < nr_pages; i++)
		if (refs[i] >= REFS_MAX || !granted[refs[i]])
			return ERR_PTR(-EPROTO);
	region = region_new(nr_pages);
	for (i = 0; i < nr_pages; i++) {
		region->pages[i] = granted[refs[i]];
		region->pages[i]->owner_priv = true;
	}
	mapped_now += nr_pages;
	return region;
}

void vlink_pages_unmap(struct vlink_region *region)
{
	unsigned int i;

	for (i = 0; i < region->nr_pages; i++)
		region->pages[i]->owner_priv = false;
	mapped_now -= region->nr_pages;
	region_free(region);
}

struct vlink_window *vlink_window_create(const char *name, unsigned long nr_pages)
{
	struct vlink_window *window = calloc(1, sizeof(*window));

	(void)name;
	window->nr_pages = nr_pages;
	return window;
}

int vlink_window_add(struct vlink_window *window, unsigned long first,
		     struct vlink_region *region)
{
	CU_ASSERT(first + region->nr_pages <= window->nr_pages);
	return 0;
}

/* As unmap_mapping_range() has it, no pages would be all. */
void vlink_window_remove(struct vlink_window *window, unsigned long first, unsigned long nr)
{
	CU_ASSERT(nr && first + nr <= window->nr_pages);
}

void vlink_window_close(struct vlink_window *window)
{
	free(window);
}

int vlink_window_mmap(struct vlink_window *window, struct vm_area_struct *vma,
		      unsigned int flags)
{
	(void)window;
	(void)vma;
	(void)flags;
	return 0;
}

struct vlink_account *vlink_account_get(void)
{
	return calloc(1, sizeof(struct vlink_account));
}

void vlink_account_put(struct vlink_account *account)
{
	free(account);
}

int vlink_charge(struct vlink_account *account, enum vlink_charge_kind kind, unsigned long nr)
{
	(void)account;
	(void)kind;
	if (memory_is_short())
		return -ENOMEM;
	charged += (long)nr;
	return 0;
}

void vlink_uncharge(struct vlink_account *account, enum vlink_charge_kind kind, unsigned long nr)
{
	(void)account;
	(void)kind;
	charged -= (long)nr;
}

/* --- up and down ----------------------------------------------------------------------------- */

static void end_up(enum link_end end)
{
	struct vlink *link = &ends[end].link;

	memset(&ends[end], 0, sizeof(ends[end]));
	link->xdev = &ends[end].xdev;
	link->version = LINK_PROTOCOL;
	INIT_LIST_HEAD(&link->regions);
	if ((int)end != played_end) {
		link->drv = unit_drivers[role_of(end)];
		CU_ASSERT_EQUAL(link->drv->ops->add(link), 0);
		return;
	}
	ends[end].played_drv.role = role_of(end);
	link->drv = &ends[end].played_drv;
	vlink_mailbox_init(&played, link, &admin, sizeof(struct vrpq_msg));
}

static void end_connect(enum link_end end)
{
	struct vlink *link = &ends[end].link;

	if ((int)end == played_end)
		return;
	if (link->drv->ops->setup)
		CU_ASSERT_EQUAL(link->drv->ops->setup(link), 0);
	CU_ASSERT_EQUAL(link->drv->ops->connect(link), 0);
}

static void up(u32 reqs, u32 pmem_pages)
{
	unsigned int i;

	link_reqs = reqs;
	link_pmem_pages = pmem_pages;
	for (i = 0; i < VLINK_MAILBOX_PAGES; i++) {
		admin_pages[i].memory = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
		memset(admin_pages[i].memory, 0, PAGE_SIZE);
		admin_list[i] = &admin_pages[i];
	}
	admin = (struct vlink_region){ .nr_pages = VLINK_MAILBOX_PAGES, .pages = admin_list };
	end_up(CLIENT);
	end_up(SERVER);
	end_connect(CLIENT);
	end_connect(SERVER);
	run(false);
}

void link_up(u32 reqs, u32 pmem_pages)
{
	played_end = -1;
	up(reqs, pmem_pages);
}

void link_up_playing(enum link_end end, u32 reqs, u32 pmem_pages)
{
	played_end = end;
	up(reqs, pmem_pages);
}

void link_connect_anew(void)
{
	enum link_end end;

	/* The client's pages are not ended under the server's hands. */
	ends[SERVER].link.drv->ops->disconnect(&ends[SERVER].link);
	ends[CLIENT].link.drv->ops->disconnect(&ends[CLIENT].link);
	for (unsigned int i = 0; i < VLINK_MAILBOX_PAGES; i++)
		memset(admin_pages[i].memory, 0, PAGE_SIZE);
	for (end = CLIENT; end <= SERVER; end++) {
		INIT_LIST_HEAD(&ends[end].link.regions);
		*ends[end].failure = 0;
	}
	end_connect(CLIENT);
	end_connect(SERVER);
	run(false);
}

static void end_down(enum link_end end)
{
	struct vlink *link = &ends[end].link;

	if ((int)end == played_end)
		return;
	link->drv->ops->disconnect(link);
	link->drv->ops->remove(link);
}

void link_down(void)
{
	unsigned int i;

	/* The client's pages are not ended under the server's hands. */
	end_down(SERVER);
	end_down(CLIENT);
	for (i = 0; i < REFS_MAX && played_end == CLIENT; i++) {
		if (!granted[i])
			continue;
		free(granted[i]);
		granted[i] = NULL;
		granted_now--;
	}
	CU_ASSERT_EQUAL(mapped_now, 0);
	CU_ASSERT_EQUAL(granted_now, 0);
	CU_ASSERT_EQUAL(charged, 0);
	for (i = 0; i < VLINK_MAILBOX_PAGES; i++)
		free(admin_pages[i].memory);
	played_end = -1;
	maps_left = -1;
	time_passes = false;
}

/* --- the played kernel ------------------------------------------------------------------------ */

void play_send(const struct vrpq_msg *msg)
{
	while (vlink_mailbox_space(&played) <= 0)
		run(false);
	vlink_mailbox_send(&played, msg);
	run(false);
}

bool play_try_send(const struct vrpq_msg *msg)
{
	bool room = vlink_mailbox_space(&played) > 0;

	if (room)
		vlink_mailbox_send(&played, msg);
	run(false);
	return room;
}

bool play_all_bells(void)
{
	struct vrpq_admin *at = admin_pages[0].memory;
	struct vrpq_bells *bells = played_end == CLIENT ? &at->c2s_bells : &at->s2c_bells;

	memset(bells, 0xff, sizeof(*bells));
	vlink_notify(&ends[played_end].link);
	run(false);
	return event_was_news;
}

void play_index(u32 by)
{
	played.tx.prod_line->prod += by;
	vlink_notify(&ends[played_end].link);
	run(false);
}

/* Sessions are made and closed in turn; what the driver says of them is thrown away. */
static void refill(void)
{
	static u16 type = VRPQ_SESSION_CREATE, session = 100;
	struct vrpq_msg reply;

	while (vlink_mailbox_receive(&played, &reply) > 0)
		;
	while (vlink_mailbox_space(&played) > 0) {
		struct vrpq_msg msg = { .type = type, .session = session };

		vlink_mailbox_send(&played, &msg);
		if (type == VRPQ_SESSION_CLOSE)
			session = session < 1000 ? session + 1 : 100;
		type = type == VRPQ_SESSION_CREATE ? VRPQ_SESSION_CLOSE : VRPQ_SESSION_CREATE;
	}
}

void play_refill(bool on)
{
	refilling = on;
	if (on)
		refill();
}

u32 play_taken(void)
{
	return played.tx.cons_line->cons;
}

bool play_receive(struct vrpq_msg *msg)
{
	run(false);
	return vlink_mailbox_receive(&played, msg) > 0;
}

struct vrpq_msg play_expect(u16 type)
{
	struct vrpq_msg msg = { 0 };
	unsigned int tries;
	bool got = false;

	/* The thread of a call may not have come to it yet. */
	for (tries = 0; !got && tries < HANG_TRIES; tries++) {
		got = play_receive(&msg);
		if (!got)
			usleep(1000);
	}
	CU_ASSERT_TRUE_FATAL(got);
	CU_ASSERT_EQUAL_FATAL(msg.type, type);
	return msg;
}

void play_expect_nothing(void)
{
	struct vrpq_msg msg;

	CU_ASSERT_FALSE(play_receive(&msg));
}

u32 play_grant(void)
{
	return grant(calloc(1, sizeof(struct page)));
}

/* --- processes -------------------------------------------------------------------------------- */

bool time_passes;

void run(bool late)
{
	kernel_run_work(late);
}

static void *call_thread(void *arg)
{
	struct call *call = arg;

	kernel_become(&call->task);
	call->result = kernel_ioctl(call->fd, call->cmd, call->args);
	__atomic_store_n(&call->done, true, __ATOMIC_RELEASE);
	return NULL;
}

void call_start(struct call *call, int fd, unsigned int cmd, void *args)
{
	static int pid = 5000;

	*call = (struct call){ .fd = fd, .cmd = cmd, .args = args, .result = -EINPROGRESS };
	pid++;
	call->task = (struct task_struct){ .pid = pid, .tgid = pid, .refs = 1 };
	if (pthread_create(&call->thread, NULL, call_thread, call))
		abort();
}

long call_finish(struct call *call)
{
	while (!__atomic_load_n(&call->done, __ATOMIC_ACQUIRE)) {
		run(time_passes);
		sched_yield();
	}
	pthread_join(call->thread, NULL);
	return call->result;
}

static void (*meanwhile)(void);

/* Is there a session or a channel for the server to accept? */
static bool is_offered(void)
{
	struct device *dev = unit_nodes[VLINK_SERVER].dev;
	struct vrpq_conn *conn = container_of(dev, struct vrpq_dev, dev)->conn;
	bool offered = !list_empty(&conn->offered);
	unsigned int id;

	for (id = 1; id < VRPQ_IDS && !offered; id++)
		offered = conn->sessions[id] && !list_empty(&conn->sessions[id]->offered_chans);
	return offered;
}

static void idle(void)
{
	void (*step)(void) = meanwhile;

	run(time_passes);
	if (!step || !is_offered())
		return;
	meanwhile = NULL;
	step();
}

/* The drivers run while the call waits, and @step once something is offered. */
static long call_with(int fd, unsigned int cmd, void *args, void (*step)(void))
{
	long result;

	meanwhile = step;
	kernel_idle = idle;
	result = kernel_ioctl(fd, cmd, args);
	kernel_idle = NULL;
	meanwhile = NULL;
	return result;
}

long do_call(int fd, unsigned int cmd, void *args)
{
	return call_with(fd, cmd, args, NULL);
}

int try_open_node(enum link_end end)
{
	return unit_node_open(role_of(end));
}

int open_node(enum link_end end)
{
	int fd = try_open_node(end);

	CU_ASSERT_FATAL(fd >= 0);
	return fd;
}

/* What the server does while the client's call waits for it. */
static int accepting_fd, accepting_session;
static u32 accepted_page;

u32 protocol_told[2];

static void accept_session(void)
{
	struct vrpq_session_args accept = { .port = PORT };

	CU_ASSERT_EQUAL(kernel_ioctl(accepting_fd, VRPQ_IOC_SESSION_ACCEPT, &accept), 0);
	protocol_told[SERVER] = accept.protocol;
}

static void accept_chan(void)
{
	struct vrpq_chan_args accept = { .session_fd = accepting_session };

	CU_ASSERT_EQUAL(kernel_ioctl(accepting_fd, VRPQ_IOC_CHAN_ACCEPT, &accept), 0);
	accepted_page = accept.ctl_page;
}

struct both open_session_as(int server)
{
	struct vrpq_session_args create = { .port = PORT };
	struct both session = { open_node(CLIENT), server };

	accepting_fd = session.s;
	CU_ASSERT_EQUAL(call_with(session.c, VRPQ_IOC_SESSION_CREATE, &create, accept_session), 0);
	protocol_told[CLIENT] = create.protocol;
	return session;
}

struct both open_session(void)
{
	return open_session_as(open_node(SERVER));
}

int grow(int session, u32 zone, u32 pages)
{
	struct vrpq_grow_args now = { .zone = zone }, args = { .zone = zone, .min = pages };
	int err = (int)do_call(session, VRPQ_IOC_GROW, &now);

	if (err)
		return err;
	do {
		args.pages = now.pages;
		args.want = pages;
		err = (int)do_call(session, VRPQ_IOC_GROW, &args);
		run(time_passes);
	} while (err == -EINPROGRESS);
	return err;
}

static int chan_file(int session)
{
	struct vrpq_file_args args = { .fd = -1 };

	CU_ASSERT_EQUAL(do_call(session, VRPQ_IOC_CHAN_FILE, &args), 0);
	return args.fd;
}

struct both open_chan(struct both session, u32 ctl_page)
{
	struct vrpq_chan_args create = { .session_fd = session.c, .ctl_page = ctl_page };
	struct both chan = { chan_file(session.c), chan_file(session.s) };

	accepting_fd = chan.s;
	accepting_session = session.s;
	CU_ASSERT_EQUAL(call_with(chan.c, VRPQ_IOC_CHAN_CREATE, &create, accept_chan), 0);
	CU_ASSERT_EQUAL(accepted_page, ctl_page);
	return chan;
}

void close_both(struct both *both)
{
	kernel_close(both->c);
	kernel_close(both->s);
	run(false);
}

u32 status_of(int fd)
{
	struct vrpq_wait_args args = { .flags = VRPQ_WAIT_NOT };

	CU_ASSERT_EQUAL(do_call(fd, VRPQ_IOC_WAIT, &args), 0);
	return args.status;
}
