// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics: numbers under /sys/class/vbpipe/NODE/, and one table of all pipes
 * in debugfs, vlink/vbpipe.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "vbpipe.h"

static struct vbpipe *to_vbpipe(struct device *dev)
{
	return container_of(dev, struct vbpipe, dev);
}

#define VBPIPE_ATTR(name, fmt, value)						\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr,	\
			   char *buf)						\
{										\
	struct vbpipe *pipe = to_vbpipe(dev);					\
										\
	return sysfs_emit(buf, fmt "\n", value);				\
}										\
static DEVICE_ATTR_RO(name)

#define VBPIPE_COUNTER(name) VBPIPE_ATTR(name, "%lld", atomic64_read(&pipe->stats.name))

VBPIPE_COUNTER(opens);
VBPIPE_COUNTER(reads);
VBPIPE_COUNTER(read_bytes);
VBPIPE_COUNTER(writes);
VBPIPE_COUNTER(write_bytes);
VBPIPE_ATTR(events_sent, "%lld", atomic64_read(&pipe->link->events_sent));
VBPIPE_ATTR(events_received, "%lld", atomic64_read(&pipe->link->events_received));
VBPIPE_ATTR(ring_size, "%u", pipe->config.rx_size);
VBPIPE_ATTR(read_policy, "%s", pipe->config.read_available ? "available" : "fill");
VBPIPE_ATTR(wakeup_ms, "%u", pipe->config.wakeup_ms);
VBPIPE_ATTR(poll_us, "%u", pipe->config.poll_us);
VBPIPE_ATTR(link, "%s", pipe->link->id);
VBPIPE_ATTR(role, "%s", vlink_role_name(pipe->link->drv->role));
VBPIPE_ATTR(peer, "%s", pipe->link->peer);

static struct attribute *vbpipe_attrs[] = {
	&dev_attr_opens.attr,
	&dev_attr_reads.attr,
	&dev_attr_read_bytes.attr,
	&dev_attr_writes.attr,
	&dev_attr_write_bytes.attr,
	&dev_attr_events_sent.attr,
	&dev_attr_events_received.attr,
	&dev_attr_ring_size.attr,
	&dev_attr_read_policy.attr,
	&dev_attr_wakeup_ms.attr,
	&dev_attr_poll_us.attr,
	&dev_attr_link.attr,
	&dev_attr_role.attr,
	&dev_attr_peer.attr,
	NULL
};

static const struct attribute_group vbpipe_group = { .attrs = vbpipe_attrs };

const struct attribute_group *vbpipe_groups[] = { &vbpipe_group, NULL };

static char state_letter(u32 word)
{
	return "FROL"[VBPIPE_STATE(word)];
}

/* Own and peer's state word, or dashes while there is no connection. */
static void show_states(struct seq_file *m, struct vbpipe *pipe)
{
	struct vbpipe_conn *conn;

	rcu_read_lock();
	conn = rcu_dereference(pipe->conn);
	if (conn)
		seq_printf(m, "%c%c   ", state_letter(conn->word),
			   state_letter(READ_ONCE(*conn->peer_word)));
	else
		seq_puts(m, "--   ");
	rcu_read_unlock();
}

static void show_pipe(void *arg, struct vbpipe *pipe)
{
	struct vbpipe_stats *stats = &pipe->stats;
	struct seq_file *m = arg;

	seq_printf(m, "%3u %-12s %-16s %c%u ", MINOR(pipe->dev.devt), pipe->link->peer,
		   pipe->link->id, pipe->config.read_available ? 'a' : '-', pipe->users);
	show_states(m, pipe);
	seq_printf(m, "%8x %6lld %8lld %12lld %8lld %12lld\n", pipe->config.rx_size,
		   atomic64_read(&stats->opens), atomic64_read(&stats->reads),
		   atomic64_read(&stats->read_bytes), atomic64_read(&stats->writes),
		   atomic64_read(&stats->write_bytes));
}

static int vbpipe_table_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%3s %-12s %-16s %-2s %-4s %8s %6s %8s %12s %8s %12s\n", "Mi", "Peer",
		   "Link", "aU", "Stat", "Size", "Opns", "Reads", "ReadBytes", "Wrtes",
		   "WriteBytes");
	vbpipe_for_each(show_pipe, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vbpipe_table);

static struct dentry *table;

void vbpipe_debugfs_init(void)
{
	table = debugfs_create_file("vbpipe", 0400, vlink_debugfs_root(), NULL,
				    &vbpipe_table_fops);
}

void vbpipe_debugfs_exit(void)
{
	debugfs_remove(table);
}
