// SPDX-License-Identifier: GPL-2.0
/*
 * The pages of sessions. Some are guaranteed to each whatever others do: a page to count in,
 * and for each channel that is alive, and the next one, what a channel cannot do without.
 * All others come from budgets that the sessions of the link share: one for segments
 * of requests, vrpq-reqs, and one for parameters, vrpq-pmem.
 *
 * A session alone may have a whole budget. While there are others, what they lack to equal
 * shares is kept for them, and one that has less than its share gets it even if others
 * took more while they were fewer: the budget is exceeded then, up to VRPQ_OVERCOMMIT
 * times. Sessions that have more than their share are asked to give back what they do not
 * need. If the excess reaches its bound and somebody still lacks its share, the session
 * that exceeds its own most is ended.
 *
 * A channel's guaranteed pages may be in use when it is gone. They count against the budget
 * as far as there is room; otherwise the session is counted as if it had more channels
 * (its floors) until it gives pages back. All floors of a link are no more than its
 * ids of channels, which bounds all pages: VRPQ_RING_PAGES_ALL, VRPQ_PARAM_PAGES_ALL.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../../xen-common/compat.h"
#include "front.h"

/* Pages that one call makes at most. */
#define GROW_MAX	256u

/* So long a session lacks its share, or a channel, before another one is ended for it. */
#define GRACE_MS	400u

/* Pages of the budget that the session has. */
static u32 shared_pages(const struct vrpq_session *session, const struct vrpq_budget *budget)
{
	const struct vrpq_zone_pages *zones = session->zones;

	if (budget == &session->obj.conn->budgets[VRPQ_BUDGET_RING])
		return zones[VRPQ_ZONE_RING].shared;
	return zones[VRPQ_ZONE_PARAM].shared + zones[VRPQ_ZONE_CALLBACK].shared;
}

/* The pages of a zone that are guaranteed to a session of so many channels. */
static u32 floor_pages(enum vrpq_zone zone, u32 channels)
{
	/* A channel's pages come before the channel. */
	switch (zone) {
	case VRPQ_ZONE_RING:
		return 1 + VRPQ_FLOOR_RING_PAGES * (channels + 1);
	case VRPQ_ZONE_PARAM:
		return VRPQ_FLOOR_PARAM_PAGES * (channels + 1);
	default:
		return 1;
	}
}

/* Those pages of a zone that are not of the budget. */
static u32 held_from_floor(const struct vrpq_zone_pages *zone)
{
	return zone->count - zone->shared + zone->trim_floor;
}

static u32 floor_room(const struct vrpq_session *session, enum vrpq_zone zone)
{
	u32 due = floor_pages(zone, session->channels);
	u32 has = held_from_floor(&session->zones[zone]);

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

		if (other && other != session && !other->failed &&
		    shared_pages(other, budget) < share)
			sum += share - shared_pages(other, budget);
	}
	return sum;
}

/* Pages of the budget that nobody has, nor is short of. */
static u32 spare_pages(struct vrpq_session *session, struct vrpq_budget *budget)
{
	u32 left = budget->limit > budget->used ? budget->limit - budget->used : 0;
	u32 reserved = left ? reserved_for_others(session, budget) : 0;

	return left > reserved ? left - reserved : 0;
}

/* What the session lacks to its share. */
static u32 due_pages(const struct vrpq_session *session, const struct vrpq_budget *budget)
{
	u32 share = fair_share(session->obj.conn, budget);
	u32 has = shared_pages(session, budget);

	return has < share ? share - has : 0;
}

/* How many pages of the budget the session may take now. */
static u32 budget_room(struct vrpq_session *session, struct vrpq_budget *budget)
{
	u32 bound = VRPQ_OVERCOMMIT * budget->limit - budget->used;

	return min(bound, max(due_pages(session, budget), spare_pages(session, budget)));
}

/* Somebody lacks what it is entitled to. */
static void evict_soon(struct vrpq_conn *conn)
{
	queue_delayed_work(system_dfl_wq, &conn->evict_work, msecs_to_jiffies(GRACE_MS));
}

/*
 * Those that have more than their share are asked to give back. Who asks for itself looks
 * at what it has before it sleeps, and is not to be woken by its own asking.
 */
static void ask_for_pages(struct vrpq_session *asking, enum vrpq_zone zone, u32 min)
{
	struct vrpq_conn *conn = asking->obj.conn;
	struct vrpq_budget *budget = vrpq_budget_of(conn, zone);
	u32 share = fair_share(conn, budget);
	unsigned int id;

	budget->starved = true;
	if (min <= floor_room(asking, zone) + due_pages(asking, budget)) {
		budget->denied = true;
		evict_soon(conn);
	}
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

/* Whoever waits for pages or a channel tries again. */
static void wake_sessions(struct vrpq_conn *conn)
{
	unsigned int id;

	for (id = 1; id < VRPQ_IDS; id++)
		if (conn->sessions[id])
			vrpq_object_moved(&conn->sessions[id]->obj);
}

static void serve_all(struct vrpq_conn *conn)
{
	unsigned int id;

	for (id = 1; id < VRPQ_IDS; id++)
		if (conn->sessions[id])
			vrpq_pages_serve(conn->sessions[id]);
}

/* Pages came back: whoever waits for some tries again. */
static void pages_came_back(struct vrpq_conn *conn, struct vrpq_budget *budget)
{
	if (!budget->starved)
		return;
	budget->starved = false;
	budget->denied = false;
	if (budget == &conn->budgets[VRPQ_BUDGET_PARAM])
		serve_all(conn);
	wake_sessions(conn);
}

static void note_peaks(struct vrpq_conn *conn)
{
	struct vrpq_stats *stats = &conn->dev->stats;

	mutex_lock(&conn->dev->stats_lock);
	stats->ring_max = max(stats->ring_max, conn->budgets[VRPQ_BUDGET_RING].pages);
	stats->pmem_max = max(stats->pmem_max, conn->budgets[VRPQ_BUDGET_PARAM].pages);
	mutex_unlock(&conn->dev->stats_lock);
}

/* ------------------------------------------------------------------------ */
/* Floors                                                                     */

/* Counts guaranteed pages of a zone that channels no longer justify against the budget. */
static void absorb(struct vrpq_session *session, enum vrpq_zone which)
{
	struct vrpq_budget *budget = vrpq_budget_of(session->obj.conn, which);
	struct vrpq_zone_pages *zone = &session->zones[which];
	u32 due = floor_pages(which, session->channels), held = held_from_floor(zone);
	u32 left = budget->limit > budget->used ? budget->limit - budget->used : 0;
	u32 n = held > due ? min3(held - due, left, zone->count - zone->shared) : 0;

	zone->shared += n;
	budget->used += n;
}

/* How many channels the guaranteed pages are for that the session still has. */
static u32 floors_needed(const struct vrpq_session *session)
{
	u32 ring = held_from_floor(&session->zones[VRPQ_ZONE_RING]);
	u32 param = held_from_floor(&session->zones[VRPQ_ZONE_PARAM]);
	u32 by_ring = ring ? DIV_ROUND_UP(ring - 1, VRPQ_FLOOR_RING_PAGES) : 0;
	u32 by_param = DIV_ROUND_UP(param, VRPQ_FLOOR_PARAM_PAGES);
	u32 channels = max(by_ring, by_param);

	/* Less the next channel's, which each session has. */
	return channels ? channels - 1 : 0;
}

static void floors_set(struct vrpq_session *session, u32 floors)
{
	struct vrpq_conn *conn = session->obj.conn;
	bool fell = floors < session->floors;

	conn->floors += floors - session->floors;
	session->floors = floors;
	if (!fell || !conn->floors_denied)
		return;
	conn->floors_denied = false;
	wake_sessions(conn);
}

void vrpq_floors_settle(struct vrpq_session *session)
{
	lockdep_assert_held(&session->obj.conn->lock);
	absorb(session, VRPQ_ZONE_RING);
	absorb(session, VRPQ_ZONE_PARAM);
	floors_set(session, max(session->channels, floors_needed(session)));
}

void vrpq_floors_release(struct vrpq_session *session)
{
	floors_set(session, 0);
}

bool vrpq_floors_suffice(struct vrpq_session *session)
{
	struct vrpq_conn *conn = session->obj.conn;
	unsigned int id;

	lockdep_assert_held(&conn->lock);
	vrpq_floors_settle(session);
	if (session->channels < session->floors || conn->floors < VRPQ_IDS - 1)
		return true;
	conn->floors_denied = true;
	evict_soon(conn);
	for (id = 1; id < VRPQ_IDS; id++) {
		struct vrpq_session *other = conn->sessions[id];

		if (!other || other->floors <= other->channels)
			continue;
		WRITE_ONCE(other->pressure, true);
		vrpq_object_moved(&other->obj);
	}
	return false;
}

/* ------------------------------------------------------------------------ */
/* Ending who holds what others lack                                          */

/* Pages of the budget beyond the session's share. */
static u32 excess_of_share(const struct vrpq_session *session, const struct vrpq_budget *budget)
{
	u32 share = fair_share(session->obj.conn, budget);
	u32 has = shared_pages(session, budget);

	return has > share ? has - share : 0;
}

static u32 excess_of_floors(const struct vrpq_session *session, const struct vrpq_budget *budget)
{
	return session->floors - session->channels;
}

static void end_worst(struct vrpq_conn *conn, const struct vrpq_budget *budget,
		      u32 (*excess)(const struct vrpq_session *session,
				    const struct vrpq_budget *budget))
{
	struct vrpq_session *worst = NULL;
	unsigned int id;

	for (id = 1; id < VRPQ_IDS; id++) {
		struct vrpq_session *session = conn->sessions[id];

		if (session && !session->failed && excess(session, budget) &&
		    (!worst || excess(session, budget) > excess(worst, budget)))
			worst = session;
	}
	if (worst)
		vrpq_session_fail(worst, "it holds the most of what others lack");
}

void vrpq_pages_evict(struct vrpq_conn *conn)
{
	unsigned int i;

	for (i = 0; i < VRPQ_BUDGETS; i++) {
		struct vrpq_budget *budget = &conn->budgets[i];

		if (budget->denied)
			end_worst(conn, budget, excess_of_share);
		budget->denied = false;
	}
	if (conn->floors_denied)
		end_worst(conn, NULL, excess_of_floors);
	/* If that did not help, whoever is woken by what comes back asks again. */
}

/* ------------------------------------------------------------------------ */
/* Growing                                                                    */

/* New pages at the end of a zone, charged to who made the session. */
static int zone_add_pages(struct vrpq_session *session, enum vrpq_zone zone, u32 nr)
{
	struct vlink *link = session->obj.conn->link;
	struct vlink_region *region;
	int err = vlink_charge(session->account, VLINK_CHARGE_GRANTED, nr);

	if (err)
		return err;
	region = vlink_pages_share(link, nr);
	err = PTR_ERR_OR_ZERO(region);
	if (!err) {
		err = vrpq_zone_append(session, zone, region);
		if (err)
			vlink_pages_unshare(link, region);
	}
	if (err)
		vlink_uncharge(session->account, VLINK_CHARGE_GRANTED, nr);
	return err;
}

static int grant_pages(struct vrpq_session *session, enum vrpq_zone zone, u32 nr)
{
	struct vrpq_conn *conn = session->obj.conn;
	struct vrpq_budget *budget = vrpq_budget_of(conn, zone);
	u32 from_floor = min(floor_room(session, zone), nr);
	int err = zone_add_pages(session, zone, nr);

	if (err)
		return err;
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
	struct vrpq_budget *budget = vrpq_budget_of(conn, zone);
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
		ask_for_pages(session, zone, min);
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

void vrpq_pages_serve(struct vrpq_session *session)
{
	struct vrpq_zone_pages *zone = &session->zones[VRPQ_ZONE_CALLBACK];

	if (!session->window || session->obj.state == VRPQ_CLOSING || zone->wanted <= zone->count)
		return;
	if (vrpq_pages_grow(session, VRPQ_ZONE_CALLBACK, zone->wanted - zone->count,
			    zone->wanted - zone->count))
		vrpq_budget_of(session->obj.conn, VRPQ_ZONE_CALLBACK)->starved = true;
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

static void give_back(struct vrpq_session *session, enum vrpq_zone zone,
		      struct list_head *regions)
{
	struct vrpq_conn *conn = session->obj.conn;
	struct vlink_region *region, *next;

	list_for_each_entry_safe(region, next, regions, node) {
		list_del(&region->node);
		vrpq_budget_of(conn, zone)->pages -= region->nr_pages;
		vlink_uncharge(session->account, VLINK_CHARGE_GRANTED, region->nr_pages);
		vlink_pages_unshare(conn->link, region);
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
	zone->trim_floor = before - zone->count - zone->trim_shared;
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
	struct vrpq_budget *budget = vrpq_budget_of(session->obj.conn, which);
	struct vrpq_zone_pages *zone = &session->zones[which];

	if (!zone->trim_told || pages != zone->count)
		return -EPROTO;
	zone->trim_told = false;
	give_back(session, which, &zone->trimmed);
	budget->used -= zone->trim_shared;
	zone->trim_shared = 0;
	zone->trim_floor = 0;
	vrpq_floors_settle(session);
	pages_came_back(session->obj.conn, budget);
	vrpq_object_moved(&session->obj);
	return 0;
}

void vrpq_pages_drop(struct vrpq_session *session)
{
	struct vrpq_conn *conn = session->obj.conn;
	unsigned int i;

	for (i = 0; i < VRPQ_ZONES; i++) {
		struct vrpq_zone_pages *zone = &session->zones[i];

		give_back(session, i, &zone->regions);
		give_back(session, i, &zone->trimmed);
		vrpq_budget_of(conn, i)->used -= zone->shared + zone->trim_shared;
		zone->shared = 0;
		zone->trim_shared = 0;
		zone->trim_floor = 0;
		zone->count = 0;
	}
	if (conn->broken)
		return;
	vrpq_floors_settle(session);
	pages_came_back(conn, &conn->budgets[VRPQ_BUDGET_RING]);
	pages_came_back(conn, &conn->budgets[VRPQ_BUDGET_PARAM]);
}

/* ------------------------------------------------------------------------ */
/* Statistics                                                                 */

u32 vrpq_pages_queued(struct vrpq_chan *chan)
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

	args->ring_now = conn->budgets[VRPQ_BUDGET_RING].pages;
	args->pmem_now = conn->budgets[VRPQ_BUDGET_PARAM].pages;
	mutex_lock(&conn->dev->stats_lock);
	stats->reqs_max = max(stats->reqs_max, args->reqs_now);
	args->reqs_max = stats->reqs_max;
	args->pmem_max = stats->pmem_max;
	args->ring_max = stats->ring_max;
	mutex_unlock(&conn->dev->stats_lock);
}
