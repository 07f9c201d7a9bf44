/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VRPQ_FRONT_H
#define VRPQ_FRONT_H

#include "../../xen-common/vrpq/vrpq.h"

/* pages.c */
/*
 * Gives a session up to @want pages more in a zone, at least @min. The server has mapped
 * them when the zone's acked has reached its count. Under conn->lock.
 */
int vrpq_pages_grow(struct vrpq_session *session, enum vrpq_zone zone, u32 want, u32 min);
long vrpq_pages_grow_ioctl(struct vrpq_session *session, void __user *arg);
long vrpq_pages_trim_ioctl(struct vrpq_session *session, void __user *arg);
/* Gives the session's callback zone what the server asked for, if possible. Under conn->lock. */
void vrpq_pages_serve(struct vrpq_session *session);
/* Ends the session that exceeds its share most, if others still lack theirs. */
void vrpq_pages_evict(struct vrpq_conn *conn);
/* The session's channels or pages changed: finds out its floors anew. Under conn->lock. */
void vrpq_floors_settle(struct vrpq_session *session);
/* The session is gone. Under conn->lock. */
void vrpq_floors_release(struct vrpq_session *session);
/* May it have one more channel? If not, it is woken when it may. Under conn->lock. */
bool vrpq_floors_suffice(struct vrpq_session *session);
void vrpq_pages_drop(struct vrpq_session *session);
/* The server has unmapped what was trimmed. Under conn->lock. */
int vrpq_pages_trimmed(struct vrpq_session *session, enum vrpq_zone zone, u32 pages);
bool vrpq_pages_emit(struct vrpq_session *session, struct vrpq_msg *msg);
bool vrpq_trim_emit(struct vrpq_session *session, struct vrpq_msg *msg);
/* Requests that a channel's client has published and its server not consumed. */
u32 vrpq_pages_queued(struct vrpq_chan *chan);
void vrpq_pages_stat(struct vrpq_conn *conn, struct vrpq_stat_args *args);

#endif
