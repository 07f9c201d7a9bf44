// SPDX-License-Identifier: GPL-2.0
/* /sys/kernel/debug/vlink/vsock: a line for each link that is up. */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "vsock.h"

static struct dentry *file;

static void show_conn(void *arg, struct xvsock_conn *conn)
{
	struct xvsock_counters *counters = &conn->counters;
	struct seq_file *m = arg;

	seq_printf(m, "%-16s %10u %-4s %10lld %14lld %10lld %14lld %9lld %8lld %8lld %10zu %6u %10ld\n",
		   conn->link->id, conn->peer_cid,
		   conn->hub ? "hub" : conn->forward ? "yes" : "no",
		   atomic64_read(&counters->tx_packets), atomic64_read(&counters->tx_bytes),
		   atomic64_read(&counters->rx_packets), atomic64_read(&counters->rx_bytes),
		   atomic64_read(&counters->forwarded), atomic64_read(&counters->refused),
		   atomic64_read(&counters->dropped), READ_ONCE(conn->tx_memory),
		   READ_ONCE(conn->tx_controls), atomic_long_read(&conn->memory->bytes));
}

static int conns_show(struct seq_file *m, void *v)
{
	seq_printf(m, "cid %u\n", xvsock_local_cid());
	seq_printf(m, "%-16s %10s %-4s %10s %14s %10s %14s %9s %8s %8s %10s %6s %10s\n",
		   "link", "peer", "fwd", "tx", "tx-bytes", "rx", "rx-bytes", "forwarded",
		   "refused", "dropped", "queued", "ctl", "unread");
	xvsock_walk_conns(show_conn, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(conns);

void xvsock_debugfs_init(void)
{
	file = debugfs_create_file("vsock", 0400, vlink_debugfs_root(), NULL, &conns_fops);
}

void xvsock_debugfs_exit(void)
{
	debugfs_remove(file);
}
