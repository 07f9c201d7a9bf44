// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sessions and channels as objects: their handles, memory, and walks over a session. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vlink/version.h>

#include "../common/abi.h"
#include "objects.h"

#define SESSION_MAGIC	0x56525153u

/*
 * What handles point to is kept for the next one when a handle ends, so that an ended
 * handle is found out as such.
 */
static pthread_mutex_t objects_lock = PTHREAD_MUTEX_INITIALIZER;
static struct vrpq_session *unused_sessions;
static struct vrpq_chan *unused_chans;

static pthread_mutex_t sessions_lock = PTHREAD_MUTEX_INITIALIZER;
static struct vrpq_session *sessions;

struct vrpq_session *vrpq_sessions(void)
{
	return sessions;
}

struct vrpq_session *vrpq_sessions_lock(void)
{
	pthread_mutex_lock(&sessions_lock);
	return sessions;
}

void vrpq_sessions_unlock(void)
{
	pthread_mutex_unlock(&sessions_lock);
}

void vrpq_objects_lock(void)
{
	pthread_mutex_lock(&objects_lock);
}

void vrpq_objects_unlock(void)
{
	pthread_mutex_unlock(&objects_lock);
}

struct vrpq_session *vrpq_session_new(void)
{
	struct vrpq_session *session;

	vrpq_fork_watch();
	pthread_mutex_lock(&objects_lock);
	session = unused_sessions;
	if (session)
		unused_sessions = session->next;
	else
		session = calloc(1, sizeof(*session));
	pthread_mutex_unlock(&objects_lock);
	pthread_mutex_lock(&sessions_lock);
	if (session) {
		*session = (struct vrpq_session) { .magic = SESSION_MAGIC, .refs = 1,
						   .handle_open = true, .next = sessions };
		session->file.fd = -1;
		pthread_mutex_init(&session->list_lock, NULL);
		sessions = session;
	}
	pthread_mutex_unlock(&sessions_lock);
	return session;
}

static void session_retire(struct vrpq_session *session)
{
	pthread_mutex_lock(&objects_lock);
	session->next = unused_sessions;
	unused_sessions = session;
	pthread_mutex_unlock(&objects_lock);
}

/* No fork sees it any more. */
static void session_unlist(struct vrpq_session *session)
{
	struct vrpq_session **at;

	pthread_mutex_lock(&sessions_lock);
	for (at = &sessions; *at != session; at = &(*at)->next)
		;
	*at = session->next;
	session->magic = 0;
	pthread_mutex_unlock(&sessions_lock);
}

static void session_free(struct vrpq_session *session)
{
	struct vrpq_chan *chan;
	unsigned int i;

	session_unlist(session);
	while (session->chans) {
		chan = session->chans;
		session->chans = chan->next;
		vrpq_chan_free(chan);
	}
	for (i = 0; i < VRPQ_ZONES; i++)
		vrpq_pool_fini(&session->zones[i]);
	if (session->base) {
		vrpq_memory_remove(session->base);
		vrpq_kernel->unmap(session->base, session->size);
		vrpq_unreserve(session->base, session->size);
		session->base = NULL;
	}
	vrpq_file_close(&session->file);
	pthread_mutex_destroy(&session->list_lock);
	session_retire(session);
}

void vrpq_session_put(struct vrpq_session *session)
{
	if (__atomic_sub_fetch(&session->refs, 1, __ATOMIC_ACQ_REL) == 0)
		session_free(session);
}

struct vrpq_session *vrpq_session_of(VrpqSessionHandle handle)
{
	struct vrpq_session *session = handle;

	if (!session || session == VRPQ_SESSION_ANY ||
	    (uintptr_t)session % _Alignof(struct vrpq_session))
		return NULL;
	return session->magic == SESSION_MAGIC && session->handle_open ? session : NULL;
}

/*
 * A client's session goes on for the sake of its channels. A server that ended its own
 * accepts no channels any more, which the client's kernel is to know at once.
 */
int vrpq_session_release_handle(struct vrpq_session *session)
{
	if (!session)
		return EBADF;
	session->handle_open = false;
	if (session->server)
		vrpq_file_close(&session->file);
	vrpq_session_put(session);
	return 0;
}

static int init_zones(struct vrpq_session *session)
{
	const struct vrpq_geometry *geo = &session->geometry;
	const u32 counts[VRPQ_ZONES] = { geo->ring_pages, geo->param_pages, geo->callback_pages };
	u32 i, first = 0;
	int err = 0;

	for (i = 0; i < VRPQ_ZONES && !err; i++) {
		err = vrpq_pool_init(&session->zones[i], session, i, first, counts[i]);
		first += counts[i];
	}
	return err;
}

/*
 * The kernels at both ends may be newer than this library, or older: what the two libraries
 * say to each other in the session's pages is as the kernels have agreed.
 */
static int check_protocol(u32 protocol)
{
	static bool said;

	if (protocol >= VRPQ_PROTOCOL_OLDEST && protocol <= VRPQ_PROTOCOL_NEWEST)
		return 0;
	if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
		fprintf(stderr, "libvrpq %s speaks %s of the protocol of VRPQ, the drivers of the link version %u: upgrade %s\n",
			XEN_VLINK_VERSION,
			vlink_range_text(VRPQ_PROTOCOL_OLDEST, VRPQ_PROTOCOL_NEWEST).text, protocol,
			protocol > VRPQ_PROTOCOL_NEWEST ? "libvrpq1" :
							  "xen-vlink-dkms in both domains");
	return EPROTONOSUPPORT;
}

int vrpq_session_open(struct vrpq_session *session, const char *path, unsigned long cmd,
		      struct vrpq_session_args *args)
{
	int err = session->server ? vrpq_file_open_to_accept(&session->file, path) :
				    vrpq_file_open(&session->file, path);

	if (err)
		return err;
	err = vrpq_file_control(&session->file, cmd, args);
	if (err)
		return err == ENOTTY ? EINVAL : err;
	err = check_protocol(args->protocol);
	if (err)
		return err;
	session->geometry = args->geometry;
	session->params_start = args->geometry.ring_pages * VRPQ_PAGE_SIZE;
	return init_zones(session);
}

int vrpq_session_map(struct vrpq_session *session)
{
	const struct vrpq_geometry *geo = &session->geometry;
	size_t size = ((size_t)geo->ring_pages + geo->param_pages + geo->callback_pages) *
		      VRPQ_PAGE_SIZE;
	void *base = vrpq_reserve(size);
	int err = 0;

	if (!base)
		return ENOMEM;
	if (!vrpq_kernel->map(session->file.fd, base, size))
		err = errno == EPIPE ? EPIPE : ENOMEM;
	else if (vrpq_memory_add(base, size))
		err = ENOMEM;
	if (err) {
		vrpq_kernel->unmap(base, size);
		vrpq_unreserve(base, size);
		return err;
	}
	session->size = size;
	session->base = base;
	return 0;
}

bool vrpq_session_map_again(struct vrpq_session *session)
{
	if (session->file.fd >= 0 &&
	    vrpq_kernel->map(session->file.fd, session->base, session->size))
		return true;
	vrpq_reserve_again(session->base, session->size);
	return false;
}

/* --- channels ---------------------------------------------------------------- */

struct vrpq_chan *vrpq_chan_new(struct vrpq_session *session)
{
	struct vrpq_chan *chan;

	pthread_mutex_lock(&objects_lock);
	chan = unused_chans;
	if (chan)
		unused_chans = chan->next;
	else
		chan = calloc(1, sizeof(*chan));
	pthread_mutex_unlock(&objects_lock);
	if (!chan)
		return NULL;
	*chan = (struct vrpq_chan) { .session = session, .server = session->server };
	chan->file.fd = -1;
	pthread_mutex_init(&chan->rx_lock, NULL);
	return chan;
}

struct vrpq_chan *vrpq_chan_of(VrpqChanHandle handle)
{
	struct vrpq_chan *client = vrpq_chan_with(handle, VRPQ_CLIENT_MAGIC);

	return client ? client : vrpq_chan_with(handle, VRPQ_SERVER_MAGIC);
}

void vrpq_chan_free(struct vrpq_chan *chan)
{
	if (chan->ctl) {
		vrpq_sender_fini(&chan->sender);
		if (!chan->server)
			vrpq_pool_give(&chan->session->zones[VRPQ_ZONE_RING], chan->ctl_page, 1, 0);
	}
	vrpq_file_close(&chan->file);
	pthread_mutex_destroy(&chan->rx_lock);
	free(chan->batch);
	chan->batch = NULL;
	pthread_mutex_lock(&objects_lock);
	chan->next = unused_chans;
	unused_chans = chan;
	pthread_mutex_unlock(&objects_lock);
}

/* The handle is good from now on. */
void vrpq_session_link(struct vrpq_session *session, struct vrpq_chan *chan)
{
	__atomic_add_fetch(&session->refs, 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(&session->list_lock);
	chan->magic = chan->server ? VRPQ_SERVER_MAGIC : VRPQ_CLIENT_MAGIC;
	chan->next = session->chans;
	session->chans = chan;
	pthread_mutex_unlock(&session->list_lock);
}

/* The handle is good no more. The channel stays in the list, closed, if it is to be drained. */
void vrpq_session_unlink(struct vrpq_session *session, struct vrpq_chan *chan, bool keep)
{
	struct vrpq_chan **at;

	pthread_mutex_lock(&session->list_lock);
	chan->magic = 0;
	chan->destroyed = keep;
	for (at = &session->chans; *at != chan; at = &(*at)->next)
		;
	if (!keep)
		*at = chan->next;
	/* Walks look at the files of all channels in the list. */
	if (keep)
		vrpq_file_close(&chan->file);
	pthread_mutex_unlock(&session->list_lock);
}

/* --- walks ------------------------------------------------------------------- */

static bool was_left(const struct vrpq_chan *chan)
{
	return chan->destroyed && __atomic_load_n(&chan->ctl->left, __ATOMIC_ACQUIRE);
}

void vrpq_session_reap(struct vrpq_session *session)
{
	struct vrpq_chan **at, *chan;

	pthread_mutex_lock(&session->list_lock);
	for (at = &session->chans; (chan = *at);) {
		vrpq_lock(&chan->sender.lock);
		vrpq_sender_reap(&chan->sender);
		vrpq_sender_give_back(&chan->sender);
		vrpq_unlock(&chan->sender.lock);
		if (was_left(chan)) {
			*at = chan->next;
			vrpq_chan_free(chan);
		} else {
			at = &chan->next;
		}
	}
	pthread_mutex_unlock(&session->list_lock);
}

/*
 * Has the peer see what is there, and asks for a bell when it has done with it; where
 * nothing is, whoever places something is to tell.
 */
static bool arm_channel(struct vrpq_chan *chan)
{
	struct vrpq_sender *sender = &chan->sender;
	bool bell = false, moved = false;

	vrpq_lock(&sender->lock);
	sender->pages_wanted = sender->reaped == sender->end.index;
	if (!sender->pages_wanted) {
		bell = vrpq_sender_announce(sender);
		moved = vrpq_sender_arm(sender);
		if (chan->file.fd >= 0)
			vrpq_file_poll(&chan->file, bell ? VRPQ_WAIT_RING : 0);
		if (!sender->gone && !sender->broken) {
			vrpq_sender_note_status(sender);
			moved = moved || sender->gone || sender->broken;
		}
	}
	vrpq_unlock(&sender->lock);
	return moved;
}

bool vrpq_session_arm(struct vrpq_session *session)
{
	struct vrpq_chan *chan;
	bool moved = false;

	pthread_mutex_lock(&session->list_lock);
	for (chan = session->chans; chan; chan = chan->next)
		moved = arm_channel(chan) || moved;
	pthread_mutex_unlock(&session->list_lock);
	return moved;
}

/* --- waiting ----------------------------------------------------------------- */

static int fd_for(const struct vrpq_session *session, const struct vrpq_chan *chan)
{
	return session->server ? chan->file.fd : session->file.fd;
}

int vrpq_session_control(const struct vrpq_session *session, const struct vrpq_chan *chan,
			 unsigned long cmd, void *args)
{
	return vrpq_kernel->control(fd_for(session, chan), cmd, args);
}

int vrpq_session_wait(struct vrpq_session *session, const struct vrpq_chan *chan, u32 seq)
{
	int err = vrpq_file_wait_through(&session->file, fd_for(session, chan), seq,
					 session->server ? VRPQ_WAIT_SESSION : 0);

	vrpq_session_relieve(session, &session->file);
	return err;
}

void vrpq_session_kick(const struct vrpq_session *session, const struct vrpq_chan *chan)
{
	vrpq_session_control(session, chan, VRPQ_IOC_KICK, NULL);
}

void vrpq_session_check_pressure(struct vrpq_session *session)
{
	if (session->server)
		return;
	vrpq_file_poll(&session->file, 0);
	vrpq_session_relieve(session, &session->file);
}

void vrpq_session_relieve(struct vrpq_session *session, const struct vrpq_file *file)
{
	struct vrpq_chan *chan;

	if (!vrpq_get(&file->pressure) || session->server)
		return;
	vrpq_session_reap(session);
	pthread_mutex_lock(&session->list_lock);
	for (chan = session->chans; chan; chan = chan->next) {
		vrpq_lock(&chan->sender.lock);
		vrpq_arena_move_down(&chan->sender.arena);
		vrpq_unlock(&chan->sender.lock);
	}
	pthread_mutex_unlock(&session->list_lock);
	vrpq_pool_trim(&session->zones[VRPQ_ZONE_RING]);
	vrpq_pool_trim(&session->zones[VRPQ_ZONE_PARAM]);
}
