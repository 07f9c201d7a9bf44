/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes one domain config per VM: all of them, or none. */
#ifndef DTS2XL_EMIT_H
#define DTS2XL_EMIT_H

#include <stdbool.h>

#include "base.h"
#include "defaults.h"
#include "model.h"

struct emission {
	const char *directory;	/* NULL: nothing is written */
	bool force;		/* replaces files that are not ours */
	const char *inputs;	/* their names, for the header */
	const struct defaults *defaults;
	const struct bases *bases;
};

/* A config that is to be written. */
struct config {
	const struct vm *vm;
	const char *name;	/* of the domain */
	const char *text;
	const char *base;	/* the path that it is based upon; NULL: none */
	char *path;
	char *temporary;	/* NULL: not there */
};

struct configs {
	struct config *items;
	size_t nr;
};

/* compose.c: what is to be written, read back through libxlutil and compared. */
struct configs compose(const struct emission *emission, const struct model *model);
void verify_texts(const struct configs *configs, const struct vlinkcfg_classes *classes);

/* True if the file at @path may be replaced. */
bool emit_is_ours(const char *path);
/* Puts the configs into place. */
void emit(const struct emission *emission, struct configs *configs);
/* Prints what would change; returns how many configs would. */
size_t emit_diff(const struct configs *configs);

#define EMIT_HEADER	"# Written by dts2xl "

#endif
