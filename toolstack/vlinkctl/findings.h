/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong with links: the judgement of vlinkctl check. */
#ifndef VLINKCTL_FINDINGS_H
#define VLINKCTL_FINDINGS_H

#include "board.h"
#include "listing.h"

struct finding {
	char *link;	/* NULL: it concerns all */
	char *text;
};

struct findings {
	struct finding *list;
	size_t nr;
};

/* dom0: @board as the configs have it, @listing of all domains. */
void findings_of_board(struct findings *findings, const struct context *ctx,
		       const struct board *board, const struct listing *listing,
		       bool vlinkd_runs);
/* Any other domain: @listing of its own links. */
void findings_of_guest(struct findings *findings, const struct context *ctx,
		       const struct listing *listing);
/* Takes over @text. */
void findings_add(struct findings *findings, const char *link, char *text);
void findings_clear(struct findings *findings);

#endif
