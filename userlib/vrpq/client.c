// SPDX-License-Identifier: LGPL-2.1-or-later
/* A client's sessions and channels, and what both ends have. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "objects.h"

/* Pages of the ring zone that the next channel is to find: control page and segment. */
#define NEXT_RING	VRPQ_FLOOR_RING_PAGES
#define NEXT_PARAM	VRPQ_FLOOR_PARAM_PAGES

static int take_when_there(struct vrpq_session *session, const struct vrpq_waiter *waiter,
			   u32 reserved, u32 *page)
{
	u32 seq;
	int err = 0;

	for (;;) {
		seq = vrpq_file_seq(&session->file);
		*page = vrpq_pool_take(&session->zones[VRPQ_ZONE_RING], NULL, 1, reserved, waiter, &err);
		if (*page != VRPQ_NO_PAGE)
			return 0;
		if (!vrpq_may_come(err))
			return err;
		if (vrpq_file_status(&session->file) & VRPQ_ENDED)
			return EPIPE;
		if (err == EAGAIN) {
			vrpq_session_reap(session);
			if (vrpq_session_arm(session))
				continue;
		}
		err = vrpq_session_wait(session, NULL, seq);
		if (err)
			return err;
	}
}

/* A page of the ring zone; @reserved: 1 if it is reserved for the caller. Waits for it. */
static int take_page(struct vrpq_session *session, u32 reserved, u32 *page)
{
	struct vrpq_pool *zone = &session->zones[VRPQ_ZONE_RING];
	struct vrpq_waiter waiter = { .chan = NULL };
	int err;

	vrpq_pool_queue(zone, &waiter);
	err = take_when_there(session, &waiter, reserved, page);
	vrpq_pool_unqueue(zone, &waiter);
	return err;
}

/* The first page of the area is for the counters. */
static int take_first_pages(struct vrpq_session *session)
{
	u32 page;
	int err = take_page(session, 0, &page);

	if (err)
		return err;
	vrpq_pool_reserve(&session->zones[VRPQ_ZONE_RING], NEXT_RING);
	vrpq_pool_reserve(&session->zones[VRPQ_ZONE_PARAM], NEXT_PARAM);
	return 0;
}

static int session_create(struct vrpq_session *session, const char *path,
			  struct vrpq_session_args *args)
{
	int err = vrpq_session_open(session, path, VRPQ_IOC_SESSION_CREATE, args);

	if (err)
		return err;
	pthread_mutex_lock(&session->list_lock);
	err = vrpq_session_map(session);
	pthread_mutex_unlock(&session->list_lock);
	return err ? err : take_first_pages(session);
}

int vrpqSessionCreate(const char *devName, nku32_f port, const void *info, VrpqSize infoSize,
		      VrpqSessionHandle *session)
{
	struct vrpq_session_args args = { .port = port, .info_size = infoSize,
					  .info = (uintptr_t)info };
	struct vrpq_session *fresh;
	int err;

	if (!devName || !session || (infoSize && !info))
		return EINVAL;
	if (infoSize > VRPQ_INFO_MAX)
		return EMSGSIZE;
	fresh = vrpq_session_new();
	if (!fresh)
		return ENOMEM;
	err = session_create(fresh, devName, &args);
	if (err) {
		vrpq_session_put(fresh);
		return err;
	}
	*session = fresh;
	return 0;
}

int vrpqSessionDestroy(VrpqSessionHandle session)
{
	return vrpq_session_release_handle(vrpq_session_of(session));
}

/* --- channels ------------------------------------------------------------------ */

/*
 * One at a time: the pages that the kernel keeps for the next channel are for one. A waiter
 * sleeps like those that wait for pages.
 */
static int begin_creation(struct vrpq_session *session)
{
	u32 seq;
	int err;

	for (;;) {
		seq = vrpq_file_seq(&session->file);
		if (vrpq_file_status(&session->file) & VRPQ_ENDED)
			return EPIPE;
		pthread_mutex_lock(&session->list_lock);
		if (!session->creating) {
			session->creating = true;
			pthread_mutex_unlock(&session->list_lock);
			return 0;
		}
		session->creators++;
		pthread_mutex_unlock(&session->list_lock);
		err = vrpq_file_wait(&session->file, seq, 0);
		pthread_mutex_lock(&session->list_lock);
		session->creators--;
		pthread_mutex_unlock(&session->list_lock);
		if (err)
			return err;
	}
}

static void end_creation(struct vrpq_session *session)
{
	bool wake;

	pthread_mutex_lock(&session->list_lock);
	session->creating = false;
	wake = session->creators;
	pthread_mutex_unlock(&session->list_lock);
	if (wake)
		vrpq_session_kick(session, NULL);
}

static void *page_at(const struct vrpq_session *session, u32 page)
{
	return session->base + (size_t)page * VRPQ_PAGE_SIZE;
}

/* Prepares the channel's pages; the next channel has two reserved again. */
static int place_channel(struct vrpq_chan *chan, struct vrpq_slots *first)
{
	struct vrpq_session *session = chan->session;
	struct vrpq_pool *zone = &session->zones[VRPQ_ZONE_RING];
	int err = take_page(session, 1, &chan->ctl_page);

	if (err)
		return err;
	err = take_page(session, 1, &first->page);
	if (err) {
		vrpq_pool_give(zone, chan->ctl_page, 1, 1);
		return err;
	}
	first->nr = VRPQ_SEGMENT_SLOTS;
	first->slots = ((struct vrpq_segment *)page_at(session, first->page))->slots;
	memset(page_at(session, first->page), 0, VRPQ_PAGE_SIZE);
	chan->ctl = page_at(session, chan->ctl_page);
	memset(chan->ctl, 0, VRPQ_PAGE_SIZE);
	vrpq_set(&chan->ctl->first_segment, first->page);
	vlink_consumer_init(&chan->rx, &chan->ctl->cb_prod, &chan->ctl->cb_cons,
			    VRPQ_CALLBACK_SLOTS);
	return vrpq_sender_init(&chan->sender, chan, false, first);
}

static int chan_create(struct vrpq_chan *chan, struct vrpq_chan_args *args)
{
	struct vrpq_session *session = chan->session;
	struct vrpq_slots *first = calloc(1, sizeof(*first));
	int err;

	if (!first)
		return ENOMEM;
	vrpq_session_reap(session);
	err = place_channel(chan, first);
	if (err) {
		free(first);
		return err;
	}
	args->ctl_page = chan->ctl_page;
	args->session_fd = session->file.fd;
	err = vrpq_file_control(&chan->file, VRPQ_IOC_CHAN_CREATE, args);
	/* Now that the channel exists, or not, the next one's pages can be had again. */
	vrpq_pool_reserve(&session->zones[VRPQ_ZONE_RING], NEXT_RING);
	vrpq_pool_reserve(&session->zones[VRPQ_ZONE_PARAM], 0);
	return err;
}

static int chan_create_in_turn(struct vrpq_chan *chan, struct vrpq_chan_args *args)
{
	int err = vrpq_file_open_chan(&chan->file, &chan->session->file);

	if (err)
		return err;
	err = begin_creation(chan->session);
	if (err)
		return err;
	err = chan_create(chan, args);
	end_creation(chan->session);
	return err;
}

int vrpqChanCreate(VrpqSessionHandle session, const void *info, VrpqSize infoSize,
		   VrpqChanHandle *chan)
{
	struct vrpq_chan_args args = { .info_size = infoSize, .info = (uintptr_t)info };
	struct vrpq_session *s = vrpq_session_of(session);
	struct vrpq_chan *fresh;
	int err;

	if (!s)
		return EBADF;
	if (!chan || s->server || (infoSize && !info))
		return EINVAL;
	if (infoSize > VRPQ_INFO_MAX)
		return EMSGSIZE;
	fresh = vrpq_chan_new(s);
	if (!fresh)
		return ENOMEM;
	err = chan_create_in_turn(fresh, &args);
	if (err) {
		vrpq_chan_free(fresh);
		return err;
	}
	vrpq_session_link(s, fresh);
	*chan = fresh;
	return 0;
}

/*
 * The server may still have to read what was posted, and looks at the control page until it
 * has left: unless that is known the pages are kept.
 */
static void destroy_client(struct vrpq_chan *chan)
{
	struct vrpq_session *session = chan->session;
	struct vrpq_sender *sender = &chan->sender;
	bool keep;

	vrpq_file_poll(&chan->file, 0);
	keep = !(vrpq_file_status(&chan->file) & VRPQ_ENDED) && !vrpq_get(&chan->ctl->left);
	vrpq_lock(&sender->lock);
	vrpq_stats_flush(sender);
	vrpq_params_free_all(sender);
	vrpq_unlock(&sender->lock);
	vrpq_session_unlink(session, chan, keep);
	if (!keep)
		vrpq_chan_free(chan);
	vrpq_session_put(session);
}

int vrpqChanDestroy(VrpqChanHandle chan)
{
	struct vrpq_chan *c = vrpq_chan_of(chan);

	if (!c)
		return ECHANINVALID;
	if (c->server)
		vrpq_server_destroy(c);
	else
		destroy_client(c);
	return 0;
}
