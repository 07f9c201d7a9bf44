/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes one domain config per VM: all of them, or none. */
#ifndef DTS2XL_EMIT_H
#define DTS2XL_EMIT_H

#include <stdbool.h>

#include "defaults.h"
#include "model.h"

struct emission {
	const char *directory;
	bool force;		/* replaces files that are not ours */
	const char *inputs;	/* their names, for the header */
	const struct defaults *defaults;
};

void emit(const struct emission *emission, const struct model *model);

#endif
