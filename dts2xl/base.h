/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configs of an integrator's own, to which only links are added. */
#ifndef DTS2XL_BASE_H
#define DTS2XL_BASE_H

#include "model.h"

/* Begins the lines that are added to such a config; what follows is replaced. */
#define BASE_MARK	"# Links, written by dts2xl "

struct base {
	unsigned int vm;
	const char *path;
	const char *name;	/* of the domain */
	const char *text;	/* without links */
};

struct bases {
	struct base *items;
	size_t nr;
};

/* Takes the argument of --base: vmN=FILE. Errors are reported. */
void bases_add(struct bases *bases, const char *argument);
/* Once all options are known: a vlink list of the user's own goes, if @force says so. */
void bases_settle(struct bases *bases, bool force);
/* Those for VMs that are not there, or have other settings, are errors. */
void bases_check(const struct bases *bases, const struct model *model);
const struct base *bases_find(const struct bases *bases, unsigned int vm);
/* NULL: the VM has no base. */
const char *bases_name(const struct bases *bases, unsigned int vm);

#endif
