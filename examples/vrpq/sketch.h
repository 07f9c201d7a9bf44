/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The protocol of the VRPQ example: a client draws on canvases that a server
 * keeps. A channel is a canvas; its info is the canvas' name, the info of the session
 * is the client's name. The pixels of a canvas are characters.
 *
 * Canvas procedures are calls. What is wrong with a post is the result of the
 * next call on the channel, which does nothing else then.
 *
 *	procedure	direct parameters	references
 *	CANVAS_CREATE	width, height, name	out: struct sketch_limits
 *	CANVAS_READ	rectangle		out: its pixels
 *	CANVAS_CLOSE	none			out: struct sketch_totals
 *
 * Drawing procedures are posts.
 *
 *	DRAW_CLEAR	ink
 *	DRAW_PEN	ink
 *	DRAW_FRAME	rectangle
 *	DRAW_LINES	count, points
 *	DRAW_TEXT	x, y, string
 *	DRAW_IMAGE	rectangle		in: its pixels
 *	DRAW_SHOW	none
 *
 * Callbacks. The letters of a text belong to the client: the server asks for each
 * that it has not seen yet. SHOWN answers DRAW_SHOW; CLOSED is the last callback.
 *
 *	CB_GLYPH	letter (synchronous)	out: struct sketch_glyph
 *	CB_SHOWN	number of the picture
 *	CB_CLOSED	none
 */
#ifndef SKETCH_H
#define SKETCH_H

#include <vlx/vrpq/common.h>

#define SKETCH_PORT		7

#define SKETCH_GRP_CANVAS	1
#define SKETCH_GRP_DRAW		2
#define SKETCH_GRP_CALLBACK	3

#define SKETCH_CANVAS_CREATE	VRPQ_PROC_ID(SKETCH_GRP_CANVAS, 1)
#define SKETCH_CANVAS_READ	VRPQ_PROC_ID(SKETCH_GRP_CANVAS, 2)
#define SKETCH_CANVAS_CLOSE	VRPQ_PROC_ID(SKETCH_GRP_CANVAS, 3)

#define SKETCH_DRAW_CLEAR	VRPQ_PROC_ID(SKETCH_GRP_DRAW, 1)
#define SKETCH_DRAW_PEN		VRPQ_PROC_ID(SKETCH_GRP_DRAW, 2)
#define SKETCH_DRAW_FRAME	VRPQ_PROC_ID(SKETCH_GRP_DRAW, 3)
#define SKETCH_DRAW_LINES	VRPQ_PROC_ID(SKETCH_GRP_DRAW, 4)
#define SKETCH_DRAW_TEXT	VRPQ_PROC_ID(SKETCH_GRP_DRAW, 5)
#define SKETCH_DRAW_IMAGE	VRPQ_PROC_ID(SKETCH_GRP_DRAW, 6)
#define SKETCH_DRAW_SHOW	VRPQ_PROC_ID(SKETCH_GRP_DRAW, 7)

#define SKETCH_CB_GLYPH		VRPQ_PROC_ID(SKETCH_GRP_CALLBACK, 1)
#define SKETCH_CB_SHOWN		VRPQ_PROC_ID(SKETCH_GRP_CALLBACK, 2)
#define SKETCH_CB_CLOSED	VRPQ_PROC_ID(SKETCH_GRP_CALLBACK, 3)

#define SKETCH_NAME_MAX		32	/* with the NUL */
#define SKETCH_TEXT_MAX		64
#define SKETCH_POINTS_MAX	64
#define SKETCH_LETTERS		128

/* What travels is the same for 32-bit and 64-bit programs. */
struct sketch_point {
	nku32_f x, y;
};

struct sketch_rect {
	nku32_f x, y, width, height;
};

struct sketch_limits {
	nku32_f width, height, points;
};

struct sketch_totals {
	nku32_f posts, calls, pictures, glyphs;
};

/* Rows from the top; the highest of the bits is the left column. */
#define SKETCH_GLYPH_WIDTH	3
#define SKETCH_GLYPH_HEIGHT	5

struct sketch_glyph {
	nku8_f rows[8];			/* SKETCH_GLYPH_HEIGHT of them are used */
};

#endif
