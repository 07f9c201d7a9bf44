/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compares what should be with what is, and says what to do. It touches nothing:
 * records.c finds out what is, apply.c does what the plan says.
 */
#ifndef VLINKD_PLAN_H
#define VLINKD_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "cids.h"
#include "config.h"
#include "domains.h"

#define PLAN_ID_MAX	4095u	/* of a device: fits a bus id with every domid */

/* A pair of xenbus directories. */
struct device_id {
	char service[VLINK_SERVICE_MAX + 1];
	unsigned int frontend;
	unsigned int backend;
	unsigned int id;
};

/* /tool/vlink/LINK/SERVICE */
struct record {
	char *link;
	char *service;
	bool sound;		/* whole and well-formed: the following holds */
	struct device_id dev;
	char frontend_uuid[DOMAINS_UUID_SIZE];
	char backend_uuid[DOMAINS_UUID_SIZE];
	bool intact;		/* both directories stand and point to each other */
	bool is_gone;		/* it was removed */
};

struct records {
	struct record *list;
	size_t nr;
	bool is_read;
	bool is_indexed;
	size_t next_look;	/* whose directories are looked at next */
	struct map by_service;	/* "LINK/SERVICE" */
	struct map by_device;	/* "SERVICE/FRONTEND/ID" */
};

/* A xenbus directory found in the home of a running domain. */
struct found_dir {
	bool is_backend;
	struct device_id dev;	/* of a front end: without backend */
};

struct found_dirs {
	struct found_dir *list;
	size_t nr;
};

enum action_kind {
	ACTION_REMOVE,		/* record: its directories and itself */
	ACTION_REMOVE_DIR,	/* dir: one that no record knows */
	ACTION_PUBLISH,		/* domain: its links, NULL: none */
	ACTION_CONNECT,		/* server, client: those of the services not there yet */
};

struct action {
	enum action_kind kind;
	struct record *record;
	const char *reason;
	const struct found_dir *dir;
	const struct domain *domain;
	const struct config_domain *links;
	const struct config_end *server, *client;
	const struct domain *server_domain, *client_domain;
};

struct plan {
	struct action *list;
	size_t nr;
	size_t nr_joined;	/* links that are connected already, and stay so */
};

struct detached;

/* What should be, and what is. */
struct situation {
	const struct config *config;
	const struct domains *domains;
	const struct published *published;
	struct records *records;
	const struct found_dirs *dirs;
	const struct detached *detached;
	const struct cids *cids;
};

/* The actions are to be done in the order of the list. */
void plan_make(const struct situation *now, struct plan *plan);
void plan_clear(struct plan *plan);

#endif
