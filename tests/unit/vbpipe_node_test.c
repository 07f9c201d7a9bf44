// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The numbers and names of the nodes that pipes get, whatever the order in which the drivers
 * of their ends are loaded. The test is the link layer.
 */
#include <linux/vlink.h>

#include "../../xen-common/vbpipe/vbpipe.h"
#include "unit.h"

#define LINKS_MAX	4

/* A domain's links, in the order of its config. */
static struct {
	struct vlink links[LINKS_MAX];
	unsigned int nr;
	char warned[256];
} t;

static struct vlink_driver drivers[2] = {
	[VLINK_SERVER] = { .service = "vbpipe", .role = VLINK_SERVER },
	[VLINK_CLIENT] = { .service = "vbpipe", .role = VLINK_CLIENT },
};

/* ---- the rest of the driver, and the link layer ---- */

const struct attribute_group *vbpipe_groups[] = { NULL };

int vbpipe_rendezvous(struct vbpipe *pipe)
{
	return -ENODEV;
}

void vbpipe_retract(struct vbpipe *pipe)
{
}

void vbpipe_wake_all(struct vbpipe *pipe)
{
}

ssize_t vbpipe_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	return 0;
}

ssize_t vbpipe_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	return 0;
}

__poll_t vbpipe_poll(struct file *file, poll_table *wait)
{
	return 0;
}

long vbpipe_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return -ENOTTY;
}

int vbpipe_offer(struct vlink *link)
{
	return 0;
}

int vbpipe_setup(struct vlink *link)
{
	return 0;
}

int vbpipe_publish(struct vlink *link, struct xenbus_transaction xbt)
{
	return 0;
}

int vbpipe_connect(struct vlink *link)
{
	return 0;
}

void vbpipe_disconnect(struct vlink *link)
{
}

bool vbpipe_event(struct vlink *link)
{
	return false;
}

void vbpipe_debugfs_init(void)
{
}

void vbpipe_debugfs_exit(void)
{
}

void vbpipe_config_parse(const struct vlink *link, struct vbpipe_config *config)
{
	*config = (struct vbpipe_config){ .rx_size = VBPIPE_SIZE_DEFAULT };
	snprintf(config->name, sizeof(config->name), "%s", link->name);
}

int vlink_published_walk(const char *service,
			 int (*fn)(void *arg, const char *id, unsigned int index,
				   unsigned int unit),
			 void *arg)
{
	int ret = 0;

	for (unsigned int i = 0; i < t.nr && !ret; i++)
		ret = fn(arg, t.links[i].id, t.links[i].index, t.links[i].unit);
	return ret;
}

/* ---- a domain ---- */

static void hear(const char *line)
{
	if (strstr(line, "unit ") || strstr(line, "taken"))
		snprintf(t.warned, sizeof(t.warned), "%s", line);
}

static void begin(void)
{
	memset(&t, 0, sizeof(t));
	kernel_hears = hear;
}

/* The next link of the config. */
static void link_of(enum vlink_role role, unsigned int unit, const char *name)
{
	struct vlink *link = &t.links[t.nr];

	*link = (struct vlink){ .drv = &drivers[role], .unit = unit, .index = t.nr, .info = "" };
	snprintf(link->id, sizeof(link->id), "l%u", t.nr);
	snprintf(link->name, sizeof(link->name), "%s", name);
	t.nr++;
}

/* Its driver is loaded. */
static void add(enum vlink_role role)
{
	for (unsigned int i = 0; i < t.nr; i++)
		if (t.links[i].drv->role == role)
			CU_ASSERT_EQUAL(vbpipe_link_ops.add(&t.links[i]), 0);
}

static void end(void)
{
	for (unsigned int i = 0; i < t.nr; i++)
		vbpipe_link_ops.remove(&t.links[i]);
	kernel_hears = NULL;
}

static bool is_node(unsigned int nr, const char *name, unsigned int minor)
{
	const struct vbpipe *pipe = t.links[nr].priv;

	if (!strcmp(dev_name(&pipe->dev), name) && MINOR(pipe->dev.devt) == minor)
		return true;
	printf("\nlink %u is %s, number %u, not %s, number %u", nr, dev_name(&pipe->dev),
	       MINOR(pipe->dev.devt), name, minor);
	return false;
}

/* ---- tests ---- */

/* As dts2xl writes them: the servers before the clients. */
static void units_are_obeyed(enum vlink_role first)
{
	begin();
	link_of(VLINK_SERVER, 4, "");
	link_of(VLINK_SERVER, 9, "gate");
	link_of(VLINK_CLIENT, 0, "");
	link_of(VLINK_CLIENT, VBPIPE_MINORS - 1, "");
	add(first);
	add(!first);
	CU_ASSERT_TRUE(is_node(0, "vbpipe4", 4));
	CU_ASSERT_TRUE(is_node(1, "gate", 9));
	CU_ASSERT_TRUE(is_node(2, "vbpipe0", 0));
	CU_ASSERT_TRUE(is_node(3, "vbpipe255", 255));
	CU_ASSERT_STRING_EQUAL(t.warned, "");
	end();
}

static void number_is_the_unit(void)
{
	units_are_obeyed(VLINK_SERVER);
	units_are_obeyed(VLINK_CLIENT);
}

/* Others have what is theirs, and what has no number of its own what is left. */
static void second_of_a_unit_gives_way(enum vlink_role first)
{
	begin();
	link_of(VLINK_SERVER, 0, "");
	link_of(VLINK_CLIENT, 0, "");
	link_of(VLINK_CLIENT, 1, "");
	link_of(VLINK_SERVER, 0, "");
	add(first);
	add(!first);
	CU_ASSERT_TRUE(is_node(0, "vbpipe0", 0));
	CU_ASSERT_TRUE(is_node(1, "vbpipe2", 2));
	CU_ASSERT_TRUE(is_node(2, "vbpipe1", 1));
	CU_ASSERT_TRUE(is_node(3, "vbpipe3", 3));
	CU_ASSERT_PTR_NOT_NULL(strstr(t.warned, "unit 0 is another pipe's, using "));
	end();
}

static void first_in_the_config_keeps_the_unit(void)
{
	second_of_a_unit_gives_way(VLINK_SERVER);
	second_of_a_unit_gives_way(VLINK_CLIENT);
}

static void unit_that_is_too_large(void)
{
	begin();
	link_of(VLINK_SERVER, VBPIPE_MINORS, "");
	link_of(VLINK_SERVER, 0, "");
	add(VLINK_SERVER);
	CU_ASSERT_TRUE(is_node(0, "vbpipe1", 1));
	CU_ASSERT_TRUE(is_node(1, "vbpipe0", 0));
	CU_ASSERT_PTR_NOT_NULL(strstr(t.warned, "unit 256 is too large, using 1"));
	end();
}

/* A link that was given its unit before the config was changed. */
static void unit_that_an_older_link_has(void)
{
	begin();
	link_of(VLINK_CLIENT, 3, "");
	add(VLINK_CLIENT);
	link_of(VLINK_SERVER, 3, "");
	t.links[1].index = 0;
	t.links[0].index = 1;
	add(VLINK_SERVER);
	CU_ASSERT_TRUE(is_node(0, "vbpipe3", 3));
	CU_ASSERT_TRUE(is_node(1, "vbpipe0", 0));
	end();
}

static void name_that_is_taken(void)
{
	begin();
	link_of(VLINK_SERVER, 0, "gate");
	link_of(VLINK_SERVER, 1, "gate");
	add(VLINK_SERVER);
	CU_ASSERT_TRUE(is_node(0, "gate", 0));
	CU_ASSERT_TRUE(is_node(1, "vbpipe1", 1));
	end();
}

static const struct unit_test tests[] = {
	{ "number_is_the_unit", number_is_the_unit },
	{ "first_in_the_config_keeps_the_unit", first_in_the_config_keeps_the_unit },
	{ "unit_that_is_too_large", unit_that_is_too_large },
	{ "unit_that_an_older_link_has", unit_that_an_older_link_has },
	{ "name_that_is_taken", name_that_is_taken },
};

int main(void)
{
	UNIT_ADD("nodes", tests);
	return unit_run("vbpipe_node_test");
}
