// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The published links of a domain. The list is compared with what stands in
 * xenstore and only the difference is written: a link that stays as it is is
 * not touched when another comes or goes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "apply.h"
#include "log.h"

/* A node of the list; the path is relative to the home's vlink directory. */
struct wanted_node {
	char *path;
	char *value;	/* NULL: a directory */
};

struct publication {
	const struct cids *cids;
	const struct domain *domain;
	struct wanted_node *nodes;
	size_t nr;
	bool dry;	/* only count the changes */
	size_t changes;
};

static void want(struct publication *pub, char *path, char *value)
{
	pub->nodes = alloc_grow(pub->nodes, pub->nr, sizeof(*pub->nodes));
	pub->nodes[pub->nr++] = (struct wanted_node){ .path = path, .value = value };
}

static void want_key(struct publication *pub, const char *dir, const char *key, const char *value)
{
	if (value)
		want(pub, alloc_printf("%s/%s", dir, key), alloc_string(value));
}

static bool is_wanted(const struct publication *pub, const char *path)
{
	size_t i;

	for (i = 0; i < pub->nr; i++)
		if (!strcmp(pub->nodes[i].path, path))
			return true;
	return false;
}

/* What vlinkd says of CIDs does not come from the cfg, or not as it stands there. */
static bool is_cid_key(const char *key)
{
	return !strcmp(key, "cid") || !strcmp(key, "peer-cid");
}

static void want_cid(struct publication *pub, const char *dir, const char *key,
		     const char *domain)
{
	unsigned int cid = cids_of(pub->cids, domain);

	if (cid)
		want(pub, alloc_printf("%s/%s", dir, key), alloc_printf("%u", cid));
}

static void want_options(struct publication *pub, const char *dir, const struct config_end *end,
			 bool has_cids)
{
	const struct vlinkcfg_end *e = end->end;
	size_t i;

	for (i = 0; i < e->nr_options; i++)
		if (!has_cids || !is_cid_key(e->options[i].key))
			want_key(pub, dir, e->options[i].key, e->options[i].value);
	if (!has_cids)
		return;
	want_cid(pub, dir, "cid", end->dom->name);
	want_cid(pub, dir, "peer-cid", e->peer);
}

static void want_link(struct publication *pub, const struct config_end *end, const char *service)
{
	const struct vlinkcfg_end *e = end->end;
	char *dir = alloc_printf("%s/%s", service, e->link);

	if (!is_wanted(pub, service))
		want(pub, alloc_string(service), NULL);
	want(pub, alloc_string(dir), NULL);
	want(pub, alloc_printf("%s/index", dir), alloc_printf("%u", end->index));
	want_key(pub, dir, "class", e->class_name);
	want_key(pub, dir, "role", e->role == VLINKCFG_SERVER ? "server" : "client");
	want_key(pub, dir, "peer", e->peer);
	want(pub, alloc_printf("%s/unit", dir), alloc_printf("%u", e->unit));
	want_key(pub, dir, "name", e->name);
	want_key(pub, dir, "info", e->info);
	want_options(pub, dir, end, !strcmp(service, CIDS_SERVICE));
	free(dir);
}

static void want_links(struct publication *pub, const struct config *config,
		       const struct vlinkcfg_domain *dom)
{
	size_t i, j;

	for (i = 0; i < config->nr_ends; i++)
		if (config->ends[i].dom == dom)
			for (j = 0; j < config->ends[i].cls->nr_services; j++)
				want_link(pub, &config->ends[i], config->ends[i].cls->services[j]);
}

static void clear_publication(struct publication *pub)
{
	size_t i;

	for (i = 0; i < pub->nr; i++) {
		free(pub->nodes[i].path);
		free(pub->nodes[i].value);
	}
	free(pub->nodes);
}

/* The node at this relative path; "" is the vlink directory itself. */
static struct xsh_path node_path(const struct publication *pub, const char *path)
{
	return xsh_path("/local/domain/%u/vlink%s%s", pub->domain->domid, *path ? "/" : "", path);
}

/*
 * Removes what is not wanted below @dir, @depth levels deep. Nobody but dom0
 * writes there, so its size is vlinkd's own doing.
 */
static int remove_unwanted(struct xs_handle *xs, xs_transaction_t t, struct publication *pub,
			   const char *dir, int depth)
{
	unsigned int i, nr;
	char **names = xsh_directory(xs, t, node_path(pub, dir).s, &nr);
	int ret = 0;

	if (!names)
		return -errno;
	for (i = 0; i < nr && !ret; i++) {
		struct xsh_path sub = xsh_path("%s%s%s", dir, *dir ? "/" : "", names[i]);

		if (!is_wanted(pub, sub.s)) {
			pub->changes++;
			if (!pub->dry)
				ret = xsh_remove(xs, t, node_path(pub, sub.s).s);
		} else if (depth > 1) {
			ret = remove_unwanted(xs, t, pub, sub.s, depth - 1);
		}
	}
	free(names);
	return ret;
}

static bool is_right(struct xs_handle *xs, xs_transaction_t t, const char *path,
		     const struct wanted_node *node)
{
	char *value = xsh_read(xs, t, path);
	bool right = value && !strcmp(value, node->value ? node->value : "");

	free(value);
	return right;
}

static int write_wanted(struct xs_handle *xs, xs_transaction_t t, struct publication *pub)
{
	struct xsh_access access = { .reader = pub->domain->domid };
	size_t i;
	int ret = 0;

	for (i = 0; i < pub->nr && !ret; i++) {
		struct xsh_path path = node_path(pub, pub->nodes[i].path);

		if (is_right(xs, t, path.s, &pub->nodes[i]))
			continue;
		pub->changes++;
		if (pub->dry)
			continue;
		ret = pub->nodes[i].value ?
		      xsh_write(xs, t, path.s, pub->nodes[i].value, access) :
		      xsh_mkdir(xs, t, path.s, access);
	}
	return ret;
}

static int update_root(struct xs_handle *xs, xs_transaction_t t, struct publication *pub)
{
	struct xsh_access access = { .reader = pub->domain->domid };
	struct xsh_path root = node_path(pub, "");

	if (xsh_exists(xs, t, root.s) == (pub->nr > 0))
		return 0;
	pub->changes++;
	if (pub->dry)
		return 0;
	return pub->nr ? xsh_mkdir(xs, t, root.s, access) : xsh_remove(xs, t, root.s);
}

static int update(struct xs_handle *xs, xs_transaction_t t, struct publication *pub)
{
	int ret;

	pub->changes = 0;
	ret = remove_unwanted(xs, t, pub, "", 3);
	if (!ret)
		ret = update_root(xs, t, pub);
	return ret ? ret : write_wanted(xs, t, pub);
}

static int publish_body(struct xs_handle *xs, xs_transaction_t t, void *arg)
{
	struct publication *pub = arg;
	int ret = check_home(xs, t, pub->domain);

	if (!ret)
		ret = update(xs, t, pub);
	return ret || pub->changes ? ret : XSH_ABANDON;
}

/* Looks first, without a transaction: mostly there is nothing to do. */
static int publish_difference(struct xs_handle *xs, struct publication *pub)
{
	int ret;

	pub->dry = true;
	ret = update(xs, XBT_NULL, pub);
	if (ret || !pub->changes)
		return ret;
	pub->dry = false;
	ret = xsh_transaction(xs, publish_body, pub);
	if (!ret)
		log_info("domain %u '%s': %s", pub->domain->domid, pub->domain->name,
			 pub->nr ? "links published" : "links withdrawn");
	return ret;
}

int publish_links(const struct applier *applier, const struct domain *domain,
		  const struct vlinkcfg_domain *dom)
{
	struct publication pub = { .domain = domain, .cids = applier->now->cids };
	int ret;

	if (dom)
		want_links(&pub, applier->now->config, dom);
	ret = publish_difference(applier->xs, &pub);
	clear_publication(&pub);
	return ret;
}
