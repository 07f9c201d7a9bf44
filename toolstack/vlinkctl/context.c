// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the commands of vlinkctl share. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "context.h"

int fail_text(const char *fmt, ...)
{
	va_list ap;

	fputs("vlinkctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return EXIT_ENVIRONMENT;
}

int fail(const char *what, int error)
{
	return fail_text("%s: %s", what, strerror(error));
}

bool context_is_dom0(const struct context *ctx)
{
	return !strcmp(ctx->home, DOM0_HOME);
}

bool context_means(const struct context *ctx, const char *link)
{
	size_t i;

	for (i = 0; i < ctx->nr_names; i++)
		if (!strcmp(ctx->names[i], link))
			return true;
	return ctx->nr_names == 0;
}
