// SPDX-License-Identifier: LGPL-2.1-or-later
/* vlinkctl check: why is my link not up? */
#include <string.h>

#include "lib/alloc.h"
#include "findings.h"

static void print_json(const struct findings *findings)
{
	json_t *json = json_object(), *problems, *problem;
	size_t i;

	json_put_bool(json, "ok", !findings->nr);
	problems = json_put(json, "problems", json_array());
	for (i = 0; i < findings->nr; i++) {
		problem = json_put(problems, NULL, json_object());
		json_put_text(problem, "link", findings->list[i].link);
		json_put_text(problem, "text", findings->list[i].text);
	}
	json_print(stdout, json, JSON_COMPACT);
}

static void print_text(const struct findings *findings)
{
	size_t i;

	for (i = 0; i < findings->nr; i++) {
		const struct finding *finding = &findings->list[i];

		if (finding->link)
			printf("link '%s': %s\n", finding->link, finding->text);
		else
			puts(finding->text);
	}
	if (!findings->nr)
		puts("all is well");
}

static int conclude(const struct context *ctx, struct findings *findings)
{
	int status = findings->nr ? EXIT_PROBLEM : 0;

	if (ctx->json)
		print_json(findings);
	else
		print_text(findings);
	findings_clear(findings);
	return status;
}

static void look_at_board(const struct context *ctx, const struct listing *listing,
			  struct findings *findings)
{
	struct board board;
	int ret = board_read(ctx, &board);

	if (ret)
		findings_add(findings, NULL, alloc_printf("'vlinkd --check' cannot be run: %s",
							  strerror(-ret)));
	findings_of_board(findings, ctx, &board, listing, board_vlinkd_runs());
	board_clear(&board);
}

int check_command(const struct context *ctx)
{
	struct context whole = *ctx;
	struct findings findings = { 0 };
	struct listing listing;
	int ret;

	whole.all = context_is_dom0(ctx);
	ret = listing_read(&whole, &listing);
	if (ret)
		return fail("xenstore", -ret);
	if (whole.all)
		look_at_board(&whole, &listing, &findings);
	else
		findings_of_guest(&findings, &whole, &listing);
	listing_clear(&listing);
	return conclude(ctx, &findings);
}
