// SPDX-License-Identifier: GPL-2.0
/*
 * The pages of sessions. Each has a floor that is its due whatever others do: a page
 * to count in, and for each channel what a channel cannot do without. All beyond
 * comes from budgets that the sessions of the link share: one for segments of
 * requests, vrpq-reqs, and one for parameters, vrpq-pmem.
 *
 * A session alone may have a whole budget. With others beside it, what they lack
 * for equal shares is kept for them, and when there is nothing left for one that
 * has less than its share, those that have more are asked to give back what they do not
 * need.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "front.h"

/* Pages that one call makes at most. */
#define GROW_MAX	256u

static struct vrpq_budget *budget_of(struct vrpq_conn *conn, enum vrpq_zone zone)
{
	return &conn->budgets[zone == VRPQ_ZONE_RING ? VRPQ_ZONE_RING : VRPQ_ZONE_PARAM];
}

/* Pages of the budget that the session has. */
static u32 shared_pages(const struct vrpq_session *session, const struct vrpq_budget *budget)
{
	const struct vrpq_zone_pages *zones = session->zones;

	if (budget == &session->obj.conn->budgets[VRPQ_ZONE_RING])
		return zones[VRPQ_ZONE_RING].shared;
	return zones[VRPQ_ZONE_PARAM].shared + zones[VRPQ_ZONE_CALLBACK].shared;
}

static u32 floor_pages(struct vrpq_session *session, enum vrpq_zone zone)
{
	/* One more than there are: a channel's pages come before the channel. */
	u32 channels = max(session->channels_max, session->channels + 1);

	switch (zone) {
	case VRPQ_ZONE_RING:
		return 1 + VRPQ_FLOOR_RING_PAGES * channels;
	case VRPQ_ZONE_PARAM:
		return VRPQ_FLOOR_PARAM_PAGES * channels;
	default:
		return 1;
	}
}

static u32 floor_room(struct vrpq_session *session, enum vrpq_zone zone)
{
	struct vrpq_zone_pages *pages = &session->zones[zone];
	u32 due = floor_pages(session, zone), has = pages->count - pages->shared;

	return due > has ? due - has : 0;
}

static u32 fair_share(const struct vrpq_conn *conn, const struct vrpq_budget *budget)
{
	return budget->limit / max(conn->nr_sessions, 1u);
}

/* What other sessions lack for their share of the budget. */
static u32 reserved_for_others(struct vrpq_session *session, struct vrpq_budget *budget)
{
	struct vrpq_conn *conn = session->obj.conn;
	u32 share = fair_share(conn, budget), sum = 0;
	unsigned int id;

	for (id = 1; id < VRPQ_IDS; id++) {
		struct vrpq_session *other = conn->sessions[id];

		if (other && other != session && shared_pages(other, budget) < share)
			sum += share - shared_pages(other, budget);
	}
	return sum;
}

/* How many pages of the budget the session may take now. */
static u32 budget_room(struct vrpq_session *session, struct vrpq_budget *budget)
{
	u32 left = budget->limit - budget->used;
	u32 share = fair_share(session->obj.conn, budget);
	u32 has = shared_pages(session, budget);
	u32 reserved = reserved_for_others(session, budget);
	u32 due = has < share ? min(share - has, left) : 0;

	return max(due, left > reserved ? left - reserved : 0);
}

/*
 * Those that have more than their share are asked to give back. Who asks for itself looks
 * at what it has before it sleeps, and is not to be woken by its own asking.
 */
static void ask_for_pages(struct vrpq_session *asking, enum vrpq_zone zone)
{
	struct vrpq_conn *conn = asking->obj.conn;
	struct vrpq_budget *budget = budget_of(conn, zone);
	u32 share = fair_share(conn, budget);
	unsigned int id;

	budget->starved = true;
	for (id = 1; id < VRPQ_IDS; id++) {
		struct vrpq_session *session = conn->sessions[id];

		if (!session || shared_pages(session, budget) <= share)
			continue;
		/* Pages of callbacks are asked for by the server. */
		if (session == asking && zone != VRPQ_ZONE_CALLBACK)
			continue;
		WRITE_ONCE(session->pressure, true);
		vrpq_object_moved(&session->obj);
	}
}

/* Pages came back: whoever waits for some tries again. */
static void pages_came_back(struct vrpq_conn *conn, struct vrpq_budget *budget)
{
	unsigned int id;

	vrpq_pages_serve(conn);
	if (!budget->starved)
		return;
	budget->starved = false;
	for (id = 1; id < VRPQ_IDS; id++)
		if (conn->sessions[id])
			vrpq_object_moved(&conn->sessions[id]->obj);
}

static void count_pages(struct vrpq_conn *conn, u32 *ring, u32 *param)
{
	unsigned int id;

	*ring = 0;
	*param = 0;
	for (id = 1; id < VRPQ_IDS; id++) {
		struct vrpq_session *session = conn->sessions[id];

		if (!session)
			continue;
		*ring += session->zones[VRPQ_ZONE_RING].count;
		*param += session->zones[VRPQ_ZONE_PARAM].count +
			  session->zones[VRPQ_ZONE_CALLBACK].count;
	}
}

static void note_peaks(struct vrpq_conn *conn)
{
	struct vrpq_stats *stats = &conn->dev->stats;
	u32 ring, param;

	count_pages(conn, &ring, &param);
	mutex_lock(&conn->dev->stats_lock);
	stats->ring_max = max(stats->ring_max, ring);
	stats->pmem_max = max(stats->pmem_max, param);
	mutex_unlock(&conn->dev->stats_lock);
}

static int grant_pages(struct vrpq_session *session, enum vrpq_zone zone, u32 nr)
{
	struct vrpq_conn *conn = session->obj.conn;
	struct vrpq_budget *budget = budget_of(conn, zone);
	u32 from_floor = min(floor_room(session, zone), nr);
	struct vlink_region *region = vlink_pages_share(conn->link, nr);
	int err;

	if (IS_ERR(region))
		return PTR_ERR(region);
	err = vrpq_zone_append(session, zone, region);
	if (err) {
		vlink_pages_unshare(conn->link, region);
		return err;
	}
	session->zones[zone].shared += nr - from_floor;
	budget->used += nr - from_floor;
	note_peaks(conn);
	vrpq_say(&session->obj, VRPQ_TODO_PAGES);
	return 0;
}

int vrpq_pages_grow(struct vrpq_session *session, enum vrpq_zone zone, u32 want, u32 min)
{
	struct vrpq_zone_pages *pages = &session->zones[zone];
	struct vrpq_conn *conn = session->obj.conn;
	struct vrpq_budget *budget = budget_of(conn, zone);
	u32 room;

	lockdep_assert_held(&conn->lock);
	want = min3(max(want, min), max(GROW_MAX, min), pages->max - pages->count);
	if (min > want || min > floor_room(session, zone) + budget->limit)
		return -EMSGSIZE;
	/* Numbers of what is trimmed just now cannot be used anew yet. */
	if (!list_empty(&pages->trimmed))
		return want ? -EAGAIN : 0;

	room = floor_room(session, zone) + budget_room(session, budget);
	if (room < min) {
		ask_for_pages(session, zone);
		return -EAGAIN;
	}
	want = min(want, room);
	return want ? grant_pages(session, zone, want) : 0;
}

/*
 * Has the zone grow to what the process asks for, which may be on its way already. The
 * server is not to meet a page that it does not know: what it has not acknowledged yet
 * is not there.
 */
static int grow_zone(struct vrpq_session *session, const struct vrpq_grow_args *args)
{
	struct vrpq_zone_pages *zone = &session->zones[args->zone];
	u32 target, more, ahead;
	int err;

	if (args->pages > zone->max || args->min > zone->max - args->pages)
		return -EMSGSIZE;
	target = args->pages + args->min;
	if (zone->acked >= target)
		return 0;
	if (zone->count < target) {
		more = target - zone->count;
		ahead = max(args->want, args->min) - args->min;
		err = vrpq_pages_grow(session, args->zone, more + min(ahead, zone->max), more);
		if (err)
			return err;
	}
	return -EINPROGRESS;
}

long vrpq_pages_grow_ioctl(struct vrpq_session *session, void __user *arg)
{
	struct vrpq_conn *conn = session->obj.conn;
	struct vrpq_zone_pages *zone;
	struct vrpq_grow_args args;
	int err;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.zone != VRPQ_ZONE_RING && args.zone != VRPQ_ZONE_PARAM)
		return -EINVAL;
	zone = &session->zones[args.zone];

	mutex_lock(&conn->lock);
	err = session->window ? grow_zone(session, &args) : -EPIPE;
	args.pages = zone->acked;
	vrpq_push(conn);
	mutex_unlock(&conn->lock);
	if (err)
		return err;
	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
}

void vrpq_pages_serve(struct vrpq_conn *conn)
{
	unsigned int id;

	for (id = 1; id < VRPQ_IDS; id++) {
		struct vrpq_session *session = conn->sessions[id];
		struct vrpq_zone_pages *zone;

		if (!session || !session->window)
			continue;
		zone = &session->zones[VRPQ_ZONE_CALLBACK];
		if (zone->wanted > zone->count)
			vrpq_pages_grow(session, VRPQ_ZONE_CALLBACK, zone->wanted - zone->count,
					zone->wanted - zone->count);
	}
}

/* ------------------------------------------------------------------------ */
/* Announcing                                                                 */

/* The region that holds the first page of which the server does not know. */
static struct vlink_region *first_untold(struct vrpq_zone_pages *zone, u32 *offset)
{
	struct vlink_region *region;

	*offset = zone->told;
	list_for_each_entry(region, &zone->regions, node) {
		if (*offset < region->nr_pages)
			return region;
		*offset -= region->nr_pages;
	}
	return NULL;
}

static bool zone_emit(struct vrpq_session *session, enum vrpq_zone which, struct vrpq_msg *msg)
{
	struct vrpq_zone_pages *zone = &session->zones[which];
	struct vlink_region *region;
	u32 offset;

	if (zone->told == zone->count)
		return false;
	region = first_untold(zone, &offset);
	if (!region)
		return false;
	msg->type = VRPQ_PAGES;
	msg->session = session->obj.id;
	msg->count = min(region->nr_pages - offset, VRPQ_MSG_REFS);
	msg->u.pages.zone = which;
	memcpy(msg->u.pages.refs, region->refs + offset, msg->count * sizeof(u32));
	zone->told += msg->count;
	return true;
}

bool vrpq_pages_emit(struct vrpq_session *session, struct vrpq_msg *msg)
{
	unsigned int zone;

	for (zone = 0; zone < VRPQ_ZONES; zone++)
		if (zone_emit(session, zone, msg))
			return true;
	return false;
}

/* ------------------------------------------------------------------------ */
/* Giving back                                                                */

static void give_back(struct vrpq_session *session, struct list_head *regions)
{
	struct vlink_region *region, *next;

	list_for_each_entry_safe(region, next, regions, node) {
		list_del(&region->node);
		vlink_pages_unshare(session->obj.conn->link, region);
	}
}

/* Takes whole regions off the end, as long as @keep pages are left. */
static void zone_cut(struct vrpq_zone_pages *zone, u32 keep)
{
	while (!list_empty(&zone->regions)) {
		struct vlink_region *last = list_last_entry(&zone->regions, struct vlink_region,
							    node);

		if (zone->count - last->nr_pages < keep)
			return;
		zone->count -= last->nr_pages;
		list_move(&last->node, &zone->trimmed);
	}
}

static void zone_trim(struct vrpq_session *session, enum vrpq_zone which, u32 keep)
{
	struct vrpq_zone_pages *zone = &session->zones[which];
	u32 before = zone->count;

	/* One at a time, and nothing that is still being announced. */
	if (!list_empty(&zone->trimmed) || zone->acked != zone->count)
		return;
	zone_cut(zone, max(keep, 1u));
	if (zone->count == before)
		return;
	zone->told = zone->count;
	zone->acked = zone->count;
	/* The budget has them back when the server has unmapped them. */
	zone->trim_shared = min(zone->shared, before - zone->count);
	zone->shared -= zone->trim_shared;
	vlink_window_remove(session->window, zone->first + zone->count, before - zone->count);
	vrpq_say(&session->obj, VRPQ_TODO_TRIM);
}

long vrpq_pages_trim_ioctl(struct vrpq_session *session, void __user *arg)
{
	struct vrpq_zone_pages *zone;
	struct vrpq_conn *conn = session->obj.conn;
	struct vrpq_trim_args args;
	long err = -EPIPE;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.zone != VRPQ_ZONE_RING && args.zone != VRPQ_ZONE_PARAM)
		return -EINVAL;
	zone = &session->zones[args.zone];

	mutex_lock(&conn->lock);
	if (session->window) {
		WRITE_ONCE(session->pressure, false);
		zone_trim(session, args.zone, args.pages);
		args.pages = zone->acked;
		vrpq_push(conn);
		err = 0;
	}
	mutex_unlock(&conn->lock);
	if (!err && copy_to_user(arg, &args, sizeof(args)))
		err = -EFAULT;
	return err;
}

bool vrpq_trim_emit(struct vrpq_session *session, struct vrpq_msg *msg)
{
	unsigned int i;

	for (i = 0; i < VRPQ_ZONES; i++) {
		struct vrpq_zone_pages *zone = &session->zones[i];

		if (list_empty(&zone->trimmed) || zone->trim_told)
			continue;
		zone->trim_told = true;
		msg->type = VRPQ_TRIM;
		msg->session = session->obj.id;
		msg->u.size.zone = i;
		msg->u.size.pages = zone->count;
		return true;
	}
	return false;
}

int vrpq_pages_trimmed(struct vrpq_session *session, enum vrpq_zone which, u32 pages)
{
	struct vrpq_conn *conn = session->obj.conn;
	struct vrpq_zone_pages *zone = &session->zones[which];

	if (!zone->trim_told || pages != zone->count)
		return -EPROTO;
	zone->trim_told = false;
	give_back(session, &zone->trimmed);
	budget_of(conn, which)->used -= zone->trim_shared;
	zone->trim_shared = 0;
	pages_came_back(conn, budget_of(conn, which));
	vrpq_object_moved(&session->obj);
	return 0;
}

void vrpq_pages_drop(struct vrpq_session *session)
{
	struct vrpq_conn *conn = session->obj.conn;
	unsigned int i;

	for (i = 0; i < VRPQ_ZONES; i++) {
		struct vrpq_zone_pages *zone = &session->zones[i];

		give_back(session, &zone->regions);
		give_back(session, &zone->trimmed);
		budget_of(conn, i)->used -= zone->shared + zone->trim_shared;
		zone->shared = 0;
		zone->trim_shared = 0;
		zone->count = 0;
	}
	if (conn->broken)
		return;
	pages_came_back(conn, &conn->budgets[VRPQ_ZONE_RING]);
	pages_came_back(conn, &conn->budgets[VRPQ_ZONE_PARAM]);
}

/* ------------------------------------------------------------------------ */
/* Statistics                                                                 */

/* Requests that a channel's client has published and its server not consumed. */
static u32 queued(struct vrpq_chan *chan)
{
	struct vrpq_zone_pages *zone = &chan->session->zones[VRPQ_ZONE_RING];
	struct vlink_region *region;
	u32 page = chan->ctl_page;

	list_for_each_entry(region, &zone->regions, node) {
		if (page < region->nr_pages) {
			struct vrpq_chan_page *ctl = page_address(region->pages[page]);
			u32 n = READ_ONCE(ctl->req_prod.prod) - READ_ONCE(ctl->req_cons.cons);

			return min(n, VRPQ_SLOTS_OUTSTANDING_MAX);
		}
		page -= region->nr_pages;
	}
	return 0;
}

void vrpq_pages_stat(struct vrpq_conn *conn, struct vrpq_stat_args *args)
{
	struct vrpq_stats *stats = &conn->dev->stats;
	unsigned int id;

	for (id = 1; id < VRPQ_IDS; id++)
		if (conn->chans[id] && conn->chans[id]->session->window)
			args->reqs_now += queued(conn->chans[id]);
	count_pages(conn, &args->ring_now, &args->pmem_now);
	mutex_lock(&conn->dev->stats_lock);
	stats->reqs_max = max(stats->reqs_max, args->reqs_now);
	args->reqs_max = stats->reqs_max;
	args->pmem_max = stats->pmem_max;
	args->ring_max = stats->ring_max;
	mutex_unlock(&conn->dev->stats_lock);
}
