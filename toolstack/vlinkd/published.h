/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The links that are published to the domains that run. Nobody but dom0 writes there: what
 * was read once is known, and it is the memory of what a domain was given when it started.
 */
#ifndef VLINKD_PUBLISHED_H
#define VLINKD_PUBLISHED_H

#include "domains.h"
#include "vlinkcfg/vlinkcfg.h"

#define PUBLISHED_DIR	"vlink"

/* A node of the list; the path is relative to the home's vlink directory. */
struct published_node {
	char *path;
	char *value;	/* "" of a directory */
};

struct published_nodes {
	struct published_node *list;	/* in the order of the paths */
	size_t nr;
};

/* What an end that was published has beside what its config said. */
struct published_end {
	char **services;
	size_t nr_services;
	unsigned int index;
};

struct published_list {
	unsigned int domid;
	char uuid[DOMAINS_UUID_SIZE];
	bool is_read;
	bool is_parsed;
	bool is_foreign;	/* the domain had another name when it was given this */
	struct published_nodes nodes;
	struct vlinkcfg_domain dom;	/* its ends, as they were published */
	struct published_end *ends;	/* of each of them */
	unsigned int cid;		/* 0: none was published */
};

struct published {
	struct published_list *lists;	/* in the order of the domains */
	size_t nr;
};

/* Reads the lists of domains that came, and forgets those of domains that went. */
int published_update(struct xs_handle *xs, struct published *published,
		     const struct domains *domains);
/* From now on what stands in xenstore is not known any more. */
void published_forget(struct published *published, unsigned int domid);
void published_forget_all(struct published *published);
void published_clear(struct published *published);

/* NULL: it is in transit, or not read. */
struct published_list *published_of(const struct published *published,
				    const struct domain *domain);
/* Takes over @nodes: they stand in xenstore now. */
void published_set(struct published_list *list, struct published_nodes *nodes);

/* Takes over both. */
void published_add_node(struct published_nodes *nodes, char *path, char *value);
void published_sort_nodes(struct published_nodes *nodes);
void published_clear_nodes(struct published_nodes *nodes);
/* The first node whose path is not before this one. */
size_t published_find_node(const struct published_nodes *nodes, const char *path);

/* The keys that vlinkd gives to vsock's links, whatever the configs say. */
bool published_is_cid_key(const char *service, const char *key);

#endif
