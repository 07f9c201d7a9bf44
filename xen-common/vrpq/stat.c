// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics. The client's library counts in page 0 of its session, where the
 * client's kernel finds what lives and adds up what has ended. What a process
 * writes there is only ever added to other numbers.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vrpq.h"

/* Ids of <vlx/vrpq/common.h> that are not sums of events but largest or present values. */
#define PROF_POSTS_PER_CALL_MAX		9
#define PROF_POSTS_PER_NOTIFY_MAX	12
#define PROF_GROUPED_POSTS_MAX		15
#define PROF_PARAM_SINGLE_SZ_MAX	20
#define PROF_PARAM_ALLOCATED_SZ_MAX	22
#define PROF_REQS_NR_MAX		24

static bool is_maximum(unsigned int id)
{
	return id == PROF_POSTS_PER_CALL_MAX || id == PROF_POSTS_PER_NOTIFY_MAX ||
	       id == PROF_GROUPED_POSTS_MAX || id == PROF_PARAM_SINGLE_SZ_MAX ||
	       id == PROF_PARAM_ALLOCATED_SZ_MAX || id == PROF_REQS_NR_MAX;
}

static void add_counters(struct vrpq_stats *sum, const struct vrpq_counters *untrusted)
{
	unsigned int id;

	for (id = 0; id < VRPQ_COUNTERS; id++) {
		u64 value = READ_ONCE(untrusted->stats[id]);

		if (is_maximum(id))
			sum->counters[id] = max(sum->counters[id], value);
		else
			sum->counters[id] += value;
	}
	sum->wakeups += READ_ONCE(untrusted->wakeups);
}

/* Entries that are tried; a procedure that finds them all taken is not counted. */
#define PROBES_MAX	32u

/* An open table: a procedure's entry lies where its id hashes to, or soon after that. */
static void add_proc(struct vrpq_stats *sum, u32 proc_id, u32 count)
{
	unsigned int i, at = proc_id % VRPQ_PROC_COUNTERS;

	for (i = 0; i < PROBES_MAX; i++) {
		struct vrpq_proc_counter *proc = &sum->procs[(at + i) % VRPQ_PROC_COUNTERS];

		if (proc->count && proc->proc_id != proc_id)
			continue;
		proc->proc_id = proc_id;
		proc->count += count;
		return;
	}
}

static void add_procs(struct vrpq_stats *sum, const struct vrpq_counters *untrusted)
{
	unsigned int i;

	for (i = 0; i < VRPQ_PROC_COUNTERS; i++) {
		u32 count = READ_ONCE(untrusted->procs[i].count);

		if (count)
			add_proc(sum, READ_ONCE(untrusted->procs[i].proc_id), count);
	}
}

/* The page of a session where its library counts; NULL on the server's side. */
static struct vrpq_counters *counters_of(struct vrpq_session *session)
{
	struct vlink_region *region;

	if (session->obj.conn->link->drv->role != VLINK_CLIENT)
		return NULL;
	region = list_first_entry_or_null(&session->zones[VRPQ_ZONE_RING].regions,
					  struct vlink_region, node);
	return region ? page_address(region->pages[0]) : NULL;
}

static void add_session(struct vrpq_stats *sum, const struct vrpq_counters *untrusted)
{
	add_counters(sum, untrusted);
	add_procs(sum, untrusted);
}

void vrpq_stats_closed(struct vrpq_object *obj)
{
	struct vrpq_dev *dev = obj->conn->dev;

	mutex_lock(&dev->stats_lock);
	if (obj->is_chan)
		dev->stats.channels_closed++;
	else
		dev->stats.sessions_closed++;
	mutex_unlock(&dev->stats_lock);
}

void vrpq_stats_fold(struct vrpq_session *session)
{
	struct vrpq_dev *dev = session->obj.conn->dev;
	const struct vrpq_counters *untrusted = counters_of(session);

	if (!untrusted)
		return;
	mutex_lock(&dev->stats_lock);
	add_session(&dev->stats, untrusted);
	mutex_unlock(&dev->stats_lock);
}

/* A copy of what the session with that id counted, if there is any. Under conn->lock. */
static bool copy_counters(struct vrpq_conn *conn, unsigned int id, struct vrpq_counters *copy)
{
	struct vrpq_session *session = conn->sessions[id];
	const struct vrpq_counters *untrusted = NULL;

	if (session && session->window)
		untrusted = counters_of(session);
	if (untrusted)
		memcpy(copy, untrusted, sizeof(*copy));
	return untrusted;
}

/*
 * What is there for each id is looked at with the lock held, and added up without: others
 * get on meanwhile.
 */
static int stat_objects(struct vrpq_conn *conn, struct vrpq_stats *sum, struct vrpq_stat_args *args)
{
	struct vrpq_counters *copy = kmalloc(sizeof(*copy), GFP_KERNEL);
	bool copied, broken = false;
	unsigned int id;

	if (!copy)
		return -ENOMEM;
	for (id = 1; id < VRPQ_IDS && !broken; id++) {
		mutex_lock(&conn->lock);
		broken = conn->broken;
		copied = !broken && copy_counters(conn, id, copy);
		if (!broken && conn->role->queued && conn->chans[id])
			args->reqs_now += conn->role->queued(conn->chans[id]);
		mutex_unlock(&conn->lock);
		if (copied)
			add_session(sum, copy);
		cond_resched();
	}
	kfree(copy);
	return 0;
}

static int stat_conn(struct vrpq_conn *conn, struct vrpq_stats *sum, struct vrpq_stat_args *args)
{
	int err = stat_objects(conn, sum, args);

	mutex_lock(&conn->lock);
	if (!conn->broken) {
		args->sessions = conn->nr_sessions;
		args->channels = conn->nr_chans;
		args->events_sent = atomic64_read(&conn->link->events_sent);
		args->events_received = atomic64_read(&conn->link->events_received);
		args->quarantined = atomic_read(&conn->link->quarantined_pages);
		conn->role->stat(conn, args);
	}
	mutex_unlock(&conn->lock);
	return err;
}

static void stat_sums(struct vrpq_dev *dev, const struct vrpq_stats *sum,
		      struct vrpq_stat_args *args)
{
	args->sessions_max = sum->sessions_max;
	args->channels_max = sum->channels_max;
	args->sessions_total = sum->sessions_total;
	args->channels_total = sum->channels_total;
	args->sessions_closed = sum->sessions_closed;
	args->channels_closed = sum->channels_closed;
	args->bells_rung = atomic64_read(&dev->bells_rung);
	args->bells_heard = atomic64_read(&dev->bells_heard);
	args->reqs_limit = dev->reqs;
	args->pmem_limit = dev->pmem_pages;
	args->ring_limit = VRPQ_SEGMENT_PAGES(dev->reqs);
	memcpy(args->counters, sum->counters, sizeof(args->counters));
	/* The libraries see peaks between two looks. */
	args->reqs_max = max_t(u64, args->reqs_max, sum->counters[PROF_REQS_NR_MAX]);
	args->wakeups = sum->wakeups;
}

/* Lists the used entries of @sum first; returns how many there are. */
static unsigned int pack_procs(struct vrpq_stats *sum)
{
	unsigned int i, n = 0;

	for (i = 0; i < VRPQ_PROC_COUNTERS; i++)
		if (sum->procs[i].count)
			sum->procs[n++] = sum->procs[i];
	return n;
}

/*
 * Counting begins anew. The pages of live sessions are cleared under the hands of their
 * libraries: what is being counted at this moment may survive or get lost.
 */
static void reset_sessions(struct vrpq_conn *conn)
{
	unsigned int id;

	mutex_lock(&conn->lock);
	for (id = 1; id < VRPQ_IDS && !conn->broken; id++) {
		struct vrpq_session *session = conn->sessions[id];
		struct vrpq_counters *counters = NULL;

		if (session && session->window)
			counters = counters_of(session);
		if (counters)
			memset(counters, 0, sizeof(*counters));
	}
	mutex_unlock(&conn->lock);
}

static void reset_sums(struct vrpq_dev *dev)
{
	struct vrpq_conn *conn = vrpq_conn_get(dev);

	mutex_lock(&dev->stats_lock);
	memset(&dev->stats, 0, sizeof(dev->stats));
	mutex_unlock(&dev->stats_lock);
	atomic64_set(&dev->bells_rung, 0);
	atomic64_set(&dev->bells_heard, 0);
	if (!conn)
		return;
	reset_sessions(conn);
	vrpq_conn_put(conn);
}

static int stat_to_user(struct vrpq_stat_args *args, struct vrpq_stats *sum, void __user *arg)
{
	unsigned int room = args->proc_count, n = pack_procs(sum);

	args->proc_count = n;
	if (room && copy_to_user(u64_to_user_ptr(args->procs), sum->procs,
				 min(room, n) * sizeof(sum->procs[0])))
		return -EFAULT;
	return copy_to_user(arg, args, sizeof(*args)) ? -EFAULT : 0;
}

long vrpq_stat(struct vrpq_dev *dev, void __user *arg)
{
	struct vrpq_stat_args *args;
	struct vrpq_stats *sum;
	struct vrpq_conn *conn;
	long err = -ENOMEM;

	args = memdup_user(arg, sizeof(*args));
	if (IS_ERR(args))
		return PTR_ERR(args);
	sum = kvmalloc(sizeof(*sum), GFP_KERNEL);
	if (!sum)
		goto out;
	if (args->reset)
		reset_sums(dev);

	mutex_lock(&dev->stats_lock);
	*sum = dev->stats;
	mutex_unlock(&dev->stats_lock);
	conn = vrpq_conn_get(dev);
	err = 0;
	args->reqs_now = 0;
	if (conn) {
		err = stat_conn(conn, sum, args);
		vrpq_conn_put(conn);
	}
	if (err)
		goto out;
	stat_sums(dev, sum, args);
	err = stat_to_user(args, sum, arg);
out:
	kvfree(sum);
	kfree(args);
	return err;
}
