/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A canvas of characters. The server draws on it; the client draws on one of its
 * own as well, to know what it has to get back.
 */
#ifndef CANVAS_H
#define CANVAS_H

#include "sketch.h"

#define CANVAS_WIDTH_MAX	64
#define CANVAS_HEIGHT_MAX	32

struct canvas {
	nku32_f width, height;
	char pen;
	char pixels[CANVAS_WIDTH_MAX * CANVAS_HEIGHT_MAX];
};

/* All return 0 or an errno value: EINVAL where something lies outside of the canvas. */
int canvas_init(struct canvas *canvas, nku32_f width, nku32_f height);
int canvas_clear(struct canvas *canvas, nku32_f ink);
int canvas_pen(struct canvas *canvas, nku32_f ink);
int canvas_frame(struct canvas *canvas, const struct sketch_rect *rect);
int canvas_lines(struct canvas *canvas, const struct sketch_point *points, nku32_f count);
int canvas_glyph(struct canvas *canvas, nku32_f x, nku32_f y, const struct sketch_glyph *glyph);
int canvas_image(struct canvas *canvas, const struct sketch_rect *rect, const char *pixels);
int canvas_read(const struct canvas *canvas, const struct sketch_rect *rect, char *pixels);

/* Is the rectangle a part of the canvas, and not empty? */
int canvas_contains(const struct canvas *canvas, const struct sketch_rect *rect);

#endif
