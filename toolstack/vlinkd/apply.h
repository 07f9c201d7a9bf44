/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Does what a plan says: one transaction for each action. */
#ifndef VLINKD_APPLY_H
#define VLINKD_APPLY_H

#include "plan.h"
#include "lib/xs.h"

#define APPLY_WITHDRAWN_MS	60000

struct withdrawn_device {
	struct device_id dev;
	long long when_ms;
};

/*
 * Device numbers withdrawn lately. A kernel that finds a directory at its place
 * again, before it looked at the removal, takes the new device for the old
 * one: so a number is not given again at once.
 */
struct withdrawn {
	struct withdrawn_device *list;	/* the oldest is the first */
	size_t nr;
	struct map by_device;
	long long now_ms;
};

struct applier {
	struct xs_handle *xs;
	const struct situation *now;
	struct withdrawn *withdrawn;
	/* Domains whose published list is not what it should be. */
	unsigned int *unpublished;
	size_t nr_unpublished;
};

/* Returns 0 or -errno: -EAGAIN and -ESTALE when others were at work on the same nodes. */
int apply_action(struct applier *applier, const struct action *action);
/* Says, for the log, that an action failed; to be freed. */
char *apply_complaint(const struct action *action, int error);
void apply_clear(struct applier *applier);

/* Parts of it. */
int publish_links(const struct applier *applier, const struct domain *domain,
		  const struct config_domain *links);
int connect_link(struct applier *applier, const struct action *action);
/* Fails with -ESTALE when the domain is not the one it was when it was looked at. */
int check_home(struct xs_handle *xs, xs_transaction_t t, const struct domain *domain);
/* Forgets those of a while ago. */
void withdrawn_expire(struct withdrawn *withdrawn, long long now_ms);
void withdrawn_clear(struct withdrawn *withdrawn);
void withdrawn_add(struct withdrawn *withdrawn, const struct device_id *dev);
bool withdrawn_has(const struct withdrawn *withdrawn, const struct device_id *dev);

#endif
