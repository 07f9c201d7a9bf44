// SPDX-License-Identifier: GPL-2.0
/*
 * vbell, what both ends do alike: the device node.
 *
 * write() of any length rings once; it waits for the peer. read() waits for rings and
 * returns how many there were since the last one, in decimal and with a newline. poll()
 * tells of both.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vbell.h"

#define COUNT_MAX	24	/* bytes of a number and its newline */

static struct vlink_nodes vbell_nodes;

/* ------------------------------------------------------------------------ */
/* Files                                                                      */

static int vbell_open(struct inode *inode, struct file *file)
{
	/* The open file keeps the cdev, and that its parent, the device. */
	file->private_data = container_of(inode->i_cdev, struct vbell, cdev);
	return nonseekable_open(inode, file);
}

static bool can_ring(struct vbell *bell)
{
	bool can;

	spin_lock_irq(&bell->lock);
	can = bell->own || bell->removed;
	spin_unlock_irq(&bell->lock);
	return can;
}

static bool has_rung(struct vbell *bell)
{
	bool has;

	spin_lock_irq(&bell->lock);
	has = bell->pending || bell->removed;
	spin_unlock_irq(&bell->lock);
	return has;
}

/* Returns 0, -EAGAIN when the peer is away, -ENODEV when the link is. */
static int ring(struct vbell *bell)
{
	int err = 0;

	/* disconnect waits for this lock: until then the page and the event channel are ours. */
	spin_lock_irq(&bell->lock);
	if (bell->removed) {
		err = -ENODEV;
	} else if (!bell->own) {
		err = -EAGAIN;
	} else {
		WRITE_ONCE(*bell->own, cpu_to_le32(++bell->rung));
		vlink_notify(bell->link);
	}
	spin_unlock_irq(&bell->lock);
	return err;
}

static ssize_t vbell_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	struct vbell *bell = file->private_data;
	int err;

	while ((err = ring(bell)) == -EAGAIN) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(bell->wait, can_ring(bell)))
			return -ERESTARTSYS;
	}
	return err ?: len;
}

/* Returns 0 when there is nothing to read yet. */
static int take_pending(struct vbell *bell, u64 *pending)
{
	int ret = 0;

	spin_lock_irq(&bell->lock);
	if (bell->pending)
		ret = 1;
	else if (bell->removed)
		ret = -ENODEV;
	*pending = bell->pending;
	bell->pending = 0;
	spin_unlock_irq(&bell->lock);
	return ret;
}

static ssize_t vbell_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct vbell *bell = file->private_data;
	char text[COUNT_MAX];
	u64 pending;
	int ret;

	if (len < COUNT_MAX)
		return -EINVAL;
	while (!(ret = take_pending(bell, &pending))) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(bell->wait, has_rung(bell)))
			return -ERESTARTSYS;
	}
	if (ret < 0)
		return ret;
	ret = scnprintf(text, sizeof(text), "%llu\n", pending);
	return copy_to_user(buf, text, ret) ? -EFAULT : ret;
}

static __poll_t vbell_poll(struct file *file, poll_table *table)
{
	struct vbell *bell = file->private_data;
	__poll_t events = 0;

	poll_wait(file, &bell->wait, table);
	if (has_rung(bell))
		events |= EPOLLIN | EPOLLRDNORM;
	if (can_ring(bell))
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}

static const struct file_operations vbell_fops = {
	.owner = THIS_MODULE,
	.open = vbell_open,
	.read = vbell_read,
	.write = vbell_write,
	.poll = vbell_poll,
};

/* ------------------------------------------------------------------------ */
/* What the link layer asks for                                               */

static void vbell_release(struct device *dev)
{
	struct vbell *bell = container_of(dev, struct vbell, dev);

	vlink_node_release(&vbell_nodes, dev);
	kfree(bell);
}

int vbell_add(struct vlink *link, const char *prefix)
{
	struct vbell *bell = kzalloc(sizeof(*bell), GFP_KERNEL);
	int err;

	if (!bell)
		return -ENOMEM;
	bell->link = link;
	spin_lock_init(&bell->lock);
	init_waitqueue_head(&bell->wait);
	device_initialize(&bell->dev);
	bell->dev.release = vbell_release;
	link->priv = bell;
	err = vlink_node_add(&vbell_nodes, &bell->dev, &bell->cdev, link, prefix, &vbell_fops);
	if (err)
		/* device_initialize()'s reference */
		put_device(&bell->dev);
	return err;
}
EXPORT_SYMBOL_GPL(vbell_add);

void vbell_remove(struct vlink *link)
{
	struct vbell *bell = link->priv;

	spin_lock_irq(&bell->lock);
	bell->removed = true;
	spin_unlock_irq(&bell->lock);
	wake_up_all(&bell->wait);
	cdev_device_del(&bell->cdev, &bell->dev);
	/* device_initialize()'s reference; open files hold others. */
	put_device(&bell->dev);
}
EXPORT_SYMBOL_GPL(vbell_remove);

void vbell_connect(struct vlink *link, __le32 *own, __le32 *peer)
{
	struct vbell *bell = link->priv;

	spin_lock_irq(&bell->lock);
	bell->own = own;
	bell->peer = peer;
	bell->rung = 0;
	bell->seen = 0;
	spin_unlock_irq(&bell->lock);
	/* The peer may have rung before it could be heard. */
	vbell_event(link);
	wake_up_all(&bell->wait);
}
EXPORT_SYMBOL_GPL(vbell_connect);

void vbell_disconnect(struct vlink *link)
{
	struct vbell *bell = link->priv;

	spin_lock_irq(&bell->lock);
	bell->own = NULL;
	bell->peer = NULL;
	spin_unlock_irq(&bell->lock);
}
EXPORT_SYMBOL_GPL(vbell_disconnect);

/* In hard interrupt context, possibly before connect. */
bool vbell_event(struct vlink *link)
{
	struct vbell *bell = link->priv;
	unsigned long flags;
	u32 news = 0;

	spin_lock_irqsave(&bell->lock, flags);
	if (bell->peer) {
		/* Read once; whatever it is, it is a number of rings. */
		news = le32_to_cpu(READ_ONCE(*bell->peer)) - bell->seen;
		bell->seen += news;
		bell->pending += news;
	}
	spin_unlock_irqrestore(&bell->lock, flags);
	if (news)
		wake_up_all(&bell->wait);
	return news;
}
EXPORT_SYMBOL_GPL(vbell_event);

static int __init vbell_init(void)
{
	return vlink_nodes_init(&vbell_nodes, "vbell");
}

static void __exit vbell_exit(void)
{
	vlink_nodes_exit(&vbell_nodes);
}

module_init(vbell_init);
module_exit(vbell_exit);

MODULE_DESCRIPTION("Bells between Xen domains: an example of a service");
MODULE_LICENSE("GPL");
