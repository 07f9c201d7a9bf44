/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The CIDs of the running domains that have links of the service vsock. */
#ifndef VLINKD_CIDS_H
#define VLINKD_CIDS_H

#include "config.h"
#include "domains.h"

#define CIDS_SERVICE	"vsock"

struct cid {
	const char *domain;	/* its name */
	unsigned int cid;	/* 0: another domain has it already */
};

struct cids {
	struct cid *list;
	size_t nr;
};

/*
 * A domain's CID is what its links ask for, else its id + 2; that of dom0 is 2. Of two
 * with one CID the later one has none, of which @messages tell.
 */
void cids_assign(const struct config *config, const struct domains *domains,
		 struct cids *cids, struct messages *messages);
void cids_clear(struct cids *cids);
/* 0: none, or the domain does not run. */
unsigned int cids_of(const struct cids *cids, const char *domain);
/* Whether a link's end is of a class that needs CIDs. */
bool cids_needed(const struct config_end *end);

#endif
