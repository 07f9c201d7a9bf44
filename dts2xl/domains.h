/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which domain each VM is. */
#ifndef DTS2XL_DOMAINS_H
#define DTS2XL_DOMAINS_H

#include "base.h"
#include "model.h"

struct mapping {
	unsigned int vm;
	const char *name;
};

struct mappings {
	struct mapping *items;
	size_t nr;
};

/* Takes the argument of --map: vmN=NAME, where dom0 is a name as well. */
void mappings_add(struct mappings *mappings, const char *argument);
/* Gives every VM its name. */
void domains_settle(struct model *model, const struct mappings *mappings,
		  const struct bases *bases);

#endif
