// SPDX-License-Identifier: LGPL-2.1-or-later
#include "canvas.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *pixel(struct canvas *canvas, nku32_f x, nku32_f y)
{
	return &canvas->pixels[y * CANVAS_WIDTH_MAX + x];
}

static int is_ink(nku32_f ink)
{
	return ink >= ' ' && ink <= '~';
}

int canvas_init(struct canvas *canvas, nku32_f width, nku32_f height)
{
	if (!width || width > CANVAS_WIDTH_MAX || !height || height > CANVAS_HEIGHT_MAX)
		return EINVAL;
	canvas->width = width;
	canvas->height = height;
	canvas->pen = '#';
	return canvas_clear(canvas, ' ');
}

int canvas_clear(struct canvas *canvas, nku32_f ink)
{
	if (!is_ink(ink))
		return EINVAL;
	memset(canvas->pixels, (int)ink, sizeof(canvas->pixels));
	return 0;
}

int canvas_pen(struct canvas *canvas, nku32_f ink)
{
	if (!is_ink(ink))
		return EINVAL;
	canvas->pen = (char)ink;
	return 0;
}

int canvas_contains(const struct canvas *canvas, const struct sketch_rect *rect)
{
	return rect->width && rect->width <= canvas->width &&
	       rect->x <= canvas->width - rect->width &&
	       rect->height && rect->height <= canvas->height &&
	       rect->y <= canvas->height - rect->height;
}

int canvas_frame(struct canvas *canvas, const struct sketch_rect *rect)
{
	nku32_f i;

	if (!canvas_contains(canvas, rect))
		return EINVAL;
	for (i = 0; i < rect->width; i++) {
		*pixel(canvas, rect->x + i, rect->y) = canvas->pen;
		*pixel(canvas, rect->x + i, rect->y + rect->height - 1) = canvas->pen;
	}
	for (i = 0; i < rect->height; i++) {
		*pixel(canvas, rect->x, rect->y + i) = canvas->pen;
		*pixel(canvas, rect->x + rect->width - 1, rect->y + i) = canvas->pen;
	}
	return 0;
}

/* Steps along the longer side; the ends are on the canvas, so all between are. */
static void line(struct canvas *canvas, const struct sketch_point *from,
		 const struct sketch_point *to)
{
	int dx = (int)to->x - (int)from->x, dy = (int)to->y - (int)from->y;
	int steps = abs(dx) > abs(dy) ? abs(dx) : abs(dy);
	int i;

	for (i = 0; i <= steps; i++) {
		int x = (int)from->x + (steps ? dx * i / steps : 0);
		int y = (int)from->y + (steps ? dy * i / steps : 0);

		*pixel(canvas, (nku32_f)x, (nku32_f)y) = canvas->pen;
	}
}

int canvas_lines(struct canvas *canvas, const struct sketch_point *points, nku32_f count)
{
	nku32_f i;

	for (i = 0; i < count; i++)
		if (points[i].x >= canvas->width || points[i].y >= canvas->height)
			return EINVAL;
	for (i = 1; i < count; i++)
		line(canvas, &points[i - 1], &points[i]);
	return 0;
}

int canvas_glyph(struct canvas *canvas, nku32_f x, nku32_f y, const struct sketch_glyph *glyph)
{
	struct sketch_rect rect = { x, y, SKETCH_GLYPH_WIDTH, SKETCH_GLYPH_HEIGHT };
	nku32_f row, column;

	if (!canvas_contains(canvas, &rect))
		return EINVAL;
	for (row = 0; row < rect.height; row++)
		for (column = 0; column < rect.width; column++)
			if (glyph->rows[row] & 1u << (rect.width - 1 - column))
				*pixel(canvas, x + column, y + row) = canvas->pen;
	return 0;
}

int canvas_image(struct canvas *canvas, const struct sketch_rect *rect, const char *pixels)
{
	nku32_f row;

	if (!canvas_contains(canvas, rect))
		return EINVAL;
	for (row = 0; row < rect->height; row++)
		memcpy(pixel(canvas, rect->x, rect->y + row), pixels + (size_t)row * rect->width,
		       rect->width);
	return 0;
}

int canvas_read(const struct canvas *canvas, const struct sketch_rect *rect, char *pixels)
{
	nku32_f row;

	if (!canvas_contains(canvas, rect))
		return EINVAL;
	for (row = 0; row < rect->height; row++)
		memcpy(pixels + (size_t)row * rect->width,
		       &canvas->pixels[(rect->y + row) * CANVAS_WIDTH_MAX + rect->x], rect->width);
	return 0;
}
