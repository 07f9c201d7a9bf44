// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vumem_link.h"

#include "link.h"

#include "../../xen-common/vumem/vumem.h"

struct vlink_window { unsigned long nr_pages; unsigned int mappings; };

static struct {
	struct vlink link, peer_link;
	struct vlink_driver peer_drv;
	struct xenbus_device xdev;
	struct vlink_region admin;
	struct page pages[VLINK_MAILBOX_PAGES], *page_list[VLINK_MAILBOX_PAGES];
	struct vlink_mailbox peer;
	bool connected, failed;
} t;

unsigned int regions_now, windows_now;
int region_error;
bool peer_maps;
long pinned_now, pin_result, charged_now, charge_max = 1000000;
void (*on_notify)(void);
struct page pin_page;

/* --- the link layer ---------------------------------------------------------------------- */

void vlink_notify(struct vlink *link)
{
	if (link == &t.peer_link)
		t.link.drv->ops->event(&t.link);
	else if (on_notify)
		on_notify();
}

void vlink_fail(struct vlink *link, const char *fmt, ...)
{
	(void)link;
	(void)fmt;
	t.failed = true;
}

static struct vlink_region *admin_region(void)
{
	unsigned int i;

	for (i = 0; i < VLINK_MAILBOX_PAGES; i++) {
		t.pages[i].memory = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
		memset(t.pages[i].memory, 0, PAGE_SIZE);
		t.page_list[i] = &t.pages[i];
	}
	t.admin = (struct vlink_region){ .nr_pages = VLINK_MAILBOX_PAGES, .pages = t.page_list };
	list_add_tail(&t.admin.node, &t.link.regions);
	return &t.admin;
}

struct vlink_region *vlink_region_create(struct vlink *link, const char *name,
					 unsigned int nr_pages)
{
	(void)link;
	(void)name;
	(void)nr_pages;
	return admin_region();
}

struct vlink_region *vlink_region_map(struct vlink *link, const char *name,
				      unsigned int nr_pages)
{
	return vlink_region_create(link, name, nr_pages);
}

/* --- its pages ------------------------------------------------------------------------ */

static struct vlink_region *region_new(unsigned int nr_pages)
{
	struct vlink_region *region;

	if (region_error)
		return ERR_PTR(region_error);
	region = calloc(1, sizeof(*region));
	region->nr_pages = nr_pages;
	__atomic_add_fetch(&regions_now, 1, __ATOMIC_RELAXED);
	return region;
}

static void region_free(struct vlink_region *region)
{
	__atomic_sub_fetch(&regions_now, 1, __ATOMIC_RELAXED);
	free(region->dir_refs);
	free(region);
}

struct vlink_region *vlink_pages_map_dir(struct vlink *link, grant_ref_t dir_ref,
					 unsigned int nr_pages)
{
	(void)link;
	(void)dir_ref;
	return region_new(nr_pages);
}

void vlink_pages_unmap(struct vlink_region *region)
{
	region_free(region);
}

struct vlink_region *vlink_pages_grant(struct vlink *link, struct page **pages,
				       unsigned int nr_pages)
{
	struct vlink_region *region = region_new(nr_pages);

	(void)link;
	(void)pages;
	if (IS_ERR(region)) {
		pinned_now -= nr_pages;
		atomic64_sub(nr_pages, &current->mm->pinned_vm);
		return region;
	}
	region->mm = current->mm;
	region->dir_refs = calloc(1, sizeof(*region->dir_refs));
	region->dir_refs[0] = 55;
	return region;
}

/* One of the directory is enough for the pages of tests. */
int vlink_region_charge(struct vlink_region *region, struct vlink_account *account)
{
	(void)account;
	/* Of what is mapped, the window has the account. */
	if (!region->mm)
		return 0;
	if (charged_now + region->nr_pages + 1 > charge_max)
		return -ENOMEM;
	charged_now += region->nr_pages + 1;
	region->account = (struct vlink_account *)&charged_now;
	return 0;
}

static void region_unshare(struct vlink_region *region)
{
	if (region->account)
		charged_now -= region->nr_pages + 1;
	pinned_now -= region->nr_pages;
	atomic64_sub(region->nr_pages, &region->mm->pinned_vm);
	region_free(region);
}

bool vlink_pages_try_unshare(struct vlink_region *region)
{
	if (peer_maps)
		return false;
	region_unshare(region);
	return true;
}

void vlink_pages_unshare(struct vlink *link, struct vlink_region *region)
{
	(void)link;
	region_unshare(region);
}

struct vlink_window *vlink_window_create(const char *name, unsigned long nr_pages)
{
	struct vlink_window *window = calloc(1, sizeof(*window));

	(void)name;
	window->nr_pages = nr_pages;
	__atomic_add_fetch(&windows_now, 1, __ATOMIC_RELAXED);
	return window;
}

int vlink_window_add(struct vlink_window *window, unsigned long first,
		     struct vlink_region *region)
{
	(void)window;
	(void)first;
	(void)region;
	return 0;
}

void vlink_window_close(struct vlink_window *window)
{
	__atomic_sub_fetch(&windows_now, 1, __ATOMIC_RELAXED);
	free(window);
}

int vlink_window_mmap(struct vlink_window *window, struct vm_area_struct *vma,
		      unsigned int flags)
{
	(void)vma;
	CU_ASSERT(flags & VLINK_WINDOW_ONCE);
	window->mappings++;
	return 0;
}

unsigned int vlink_window_mappings(struct vlink_window *window)
{
	return window->mappings;
}

/* --- memory of processes --------------------------------------------------------------- */

long pin_user_pages_fast(unsigned long start, int nr, unsigned int flags, struct page **pages)
{
	(void)start;
	(void)flags;
	if (pin_result)
		return pin_result;
	for (int i = 0; i < nr; i++)
		pages[i] = &pin_page;
	pinned_now += nr;
	return nr;
}

void unpin_user_pages(struct page **pages, unsigned long nr)
{
	(void)pages;
	pinned_now -= (long)nr;
}

/* --- the tested end --------------------------------------------------------------------- */

void link_connect(void)
{
	const struct vlink_ops *ops = t.link.drv->ops;

	INIT_LIST_HEAD(&t.link.regions);
	t.failed = false;
	if (ops->setup && ops->setup(&t.link))
		abort();
	if (ops->connect(&t.link))
		abort();
	vlink_mailbox_init(&t.peer, &t.peer_link, &t.admin, sizeof(struct vumem_msg));
	t.connected = true;
}

void link_up(enum vlink_role role)
{
	t.peer_drv.role = role == VLINK_SERVER ? VLINK_CLIENT : VLINK_SERVER;
	t.peer_link = (struct vlink){ .drv = &t.peer_drv };
	t.xdev.otherend_id = PEER_DOMID;
	t.link = (struct vlink){ .drv = unit_drivers[role], .xdev = &t.xdev, .id = "test",
				 .peer = "peer", .info = "" };
	if (t.link.drv->ops->add(&t.link))
		abort();
	link_connect();
	run();
}

void link_disconnect(void)
{
	t.link.drv->ops->disconnect(&t.link);
	t.connected = false;
	for (unsigned int i = 0; i < VLINK_MAILBOX_PAGES; i++)
		free(t.pages[i].memory);
}

void link_down(void)
{
	if (t.connected)
		link_disconnect();
	t.link.drv->ops->remove(&t.link);
	CU_ASSERT_PTR_NULL(unit_nodes[t.link.drv->role].dev);
	CU_ASSERT_EQUAL(regions_now, 0);
	CU_ASSERT_EQUAL(windows_now, 0);
	CU_ASSERT_EQUAL(pinned_now, 0);
	CU_ASSERT_EQUAL(charged_now, 0);
}

int open_node(void)
{
	int fd = unit_node_open(t.link.drv->role);

	CU_ASSERT(fd >= 0);
	return fd;
}

bool link_failed(void)
{
	return t.failed;
}

/* --- the peer --------------------------------------------------------------------------- */

bool peer_has_room(void)
{
	return vlink_mailbox_space(&t.peer) == 1;
}

void peer_send(const struct vumem_msg *msg)
{
	CU_ASSERT(peer_has_room());
	vlink_mailbox_send(&t.peer, msg);
}

bool peer_receive(struct vumem_msg *msg)
{
	return vlink_mailbox_receive(&t.peer, msg) == 1;
}

struct vumem_msg peer_expect(u32 type)
{
	struct vumem_msg msg = { 0 };

	CU_ASSERT(peer_receive(&msg));
	CU_ASSERT_EQUAL(msg.type, type);
	return msg;
}

void peer_expect_nothing(void)
{
	struct vumem_msg msg;

	CU_ASSERT(!peer_receive(&msg));
}

void peer_answer(const struct vumem_msg *request, u32 ret)
{
	struct vumem_msg response = *request;

	response.type = VUMEM_RESPONSE;
	response.ret = ret;
	peer_send(&response);
	run();
}

void run(void)
{
	kernel_run_work(false);
}

/* --- processes --------------------------------------------------------------------------- */

static void *call_thread(void *arg)
{
	struct call *call = arg;

	kernel_become(&call->task);
	call->ret = kernel_ioctl(call->fd, call->cmd, call->arg);
	return NULL;
}

void call_start(struct call *call, int fd, unsigned int cmd, void *arg)
{
	static int next_pid = 1000;

	*call = (struct call){ .fd = fd, .cmd = cmd, .arg = arg };
	call->task = (struct task_struct){ .pid = ++next_pid, .tgid = next_pid,
					   .mm = current->mm, .refs = 1 };
	if (pthread_create(&call->thread, NULL, call_thread, call))
		abort();
}

void call_until_asleep(struct call *call, int fd, unsigned int cmd, void *arg)
{
	call_start(call, fd, cmd, arg);
	kernel_await_asleep(&call->task);
}

long call_end(struct call *call)
{
	pthread_join(call->thread, NULL);
	return call->ret;
}

void says_versions(int fd)
{
	struct vlink_abi_args abi = { 0 };

	CU_ASSERT_EQUAL(kernel_ioctl(fd, VUMEM_IOC_ABI, &abi), 0);
	CU_ASSERT_EQUAL(abi.oldest, VUMEM_ABI_OLDEST);
	CU_ASSERT_EQUAL(abi.newest, VUMEM_ABI_NEWEST);
	CU_ASSERT_EQUAL(kernel_ioctl(fd, VUMEM_IOC_ABI, NULL), -EFAULT);
}
