/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The domains that run, as Xen and xenstore know them. */
#ifndef VLINKD_DOMAINS_H
#define VLINKD_DOMAINS_H

#include <stddef.h>
#include <stdbool.h>
#include <xenctrl.h>
#include <xenstore.h>

#include <vlink/limits.h>

#include "map.h"

#define DOMAINS_DOMID_MAX	0x7fefu	/* Xen's last ordinary domain id */
#define DOMAINS_UUID_SIZE	37

struct domain {
	unsigned int domid;
	char uuid[DOMAINS_UUID_SIZE];
	const char *name;
};

/*
 * What is known of the domains of which the name is watched: xenstore is asked again
 * only for those of which it had something to tell.
 */
struct domains_known {
	struct known_domain *list;	/* in the order of the ids */
	size_t nr;
};

struct domains {
	struct domain *list;	/* in the order of the ids */
	size_t nr;
	struct map by_name;	/* of two with one name the first */
};

/*
 * Lists the domains that run and that xenstore knows by name. From then on there is an
 * event when one of them gets a name or another one: libxl may write it before or after
 * the domain is introduced. The names are those of @known.
 */
int domains_scan(xc_interface *xc, struct xs_handle *xs, struct domains_known *known,
		 struct domains *domains);
void domains_clear(struct domains *domains);
/* Takes the event of a name's watch. Returns whether it tells of something new. */
bool domains_name_changed(struct domains_known *known, const char *path, unsigned int *domid);
void domains_known_clear(struct domains_known *known);

const struct domain *domains_by_name(const struct domains *domains, const char *name);
/* The domain that runs under this id and is the one that was meant. */
const struct domain *domains_by_identity(const struct domains *domains,
					 unsigned int domid, const char *uuid);
/* A domain that is just arriving or leaving under a name that is not its own. */
bool domains_in_transit(const struct domain *domain);

#endif
