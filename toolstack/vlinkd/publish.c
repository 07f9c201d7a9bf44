// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The published links of a domain. The list is compared with what stands in
 * xenstore and only the difference is written: a link that stays as it is is
 * not touched when another comes or goes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/services.h"
#include "lib/alloc.h"
#include "apply.h"
#include "log.h"

struct publication {
	const struct cids *cids;
	const struct domain *domain;
	const struct published_nodes *there;	/* what stands in xenstore */
	struct published_nodes wanted;
};

static void want(struct publication *pub, char *path, char *value)
{
	published_add_node(&pub->wanted, path, value);
}

static void want_key(struct publication *pub, const char *dir, const char *key, const char *value)
{
	if (value)
		want(pub, alloc_printf("%s/%s", dir, key), alloc_string(value));
}

/* What vlinkd says of CIDs does not come from the cfg, or not as it stands there. */
static void want_cid(struct publication *pub, const char *dir, const char *key,
		     const char *domain)
{
	unsigned int cid = cids_of(pub->cids, domain);

	if (cid)
		want(pub, alloc_printf("%s/%s", dir, key), alloc_printf("%u", cid));
}

/* What the config says of a link that the domain does not have yet. */
static void want_new(struct publication *pub, const struct config_end *end, const char *service,
		     const char *dir)
{
	const struct vlinkcfg_end *e = end->end;
	size_t i;

	want(pub, alloc_printf("%s/index", dir), alloc_printf("%u", end->index));
	want_key(pub, dir, "class", e->class_name);
	want_key(pub, dir, "role", e->role == VLINKCFG_SERVER ? "server" : "client");
	want_key(pub, dir, "peer", e->peer);
	want(pub, alloc_printf("%s/unit", dir), alloc_printf("%u", e->unit));
	want_key(pub, dir, "name", e->name);
	want_key(pub, dir, "info", e->info);
	for (i = 0; i < e->nr_options; i++)
		if (!published_is_cid_key(service, e->options[i].key))
			want_key(pub, dir, e->options[i].key, e->options[i].value);
}

/* A link that the domain has stays as it was given to it. */
static void want_held(struct publication *pub, const char *service, const char *dir)
{
	size_t i, len = strlen(dir);

	for (i = published_find_node(pub->there, xsh_path("%s/", dir).s); i < pub->there->nr; i++) {
		const struct published_node *node = &pub->there->list[i];

		if (strncmp(node->path, dir, len) || node->path[len] != '/')
			break;
		if (!published_is_cid_key(service, node->path + len + 1))
			want(pub, alloc_string(node->path), alloc_string(node->value));
	}
}

static void want_link(struct publication *pub, const struct config_end *end, const char *service)
{
	char *dir = alloc_printf("%s/%s", service, end->end->link);

	want(pub, alloc_string(service), alloc_string(""));
	want(pub, alloc_string(dir), alloc_string(""));
	if (end->is_held)
		want_held(pub, service, dir);
	else
		want_new(pub, end, service, dir);
	if (!strcmp(service, SERVICE_VSOCK)) {
		want_cid(pub, dir, "cid", end->dom->name);
		want_cid(pub, dir, "peer-cid", end->end->peer);
	}
	free(dir);
}

static void want_links(struct publication *pub, const struct config_domain *links)
{
	size_t i, j;

	for (i = 0; i < links->nr; i++)
		for (j = 0; j < links->ends[i].nr_services; j++)
			want_link(pub, &links->ends[i], links->ends[i].services[j]);
	published_sort_nodes(&pub->wanted);
}

/* ---- the difference ---- */

/*
 * Calls for each node that is not right, in the order of the paths: @value is what it should
 * be, NULL when it should not be there.
 */
typedef int (*difference)(void *arg, const char *path, const char *value);

/* The next node of one of them, or of both: which is the first? */
static int order_of(const struct published_nodes *there, size_t i,
		    const struct published_nodes *wanted, size_t j)
{
	if (i == there->nr)
		return 1;
	return j == wanted->nr ? -1 : strcmp(there->list[i].path, wanted->list[j].path);
}

static int for_differences(const struct publication *pub, difference each, void *arg)
{
	const struct published_nodes *there = pub->there, *wanted = &pub->wanted;
	size_t i = 0, j = 0;
	int order, ret = 0;

	while (!ret && (i < there->nr || j < wanted->nr)) {
		order = order_of(there, i, wanted, j);
		if (order < 0)
			ret = each(arg, there->list[i].path, NULL);
		else if (order > 0 || strcmp(there->list[i].value, wanted->list[j].value))
			ret = each(arg, wanted->list[j].path, wanted->list[j].value);
		i += order <= 0;
		j += order >= 0;
	}
	return ret;
}

static int stop_at_once(void *arg, const char *path, const char *value)
{
	(void)arg;
	(void)path;
	(void)value;
	return 1;
}

/* The node at this relative path; "" is the vlink directory itself. */
static struct xsh_path node_path(const struct publication *pub, const char *path)
{
	return xsh_path("/local/domain/%u/" PUBLISHED_DIR "%s%s", pub->domain->domid,
			*path ? "/" : "", path);
}

struct writer {
	struct xs_handle *xs;
	xs_transaction_t t;
	const struct publication *pub;
	const char *removed;	/* what is below it went with it */
};

static bool is_removed(const struct writer *writer, const char *path)
{
	size_t len = writer->removed ? strlen(writer->removed) : 0;

	return len && !strncmp(path, writer->removed, len) && path[len] == '/';
}

static bool is_directory(const char *path)
{
	const char *slash = strchr(path, '/');

	return !slash || !strchr(slash + 1, '/');
}

static int write_difference(void *arg, const char *path, const char *value)
{
	struct writer *writer = arg;
	struct xsh_access access = { .reader = writer->pub->domain->domid };
	struct xsh_path node = node_path(writer->pub, path);

	if (value && is_directory(path))
		return xsh_mkdir(writer->xs, writer->t, node.s, access);
	if (value)
		return xsh_write(writer->xs, writer->t, node.s, value, access);
	if (is_removed(writer, path))
		return 0;
	writer->removed = path;
	return xsh_remove(writer->xs, writer->t, node.s);
}

static int update(struct xs_handle *xs, xs_transaction_t t, const struct publication *pub)
{
	struct writer writer = { .xs = xs, .t = t, .pub = pub };
	struct xsh_access access = { .reader = pub->domain->domid };
	int ret = 0;

	if (!pub->wanted.nr)
		return xsh_remove(xs, t, node_path(pub, "").s);
	if (!pub->there->nr)
		ret = xsh_mkdir(xs, t, node_path(pub, "").s, access);
	return ret ? ret : for_differences(pub, write_difference, &writer);
}

static int publish_body(struct xs_handle *xs, xs_transaction_t t, void *arg)
{
	const struct publication *pub = arg;
	int ret = check_home(xs, t, pub->domain);

	return ret ? ret : update(xs, t, pub);
}

int publish_links(const struct applier *applier, const struct domain *domain,
		  const struct config_domain *links)
{
	struct published_list *list = published_of(applier->now->published, domain);
	struct publication pub = { .domain = domain, .cids = applier->now->cids };
	int ret = 0;

	if (!list)
		return -EAGAIN;
	pub.there = &list->nodes;
	if (links)
		want_links(&pub, links);
	if (for_differences(&pub, stop_at_once, NULL)) {
		ret = xsh_transaction(applier->xs, publish_body, &pub);
		if (!ret) {
			log_info("domain %u '%s': %s", domain->domid, domain->name,
				 pub.wanted.nr ? "links published" : "links withdrawn");
			published_set(list, &pub.wanted);
		}
	}
	published_clear_nodes(&pub.wanted);
	return ret;
}
