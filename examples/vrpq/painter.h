/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's side of a channel: a canvas, and what is done on it. */
#ifndef PAINTER_H
#define PAINTER_H

#include <stdbool.h>

#include <vlx/vrpq/server-lib.h>

#include "canvas.h"

struct painter {
	VrpqChanHandle chan;
	void *shm;			/* of vrpqShmMap */
	bool copying;			/* receive requests into private memory */
	char name[SKETCH_NAME_MAX];
	struct canvas canvas;
	struct sketch_glyph glyphs[SKETCH_LETTERS];
	bool has_glyph[SKETCH_LETTERS];
	struct sketch_totals totals;
	int error;			/* of a post, for the next call */
};

/* Handles a request; @in and @out are NULL if it has no such parameters. */
void painter_handle(struct painter *painter, VrpqProcId proc, VrpqShmParamInPtr in,
		    VrpqShmParamOutPtr out);

#endif
