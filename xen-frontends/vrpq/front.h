/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VRPQ_FRONT_H
#define VRPQ_FRONT_H

#include "../../xen-common/vrpq/vrpq.h"

/* pages.c */
/*
 * Gives a session up to @want pages more in a zone, at least @min; @got: how many.
 * The server knows of them when told has caught up. Under conn->lock.
 */
int vrpq_pages_grow(struct vrpq_session *session, enum vrpq_zone zone, u32 want, u32 min);
long vrpq_pages_grow_ioctl(struct vrpq_session *session, void __user *arg);
long vrpq_pages_trim_ioctl(struct vrpq_session *session, void __user *arg);
/* Serves what the server asked for, as far as there are pages. Under conn->lock. */
void vrpq_pages_serve(struct vrpq_conn *conn);
void vrpq_pages_drop(struct vrpq_session *session);
/* The server has unmapped what was trimmed. Under conn->lock. */
int vrpq_pages_trimmed(struct vrpq_session *session, enum vrpq_zone zone, u32 pages);
bool vrpq_pages_emit(struct vrpq_session *session, struct vrpq_msg *msg);
bool vrpq_trim_emit(struct vrpq_session *session, struct vrpq_msg *msg);
void vrpq_pages_stat(struct vrpq_conn *conn, struct vrpq_stat_args *args);

#endif
