// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Counters. A sender counts in private memory, under its lock, and adds that now and then to
 * its session's counters in page 0 of the area, where the client's kernel reads them.
 */
#include <errno.h>
#include <stdlib.h>

#include "objects.h"

static struct vrpq_counters *counters_of(const struct vrpq_session *session)
{
	return session->server ? NULL : (struct vrpq_counters *)(void *)session->base;
}

static bool is_maximum(u32 id)
{
	return id == VRPQ_PROF_POSTS_PER_CALL_MAX || id == VRPQ_PROF_POSTS_PER_NOTIFY_MAX ||
	       id == VRPQ_PROF_GROUPED_POSTS_MAX || id == VRPQ_PROF_PARAM_SINGLE_SZ_MAX;
}

static void raise(u64 *counter, u64 value)
{
	u64 old = vrpq_get(counter);

	while (old < value && !__atomic_compare_exchange_n(counter, &old, value, true,
							   __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* An open table; a procedure that finds no room in it is not counted. */
static void add_proc(struct vrpq_counters *counters, u32 proc_id, u32 n)
{
	u32 i, unused;

	for (i = 0; i < VRPQ_PROC_COUNTERS; i++) {
		struct vrpq_proc_counter *proc =
			&counters->procs[(proc_id + i) % VRPQ_PROC_COUNTERS];

		unused = 0;
		/* Who finds the count 0 makes the entry its own before it counts in it. */
		if (!vrpq_get(&proc->count)) {
			if (__atomic_compare_exchange_n(&proc->proc_id, &unused, proc_id, false,
							__ATOMIC_RELAXED, __ATOMIC_RELAXED))
				unused = proc_id;
		} else {
			unused = vrpq_get(&proc->proc_id);
		}
		if (unused == proc_id) {
			__atomic_fetch_add(&proc->count, n, __ATOMIC_RELAXED);
			return;
		}
	}
}

static void flush_proc(struct vrpq_sender *sender, struct vrpq_counters *counters)
{
	if (counters && sender->proc_count)
		add_proc(counters, sender->proc_id, sender->proc_count);
	sender->proc_count = 0;
}

void vrpq_count_other_proc(struct vrpq_sender *sender, u32 proc_id)
{
	flush_proc(sender, counters_of(sender->chan->session));
	sender->proc_id = proc_id;
}

void vrpq_stats_flush(struct vrpq_sender *sender)
{
	struct vrpq_counters *counters = counters_of(sender->chan->session);
	u32 id;

	flush_proc(sender, counters);
	for (id = 0; id < VRPQ_COUNTERS; id++) {
		if (!sender->stats[id])
			continue;
		if (counters && is_maximum(id))
			raise(&counters->stats[id], sender->stats[id]);
		else if (counters)
			__atomic_fetch_add(&counters->stats[id], sender->stats[id], __ATOMIC_RELAXED);
		sender->stats[id] = 0;
	}
}

void vrpq_stats_wakeup(struct vrpq_session *session)
{
	struct vrpq_counters *counters = counters_of(session);

	if (counters)
		__atomic_fetch_add(&counters->wakeups, 1, __ATOMIC_RELAXED);
}

void vrpq_stats_bell(struct vrpq_session *session)
{
	struct vrpq_counters *counters = counters_of(session);

	if (counters)
		__atomic_fetch_add(&counters->bells, 1, __ATOMIC_RELAXED);
}

/* --- vrpqProf ---------------------------------------------------------------- */

static nku32_f cut(u64 value)
{
	return value > UINT32_MAX ? UINT32_MAX : (nku32_f)value;
}

/* What the kernel knows of itself; the rest is what the libraries counted. */
static u64 general(const struct vrpq_stat_args *args, u32 id)
{
	switch (id) {
	case VRPQ_PROF_ADM_CALLS:
		return args->sessions_total + args->channels_total + args->sessions_closed +
		       args->channels_closed;
	case VRPQ_PROF_SESSION_CREATE:
		return args->sessions_total;
	case VRPQ_PROF_SESSION_DESTROY:
		return args->sessions_closed;
	case VRPQ_PROF_CHAN_CREATE:
		return args->channels_total;
	case VRPQ_PROF_CHAN_DESTROY:
		return args->channels_closed;
	case VRPQ_PROF_RESPONSES_INTR:
		return args->wakeups;
	case VRPQ_PROF_PARAM_ALLOCATED_SZ:
		return (u64)args->pmem_now * VRPQ_PAGE_SIZE;
	case VRPQ_PROF_PARAM_ALLOCATED_SZ_MAX:
		return (u64)args->pmem_max * VRPQ_PAGE_SIZE;
	case VRPQ_PROF_REQS_NR:
		return args->reqs_now;
	case VRPQ_PROF_REQS_NR_MAX:
		return args->reqs_max;
	case VRPQ_PROF_PROC_STAT_TBL:
		return args->proc_count ? 1 : 0;
	default:
		return args->counters[id];
	}
}

static int fill_general(const struct vrpq_stat_args *args, VrpqStat *stats, int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (!stats[i].id || stats[i].id > VRPQ_PROF_PROC_STAT_TBL)
			return EINVAL;
	for (i = 0; i < count; i++)
		stats[i].val = cut(general(args, stats[i].id));
	return 0;
}

static int fill_procs(const struct vrpq_stat_args *args, const struct vrpq_proc_counter *procs,
		      VrpqStat *stats, int count)
{
	u32 n = args->proc_count < VRPQ_PROC_COUNTERS ? args->proc_count : VRPQ_PROC_COUNTERS;
	u32 j;
	int i;

	for (i = 0; i < count; i++) {
		stats[i].val = 0;
		for (j = 0; j < n; j++)
			if (procs[j].proc_id == stats[i].id)
				stats[i].val = procs[j].count;
	}
	return 0;
}

static int fill_all(const struct vrpq_stat_args *args, const struct vrpq_proc_counter *procs,
		    VrpqStat *stats, int count)
{
	int i, n = (int)(args->proc_count < VRPQ_PROC_COUNTERS ? args->proc_count : VRPQ_PROC_COUNTERS);

	for (i = 0; i < n && i < count; i++) {
		stats[i].id = procs[i].proc_id;
		stats[i].val = procs[i].count;
	}
	return n;
}

static int prof(struct vrpq_file *file, int cmd, VrpqStat *stats, int count,
		struct vrpq_proc_counter *procs)
{
	struct vrpq_stat_args args = {
		.proc_count = VRPQ_PROC_COUNTERS,
		.procs = (uintptr_t)procs,
		.reset = cmd == VRPQ_PROF_RESET,
	};
	struct vrpq_trim_args none = { .zone = VRPQ_ZONES };
	int err;

	/* Servers' nodes have some statistics too, but do not know this call. */
	if (vrpq_file_control(file, VRPQ_IOC_TRIM, &none) == ENOTTY)
		return EINVAL;
	err = vrpq_file_control(file, VRPQ_IOC_STAT, &args);
	if (err)
		return err == ENOTTY ? EINVAL : err;
	switch (cmd) {
	case VRPQ_PROF_GEN_STAT_GET:
		return fill_general(&args, stats, count);
	case VRPQ_PROF_PROC_STAT_GET:
		return fill_procs(&args, procs, stats, count);
	case VRPQ_PROF_PROC_STAT_GET_ALL:
		return fill_all(&args, procs, stats, count);
	default:
		return 0;
	}
}

int vrpqProf(const char *devName, int cmd, VrpqStat *stats, int count)
{
	struct vrpq_proc_counter *procs;
	struct vrpq_file file;
	int err;

	if (!devName || cmd < VRPQ_PROF_GEN_STAT_GET || cmd > VRPQ_PROF_RESET)
		return EINVAL;
	if (count < 0 || (count && !stats && cmd != VRPQ_PROF_RESET))
		return EINVAL;
	procs = calloc(VRPQ_PROC_COUNTERS, sizeof(*procs));
	if (!procs)
		return ENOMEM;
	err = vrpq_file_open(&file, devName);
	if (!err)
		err = prof(&file, cmd, stats, count, procs);
	vrpq_file_close(&file);
	free(procs);
	return err;
}
