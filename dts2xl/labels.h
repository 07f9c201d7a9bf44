/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All labels of device nodes, in order, so that each is found at once. */
#ifndef DTS2XL_LABELS_H
#define DTS2XL_LABELS_H

#include "model.h"

struct label {
	const char *name;
	struct node *node;
};

struct labels {
	struct label *labels;
	size_t nr;
};

struct labels labels_collect(const struct model *model);
/* NULL: no node has it. */
struct node *labels_find(const struct labels *labels, const char *name);
/* The node that has the label in another tree than @but; NULL: none. */
struct node *labels_find_other(const struct labels *labels, const char *name,
			       const struct tree *but);
void labels_consider(const struct labels *labels, struct likeness *likeness);
void labels_refuse_second(const struct labels *labels);

#endif
