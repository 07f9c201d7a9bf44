// SPDX-License-Identifier: LGPL-2.1-or-later
/* The CIDs of the running domains that have links of the service vsock. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/services.h"
#include "lib/alloc.h"
#include "cids.h"

struct assigner {
	const struct config *config;
	const struct running *running;
	struct cids *cids;
	struct messages *messages;
	struct map wanted;	/* the names of domains that ask for a CID, by it */
	struct map asking;	/* the CIDs, by the names */
};

bool cids_needed(const struct config_end *end)
{
	return config_end_has_service(end, SERVICE_VSOCK);
}

static struct xsh_path key_of(unsigned int cid)
{
	return xsh_path("%u", cid);
}

static bool needs_one(const struct assigner *as, const struct domain *domain)
{
	const struct config_domain *links = config_find_domain(as->config, domain->name);
	size_t i;

	/* Of two that run under one name, the first is taken, here and everywhere. */
	if (!links || domain != domains_by_name(as->running->domains, domain->name))
		return false;
	for (i = 0; i < links->nr; i++)
		if (cids_needed(&links->ends[i]))
			return true;
	return false;
}

/* What the config of a domain asks for; 0: for none. */
static unsigned int asked_for(const struct assigner *as, const char *name)
{
	return (unsigned int)(uintptr_t)map_get(&as->asking, name);
}

static void note(struct assigner *as, const struct vlinkcfg_domain *dom,
		 const struct vlinkcfg_end *end)
{
	const char *text = vlinkcfg_end_cid(end);
	unsigned int cid;

	if (!text || !vlinkcfg_cid_parse(dom->name, text, &cid))
		return;
	map_set(&as->wanted, key_of(cid).s, dom->name);
	/* All links of a domain agree, or the first is taken. */
	if (!asked_for(as, dom->name))
		map_set(&as->asking, dom->name, (void *)(uintptr_t)cid);
}

/* All configs, also those of domains that do not run, or whose links do not fit together. */
static void note_wanted(struct assigner *as)
{
	const struct config *config = as->config;
	size_t i, j;

	for (i = 0; i < config->nr_files; i++)
		for (j = 0; config->files[i].usable && j < config->files[i].dom.nr_ends; j++)
			note(as, &config->files[i].dom, &config->files[i].dom.ends[j]);
}

static void give(struct assigner *as, const struct domain *domain, unsigned int cid)
{
	map_set(&as->cids->by_domain, domain->name, (void *)(uintptr_t)cid);
	map_set(&as->cids->by_cid, key_of(cid).s, (void *)domain->name);
}

static const char *holder_of(const struct assigner *as, unsigned int cid)
{
	return map_get(&as->cids->by_cid, key_of(cid).s);
}

/* What a domain was given it keeps as long as it runs. */
static void keep(struct assigner *as, const struct domain *domain)
{
	const struct published_list *list = published_of(as->running->published, domain);

	if (list && !list->is_foreign && list->cid && !holder_of(as, list->cid))
		give(as, domain, list->cid);
}

static void give_asked_for(struct assigner *as, const struct domain *domain)
{
	unsigned int cid = asked_for(as, domain->name);
	const char *holder;

	if (!cid || cids_of(as->cids, domain->name))
		return;
	holder = holder_of(as, cid);
	if (!holder)
		give(as, domain, cid);
	else
		messages_add(as->messages,
			     alloc_printf("domain %u '%s': its CID %u is that of '%s' already; its vsock links are not connected: give one of both another cid=, or start '%s' anew",
					  domain->domid, domain->name, cid, holder, holder));
}

static bool is_kept_for_another(const struct assigner *as, unsigned int cid, const char *name)
{
	const char *asks = map_get(&as->wanted, key_of(cid).s);

	return asks && strcmp(asks, name);
}

static void give_default(struct assigner *as, const struct domain *domain)
{
	unsigned int cid = domain->domid + VLINK_CID_HOST;

	if (asked_for(as, domain->name) || cids_of(as->cids, domain->name))
		return;
	while (holder_of(as, cid) || is_kept_for_another(as, cid, domain->name))
		cid++;
	give(as, domain, cid);
}

static void for_all(struct assigner *as,
		    void (*each)(struct assigner *as, const struct domain *domain))
{
	const struct domains *domains = as->running->domains;
	size_t i;

	for (i = 0; i < domains->nr; i++)
		if (needs_one(as, &domains->list[i]))
			each(as, &domains->list[i]);
}

void cids_assign(const struct config *config, const struct running *running,
		 struct cids *cids, struct messages *messages)
{
	struct assigner as = {
		.config = config, .running = running, .cids = cids, .messages = messages,
	};

	*cids = (struct cids){ 0 };
	note_wanted(&as);
	for_all(&as, keep);
	for_all(&as, give_asked_for);
	for_all(&as, give_default);
	map_clear(&as.wanted);
	map_clear(&as.asking);
}

void cids_clear(struct cids *cids)
{
	map_clear(&cids->by_domain);
	map_clear(&cids->by_cid);
}

unsigned int cids_of(const struct cids *cids, const char *domain)
{
	return (unsigned int)(uintptr_t)map_get(&cids->by_domain, domain);
}
