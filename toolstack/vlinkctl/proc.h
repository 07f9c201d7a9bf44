/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vlinkctl list --proc: the form of /proc/nk/vlinks, for scripts that read that. */
#ifndef VLINKCTL_PROC_H
#define VLINKCTL_PROC_H

#include <stdio.h>

#include "listing.h"

void proc_print(const struct context *ctx, const struct listing *listing, FILE *out);

#endif
