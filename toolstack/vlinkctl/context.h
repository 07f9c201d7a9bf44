/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands of vlinkctl share. */
#ifndef VLINKCTL_CONTEXT_H
#define VLINKCTL_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <xenstore.h>

#define EXIT_PROBLEM		1
#define EXIT_ENVIRONMENT	2
#define TIMEOUT_FOREVER		(-1L)
#define DOM0_HOME		"/local/domain/0/"
#define DIRS_MAX		16

struct context {
	struct xs_handle *xs;
	const char *home;	/* of this domain, as links_read() wants it */
	bool all;		/* of all domains, not of this one */
	bool json;
	bool proc;
	long timeout_ms;
	char *const *names;	/* the links that are meant; all when there are none */
	size_t nr_names;
	const char *domain;	/* the only one of interest; NULL: all */
	/* As vlinkd's options. */
	const char *config_dirs[DIRS_MAX];
	size_t nr_config_dirs;
	const char *classes;
};

/* Both say why on stderr and return EXIT_ENVIRONMENT. */
int fail(const char *what, int error);
__attribute__((format(printf, 1, 2)))
int fail_text(const char *fmt, ...);

bool context_is_dom0(const struct context *ctx);
/* Whether a link is among the names given. */
bool context_means(const struct context *ctx, const char *link);

/* The commands. Each returns the program's exit status. */
int list_command(const struct context *ctx);
int show_command(const struct context *ctx);
int wait_command(const struct context *ctx);
int watch_command(const struct context *ctx);
int check_command(const struct context *ctx);
int stat_command(const struct context *ctx);
int attach_command(const struct context *ctx);
int detach_command(const struct context *ctx);

#endif
