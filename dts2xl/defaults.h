/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What guests get beside their links: lines of xl config from files. */
#ifndef DTS2XL_DEFAULTS_H
#define DTS2XL_DEFAULTS_H

#include <stdbool.h>
#include <stddef.h>

#include "model.h"

struct defaults_file {
	unsigned int vm;	/* 0: for every guest */
	const char *path;
	const char *text;	/* ends with a newline */
};

struct defaults {
	struct defaults_file *files;
	size_t nr_files;
};

/* Takes the argument of --defaults: FILE or vmN=FILE. Errors are reported. */
void defaults_add(struct defaults *defaults, const char *argument);
/* Files for VMs that are not there are errors. */
void defaults_check(const struct defaults *defaults, const struct model *model);
/* The lines for one guest. */
const char *defaults_for(const struct defaults *defaults, const struct vm *vm);

#endif
