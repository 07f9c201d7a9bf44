// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the kernel of this domain makes of a link. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/xs.h"
#include "counters.h"
#include "local.h"

#define TEXT_MAX	256u

const char *local_root = "";

bool local_has_link_layer(void)
{
	return !access(xsh_path("%s/sys/module/vlink", local_root).s, F_OK);
}

bool local_has_driver(const struct link *link)
{
	return !access(xsh_path("%s/sys/bus/%s/drivers/%s", local_root,
				links_is_server(link) ? "xen-backend" : "xen",
				link->service).s, F_OK);
}

/* The first line of a file of sysfs; NULL: it cannot be read. */
static char *read_line(const char *path)
{
	FILE *file = fopen(path, "re");
	char text[TEXT_MAX], *line;

	if (!file)
		return NULL;
	line = fgets(text, sizeof(text), file);
	fclose(file);
	if (!line)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return alloc_string(text);
}

static bool reads_as(const char *dir, const char *file, const char *expected)
{
	char *text = read_line(xsh_path("%s/%s", dir, file).s);
	bool same = text && !strcmp(text, expected);

	free(text);
	return same;
}

static struct xsh_path class_dir(const struct link *link, const char *node)
{
	return xsh_path("%s/sys/class/%s/%s", local_root, link->service, node);
}

/* A driver that says which link a node belongs to is believed; others go by the name. */
static bool is_node_of(const struct link *link, const char *node)
{
	struct xsh_path dir = class_dir(link, node), name;

	if (!access(xsh_path("%s/link", dir.s).s, F_OK))
		return reads_as(dir.s, "link", link->link) && reads_as(dir.s, "role", link->role);
	name = xsh_path("%s-%s-%s%s", link->service, links_is_server(link) ? "srv" : "clt",
			link->name ? link->name : link->class_name, link->name ? "" : link->unit);
	return !strcmp(node, name.s);
}

char *local_node(const struct link *link)
{
	DIR *dir = opendir(class_dir(link, "").s);
	struct dirent *entry;
	char *found = NULL;

	if (!dir)
		return NULL;
	while (!found && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && is_node_of(link, entry->d_name))
			found = alloc_string(entry->d_name);
	closedir(dir);
	return found;
}

/* Takes over @value. */
static void add(struct local_stats *stats, const char *name, char *value)
{
	stats->list = alloc_grow(stats->list, stats->nr, sizeof(*stats->list));
	stats->list[stats->nr++] = (struct local_stat){ alloc_string(name), value };
}

static bool is_counter(const struct dirent *entry)
{
	static const char *const others[] = { "uevent", "dev", "link", "role", "peer" };
	size_t i;

	if (entry->d_type != DT_REG)
		return false;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcmp(entry->d_name, others[i]))
			return false;
	return true;
}

static int is_counter_entry(const struct dirent *entry)
{
	return is_counter(entry);
}

static void add_attributes(const struct link *link, const char *node, struct local_stats *stats)
{
	struct xsh_path path = class_dir(link, node);
	struct dirent **entries;
	int i, nr = scandir(path.s, &entries, is_counter_entry, alphasort);

	for (i = 0; i < nr; i++) {
		char *value = read_line(xsh_path("%s/%s", path.s, entries[i]->d_name).s);

		if (value)
			add(stats, entries[i]->d_name, value);
		free(entries[i]);
	}
	if (nr >= 0)
		free(entries);
}

/* A line of the link layer's table: epoch, and events sent and received. */
static bool add_table_line(const struct link *link, const char *line, struct local_stats *stats)
{
	char service[16], role[16], id[64], epoch[16], sent[24], received[24];

	if (sscanf(line, "%15s %15s %63s %*s %*s %*s %*s %15s %23s %23s", service, role, id,
		   epoch, sent, received) != 6)
		return false;
	if (strcmp(service, link->service) || strcmp(role, link->role) || strcmp(id, link->link))
		return false;
	add(stats, "connections", alloc_string(epoch));
	add(stats, "link_events_sent", alloc_string(sent));
	add(stats, "link_events_received", alloc_string(received));
	return true;
}

static void add_link_layer(const struct link *link, struct local_stats *stats)
{
	FILE *file = fopen(xsh_path("%s/sys/kernel/debug/vlink/links", local_root).s, "re");
	char line[2048];

	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		if (add_table_line(link, line, stats))
			break;
	fclose(file);
}

static void add_counter(void *arg, const char *name, uint64_t value)
{
	add(arg, name, alloc_printf("%llu", (unsigned long long)value));
}

void local_stats_read(const struct link *link, const char *node, struct local_stats *stats)
{
	*stats = (struct local_stats){ 0 };
	add_link_layer(link, stats);
	if (!node)
		return;
	add_attributes(link, node, stats);
	counters_read(link->service, xsh_path("%s/dev/%s", local_root, node).s, add_counter, stats);
}

void local_stats_clear(struct local_stats *stats)
{
	size_t i;

	for (i = 0; i < stats->nr; i++) {
		free(stats->list[i].name);
		free(stats->list[i].value);
	}
	free(stats->list);
	*stats = (struct local_stats){ 0 };
}
