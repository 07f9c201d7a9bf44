/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A xenstore and a hypervisor in memory, for one program: defines the calls of
 * libxenstore and libxenctrl that the toolstack uses. It keeps permissions,
 * isolates transactions, fires watches, and fails on demand.
 */
#ifndef FAKE_XEN_H
#define FAKE_XEN_H

#include <stdbool.h>
#include <stddef.h>

#define FAKE_UNLIMITED	(-1L)

/* Empties everything; dom0 is there. */
void fake_reset(void);

/* What libxl does to create, end or destroy a domain. @uuid fills its uuid. */
void fake_create(unsigned int domid, const char *name, unsigned char uuid);
/* Without a name and not introduced; to be completed by the two below. */
void fake_build(unsigned int domid, unsigned char uuid);
void fake_name(unsigned int domid, const char *name);
void fake_introduce(unsigned int domid);
void fake_shutdown(unsigned int domid, unsigned int reason);
void fake_dying(unsigned int domid);
void fake_destroy(unsigned int domid);

/* Nodes as somebody else writes them, outside of any transaction. */
void fake_set(const char *path, const char *value);
void fake_set_bytes(const char *path, const void *value, size_t len);
void fake_remove(const char *path);
const char *fake_get(const char *path);

/* All nodes below @path, a line each: "path = value (n0,r3)"; valid until the next call. */
const char *fake_dump(const char *path);

/* A copy of the whole, and back to it. */
void fake_save(void);
void fake_restore(void);

/* The program dies: its transactions, watches and events are gone. */
void fake_disconnect(void);
/* After this many calls the connection is dead; FAKE_UNLIMITED: never. */
void fake_set_budget(long calls);
bool fake_is_dead(void);
long fake_calls(void);

/* As which domain the program runs: then permissions count and paths may be relative. */
void fake_set_self(unsigned int domid);

/* The next @nr transactions that would change something end with EAGAIN. */
void fake_set_conflicts(unsigned int nr);
/* What makes or changes a node below @path fails with @error; NULL: nothing does. */
void fake_fail_below(const char *path, int error);
/* Called once, just before the next transaction ends. */
void fake_before_commit(void (*hook)(void));
/* Transactions committed, and nodes changed by the program, so far. */
unsigned int fake_commits(void);
unsigned int fake_changes(void);

size_t fake_watches(void);
/* Transactions that are open. */
unsigned int fake_open_transactions(void);

#endif
