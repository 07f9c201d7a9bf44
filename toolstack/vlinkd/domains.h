/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The domains that run, as Xen and xenstore know them. */
#ifndef VLINKD_DOMAINS_H
#define VLINKD_DOMAINS_H

#include <stddef.h>
#include <stdbool.h>
#include <xenctrl.h>
#include <xenstore.h>

#define DOMAINS_DOMID_MAX	0x7fefu	/* Xen's last ordinary domain id */
#define DOMAINS_UUID_SIZE	37
#define DOMAINS_DOM0_NAME	"Domain-0"

struct domain {
	unsigned int domid;
	char uuid[DOMAINS_UUID_SIZE];
	char *name;
};

/* Domain ids whose name is watched. */
struct domains_watched {
	unsigned int *domids;
	size_t nr;
};

struct domains {
	struct domain *list;
	size_t nr;
};

/*
 * Lists the domains that run and that xenstore knows by name, in the order of
 * their ids. From then on @watched gives an event when a domain gets a name or
 * another one: libxl may write it before or after the domain is introduced.
 */
int domains_scan(xc_interface *xc, struct xs_handle *xs,
		 struct domains_watched *watched, struct domains *domains);
void domains_clear(struct domains *domains);
void domains_watched_clear(struct domains_watched *watched);

const struct domain *domains_by_name(const struct domains *domains, const char *name);
/* The domain that runs under this id and is the one that was meant. */
const struct domain *domains_by_identity(const struct domains *domains,
					 unsigned int domid, const char *uuid);
/* A domain that is just arriving or leaving under a name that is not its own. */
bool domains_in_transit(const struct domain *domain);

#endif
