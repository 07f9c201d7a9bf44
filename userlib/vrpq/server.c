// SPDX-License-Identifier: LGPL-2.1-or-later
/* The server's sessions and channels. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "objects.h"

/* A program's @info has room for *size bytes, if both are there. */
static int info_room(const void *info, const VrpqSize *size, u32 *room)
{
	*room = 0;
	if (info && !size)
		return EINVAL;
	if (info)
		*room = *size;
	return 0;
}

static int session_accept(struct vrpq_session *session, const char *path,
			  struct vrpq_session_args *args)
{
	int err;

	session->server = true;
	err = vrpq_session_open(session, path, VRPQ_IOC_SESSION_ACCEPT, args);
	session->client.vmId = args->vm_id;
	session->client.appId = args->app_id;
	return err;
}

int vrpqSessionAccept(const char *devName, nku32_f port, void *info, VrpqSize *infoSize,
		      VrpqSessionHandle *session)
{
	struct vrpq_session_args args = { .port = port, .info = (uintptr_t)info };
	struct vrpq_session *fresh;
	int err;

	if (!devName || !session || info_room(info, infoSize, &args.info_size))
		return EINVAL;
	fresh = vrpq_session_new();
	if (!fresh)
		return ENOMEM;
	err = session_accept(fresh, devName, &args);
	if (err) {
		vrpq_session_put(fresh);
		return err;
	}
	if (infoSize)
		*infoSize = args.info_size;
	*session = fresh;
	return 0;
}

/* *s is the server's session that the handle stands for. */
static int session_of(VrpqSessionHandle handle, struct vrpq_session **s)
{
	if (handle == VRPQ_SESSION_ANY)
		return EINVAL;
	*s = vrpq_session_of(handle);
	if (!*s)
		return EBADF;
	return (*s)->server ? 0 : EINVAL;
}

int vrpqClientIdGet(VrpqSessionHandle session, VrpqClientId *id)
{
	struct vrpq_session *s;
	int err = session_of(session, &s);

	if (err || !id)
		return err ? err : EINVAL;
	*id = s->client;
	return 0;
}

static int map_once(struct vrpq_session *session)
{
	return session->base ? 0 : vrpq_session_map(session);
}

int vrpqShmMap(VrpqSessionHandle session, void **addr)
{
	struct vrpq_session *s;
	int err = session_of(session, &s);

	if (err || !addr)
		return err ? err : EINVAL;
	pthread_mutex_lock(&s->list_lock);
	err = s->shown ? EINVAL : map_once(s);
	if (!err) {
		s->shown = true;
		*addr = s->base;
	}
	pthread_mutex_unlock(&s->list_lock);
	return err;
}

/* --- channels ---------------------------------------------------------------- */

static bool is_ring_page(const struct vrpq_session *session, u32 page)
{
	return page && page < session->geometry.ring_pages;
}

/* Finds the channel's memory where the client says that it is. */
static int find_channel(struct vrpq_chan *chan, struct vrpq_slots *callbacks, u32 ctl_page)
{
	struct vrpq_session *session = chan->session;
	u32 segment;

	if (!is_ring_page(session, ctl_page))
		return EPIPE;
	chan->ctl_page = ctl_page;
	chan->ctl = (void *)(session->base + (size_t)ctl_page * VRPQ_PAGE_SIZE);
	segment = vrpq_get(&chan->ctl->first_segment);
	if (!is_ring_page(session, segment)) {
		chan->ctl = NULL;
		return EPIPE;
	}
	chan->segment = (void *)(session->base + (size_t)segment * VRPQ_PAGE_SIZE);
	vlink_consumer_init(&chan->rx, &chan->ctl->req_prod, &chan->ctl->req_cons,
			    VRPQ_SLOTS_OUTSTANDING_MAX);
	callbacks->nr = VRPQ_CALLBACK_SLOTS;
	callbacks->slots = chan->ctl->callbacks;
	return vrpq_sender_init(&chan->sender, chan, true, callbacks);
}

static int chan_accept(struct vrpq_chan *chan, struct vrpq_chan_args *args)
{
	struct vrpq_session *session = chan->session;
	struct vrpq_slots *callbacks;
	int err = vrpq_file_open_chan(&chan->file, &session->file);

	if (err)
		return err;
	args->session_fd = session->file.fd;
	err = vrpq_file_control(&chan->file, VRPQ_IOC_CHAN_ACCEPT, args);
	if (err)
		return err;
	pthread_mutex_lock(&session->list_lock);
	err = map_once(session);
	pthread_mutex_unlock(&session->list_lock);
	if (err)
		return err;
	callbacks = calloc(1, sizeof(*callbacks));
	if (!callbacks)
		return ENOMEM;
	err = find_channel(chan, callbacks, args->ctl_page);
	if (err)
		free(callbacks);
	return err;
}

int vrpqChanAccept(VrpqSessionHandle session, void *info, VrpqSize *infoSize,
		   VrpqChanHandle *chan)
{
	struct vrpq_chan_args args = { .info = (uintptr_t)info };
	struct vrpq_session *s;
	struct vrpq_chan *fresh;
	int err = session_of(session, &s);

	if (err || !chan || info_room(info, infoSize, &args.info_size))
		return err ? err : EINVAL;
	fresh = vrpq_chan_new(s);
	if (!fresh)
		return ENOMEM;
	err = chan_accept(fresh, &args);
	if (err) {
		vrpq_chan_free(fresh);
		return err;
	}
	vrpq_session_link(s, fresh);
	if (infoSize)
		*infoSize = args.info_size;
	*chan = fresh;
	return 0;
}
