/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The CIDs of the running domains that have links of the service vsock. */
#ifndef VLINKD_CIDS_H
#define VLINKD_CIDS_H

#include "config.h"

struct cids {
	struct map by_domain;	/* of its name */
	struct map by_cid;	/* whose it is, or what config keeps it */
};

/*
 * A domain keeps the CID that it was given when it started: what its links ask for, else its
 * id + 2, or the next number that no config asks for and no domain has; that of dom0 is 2.
 * One that asks for the CID of a domain that runs has none, of which @messages tell.
 */
void cids_assign(const struct config *config, const struct running *running,
		 struct cids *cids, struct messages *messages);
void cids_clear(struct cids *cids);
/* 0: none, or the domain does not run. */
unsigned int cids_of(const struct cids *cids, const char *domain);
/* Whether a link's end is of a class that needs CIDs. */
bool cids_needed(const struct config_end *end);

#endif
