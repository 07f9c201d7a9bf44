// SPDX-License-Identifier: LGPL-2.1-or-later
#include "easel.h"

#include <errno.h>
#include <string.h>

#include "font.h"

/* --- callbacks --------------------------------------------------------------- */

static int give_glyph(struct easel *easel, VrpqShmParamInPtr in, VrpqShmParamOutPtr out)
{
	const struct sketch_glyph *glyph;
	struct sketch_glyph *room;
	int wrong = 0;

	if (!in || !out)
		return EINVAL;
	glyph = font_glyph(VRPQ_PARAM_READ(in, 0, nku32_f));
	room = VRPQ_PARAM_REF_IN_PLACE(out, 0, struct sketch_glyph *, sizeof(*room), wrong);
	if (wrong)
		return EINVAL;
	if (!glyph)
		return ENOENT;
	*room = *glyph;
	easel->letters++;
	return 0;
}

/* What this returns is the result of the server's vrpqCallbackPerform. */
static int handle_callback(void *cookie, VrpqProcId id, VrpqShmParamInPtr in,
			   VrpqShmParamOutPtr out)
{
	struct easel *easel = cookie;

	switch (id) {
	case SKETCH_CB_GLYPH:
		return give_glyph(easel, in, out);
	case SKETCH_CB_SHOWN:
		easel->shown++;
		return 0;
	case SKETCH_CB_CLOSED:
		easel->closed = 1;
		return 0;
	default:
		return ENOSYS;
	}
}

static void *listen_to_server(void *argument)
{
	struct easel *easel = argument;
	int err = 0;

	while (!easel->closed && (!err || err == EINTR))
		err = vrpqCallbackHandle(easel->chan, handle_callback, easel);
	if (!easel->closed)
		easel->listener_error = err;
	return NULL;
}

/* --- channel ----------------------------------------------------------------- */

int easel_open(struct easel *easel, VrpqSessionHandle session, const char *name)
{
	int err;

	memset(easel, 0, sizeof(*easel));
	err = vrpqChanCreate(session, name, (VrpqSize)strlen(name), &easel->chan);
	if (err)
		return err;
	err = pthread_create(&easel->listener, NULL, listen_to_server, easel);
	if (err)
		vrpqChanDestroy(easel->chan);
	return err;
}

/* The listener has gone when easel_finish returned: the channel has no user left. */
void easel_close(struct easel *easel)
{
	vrpqChanDestroy(easel->chan);
}

/* --- calls ------------------------------------------------------------------- */

int easel_create(struct easel *easel, const char *name, nku32_f width, nku32_f height,
		 struct sketch_limits *limits)
{
	VrpqParamOutPtr out;
	VrpqParamInPtr in;
	int err = vrpqParamCallAlloc(easel->chan, 8 + (VrpqSize)strlen(name) + 1, 0, 0,
				     1, sizeof(*limits), &in, &out);

	if (err)
		return err;
	VRPQ_PARAM_WRITE(in, 0, nku32_f, width);
	VRPQ_PARAM_WRITE(in, 4, nku32_f, height);
	VRPQ_PARAM_STR_WRITE(in, 8, name);
	VRPQ_PARAM_REF_WRITE(out, 0, sizeof(*limits), limits);
	err = vrpqCall(easel->chan, SKETCH_CANVAS_CREATE, in, out);
	return err ? err : canvas_init(&easel->own, width, height);
}

int easel_read(struct easel *easel, const struct sketch_rect *rect, char *pixels)
{
	VrpqSize size = rect->width * rect->height;
	VrpqParamOutPtr out;
	VrpqParamInPtr in;
	int err = vrpqParamCallAlloc(easel->chan, sizeof(*rect), 0, 0, 1, size, &in, &out);

	if (err)
		return err;
	VRPQ_PARAM_BUF_WRITE(in, 0, rect, sizeof(*rect));
	VRPQ_PARAM_REF_WRITE(out, 0, size, pixels);
	return vrpqCall(easel->chan, SKETCH_CANVAS_READ, in, out);
}

int easel_finish(struct easel *easel, struct sketch_totals *totals)
{
	VrpqParamOutPtr out;
	VrpqParamInPtr in;
	int err = vrpqParamCallAlloc(easel->chan, 0, 0, 0, 1, sizeof(*totals), &in, &out);

	if (err)
		return err;
	VRPQ_PARAM_REF_WRITE(out, 0, sizeof(*totals), totals);
	err = vrpqCall(easel->chan, SKETCH_CANVAS_CLOSE, in, out);
	if (err)
		return err;
	/* CLOSED was queued before the call was answered. */
	pthread_join(easel->listener, NULL);
	return easel->listener_error;
}

/* --- posts ------------------------------------------------------------------- */

int easel_ink(struct easel *easel, VrpqProcId proc, char ink)
{
	VrpqParamInPtr in = vrpqParamPostAlloc(easel->chan, 4, 0, 0);
	int err;

	if (!in)
		return errno;
	VRPQ_PARAM_WRITE(in, 0, nku32_f, (nku32_f)ink);
	err = vrpqPost(easel->chan, proc, in);
	if (err)
		return err;
	return proc == SKETCH_DRAW_PEN ? canvas_pen(&easel->own, (nku32_f)ink) :
					 canvas_clear(&easel->own, (nku32_f)ink);
}

int easel_frame(struct easel *easel, const struct sketch_rect *rect)
{
	VrpqParamInPtr in = vrpqParamPostAlloc(easel->chan, sizeof(*rect), 0, 0);
	int err;

	if (!in)
		return errno;
	VRPQ_PARAM_BUF_WRITE(in, 0, rect, sizeof(*rect));
	err = vrpqPost(easel->chan, SKETCH_DRAW_FRAME, in);
	return err ? err : canvas_frame(&easel->own, rect);
}

int easel_lines(struct easel *easel, const struct sketch_point *points, nku32_f count)
{
	VrpqParamInPtr in = vrpqParamPostAlloc(easel->chan, 8 + count * sizeof(*points), 0, 0);
	nku32_f i;
	int err;

	if (!in)
		return errno;
	VRPQ_PARAM_WRITE(in, 0, nku32_f, count);
	for (i = 0; i < count; i++)
		VRPQ_PARAM_ARRAY_WRITE(in, 8, struct sketch_point, points[i], i);
	err = vrpqPost(easel->chan, SKETCH_DRAW_LINES, in);
	return err ? err : canvas_lines(&easel->own, points, count);
}

static int own_text(struct canvas *canvas, nku32_f x, nku32_f y, const char *text)
{
	int err = 0;

	for (; *text && !err; text++, x += SKETCH_GLYPH_WIDTH + 1) {
		const struct sketch_glyph *glyph = font_glyph((unsigned char)*text);

		err = glyph ? canvas_glyph(canvas, x, y, glyph) : ENOENT;
	}
	return err;
}

int easel_text(struct easel *easel, nku32_f x, nku32_f y, const char *text)
{
	VrpqParamInPtr in;
	int err;

	in = vrpqParamPostAlloc(easel->chan, 8 + (VrpqSize)strlen(text) + 1, 0, 0);
	if (!in)
		return errno;
	VRPQ_PARAM_WRITE(in, 0, nku32_f, x);
	VRPQ_PARAM_WRITE(in, 4, nku32_f, y);
	VRPQ_PARAM_STR_WRITE(in, 8, text);
	err = vrpqPost(easel->chan, SKETCH_DRAW_TEXT, in);
	return err ? err : own_text(&easel->own, x, y, text);
}

/* With a wrong @size this posts what the server must refuse. */
int easel_image(struct easel *easel, const struct sketch_rect *rect, const char *pixels,
		VrpqSize size)
{
	VrpqParamInPtr in = vrpqParamPostAlloc(easel->chan, sizeof(*rect), 1, size);
	int err;

	if (!in)
		return errno;
	VRPQ_PARAM_BUF_WRITE(in, 0, rect, sizeof(*rect));
	VRPQ_PARAM_REF_WRITE(in, sizeof(*rect), size, pixels);
	err = vrpqPost(easel->chan, SKETCH_DRAW_IMAGE, in);
	if (err || size != rect->width * rect->height)
		return err;
	return canvas_image(&easel->own, rect, pixels);
}

int easel_show(struct easel *easel)
{
	return vrpqPostAndNotify(easel->chan, SKETCH_DRAW_SHOW, NULL);
}
