// SPDX-License-Identifier: GPL-2.0
/*
 * The device nodes of pipes: their minors and names, open and close. A node
 * appears when its link is published to this domain, not when the peer does: open
 * waits for the peer.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/slab.h>

#include "vbpipe.h"

static struct class vbpipe_class = { .name = "vbpipe" };
static dev_t vbpipe_devt;

/* Guards the list, and with it which minors and names are taken. */
static DEFINE_MUTEX(pipes_lock);
static LIST_HEAD(pipes);

/* The first opener meets the peer, the others join it. */
static int vbpipe_open(struct inode *inode, struct file *file)
{
	struct vbpipe *pipe = container_of(inode->i_cdev, struct vbpipe, cdev);
	int err = 0;

	if (mutex_lock_interruptible(&pipe->open_lock))
		return -ERESTARTSYS;
	if (!pipe->users)
		err = vbpipe_rendezvous(pipe);
	if (!err)
		pipe->users++;
	mutex_unlock(&pipe->open_lock);
	if (err)
		return err;

	atomic64_inc(&pipe->stats.opens);
	/* The open file keeps the cdev, and that its parent, our device. */
	file->private_data = pipe;
	/* No position: reads and writes of one file run at the same time. */
	return stream_open(inode, file);
}

static int vbpipe_release(struct inode *inode, struct file *file)
{
	struct vbpipe *pipe = vbpipe_of(file);

	mutex_lock(&pipe->open_lock);
	if (!--pipe->users)
		vbpipe_retract(pipe);
	mutex_unlock(&pipe->open_lock);
	return 0;
}

static const struct file_operations vbpipe_fops = {
	.read_iter = vbpipe_read_iter,
	.write_iter = vbpipe_write_iter,
	.poll = vbpipe_poll,
	.unlocked_ioctl = vbpipe_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.open = vbpipe_open,
	.release = vbpipe_release,
};

void vbpipe_for_each(void (*fn)(void *arg, struct vbpipe *pipe), void *arg)
{
	struct vbpipe *pipe;

	mutex_lock(&pipes_lock);
	list_for_each_entry(pipe, &pipes, node)
		fn(arg, pipe);
	mutex_unlock(&pipes_lock);
}

/* ------------------------------------------------------------------------ */
/* Minors and names                                                           */

static bool minor_is_taken(int minor)
{
	struct vbpipe *pipe;

	list_for_each_entry(pipe, &pipes, node)
		if (MINOR(pipe->dev.devt) == minor)
			return true;
	return false;
}

static bool name_is_taken(const char *name)
{
	struct vbpipe *pipe;

	list_for_each_entry(pipe, &pipes, node)
		if (!strcmp(dev_name(&pipe->dev), name))
			return true;
	return false;
}

/*
 * Which numbers the pipes published to this domain get. That of a link is its unit; of
 * several with one unit the first in the domain's config has it. The others, and those whose
 * unit is too large, get the lowest that are no pipe's unit, in the order of the config: so
 * numbers do not depend on which driver is loaded first.
 */
struct numbering {
	unsigned int owner[VBPIPE_MINORS];	/* index of the link; NO_LINK */
	const struct vlink *link;
	unsigned int rank;			/* of ours among those that get another number */
};

#define NO_LINK	UINT_MAX

/* Too large for the stack; pipes_lock guards it. */
static struct numbering numbering;

static bool has_its_unit(unsigned int index, unsigned int unit)
{
	return unit < VBPIPE_MINORS && numbering.owner[unit] == index;
}

static int note_owner(void *arg, const char *id, unsigned int index, unsigned int unit)
{
	if (unit < VBPIPE_MINORS)
		numbering.owner[unit] = min(numbering.owner[unit], index);
	return 0;
}

static int note_rank(void *arg, const char *id, unsigned int index, unsigned int unit)
{
	if (index < numbering.link->index && !has_its_unit(index, unit))
		numbering.rank++;
	return 0;
}

/* What cannot be read now counts as if it were not there. */
static void number_published(const struct vlink *link)
{
	unsigned int i;

	for (i = 0; i < VBPIPE_MINORS; i++)
		numbering.owner[i] = NO_LINK;
	numbering.link = link;
	numbering.rank = 0;
	note_owner(NULL, link->id, link->index, link->unit);
	vlink_published_walk("vbpipe", note_owner, NULL);
	vlink_published_walk("vbpipe", note_rank, NULL);
}

static int spare_minor(void)
{
	unsigned int minor, rank = numbering.rank;

	for (minor = 0; minor < VBPIPE_MINORS; minor++)
		if (numbering.owner[minor] == NO_LINK && !rank-- && !minor_is_taken(minor))
			return minor;
	/* The list changed since others were numbered. */
	for (minor = 0; minor < VBPIPE_MINORS; minor++)
		if (!minor_is_taken(minor))
			return minor;
	return -ENOSPC;
}

static int pick_minor(const struct vlink *link)
{
	int minor;

	number_published(link);
	if (has_its_unit(link->index, link->unit) && !minor_is_taken(link->unit))
		return link->unit;
	minor = spare_minor();
	if (minor >= 0)
		vlink_warn(link, "unit %u is %s, using %d\n", link->unit,
			   link->unit < VBPIPE_MINORS ? "another pipe's" : "too large", minor);
	return minor;
}

static int set_name(struct vbpipe *pipe, int minor)
{
	const char *name = pipe->config.name;
	char plain[24];

	snprintf(plain, sizeof(plain), VBPIPE_PLAIN_NAME "%d", minor);
	if (!*name || name_is_taken(name)) {
		if (*name)
			vlink_warn(pipe->link, "name \"%s\" is taken, using \"%s\"\n", name, plain);
		name = plain;
	}
	if (name_is_taken(name))
		return -EEXIST;
	return dev_set_name(&pipe->dev, "%s", name);
}

/* ------------------------------------------------------------------------ */
/* Links come and go                                                          */

static void vbpipe_dev_release(struct device *dev)
{
	struct vbpipe *pipe = container_of(dev, struct vbpipe, dev);

	kvfree(pipe->residue);
	kfree(pipe);
}

static struct vbpipe *vbpipe_new(struct vlink *link)
{
	struct vbpipe *pipe = kzalloc(sizeof(*pipe), GFP_KERNEL);

	if (!pipe)
		return NULL;

	mutex_init(&pipe->open_lock);
	mutex_init(&pipe->read_lock);
	mutex_init(&pipe->write_lock);
	spin_lock_init(&pipe->lock);
	init_waitqueue_head(&pipe->open_wait);
	init_waitqueue_head(&pipe->rx_wait);
	init_waitqueue_head(&pipe->tx_wait);
	pipe->link = link;
	vbpipe_config_parse(link, &pipe->config);
	pipe->poll_ns = pipe->config.poll_us * NSEC_PER_USEC;

	device_initialize(&pipe->dev);
	pipe->dev.class = &vbpipe_class;
	pipe->dev.groups = vbpipe_groups;
	pipe->dev.release = vbpipe_dev_release;
	return pipe;
}

/* Under pipes_lock, so that minor and name stay free until they are ours. */
static int vbpipe_register(struct vbpipe *pipe)
{
	int minor = pick_minor(pipe->link);
	int err;

	if (minor < 0)
		return minor;
	err = set_name(pipe, minor);
	if (err)
		return err;

	pipe->dev.devt = MKDEV(MAJOR(vbpipe_devt), minor);
	cdev_init(&pipe->cdev, &vbpipe_fops);
	/* An open file keeps the driver of its link loaded. */
	pipe->cdev.owner = pipe->link->drv->owner;
	err = cdev_device_add(&pipe->cdev, &pipe->dev);
	if (!err)
		list_add_tail(&pipe->node, &pipes);
	return err;
}

static int vbpipe_add(struct vlink *link)
{
	struct vbpipe *pipe = vbpipe_new(link);
	int err;

	if (!pipe)
		return -ENOMEM;
	/* The files' reads of pipe->link go through connections, which come later. */
	link->priv = pipe;

	mutex_lock(&pipes_lock);
	err = vbpipe_register(pipe);
	mutex_unlock(&pipes_lock);
	if (err) {
		/* device_initialize()'s reference */
		put_device(&pipe->dev);
		return err;
	}

	if (pipe->config.wakeup_ms)
		pipe->wakeup = wakeup_source_register(NULL, dev_name(&pipe->dev));
	vlink_info(link, "/dev/%s to %s\n", dev_name(&pipe->dev), link->peer);
	return 0;
}

static void vbpipe_remove(struct vlink *link)
{
	struct vbpipe *pipe = link->priv;

	mutex_lock(&pipes_lock);
	list_del(&pipe->node);
	mutex_unlock(&pipes_lock);

	spin_lock(&pipe->lock);
	pipe->removed = true;
	spin_unlock(&pipe->lock);
	vbpipe_wake_all(pipe);

	cdev_device_del(&pipe->cdev, &pipe->dev);
	/* No events come any more: the link is disconnected. */
	wakeup_source_unregister(pipe->wakeup);
	pipe->wakeup = NULL;
	/* device_initialize()'s reference; open files hold others. */
	put_device(&pipe->dev);
}

const struct vlink_ops vbpipe_link_ops = {
	.add = vbpipe_add,
	.remove = vbpipe_remove,
	.offer = vbpipe_offer,
	.setup = vbpipe_setup,
	.publish = vbpipe_publish,
	.connect = vbpipe_connect,
	.disconnect = vbpipe_disconnect,
	.event = vbpipe_event,
};
EXPORT_SYMBOL_GPL(vbpipe_link_ops);

static int __init vbpipe_init(void)
{
	int err = alloc_chrdev_region(&vbpipe_devt, 0, VBPIPE_MINORS, "vbpipe");

	if (err)
		return err;
	err = class_register(&vbpipe_class);
	if (err) {
		unregister_chrdev_region(vbpipe_devt, VBPIPE_MINORS);
		return err;
	}
	vbpipe_debugfs_init();
	return 0;
}

static void __exit vbpipe_exit(void)
{
	vbpipe_debugfs_exit();
	class_unregister(&vbpipe_class);
	unregister_chrdev_region(vbpipe_devt, VBPIPE_MINORS);
}

module_init(vbpipe_init);
module_exit(vbpipe_exit);

MODULE_DESCRIPTION("Bidirectional byte pipes between Xen domains");
MODULE_LICENSE("GPL");
