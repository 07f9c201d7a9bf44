// SPDX-License-Identifier: LGPL-2.1-or-later
/* vlinkctl list */
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "listing.h"
#include "proc.h"

#define NR_COLUMNS	8

struct table {
	const char *(*rows)[NR_COLUMNS];
	size_t nr;
	size_t first;	/* column: the domain is shown with --all only */
};

static void print_row(const struct table *table, const char *const *row, const size_t *width)
{
	size_t i;

	for (i = table->first; i < NR_COLUMNS - 1; i++)
		printf("%-*s ", (int)width[i], row[i]);
	printf("%s\n", row[NR_COLUMNS - 1]);
}

static void print_table(const struct table *table)
{
	static const char *const head[NR_COLUMNS] = {
		"DOMAIN", "LINK", "SERVICE", "CLASS", "ROLE", "UNIT", "PEER", "STATE",
	};
	size_t width[NR_COLUMNS], i, j;

	for (i = 0; i < NR_COLUMNS; i++) {
		width[i] = strlen(head[i]);
		for (j = 0; j < table->nr; j++)
			if (strlen(table->rows[j][i]) > width[i])
				width[i] = strlen(table->rows[j][i]);
	}
	print_row(table, head, width);
	for (j = 0; j < table->nr; j++)
		print_row(table, table->rows[j], width);
}

static void add_row(void *arg, const struct domain_links *dom, const struct link *link)
{
	const char *const values[NR_COLUMNS] = {
		dom->name, link->link, link->service, link->class_name, link->role, link->unit,
		link->peer, links_state_of(link),
	};
	struct table *table = arg;

	table->rows = alloc_grow(table->rows, table->nr, sizeof(*table->rows));
	memcpy(table->rows[table->nr++], values, sizeof(values));
}

static void list_text(const struct context *ctx, const struct listing *listing)
{
	struct table table = { .first = ctx->all ? 0 : 1 };

	listing_walk(ctx, listing, add_row, &table);
	print_table(&table);
	free(table.rows);
}

struct json_list {
	const struct context *ctx;
	json_t *json;
};

static void add_object(void *arg, const struct domain_links *dom, const struct link *link)
{
	struct json_list *list = arg;

	listing_json(list->json, list->ctx, dom, link);
}

static void list_json(const struct context *ctx, const struct listing *listing)
{
	struct json_list list = { .ctx = ctx, .json = json_array() };

	listing_walk(ctx, listing, add_object, &list);
	json_print(stdout, list.json, JSON_COMPACT);
}

int list_command(const struct context *ctx)
{
	struct listing listing;
	int ret;

	ret = listing_read(ctx, &listing);
	if (ret)
		return fail("xenstore", -ret);
	if (ctx->proc)
		proc_print(ctx, &listing, stdout);
	else if (ctx->json)
		list_json(ctx, &listing);
	else
		list_text(ctx, &listing);
	listing_clear(&listing);
	return 0;
}
