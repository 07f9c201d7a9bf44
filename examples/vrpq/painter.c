// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The procedures of the server. Parameters lie in memory that the client can change
 * at any time: what decides something is read once, and then checked.
 */
#include "painter.h"

#include <errno.h>
#include <string.h>

static struct sketch_rect read_rect(VrpqShmParamInPtr in)
{
	struct sketch_rect rect;

	VRPQ_PARAM_BUF_READ(in, 0, &rect, sizeof(rect));
	return rect;
}

/* --- calls ------------------------------------------------------------------- */

static int canvas_create(struct painter *painter, VrpqShmParamInPtr in, VrpqShmParamOutPtr out)
{
	struct sketch_limits *limits;
	int wrong = 0;

	limits = VRPQ_PARAM_REF_IN_PLACE(out, 0, struct sketch_limits *, sizeof(*limits), wrong);
	if (wrong)
		return EINVAL;
	limits->width = CANVAS_WIDTH_MAX;
	limits->height = CANVAS_HEIGHT_MAX;
	limits->points = SKETCH_POINTS_MAX;
	VRPQ_PARAM_STR_READ(in, 8, painter->name);
	return canvas_init(&painter->canvas, VRPQ_PARAM_READ(in, 0, nku32_f),
			   VRPQ_PARAM_READ(in, 4, nku32_f));
}

static int read_pixels(struct painter *painter, VrpqShmParamInPtr in, VrpqShmParamOutPtr out)
{
	struct sketch_rect rect = read_rect(in);
	char *pixels;
	int wrong = 0;

	if (!canvas_contains(&painter->canvas, &rect))
		return EINVAL;
	pixels = VRPQ_PARAM_REF_IN_PLACE(out, 0, char *, rect.width * rect.height, wrong);
	return wrong ? EINVAL : canvas_read(&painter->canvas, &rect, pixels);
}

/* An asynchronous callback with one number. */
static int tell(struct painter *painter, VrpqProcId proc, nku32_f number)
{
	VrpqParamInPtr in;
	int err = vrpqCallbackParamAlloc(painter->chan, sizeof(number), 0, 0, 0, 0, &in, NULL);

	if (err)
		return err;
	VRPQ_PARAM_WRITE(in, 0, nku32_f, number);
	return vrpqCallbackPerform(painter->chan, proc, in, NULL, VRPQ_CALLBACK_ASYNC);
}

static int canvas_close(struct painter *painter, VrpqShmParamInPtr in, VrpqShmParamOutPtr out)
{
	struct sketch_totals *totals;
	int wrong = 0;

	(void)in;
	totals = VRPQ_PARAM_REF_IN_PLACE(out, 0, struct sketch_totals *, sizeof(*totals), wrong);
	if (wrong)
		return EINVAL;
	*totals = painter->totals;
	return tell(painter, SKETCH_CB_CLOSED, 0);
}

/* --- posts ------------------------------------------------------------------- */

static int clear(struct painter *painter, VrpqShmParamInPtr in, VrpqShmParamOutPtr out)
{
	(void)out;
	return canvas_clear(&painter->canvas, VRPQ_PARAM_READ(in, 0, nku32_f));
}

static int pen(struct painter *painter, VrpqShmParamInPtr in, VrpqShmParamOutPtr out)
{
	(void)out;
	return canvas_pen(&painter->canvas, VRPQ_PARAM_READ(in, 0, nku32_f));
}

static int frame(struct painter *painter, VrpqShmParamInPtr in, VrpqShmParamOutPtr out)
{
	struct sketch_rect rect = read_rect(in);

	(void)out;
	return canvas_frame(&painter->canvas, &rect);
}

static int lines(struct painter *painter, VrpqShmParamInPtr in, VrpqShmParamOutPtr out)
{
	struct sketch_point points[SKETCH_POINTS_MAX];
	nku32_f count = VRPQ_PARAM_READ(in, 0, nku32_f);

	(void)out;
	if (count > SKETCH_POINTS_MAX)
		return E2BIG;
	VRPQ_PARAM_BUF_READ(in, 8, points, count * sizeof(points[0]));
	return canvas_lines(&painter->canvas, points, count);
}

/* A synchronous callback: the client knows the letter. */
static int fetch_glyph(struct painter *painter, unsigned char letter)
{
	struct sketch_glyph *glyph = &painter->glyphs[letter];
	VrpqParamOutPtr out;
	VrpqParamInPtr in;
	int err;

	if (painter->has_glyph[letter])
		return 0;
	err = vrpqCallbackParamAlloc(painter->chan, 4, 0, 0, 1, sizeof(*glyph), &in, &out);
	if (err)
		return err;
	VRPQ_PARAM_WRITE(in, 0, nku32_f, letter);
	VRPQ_PARAM_REF_WRITE(out, 0, sizeof(*glyph), glyph);
	err = vrpqCallbackPerform(painter->chan, SKETCH_CB_GLYPH, in, out, VRPQ_CALLBACK_SYNC);
	if (err)
		return err;
	painter->has_glyph[letter] = true;
	painter->totals.glyphs++;
	return 0;
}

static int text(struct painter *painter, VrpqShmParamInPtr in, VrpqShmParamOutPtr out)
{
	nku32_f x = VRPQ_PARAM_READ(in, 0, nku32_f), y = VRPQ_PARAM_READ(in, 4, nku32_f);
	char string[SKETCH_TEXT_MAX];
	size_t i;
	int err;

	(void)out;
	VRPQ_PARAM_STR_READ(in, 8, string);
	for (i = 0; string[i]; i++, x += SKETCH_GLYPH_WIDTH + 1) {
		unsigned char letter = (unsigned char)string[i];

		err = letter < SKETCH_LETTERS ? fetch_glyph(painter, letter) : EILSEQ;
		if (!err)
			err = canvas_glyph(&painter->canvas, x, y, &painter->glyphs[letter]);
		if (err)
			return err;
	}
	return 0;
}

static int image(struct painter *painter, VrpqShmParamInPtr in, VrpqShmParamOutPtr out)
{
	struct sketch_rect rect = read_rect(in);
	const char *pixels;
	int wrong = 0;

	(void)out;
	if (!canvas_contains(&painter->canvas, &rect))
		return EINVAL;
	pixels = VRPQ_PARAM_REF_IN_PLACE(in, sizeof(rect), const char *,
					 rect.width * rect.height, wrong);
	return wrong ? EINVAL : canvas_image(&painter->canvas, &rect, pixels);
}

static int show(struct painter *painter, VrpqShmParamInPtr in, VrpqShmParamOutPtr out)
{
	(void)in;
	(void)out;
	return tell(painter, SKETCH_CB_SHOWN, ++painter->totals.pictures);
}

/* --- which is which ---------------------------------------------------------- */

struct procedure {
	int (*run)(struct painter *painter, VrpqShmParamInPtr in, VrpqShmParamOutPtr out);
	bool has_in, has_out;
};

static const struct procedure canvas_procedures[] = {
	[VRPQ_PROC_ID_FUNC_GET(SKETCH_CANVAS_CREATE)] = { canvas_create, true, true },
	[VRPQ_PROC_ID_FUNC_GET(SKETCH_CANVAS_READ)] = { read_pixels, true, true },
	[VRPQ_PROC_ID_FUNC_GET(SKETCH_CANVAS_CLOSE)] = { canvas_close, false, true },
};

static const struct procedure draw_procedures[] = {
	[VRPQ_PROC_ID_FUNC_GET(SKETCH_DRAW_CLEAR)] = { clear, true, false },
	[VRPQ_PROC_ID_FUNC_GET(SKETCH_DRAW_PEN)] = { pen, true, false },
	[VRPQ_PROC_ID_FUNC_GET(SKETCH_DRAW_FRAME)] = { frame, true, false },
	[VRPQ_PROC_ID_FUNC_GET(SKETCH_DRAW_LINES)] = { lines, true, false },
	[VRPQ_PROC_ID_FUNC_GET(SKETCH_DRAW_TEXT)] = { text, true, false },
	[VRPQ_PROC_ID_FUNC_GET(SKETCH_DRAW_IMAGE)] = { image, true, false },
	[VRPQ_PROC_ID_FUNC_GET(SKETCH_DRAW_SHOW)] = { show, false, false },
};

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static const struct procedure *find(VrpqProcId id)
{
	nku32_f function = VRPQ_PROC_ID_FUNC_GET(id);

	switch (VRPQ_PROC_ID_GRP_GET(id)) {
	case SKETCH_GRP_CANVAS:
		return function < COUNT(canvas_procedures) ? &canvas_procedures[function] : NULL;
	case SKETCH_GRP_DRAW:
		return function < COUNT(draw_procedures) ? &draw_procedures[function] : NULL;
	default:
		return NULL;
	}
}

static int run(struct painter *painter, VrpqProcId id, VrpqShmParamInPtr in,
	       VrpqShmParamOutPtr out)
{
	const struct procedure *procedure = find(id);

	if (!procedure || !procedure->run)
		return ENOSYS;
	if ((procedure->has_in && !in) || (procedure->has_out && !out))
		return EINVAL;
	return procedure->run(painter, in, out);
}

void painter_handle(struct painter *painter, VrpqProcId id, VrpqShmParamInPtr in,
		    VrpqShmParamOutPtr out)
{
	int err;

	if (VRPQ_PROC_ID_GRP_GET(id) != SKETCH_GRP_CANVAS) {
		painter->totals.posts++;
		err = run(painter, id, in, out);
		if (!painter->error)
			painter->error = err;
		return;
	}
	painter->totals.calls++;
	err = painter->error ? painter->error : run(painter, id, in, out);
	painter->error = 0;
	/* Refused with EINVAL if the client posted what should have been a call. */
	if (err)
		vrpqCallSetReason(painter->chan, err);
}
