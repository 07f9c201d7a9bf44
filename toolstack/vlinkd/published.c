// SPDX-License-Identifier: LGPL-2.1-or-later
/* The links that are published to the domains that run. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/services.h"
#include "lib/alloc.h"
#include "cids.h"
#include "published.h"
#include "lib/xs.h"

#define INDEX_MAX	65535u

/* ---- nodes ---- */

void published_add_node(struct published_nodes *nodes, char *path, char *value)
{
	nodes->list = alloc_grow(nodes->list, nodes->nr, sizeof(*nodes->list));
	nodes->list[nodes->nr++] = (struct published_node){ .path = path, .value = value };
}

static void free_node(struct published_node *node)
{
	free(node->path);
	free(node->value);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct published_node *)a)->path,
		      ((const struct published_node *)b)->path);
}

/* A directory may have been added more than once. */
void published_sort_nodes(struct published_nodes *nodes)
{
	size_t i, kept = 0;

	if (!nodes->nr)
		return;
	qsort(nodes->list, nodes->nr, sizeof(*nodes->list), by_path);
	for (i = 0; i < nodes->nr; i++) {
		if (kept && !by_path(&nodes->list[kept - 1], &nodes->list[i]))
			free_node(&nodes->list[i]);
		else
			nodes->list[kept++] = nodes->list[i];
	}
	nodes->nr = kept;
}

void published_clear_nodes(struct published_nodes *nodes)
{
	size_t i;

	for (i = 0; i < nodes->nr; i++)
		free_node(&nodes->list[i]);
	free(nodes->list);
	*nodes = (struct published_nodes){ 0 };
}

size_t published_find_node(const struct published_nodes *nodes, const char *path)
{
	size_t low = 0, high = nodes->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(nodes->list[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- from xenstore ---- */

/* Directories are three deep; what is deeper is none of ours, and goes with its parent. */
static int read_dir(struct xs_handle *xs, const struct domain *domain, const char *dir, int depth,
		    struct published_nodes *nodes)
{
	struct xsh_path home = xsh_path("/local/domain/%u/" PUBLISHED_DIR, domain->domid);
	unsigned int i, nr;
	char **names = xsh_directory(xs, XBT_NULL, xsh_path("%s%s", home.s, dir).s, &nr);
	int ret = 0;

	if (!names)
		return -errno;
	for (i = 0; i < nr && !ret; i++) {
		struct xsh_path path = xsh_path("%s/%s", dir, names[i]);
		char *value = depth == 3 ? xsh_read(xs, XBT_NULL, xsh_path("%s%s", home.s, path.s).s) :
					   NULL;

		if (depth == 3 && !value && xsh_is_fatal(-errno))
			ret = -errno;
		/* What cannot be read is no value of ours. */
		published_add_node(nodes, alloc_string(path.s + 1),
				   value ? value : alloc_string(depth == 3 ? "?" : ""));
		if (!ret && depth < 3)
			ret = read_dir(xs, domain, path.s, depth + 1, nodes);
	}
	free(names);
	return ret;
}

/* ---- to ends ---- */

bool published_is_cid_key(const char *service, const char *key)
{
	return !strcmp(service, SERVICE_VSOCK) && (!strcmp(key, "cid") || !strcmp(key, "peer-cid"));
}

/* The nodes of one link under one service. */
struct entry {
	const struct published_nodes *nodes;
	size_t first, end;	/* of its keys */
	const char *link;
	char service[VLINK_SERVICE_MAX + 1];
	size_t dir_len;
};

static const char *key_of(const struct entry *entry, size_t at)
{
	return entry->nodes->list[at].path + entry->dir_len + 1;
}

static const char *value_of(const struct entry *entry, const char *key)
{
	size_t i;

	for (i = entry->first; i < entry->end; i++)
		if (!strcmp(key_of(entry, i), key))
			return entry->nodes->list[i].value;
	return NULL;
}

/* As its config's string was. What info says may have commas: it is the last. */
static char *format_end(const struct entry *entry)
{
	const char *info = value_of(entry, "info");
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "link=%s", entry->link);
	for (i = entry->first; i < entry->end; i++) {
		const char *key = key_of(entry, i);

		if (strcmp(key, "index") && strcmp(key, "info") &&
		    !(published_is_cid_key(entry->service, key) && strcmp(key, "cid")))
			fprintf(out, ",%s=%s", key, entry->nodes->list[i].value);
	}
	if (info)
		fprintf(out, ",info=%s", info);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

static size_t find_end(const struct published_list *list, const char *link)
{
	size_t i;

	for (i = 0; i < list->dom.nr_ends; i++)
		if (!strcmp(list->dom.ends[i].link, link))
			break;
	return i;
}

/* What is no end of a link is passed over: it is not wanted, and goes. */
static bool add_end(struct published_list *list, const struct entry *entry)
{
	char *text = format_end(entry), err[VLINKCFG_ERR_MAX];
	struct vlinkcfg_domain *dom = &list->dom;
	struct published_end *more;
	const char *index = value_of(entry, "index");
	bool good;

	dom->ends = alloc_grow(dom->ends, dom->nr_ends, sizeof(*dom->ends));
	list->ends = alloc_grow(list->ends, dom->nr_ends, sizeof(*list->ends));
	more = &list->ends[dom->nr_ends];
	*more = (struct published_end){ 0 };
	good = text && index && xsh_parse_number(index, INDEX_MAX, &more->index) &&
	       !vlinkcfg_end_parse(text, &dom->ends[dom->nr_ends], err);
	dom->nr_ends += good;
	free(text);
	return good;
}

static void add_service(struct published_list *list, const struct entry *entry)
{
	const char *cid = published_is_cid_key(entry->service, "cid") ? value_of(entry, "cid") : NULL;
	size_t at = find_end(list, entry->link);
	struct published_end *end;

	if (at == list->dom.nr_ends && !add_end(list, entry))
		return;
	end = &list->ends[at];
	end->services = alloc_grow(end->services, end->nr_services, sizeof(*end->services));
	end->services[end->nr_services++] = alloc_string(entry->service);
	if (cid)
		vlinkcfg_cid_parse(list->dom.name, cid, &list->cid);
}

static void clear_ends(struct published_list *list)
{
	size_t i, j;

	for (i = 0; i < list->dom.nr_ends; i++) {
		for (j = 0; j < list->ends[i].nr_services; j++)
			free(list->ends[i].services[j]);
		free(list->ends[i].services);
	}
	free(list->ends);
	list->ends = NULL;
	vlinkcfg_domain_clear(&list->dom);
	list->cid = 0;
}

/* "SERVICE/LINK" begins an entry, its keys follow. */
static bool find_entry(const struct published_nodes *nodes, size_t at, struct entry *entry)
{
	const char *path = nodes->list[at].path, *slash = strchr(path, '/');

	if (!slash || strchr(slash + 1, '/') || slash - path > VLINK_SERVICE_MAX)
		return false;
	*entry = (struct entry){
		.nodes = nodes, .link = slash + 1, .dir_len = strlen(path),
	};
	memcpy(entry->service, path, (size_t)(slash - path));
	entry->first = published_find_node(nodes, xsh_path("%s/", path).s);
	for (entry->end = entry->first; entry->end < nodes->nr; entry->end++)
		if (strncmp(nodes->list[entry->end].path, path, entry->dir_len) ||
		    nodes->list[entry->end].path[entry->dir_len] != '/')
			break;
	return true;
}

static void parse(struct published_list *list, const struct domain *domain)
{
	struct entry entry;
	size_t i;

	if (list->dom.name && strcmp(list->dom.name, domain->name))
		list->is_foreign = true;
	clear_ends(list);
	list->dom.path = alloc_printf("domain %u", domain->domid);
	list->dom.name = alloc_string(domain->name);
	for (i = 0; i < list->nodes.nr && !list->is_foreign; i++)
		if (find_entry(&list->nodes, i, &entry))
			add_service(list, &entry);
	list->is_parsed = true;
}

/* ---- all lists ---- */

static void clear_list(struct published_list *list)
{
	published_clear_nodes(&list->nodes);
	clear_ends(list);
}

static int read_list(struct xs_handle *xs, struct published_list *list,
		     const struct domain *domain)
{
	int ret = 0;

	if (!list->is_read) {
		published_clear_nodes(&list->nodes);
		list->is_parsed = false;
		ret = read_dir(xs, domain, "", 1, &list->nodes);
		published_sort_nodes(&list->nodes);
		list->is_read = !ret;
	}
	if (!ret && (!list->is_parsed || strcmp(list->dom.name, domain->name)))
		parse(list, domain);
	return ret;
}

/* Both are in the order of the domains. */
static struct published_list take_list(struct published *before, size_t *taken,
				       const struct domain *domain)
{
	struct published_list list = { .domid = domain->domid };

	while (*taken < before->nr && before->lists[*taken].domid < domain->domid)
		clear_list(&before->lists[(*taken)++]);
	if (*taken < before->nr && before->lists[*taken].domid == domain->domid) {
		if (!strcmp(before->lists[*taken].uuid, domain->uuid))
			return before->lists[(*taken)++];
		clear_list(&before->lists[(*taken)++]);
	}
	memcpy(list.uuid, domain->uuid, sizeof(list.uuid));
	return list;
}

int published_update(struct xs_handle *xs, struct published *published,
		     const struct domains *domains)
{
	struct published now = { .lists = alloc_zero(domains->nr, sizeof(*now.lists)) };
	size_t i, taken = 0;
	int ret = 0;

	for (i = 0; i < domains->nr; i++) {
		if (domains_in_transit(&domains->list[i]))
			continue;
		now.lists[now.nr] = take_list(published, &taken, &domains->list[i]);
		if (!ret)
			ret = read_list(xs, &now.lists[now.nr], &domains->list[i]);
		now.nr++;
	}
	while (taken < published->nr)
		clear_list(&published->lists[taken++]);
	free(published->lists);
	*published = now;
	return ret;
}

static int by_domid(const void *key, const void *item)
{
	unsigned int domid = *(const unsigned int *)key;
	const struct published_list *list = item;

	return (domid > list->domid) - (domid < list->domid);
}

static struct published_list *list_of(const struct published *published, unsigned int domid)
{
	if (!published->nr)
		return NULL;
	return bsearch(&domid, published->lists, published->nr, sizeof(*published->lists), by_domid);
}

struct published_list *published_of(const struct published *published,
				    const struct domain *domain)
{
	struct published_list *list = list_of(published, domain->domid);

	return list && list->is_read && list->is_parsed ? list : NULL;
}

void published_forget(struct published *published, unsigned int domid)
{
	struct published_list *list = list_of(published, domid);

	if (list)
		list->is_read = false;
}

void published_forget_all(struct published *published)
{
	size_t i;

	for (i = 0; i < published->nr; i++)
		published->lists[i].is_read = false;
}

void published_set(struct published_list *list, struct published_nodes *nodes)
{
	published_clear_nodes(&list->nodes);
	list->nodes = *nodes;
	*nodes = (struct published_nodes){ 0 };
	/* Those that were parsed before are in use until all is looked at again. */
	list->is_parsed = false;
	list->is_foreign = false;
}

void published_clear(struct published *published)
{
	size_t i;

	for (i = 0; i < published->nr; i++)
		clear_list(&published->lists[i]);
	free(published->lists);
	*published = (struct published){ 0 };
}
