// SPDX-License-Identifier: LGPL-2.1-or-later
/* The domains that run, as Xen and xenstore know them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "domains.h"
#include "lib/xs.h"

#define BATCH	64	/* domains asked for in one call */

struct known_domain {
	unsigned int domid;
	char uuid[DOMAINS_UUID_SIZE];
	char *name;		/* NULL: has none yet */
	bool introduced;
	bool stale;		/* the name is to be read */
	bool event_due;		/* the one that every new watch gives */
};

struct scan {
	struct xs_handle *xs;
	struct domains_known *before;
	struct domains_known now;
	size_t taken;		/* of @before */
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

static void forget(struct scan *scan, struct known_domain *known)
{
	xs_unwatch(scan->xs, name_path(known->domid).s, "name");
	free(known->name);
}

static struct known_domain *append(struct domains_known *known)
{
	known->list = alloc_grow(known->list, known->nr, sizeof(*known->list));
	return &known->list[known->nr++];
}

/* Both lists are in the order of the ids: those in between are gone. */
static struct known_domain *take_known(struct scan *scan, unsigned int domid)
{
	struct domains_known *before = scan->before;
	struct known_domain *known;

	while (scan->taken < before->nr && before->list[scan->taken].domid < domid)
		forget(scan, &before->list[scan->taken++]);
	if (scan->taken == before->nr || before->list[scan->taken].domid != domid)
		return NULL;
	known = append(&scan->now);
	*known = before->list[scan->taken++];
	return known;
}

static struct known_domain *make_known(struct scan *scan, unsigned int domid)
{
	struct known_domain *known = append(&scan->now);

	*known = (struct known_domain){ .domid = domid, .stale = true };
	return known;
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

static int read_name(struct xs_handle *xs, struct known_domain *known)
{
	free(known->name);
	if (known->domid == 0)
		known->name = alloc_string(VLINK_DOM0_NAME);
	else
		known->name = xsh_read(xs, XBT_NULL, name_path(known->domid).s);
	known->stale = !known->name && xsh_is_fatal(-errno);
	return known->stale ? -errno : 0;
}

/* libxl is still at work on a domain that is not introduced yet. */
static void look_if_introduced(struct xs_handle *xs, struct known_domain *known)
{
	if (known->name && !known->introduced)
		known->introduced = known->domid == 0 || xs_is_domain_introduced(xs, known->domid);
}

/* The name is watched before it is read, so that none can slip in between. */
static int look_at(struct scan *scan, const xc_domaininfo_t *info, struct known_domain **found)
{
	struct known_domain *known = take_known(scan, info->domain);
	char uuid[DOMAINS_UUID_SIZE];
	int ret = 0;

	if (!known) {
		known = make_known(scan, info->domain);
		known->event_due = xs_watch(scan->xs, name_path(info->domain).s, "name");
		if (!known->event_due && errno != EEXIST)
			return errno ? -errno : -EIO;
	}
	format_uuid(info, uuid);
	if (strcmp(uuid, known->uuid)) {
		memcpy(known->uuid, uuid, sizeof(uuid));
		known->introduced = false;
		known->stale = true;
	}
	if (known->stale)
		ret = read_name(scan->xs, known);
	look_if_introduced(scan->xs, known);
	*found = known;
	return ret;
}

static int add_domain(struct scan *scan, const xc_domaininfo_t *info)
{
	struct domains *domains = scan->domains;
	struct known_domain *known = NULL;
	struct domain *domain;
	int ret = look_at(scan, info, &known);

	if (ret || !known || !known->name || !known->introduced)
		return ret;
	domains->list = alloc_grow(domains->list, domains->nr, sizeof(*domains->list));
	domain = &domains->list[domains->nr++];
	domain->domid = known->domid;
	domain->name = known->name;
	memcpy(domain->uuid, known->uuid, sizeof(domain->uuid));
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

/* What was not reached is known still, or gone. */
static void take_rest(struct scan *scan, bool gone)
{
	for (; scan->taken < scan->before->nr; scan->taken++) {
		if (gone)
			forget(scan, &scan->before->list[scan->taken]);
		else
			*append(&scan->now) = scan->before->list[scan->taken];
	}
	free(scan->before->list);
	*scan->before = scan->now;
}

static void index_names(struct domains *domains)
{
	size_t i;

	for (i = domains->nr; i; i--)
		map_set(&domains->by_name, domains->list[i - 1].name, &domains->list[i - 1]);
}

int domains_scan(xc_interface *xc, struct xs_handle *xs, struct domains_known *known,
		 struct domains *domains)
{
	struct scan scan = { .xs = xs, .before = known, .domains = domains };
	int ret;

	*domains = (struct domains){ 0 };
	ret = scan_all(&scan, xc);
	take_rest(&scan, !ret);
	if (ret)
		domains_clear(domains);
	else
		index_names(domains);
	return ret;
}

void domains_clear(struct domains *domains)
{
	map_clear(&domains->by_name);
	free(domains->list);
	*domains = (struct domains){ 0 };
}

static struct known_domain *known_of(const struct domains_known *known, unsigned int domid)
{
	size_t low = 0, high = known->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (known->list[middle].domid < domid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < known->nr && known->list[low].domid == domid ? &known->list[low] : NULL;
}

bool domains_name_changed(struct domains_known *known, const char *path, unsigned int *domid)
{
	struct known_domain *domain;

	if (sscanf(path, "/local/domain/%u/name", domid) != 1)
		return false;
	domain = known_of(known, *domid);
	if (!domain)
		return false;
	if (domain->event_due) {
		domain->event_due = false;
		return false;
	}
	domain->stale = true;
	domain->introduced = false;
	return true;
}

void domains_known_clear(struct domains_known *known)
{
	size_t i;

	for (i = 0; i < known->nr; i++)
		free(known->list[i].name);
	free(known->list);
	*known = (struct domains_known){ 0 };
}

const struct domain *domains_by_name(const struct domains *domains, const char *name)
{
	return map_get(&domains->by_name, name);
}

static int by_domid(const void *key, const void *item)
{
	unsigned int domid = *(const unsigned int *)key;
	const struct domain *domain = item;

	return (domid > domain->domid) - (domid < domain->domid);
}

const struct domain *domains_by_identity(const struct domains *domains,
					 unsigned int domid, const char *uuid)
{
	const struct domain *found;

	if (!domains->nr)
		return NULL;
	found = bsearch(&domid, domains->list, domains->nr, sizeof(*found), by_domid);
	return found && !strcmp(found->uuid, uuid) ? found : NULL;
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
