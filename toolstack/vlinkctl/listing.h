/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The links of one domain or of all. */
#ifndef VLINKCTL_LISTING_H
#define VLINKCTL_LISTING_H

#include "lib/json.h"
#include "context.h"
#include "links.h"

struct board;

struct domain_links {
	char *name;
	unsigned int domid;
	struct links links;
};

struct listing {
	struct domain_links *domains;
	size_t nr;
	char **others;	/* names of domains that are not meant */
	size_t nr_others;
};

/*
 * Reads the links that @ctx means: those of all domains when ctx->all, of ctx->domain
 * only when that is set. Returns 0 or -errno; nothing is to be cleared after an error.
 */
int listing_read(const struct context *ctx, struct listing *listing);
void listing_clear(struct listing *listing);
/* Reads one domain again, which may have come or gone. */
int listing_refresh(const struct context *ctx, struct listing *listing, unsigned int domid);
/*
 * Whether a node may tell of links, or of a state of their devices: @path is relative to
 * the home of a domain. Whatever else a guest writes is none of our business.
 */
bool listing_concerns(const struct listing *listing, unsigned int domid, const char *path);

const struct domain_links *listing_domain(const struct listing *listing, const char *name);
/* The first service of a link in a domain, or that after @previous; NULL: no more. */
const struct link *listing_link(const struct domain_links *dom, const char *link,
				const struct link *previous);

/* Calls @each for all links that @ctx means; returns their number. */
size_t listing_walk(const struct context *ctx, const struct listing *listing,
		    void (*each)(void *arg, const struct domain_links *dom,
				 const struct link *link),
		    void *arg);
/*
 * Says which of the names given are no links of @listing, nor @known beside them (NULL:
 * nothing is), and that the domain that is meant is none. Returns 0 or EXIT_ENVIRONMENT.
 */
int listing_missing(const struct context *ctx, const struct listing *listing,
		    const struct board *known);

/* Puts an object into @array that says which link this is, and its state. */
json_t *listing_json(json_t *array, const struct context *ctx,
		     const struct domain_links *dom, const struct link *link);

#endif
