// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What fork() means for sessions. All locks are taken before it, so that the child finds no
 * list half changed; in the child what other threads of the parent were about to do is
 * forgotten, as these threads are not there. The memory is mapped again at the same address.
 */
#include <pthread.h>

#include "objects.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void lock_session(struct vrpq_session *session)
{
	struct vrpq_chan *chan;
	unsigned int i;

	pthread_mutex_lock(&session->list_lock);
	for (chan = session->chans; chan; chan = chan->next) {
		pthread_mutex_lock(&chan->rx_lock);
		vrpq_lock(&chan->sender.lock);
	}
	/* It is mapped when all of it is made, under list_lock. */
	for (i = 0; i < VRPQ_ZONES && session->base; i++)
		pthread_mutex_lock(&session->zones[i].lock);
}

static void unlock_session(struct vrpq_session *session)
{
	struct vrpq_chan *chan;
	unsigned int i;

	for (i = 0; i < VRPQ_ZONES && session->base; i++)
		pthread_mutex_unlock(&session->zones[i].lock);
	for (chan = session->chans; chan; chan = chan->next) {
		vrpq_unlock(&chan->sender.lock);
		pthread_mutex_unlock(&chan->rx_lock);
	}
	pthread_mutex_unlock(&session->list_lock);
}

static void before_fork(void)
{
	struct vrpq_session *session;

	for (session = vrpq_sessions_lock(); session; session = session->next)
		lock_session(session);
	vrpq_objects_lock();
	vrpq_memory_lock();
	vrpq_listeners_lock();
}

static void unlock_all(void)
{
	struct vrpq_session *session;

	vrpq_listeners_unlock();
	vrpq_memory_unlock();
	vrpq_objects_unlock();
	for (session = vrpq_sessions(); session; session = session->next)
		unlock_session(session);
	vrpq_sessions_unlock();
}

/* No thread waits in the child, for room or for an answer. */
static void forget_waits(struct vrpq_session *session)
{
	struct vrpq_chan *chan;
	unsigned int i;

	session->creating = false;
	session->creators = 0;
	for (i = 0; i < VRPQ_ZONES; i++)
		session->zones[i].waiters = NULL;
	for (chan = session->chans; chan; chan = chan->next) {
		vrpq_sender_forget_waits(&chan->sender);
		chan->counted = false;
	}
}

/* All calls fail as if the link had broken. */
static void give_up(struct vrpq_session *session)
{
	struct vrpq_chan *chan;

	for (chan = session->chans; chan; chan = chan->next) {
		chan->rx_broken = true;
		chan->sender.broken = true;
	}
}

static void after_fork_in_child(void)
{
	struct vrpq_session *session;

	vrpq_spin_forget_servers();
	vrpq_listeners_forget_users();
	for (session = vrpq_sessions(); session; session = session->next) {
		forget_waits(session);
		if (session->base && !vrpq_session_map_again(session))
			give_up(session);
	}
	unlock_all();
}

static void watch(void)
{
	pthread_atfork(before_fork, unlock_all, after_fork_in_child);
}

void vrpq_fork_watch(void)
{
	pthread_once(&once, watch);
}
