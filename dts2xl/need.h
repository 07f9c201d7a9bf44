/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much of Xen's grant tables and event channels the links of a VM need. */
#ifndef DTS2XL_NEED_H
#define DTS2XL_NEED_H

#include "model.h"

struct need {
	unsigned long long grants;	/* entries of the VM's own grant table */
	unsigned long long maps;	/* grants of others that it maps */
	unsigned long long events;
	/*
	 * Buffers of a link that does not say how much memory they have at a time: links
	 * share this much, the largest of them.
	 */
	unsigned long long shared_grants;
	unsigned long long shared_maps;
};

/* Of one end of a link. */
struct need need_of_end(const struct model *model, const struct end *end);
/*
 * The lines of config for what Xen's defaults do not suffice for, with the arithmetic in
 * comments; "" when they do. @config: what the config says besides; a key that it has
 * is not given again, but it is warned if its value is too small.
 */
const char *need_text(const struct model *model, const struct vm *vm, const char *config);

#endif
