/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What vlinkd makes of the configs, and whether it runs. For dom0. */
#ifndef VLINKCTL_BOARD_H
#define VLINKCTL_BOARD_H

#include "context.h"

/* A link that the configs ask for; a domain is "-" where no config has that end. */
struct board_link {
	char *link;
	char *class_name;
	char *server;
	char *client;
};

struct board {
	struct board_link *links;
	size_t nr_links;
	char **problems;
	size_t nr_problems;
};

/* Asks "vlinkd --check". Returns 0 or -errno. */
int board_read(const struct context *ctx, struct board *board);
void board_clear(struct board *board);
/* One line of its answer; what is none of ours is passed over. */
void board_parse(struct board *board, char *line);
const struct board_link *board_link(const struct board *board, const char *link);

bool board_vlinkd_runs(void);

#endif
