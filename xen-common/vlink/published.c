// SPDX-License-Identifier: GPL-2.0
/*
 * The links of this domain, as the toolstack publishes them under "vlink" in the
 * domain's xenstore home (docs/xenstore.md). A link lives here from its
 * publication on, whether or not its peer runs; what it connects to comes and
 * goes in xenbus.c.
 *
 * The list is written by dom0 alone, so it is trusted, yet every value
 * is bounded and checked: it came through a configuration file.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "internal.h"

#define PUBLISHED "vlink"

/* Guards the drivers, their lists of links and the scan as a whole. */
static DEFINE_MUTEX(links_lock);
static LIST_HEAD(drivers);

/* xenstore answers; before it does, reading it would block. */
static bool watching;

/*
 * After the domain was restored: how many times yet an absent list is one that the
 * toolstack has still to write. links_lock guards it.
 */
#define AWAIT_LIST_SCANS	60
static unsigned int list_awaited;

/*
 * Modules that were asked for, so that not each scan asks. One that did not come, since it
 * is on a file system that is mounted later or was not installed yet, is asked for again after
 * a pause that grows. One that came and was removed is left to who removed it.
 */
#define MODULE_PAUSE_MIN	(2 * HZ)
#define MODULE_PAUSE_MAX	(300 * HZ)
#define MODULE_ALIAS_SIZE	48

struct requested_module {
	struct list_head node;
	char alias[MODULE_ALIAS_SIZE];
	bool came;
	unsigned long pause;		/* jiffies, as @next */
	unsigned long next;
};

static LIST_HEAD(requested_modules);
#define NO_SCAN_WANTED	ULONG_MAX
static unsigned long scan_wanted_in = NO_SCAN_WANTED;

/* The published link that is being read. */
struct published {
	const char *service;
	const char *id;
	char path[sizeof(PUBLISHED) + 10 + VLINK_ID_MAX + 2];
};

static int read_bounded(const char *dir, const char *key, char *buf, size_t max)
{
	char *text = vlink_read_text(dir, key, max);

	if (IS_ERR(text))
		return PTR_ERR(text);
	strscpy(buf, text, max + 1);
	kfree(text);
	return 0;
}

static int read_role(const char *dir, enum vlink_role *role)
{
	char text[8];
	int err = read_bounded(dir, "role", text, sizeof(text) - 1);

	if (err)
		return err;
	if (!strcmp(text, "server"))
		*role = VLINK_SERVER;
	else if (!strcmp(text, "client"))
		*role = VLINK_CLIENT;
	else
		return -EINVAL;
	return 0;
}

static unsigned int read_unit(const char *dir)
{
	return xenbus_read_unsigned(dir, "unit", 0);
}

static unsigned int read_index(const char *dir)
{
	return xenbus_read_unsigned(dir, "index", 0);
}

static bool is_id(const char *s, size_t max)
{
	size_t len = strlen(s);

	if (!len || len > max)
		return false;
	for (; *s; s++)
		if (!isalnum(*s) && *s != '_' && *s != '-')
			return false;
	return true;
}

static void link_release(struct kref *ref)
{
	struct vlink *link = container_of(ref, struct vlink, ref);

	kfree(link->info);
	kfree(link);
}

void vlink_put(struct vlink *link)
{
	kref_put(&link->ref, link_release);
}

static int link_read(struct vlink *link, const char *path)
{
	char *info;
	int err;

	err = read_bounded(path, "class", link->class_name, VLINK_CLASS_MAX);
	if (!err)
		err = read_bounded(path, "peer", link->peer, VLINK_PEER_MAX);
	if (err)
		return err;
	err = read_bounded(path, "name", link->name, VLINK_NAME_MAX);
	if (err && err != -ENOENT)
		return err;
	link->unit = read_unit(path);
	link->index = read_index(path);

	info = vlink_read_text(path, "info", VLINK_INFO_MAX);
	if (IS_ERR(info)) {
		if (PTR_ERR(info) != -ENOENT)
			return PTR_ERR(info);
		info = kstrdup("", GFP_KERNEL);
		if (!info)
			return -ENOMEM;
	}
	link->info = info;
	return 0;
}

static struct vlink *link_new(struct vlink_driver *drv, const struct published *pub)
{
	struct vlink *link = kzalloc(sizeof(*link), GFP_KERNEL);
	int err;

	if (!link)
		return ERR_PTR(-ENOMEM);

	kref_init(&link->ref);
	vlink_failures_init(link);
	mutex_init(&link->lock);
	INIT_DELAYED_WORK(&link->work, vlink_state_work);
	INIT_LIST_HEAD(&link->regions);
	link->drv = drv;
	link->irq = -1;
	strscpy(link->id, pub->id, sizeof(link->id));

	err = link_read(link, pub->path);
	if (err) {
		vlink_put(link);
		return ERR_PTR(err);
	}
	return link;
}

static void link_add(struct vlink_driver *drv, const struct published *pub)
{
	struct vlink *link = link_new(drv, pub);
	int err;

	if (IS_ERR(link)) {
		pr_warn("%s: cannot be read: %ld\n", pub->path, PTR_ERR(link));
		return;
	}

	err = drv->ops->add(link);
	if (err) {
		vlink_warn(link, "is not served: %d\n", err);
		vlink_put(link);
		return;
	}
	link->seen = true;
	/* The list's reference is link_new()'s; link_del() drops it. */
	list_add_tail(&link->node, &drv->links);
}

static void link_del(struct vlink *link)
{
	list_del(&link->node);

	mutex_lock(&link->lock);
	vlink_teardown(link);
	link->gone = true;
	mutex_unlock(&link->lock);
	/* What waits for its time needs none any more. */
	if (cancel_delayed_work(&link->work))
		vlink_put(link);

	link->drv->ops->remove(link);
	vlink_put(link);
}

static struct vlink *link_find(struct vlink_driver *drv, const char *id)
{
	struct vlink *link;

	list_for_each_entry(link, &drv->links, node)
		if (!strcmp(link->id, id))
			return link;
	return NULL;
}

/* Returns the link with a reference for the caller, or NULL. */
struct vlink *vlink_find_get(struct vlink_driver *drv, const char *id)
{
	struct vlink *link;

	mutex_lock(&links_lock);
	link = link_find(drv, id);
	if (link)
		kref_get(&link->ref);
	mutex_unlock(&links_lock);
	return link;
}

void vlink_for_each(void (*fn)(void *arg, struct vlink *link), void *arg)
{
	struct vlink_driver *drv;
	struct vlink *link;

	mutex_lock(&links_lock);
	list_for_each_entry(drv, &drivers, node)
		list_for_each_entry(link, &drv->links, node)
			fn(arg, link);
	mutex_unlock(&links_lock);
}

/*
 * Without the lock, which a probe takes that holds the device's. All processes are frozen:
 * none loads or unloads a driver.
 */
void vlink_walk_frozen_drivers(void (*fn)(struct vlink_driver *drv))
{
	struct vlink_driver *drv;

	list_for_each_entry(drv, &drivers, node)
		fn(drv);
}

static struct vlink_driver *vlink_driver_find(const char *service, enum vlink_role role)
{
	struct vlink_driver *drv;

	list_for_each_entry(drv, &drivers, node)
		if (drv->role == role && !strcmp(drv->service, service))
			return drv;
	return NULL;
}

static void module_alias(char *alias, const char *service, enum vlink_role role)
{
	snprintf(alias, MODULE_ALIAS_SIZE, "vlink-%s-%s", service, vlink_role_name(role));
}

static struct requested_module *requested_module_find(const char *alias)
{
	struct requested_module *req;

	list_for_each_entry(req, &requested_modules, node)
		if (!strcmp(req->alias, alias))
			return req;
	return NULL;
}

static struct requested_module *requested_module_new(const char *alias)
{
	struct requested_module *req = kzalloc(sizeof(*req), GFP_KERNEL);

	if (!req)
		return NULL;
	strscpy(req->alias, alias, sizeof(req->alias));
	req->pause = MODULE_PAUSE_MIN;
	req->next = jiffies;
	list_add(&req->node, &requested_modules);
	return req;
}

/* The module has been loaded, or another that does what it would do. */
static void module_came(const struct vlink_driver *drv)
{
	char alias[MODULE_ALIAS_SIZE];
	struct requested_module *req;

	module_alias(alias, drv->service, drv->role);
	req = requested_module_find(alias);
	if (req)
		req->came = true;
}

static void module_request(const char *service, enum vlink_role role)
{
	char alias[MODULE_ALIAS_SIZE];
	struct requested_module *req;

	module_alias(alias, service, role);
	req = requested_module_find(alias) ?: requested_module_new(alias);
	if (!req) {
		scan_wanted_in = HZ;
		return;
	}
	if (req->came)
		return;
	if (time_after_eq(jiffies, req->next)) {
		request_module_nowait("%s", alias);
		req->next = jiffies + req->pause;
		req->pause = min_t(unsigned long, 2 * req->pause, MODULE_PAUSE_MAX);
	}
	scan_wanted_in = min(scan_wanted_in, req->next - jiffies);
}

/* Calls @fn for each child of @service that may be a link's id, until it returns non-zero. */
static int walk_ids(const char *service,
		    int (*fn)(void *arg, const struct published *pub), void *arg)
{
	struct published pub = { .service = service };
	unsigned int nr, i;
	char **ids;
	int ret = 0;

	ids = xenbus_directory(XBT_NIL, PUBLISHED, service, &nr);
	if (IS_ERR(ids))
		return PTR_ERR(ids) == -ENOENT ? 0 : PTR_ERR(ids);

	for (i = 0; i < nr && !ret; i++) {
		if (!is_id(ids[i], VLINK_ID_MAX))
			continue;
		pub.id = ids[i];
		snprintf(pub.path, sizeof(pub.path), PUBLISHED "/%s/%s", service, ids[i]);
		ret = fn(arg, &pub);
	}
	kfree(ids);
	return ret;
}

static int scan_link(void *arg, const struct published *pub)
{
	struct vlink_driver *drv;
	enum vlink_role role;
	struct vlink *link;
	int err = read_role(pub->path, &role);

	if (err == -ENOMEM)
		return err;
	if (err) {
		pr_warn("%s: no valid role\n", pub->path);
		return 0;
	}

	drv = vlink_driver_find(pub->service, role);
	if (!drv) {
		module_request(pub->service, role);
		return 0;
	}

	link = link_find(drv, pub->id);
	if (link)
		link->seen = true;
	else
		link_add(drv, pub);
	return 0;
}

static void mark_all_unseen(void)
{
	struct vlink_driver *drv;
	struct vlink *link;

	list_for_each_entry(drv, &drivers, node)
		list_for_each_entry(link, &drv->links, node)
			link->seen = false;
}

static void drop_unseen(void)
{
	struct vlink_driver *drv;
	struct vlink *link, *next;

	list_for_each_entry(drv, &drivers, node)
		list_for_each_entry_safe(link, next, &drv->links, node)
			if (!link->seen)
				link_del(link);
}

/* Adds what is new, and marks what is still there; a negative errno: not of all that is. */
static int scan_services(void)
{
	unsigned int nr, i;
	char **services = xenbus_directory(XBT_NIL, PUBLISHED, "", &nr);
	int err = 0;

	if (PTR_ERR_OR_ZERO(services) == -ENOENT) {
		if (!list_awaited)
			return 0;
		list_awaited--;
		return -EAGAIN;
	}
	if (IS_ERR(services))
		return PTR_ERR(services);
	list_awaited = 0;
	for (i = 0; i < nr && !err; i++)
		if (is_id(services[i], VLINK_SERVICE_MAX))
			err = walk_ids(services[i], scan_link, NULL);
	kfree(services);
	return err;
}

static void scan_work_fn(struct work_struct *work)
{
	vlink_published_scan();
}

static DECLARE_DELAYED_WORK(scan_work, scan_work_fn);

static void walk_anew(void);

/* Makes our links agree with the published list. */
void vlink_published_scan(void)
{
	mutex_lock(&links_lock);
	walk_anew();
	mark_all_unseen();
	scan_wanted_in = NO_SCAN_WANTED;
	/* What could not be read says nothing about the links: another time. */
	if (scan_services())
		scan_wanted_in = HZ;
	else
		drop_unseen();
	if (scan_wanted_in != NO_SCAN_WANTED)
		queue_delayed_work(vlink_wq, &scan_work, scan_wanted_in);
	mutex_unlock(&links_lock);
}

/*
 * What vlink_published_walk() tells of one service, read once for each scan: a hundred links
 * that each look at all others read xenstore a hundred times, not ten thousand.
 */
struct walked_link {
	struct list_head node;
	char id[VLINK_ID_MAX + 1];
	unsigned int index;
	unsigned int unit;
};

static DEFINE_MUTEX(walked_lock);
static LIST_HEAD(walked_links);
static char walked_service[VLINK_SERVICE_MAX + 1];		/* "": of none */

static void forget_walked(void)
{
	struct walked_link *walked, *next;

	lockdep_assert_held(&walked_lock);
	list_for_each_entry_safe(walked, next, &walked_links, node) {
		list_del(&walked->node);
		kfree(walked);
	}
	walked_service[0] = '\0';
}

/* What was read may have changed. */
static void walk_anew(void)
{
	mutex_lock(&walked_lock);
	forget_walked();
	mutex_unlock(&walked_lock);
}

static int note_walked(void *arg, const struct published *pub)
{
	struct walked_link *walked = kzalloc(sizeof(*walked), GFP_KERNEL);

	if (!walked)
		return -ENOMEM;
	strscpy(walked->id, pub->id, sizeof(walked->id));
	walked->index = read_index(pub->path);
	walked->unit = read_unit(pub->path);
	list_add_tail(&walked->node, &walked_links);
	return 0;
}

static int read_walked(const char *service)
{
	int err;

	if (!strcmp(walked_service, service))
		return 0;
	forget_walked();
	err = walk_ids(service, note_walked, NULL);
	if (err)
		forget_walked();
	else
		strscpy(walked_service, service, sizeof(walked_service));
	return err;
}

int vlink_published_walk(const char *service,
			 int (*fn)(void *arg, const char *id, unsigned int index,
				   unsigned int unit),
			 void *arg)
{
	struct walked_link *walked;
	int ret;

	mutex_lock(&walked_lock);
	ret = read_walked(service);
	if (!ret)
		list_for_each_entry(walked, &walked_links, node) {
			ret = fn(arg, walked->id, walked->index, walked->unit);
			if (ret)
				break;
		}
	mutex_unlock(&walked_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(vlink_published_walk);

void vlink_driver_add(struct vlink_driver *drv)
{
	INIT_LIST_HEAD(&drv->links);
	mutex_lock(&links_lock);
	list_add_tail(&drv->node, &drivers);
	module_came(drv);
	mutex_unlock(&links_lock);
	if (READ_ONCE(watching))
		vlink_published_scan();
}

void vlink_driver_del(struct vlink_driver *drv)
{
	struct vlink *link, *next;

	mutex_lock(&links_lock);
	list_del(&drv->node);
	list_for_each_entry_safe(link, next, &drv->links, node)
		link_del(link);
	mutex_unlock(&links_lock);
	/* A state change that was queued for one of them still uses the driver. */
	flush_workqueue(vlink_wq);
}

static void published_changed(struct xenbus_watch *watch, const char *path, const char *token)
{
	mod_delayed_work(vlink_wq, &scan_work, 0);
}

static struct xenbus_watch published_watch = {
	.node = PUBLISHED,
	.callback = published_changed,
};

/* Writes what is there already, for the sake of xenbus' watch. */
static void touch_device(const char *dir)
{
	char *id = vlink_read_text(dir, "link", VLINK_ID_MAX);

	if (IS_ERR(id))
		return;
	xenbus_write(XBT_NIL, dir, "link", id);
	kfree(id);
}

/* The devices that are @levels below @dir */
static void touch_devices(const char *dir, unsigned int levels)
{
	unsigned int nr, i;
	char **names, *sub;

	names = xenbus_directory(XBT_NIL, dir, "", &nr);
	if (IS_ERR(names))
		return;
	for (i = 0; i < nr; i++) {
		sub = kasprintf(GFP_KERNEL, "%s/%s", dir, names[i]);
		if (sub && levels > 1)
			touch_devices(sub, levels - 1);
		else if (sub)
			touch_device(sub);
		kfree(sub);
	}
	kfree(names);
}

/*
 * When a domain boots, xenbus looks which devices there are and then sets its watch
 * for more. One that the toolstack makes in between stays unknown until somebody
 * writes to it: we do, since both is over now.
 */
static void touch_all_devices(void)
{
	unsigned int nr, i;
	char **services = xenbus_directory(XBT_NIL, PUBLISHED, "", &nr);
	char dir[24];

	if (IS_ERR(services))
		return;
	for (i = 0; i < nr; i++) {
		if (!is_id(services[i], VLINK_SERVICE_MAX))
			continue;
		snprintf(dir, sizeof(dir), "device/%s", services[i]);
		touch_devices(dir, 1);
		snprintf(dir, sizeof(dir), "backend/%s", services[i]);
		touch_devices(dir, 2);
	}
	kfree(services);
}

void vlink_published_anew(void)
{
	mutex_lock(&links_lock);
	list_awaited = AWAIT_LIST_SCANS;
	mutex_unlock(&links_lock);
	/* xenbus asks for nothing by itself, and may not be told again of what is there. */
	touch_all_devices();
}

/* dom0 may load us before its xenstored runs: then this is called when it does. */
static int xenstore_up(struct notifier_block *nb, unsigned long event, void *data)
{
	int err = register_xenbus_watch(&published_watch);

	if (err)
		pr_err("cannot watch \"" PUBLISHED "\" in xenstore: %d\n", err);
	else
		WRITE_ONCE(watching, true);
	touch_all_devices();
	return NOTIFY_DONE;
}

static struct notifier_block xenstore_notifier = { .notifier_call = xenstore_up };

int vlink_published_start(void)
{
	return register_xenstore_notifier(&xenstore_notifier);
}

void vlink_published_stop(void)
{
	struct requested_module *req, *next;

	unregister_xenstore_notifier(&xenstore_notifier);
	if (watching)
		unregister_xenbus_watch(&published_watch);
	cancel_delayed_work_sync(&scan_work);
	walk_anew();
	list_for_each_entry_safe(req, next, &requested_modules, node) {
		list_del(&req->node);
		kfree(req);
	}
}
