// SPDX-License-Identifier: LGPL-2.1-or-later
/* The CIDs of the running domains that have links of the service vsock. */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cids.h"

bool cids_needed(const struct config_end *end)
{
	size_t i;

	for (i = 0; i < end->cls->nr_services; i++)
		if (!strcmp(end->cls->services[i], CIDS_SERVICE))
			return true;
	return false;
}

/* What the links of a domain ask for: all that were accepted agree. */
static void read_cid(const struct config_end *end, const struct domain *domain,
		     unsigned int *cid)
{
	const char *text = vlinkcfg_end_cid(end->end);

	if (text)
		vlinkcfg_cid_parse(domain->name, text, cid);
}

/* Returns 0 for a domain without links that need one. */
static unsigned int wanted_cid(const struct config *config, const struct domain *domain)
{
	unsigned int cid = domain->domid + 2;
	bool needed = false;
	size_t i;

	for (i = 0; i < config->nr_ends; i++) {
		const struct config_end *end = &config->ends[i];

		if (strcmp(end->dom->name, domain->name))
			continue;
		needed |= cids_needed(end);
		read_cid(end, domain, &cid);
	}
	return needed ? cid : 0;
}

static const struct cid *holder_of(const struct cids *cids, unsigned int cid)
{
	size_t i;

	for (i = 0; i < cids->nr; i++)
		if (cids->list[i].cid == cid)
			return &cids->list[i];
	return NULL;
}

static void assign(struct cids *cids, const struct domain *domain, unsigned int cid,
		   struct messages *messages)
{
	const struct cid *holder = holder_of(cids, cid);

	if (holder)
		messages_add(messages,
			     alloc_printf("domain %u '%s': its CID %u is that of '%s' already; its vsock links are not connected: give one of both another cid=",
					  domain->domid, domain->name, cid, holder->domain));
	cids->list[cids->nr++] = (struct cid){
		.domain = domain->name, .cid = holder ? 0 : cid,
	};
}

void cids_assign(const struct config *config, const struct domains *domains,
		 struct cids *cids, struct messages *messages)
{
	size_t i;

	*cids = (struct cids){ .list = alloc_zero(domains->nr, sizeof(*cids->list)) };
	for (i = 0; i < domains->nr; i++) {
		const struct domain *domain = &domains->list[i];
		unsigned int cid = wanted_cid(config, domain);

		/* Of two that run under one name, the first is taken, here and everywhere. */
		if (cid && domain == domains_by_name(domains, domain->name))
			assign(cids, domain, cid, messages);
	}
}

void cids_clear(struct cids *cids)
{
	free(cids->list);
	*cids = (struct cids){ 0 };
}

unsigned int cids_of(const struct cids *cids, const char *domain)
{
	size_t i;

	for (i = 0; i < cids->nr; i++)
		if (!strcmp(cids->list[i].domain, domain))
			return cids->list[i].cid;
	return 0;
}
