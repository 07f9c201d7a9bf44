/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The links that the domain configs ask for. */
#ifndef VLINKD_CONFIG_H
#define VLINKD_CONFIG_H

#include <sys/stat.h>

#include "domains.h"
#include "messages.h"
#include "published.h"
#include "vlinkcfg/vlinkcfg.h"
#include "lib/xs.h"

#define CONFIG_SETTLE_MS	10000

/* One end of a link that was found good: it is published, or ready to be. */
struct config_end {
	const struct vlinkcfg_domain *dom;
	const struct vlinkcfg_end *end;
	char *const *services;
	size_t nr_services;
	unsigned int index;	/* its place in the cfg */
	bool is_held;		/* is published to the domain, as @end says */
};

/* A domain's ends among all. */
struct config_domain {
	const char *name;
	const struct config_end *ends;
	size_t nr;
};

/* What tells that a file was changed. */
struct config_stamp {
	struct timespec mtime, ctime;
	off_t size;
	ino_t ino;
	dev_t dev;
};

struct config_file {
	char *path;
	struct config_stamp stamp;
	struct vlinkcfg_domain dom;	/* as last read without error */
	bool usable;			/* dom is there */
	char *list;			/* dom's links as text */
	char *error;			/* of the last attempt, or NULL */
	char name[VLINK_PEER_MAX + 1];	/* of an unusable one, as far as it is known */
	bool is_foreign;		/* cannot be read, but has no links: no fault */
};

/* The domains that run, and what they were given. NULL: none is known, as for a check. */
struct running {
	const struct domains *domains;
	const struct published *published;
	long long now_ms;
	bool obey;	/* the configs hold as they are now: the administrator says so */
};

/* What the domain of this name was given; NULL: it does not run, or nothing is known. */
const struct published_list *config_held(const struct running *running, const char *name);

struct choices;

struct config {
	const char *const *dirs;
	size_t nr_dirs;
	const char *classes_path;	/* NULL: the built-in classes */
	bool classes_optional;		/* no complaint when the file is missing */
	long long settle_ms;		/* a config must not change so long to end a link */
	struct vlinkcfg_classes classes;
	bool classes_usable;
	struct config_file *files;
	size_t nr_files;
	struct messages file_messages;	/* of the last load */
	struct choices *choices;

	/* What came of them. */
	struct vlinkcfg_domain *doms;	/* their ends are copies, but for the pointers */
	size_t nr_doms;
	struct config_end *ends;
	size_t nr_ends;
	struct config_domain *domains;
	size_t nr_domains;
	struct map ends_by_role;	/* "ROLE/LINK" */
	struct map domains_by_name;
	struct messages messages;	/* logged already */
};

/*
 * Reads what changed in the directories and in the class file. A file that
 * cannot be read is told of once, and what it said before stays valid.
 */
void config_reload(struct config *config);
/*
 * Finds out which links there are. Ends that do not fit together are left out, but for
 * those that are published to a domain that runs; either is told of once. Returns when a
 * config will have been the same for long enough, or CHOICE_NEVER.
 */
long long config_judge(struct config *config, const struct running *running);
void config_clear(struct config *config);

/* The key of ends_by_role. */
struct xsh_path config_role_key(const char *link, enum vlinkcfg_role role);
const struct config_end *config_find_end(const struct config *config, const char *link,
					 enum vlinkcfg_role role);
/* NULL: it has none. */
const struct config_domain *config_find_domain(const struct config *config, const char *name);
bool config_end_has_service(const struct config_end *end, const char *service);

#endif
