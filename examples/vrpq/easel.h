/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client's side of a channel: the procedures of the protocol as functions. What they draw
 * they draw on a canvas of the client's own as well, to compare.
 *
 * All return 0 or an errno value; those that post report what the server found wrong
 * with the next call.
 */
#ifndef EASEL_H
#define EASEL_H

#include <pthread.h>

#include <vlx/vrpq/client-lib.h>

#include "canvas.h"

struct easel {
	VrpqChanHandle chan;
	struct canvas own;
	pthread_t listener;		/* handles the server's callbacks */
	int listener_error;
	nku32_f shown;			/* callbacks that came, by their kind */
	nku32_f letters;
	int closed;
};

int easel_open(struct easel *easel, VrpqSessionHandle session, const char *name);
void easel_close(struct easel *easel);

/* Calls. easel_finish is the last one. */
int easel_create(struct easel *easel, const char *name, nku32_f width, nku32_f height,
		 struct sketch_limits *limits);
int easel_read(struct easel *easel, const struct sketch_rect *rect, char *pixels);
int easel_finish(struct easel *easel, struct sketch_totals *totals);

/* Posts. */
int easel_ink(struct easel *easel, VrpqProcId proc, char ink);
int easel_frame(struct easel *easel, const struct sketch_rect *rect);
int easel_lines(struct easel *easel, const struct sketch_point *points, nku32_f count);
int easel_text(struct easel *easel, nku32_f x, nku32_f y, const char *text);
int easel_image(struct easel *easel, const struct sketch_rect *rect, const char *pixels,
		VrpqSize size);
/* The server need not be woken for what is posted before: this does. */
int easel_show(struct easel *easel);

#endif
