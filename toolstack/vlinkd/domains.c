// SPDX-License-Identifier: LGPL-2.1-or-later
/* The domains that run, as Xen and xenstore know them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "domains.h"
#include "xs.h"

#define BATCH	64	/* domains asked for in one call */

struct scan {
	struct xs_handle *xs;
	struct domains_watched *watched;
	struct domains_watched seen;
	struct domains *domains;
};

static struct xsh_path name_path(unsigned int domid)
{
	return xsh_path("/local/domain/%u/name", domid);
}

/*
 * A domain that is suspended is about to go on, or to be destroyed, and xenstore
 * tells of its going on to nobody: its links stay until it is destroyed.
 */
static bool is_running(const xc_domaininfo_t *info)
{
	unsigned int reason = info->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;

	if (info->flags & XEN_DOMINF_dying)
		return false;
	return !(info->flags & XEN_DOMINF_shutdown) || reason == SHUTDOWN_suspend;
}

static bool contains(const struct domains_watched *set, unsigned int domid)
{
	size_t i;

	for (i = 0; i < set->nr; i++)
		if (set->domids[i] == domid)
			return true;
	return false;
}

static void add_to(struct domains_watched *set, unsigned int domid)
{
	set->domids = alloc_grow(set->domids, set->nr, sizeof(*set->domids));
	set->domids[set->nr++] = domid;
}

/* The name is watched before it is read, so that none can slip in between. */
static int watch_name(struct scan *scan, unsigned int domid)
{
	add_to(&scan->seen, domid);
	if (contains(scan->watched, domid))
		return 0;
	if (!xs_watch(scan->xs, name_path(domid).s, "name"))
		return errno == EEXIST ? 0 : -errno;
	add_to(scan->watched, domid);
	return 0;
}

static void unwatch_gone(struct scan *scan)
{
	size_t i, kept = 0;

	for (i = 0; i < scan->watched->nr; i++) {
		unsigned int domid = scan->watched->domids[i];

		if (contains(&scan->seen, domid))
			scan->watched->domids[kept++] = domid;
		else
			xs_unwatch(scan->xs, name_path(domid).s, "name");
	}
	scan->watched->nr = kept;
}

static void format_uuid(const xc_domaininfo_t *info, char *uuid)
{
	static const unsigned char dom0[16];
	/* dom0 is never another domain, yet is given its uuid while it runs. */
	const unsigned char *h = info->domain ? info->handle : dom0;

	snprintf(uuid, DOMAINS_UUID_SIZE,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7],
		 h[8], h[9], h[10], h[11], h[12], h[13], h[14], h[15]);
}

/* libxl is still at work on a domain that is not introduced yet. */
static char *read_name(struct xs_handle *xs, unsigned int domid)
{
	char *name;

	if (domid == 0)
		return alloc_string(DOMAINS_DOM0_NAME);
	name = xsh_read(xs, XBT_NULL, name_path(domid).s);
	if (name && !xs_is_domain_introduced(xs, domid)) {
		free(name);
		errno = ENOENT;
		return NULL;
	}
	return name;
}

static int add_domain(struct scan *scan, const xc_domaininfo_t *info)
{
	struct domains *domains = scan->domains;
	struct domain *domain;
	char *name;
	int ret;

	ret = watch_name(scan, info->domain);
	if (ret)
		return ret;
	name = read_name(scan->xs, info->domain);
	if (!name)
		return xsh_is_fatal(-errno) ? -errno : 0;
	domains->list = alloc_grow(domains->list, domains->nr, sizeof(*domains->list));
	domain = &domains->list[domains->nr++];
	domain->domid = info->domain;
	domain->name = name;
	format_uuid(info, domain->uuid);
	return 0;
}

static int add_batch(struct scan *scan, const xc_domaininfo_t *infos, int nr)
{
	int i, ret = 0;

	for (i = 0; i < nr && !ret; i++)
		if (infos[i].domain <= DOMAINS_DOMID_MAX && is_running(&infos[i]))
			ret = add_domain(scan, &infos[i]);
	return ret;
}

static int scan_all(struct scan *scan, xc_interface *xc)
{
	xc_domaininfo_t infos[BATCH];
	unsigned int first = 0;
	int nr, ret;

	do {
		nr = xc_domain_getinfolist(xc, first, BATCH, infos);
		/* There is always dom0; later, no more domains may be an error, too. */
		if (nr <= 0)
			return first ? 0 : -ENODATA;
		ret = add_batch(scan, infos, nr);
		first = infos[nr - 1].domain + 1;
	} while (!ret && nr == BATCH);
	return ret;
}

int domains_scan(xc_interface *xc, struct xs_handle *xs,
		 struct domains_watched *watched, struct domains *domains)
{
	struct scan scan = { .xs = xs, .watched = watched, .domains = domains };
	int ret;

	*domains = (struct domains){ 0 };
	ret = scan_all(&scan, xc);
	if (ret)
		domains_clear(domains);
	else
		unwatch_gone(&scan);
	free(scan.seen.domids);
	return ret;
}

void domains_clear(struct domains *domains)
{
	size_t i;

	for (i = 0; i < domains->nr; i++)
		free(domains->list[i].name);
	free(domains->list);
	*domains = (struct domains){ 0 };
}

void domains_watched_clear(struct domains_watched *watched)
{
	free(watched->domids);
	*watched = (struct domains_watched){ 0 };
}

const struct domain *domains_by_name(const struct domains *domains, const char *name)
{
	size_t i;

	for (i = 0; i < domains->nr; i++)
		if (!strcmp(domains->list[i].name, name))
			return &domains->list[i];
	return NULL;
}

const struct domain *domains_by_identity(const struct domains *domains,
					 unsigned int domid, const char *uuid)
{
	size_t i;

	for (i = 0; i < domains->nr; i++)
		if (domains->list[i].domid == domid && !strcmp(domains->list[i].uuid, uuid))
			return &domains->list[i];
	return NULL;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && !strcmp(text + len - end_len, end);
}

bool domains_in_transit(const struct domain *domain)
{
	return ends_with(domain->name, "--incoming") ||
	       ends_with(domain->name, "--migratedaway");
}
