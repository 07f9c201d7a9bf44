// SPDX-License-Identifier: GPL-2.0
/*
 * Holds on purpose what xenlab counts, and never gives it back: 'insmod lab-leak.ko
 * what=slab,pages'. For selftest only.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/vmalloc.h>
#include <xen/grant_table.h>
#include <xen/interface/event_channel.h>
#include <xen/page.h>
#include <xen/xen.h>
#include <xen/xenbus.h>
#include <asm/xen/hypercall.h>

/* More than the lab takes for the system's own */
#define MANY 128
#define MANY_PAGES 256
#define MANY_FILES 256

static char *what[16];
static unsigned int nr_what;
module_param_array(what, charp, &nr_what, 0444);
MODULE_PARM_DESC(what, "what to hold");

static int domain;
module_param(domain, int, 0444);
MODULE_PARM_DESC(domain, "whose console ring to map");

static int hold_files(void)
{
	for (int i = 0; i < MANY_FILES; i++) {
		struct file *file = filp_open("/dev/null", O_RDONLY, 0);

		if (IS_ERR(file))
			return PTR_ERR(file);
	}
	return 0;
}

static int hold_slab(void)
{
	for (int i = 0; i < MANY; i++) {
		if (!kmalloc(1000, GFP_KERNEL))
			return -ENOMEM;
	}
	return 0;
}

static int hold_pages(void)
{
	for (int i = 0; i < MANY_PAGES; i++) {
		if (!alloc_page(GFP_KERNEL))
			return -ENOMEM;
	}
	return 0;
}

static int hold_percpu(void)
{
	for (int i = 0; i < MANY; i++) {
		if (!__alloc_percpu(4096, 8))
			return -ENOMEM;
	}
	return 0;
}

static int hold_area(void)
{
	return vmalloc(PAGE_SIZE) ? 0 : -ENOMEM;
}

static int hold_pinned(void)
{
	struct page *page;
	int n = pin_user_pages_fast(current->mm->start_stack, 1, FOLL_WRITE | FOLL_LONGTERM, &page);

	return n < 0 ? n : 0;
}

static int hold_module(void)
{
	__module_get(THIS_MODULE);
	return 0;
}

static int hold_socket(void)
{
	struct socket *sock;

	return sock_create(AF_VSOCK, SOCK_STREAM, 0, &sock);
}

static int hold_grant(void)
{
	unsigned long page = __get_free_page(GFP_KERNEL);
	int ref;

	if (!page)
		return -ENOMEM;
	ref = gnttab_grant_foreign_access(0, virt_to_gfn((void *)page), 1);
	return ref < 0 ? ref : 0;
}

static int hold_channel(void)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = 0 };

	return HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &op);
}

static void nothing(struct xenbus_watch *watch, const char *path, const char *token)
{
}

static int hold_watch(void)
{
	static struct xenbus_watch watch = { .node = "domid", .callback = nothing };

	return register_xenbus_watch(&watch);
}

/* Grant 0 of each domain is its console's ring, for dom0. */
static int hold_map(void)
{
	struct gnttab_map_grant_ref op;
	struct page *page;
	int err = gnttab_alloc_pages(1, &page);

	if (err)
		return err;
	gnttab_set_map_op(&op, (unsigned long)page_address(page), GNTMAP_host_map, 0, domain);
	err = gnttab_map_refs(&op, NULL, &page, 1);
	return err ?: op.status;
}

/* Whoever loads this cannot be killed. */
static int hold_process(void)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule();
	return 0;
}

static const struct {
	const char *name;
	int (*hold)(void);
} kinds[] = {
	{ "files", hold_files },
	{ "slab", hold_slab },
	{ "pages", hold_pages },
	{ "percpu", hold_percpu },
	{ "area", hold_area },
	{ "pinned", hold_pinned },
	{ "module", hold_module },
	{ "socket", hold_socket },
	{ "grant", hold_grant },
	{ "channel", hold_channel },
	{ "watch", hold_watch },
	{ "map", hold_map },
	{ "process", hold_process },
};

static int __init hold(const char *name)
{
	int err;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].name, name))
			continue;
		err = kinds[i].hold();
		if (err)
			pr_err("lab-leak: %s: error %d\n", name, err);
		return err;
	}
	pr_err("lab-leak: what is '%s'?\n", name);
	return -EINVAL;
}

/* What an earlier one holds stays held when a later one fails. */
static int __init lab_leak_init(void)
{
	int err = 0;

	for (unsigned int i = 0; i < nr_what && !err; i++)
		err = hold(what[i]);
	return err;
}
module_init(lab_leak_init);

MODULE_DESCRIPTION("What xenlab has to find");
MODULE_LICENSE("GPL");
