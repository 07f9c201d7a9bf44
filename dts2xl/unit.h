/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What dtc compiles at once: all source files without /plugin/ together, and each with it
 * alone. dtc merges, deletes and resolves; this finds out how it does so, to know where
 * things stand and to tell what dtc says nothing about.
 */
#ifndef DTS2XL_UNIT_H
#define DTS2XL_UNIT_H

#include "map.h"
#include "source.h"

/* Below it stand, in the text for dtc, the labels that other inputs have. */
#define UNIT_ELSEWHERE	"__elsewhere__"

/* What dtc has no way to say: it concerns nodes of other inputs. */
struct unit_deletion {
	const char *label;	/* the node, or NULL */
	unsigned int vm;	/* or of this VM's container */
	const char *name;	/* this node */
	struct pos pos;
};

struct unit {
	struct block **blocks;	/* in the order of the text */
	size_t nr_blocks;
	bool overlay;
	bool others;		/* there are other inputs */
	struct outline_node root;	/* as dtc has it in the end */
	struct map defined;	/* the place of each label's first node */
	struct map alive;	/* nodes by label, as far as was read */
	/* Labels of VMs and containers that no block defines: the text has them all the same. */
	struct reference *invented;
	size_t nr_invented;
	struct reference *elsewhere;	/* those that other inputs must have */
	size_t nr_elsewhere;
	struct unit_deletion *deletions;
	size_t nr_deletions;
};

/* @others: blobs are among the input. Errors are reported. */
struct unit *units_of(const struct source *source, bool others, size_t *nr);
/* The text for dtc; lines of block N are said to be of the file UNIT_BLOCK "N". */
#define UNIT_BLOCK	"dts2xl-block-"
const char *unit_text(const struct unit *unit);
/* Says of labels that are near to what a reference may have meant. */
void unit_consider_labels(const struct unit *unit, struct likeness *likeness);

/* merge.c: has the unit's root become what dtc makes of its blocks. */
void unit_merge(struct unit *unit);
/* The VM whose container this is by its label or name; 0: it is none. */
unsigned int outline_container(const struct outline_node *node);

#endif
