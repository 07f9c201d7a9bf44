// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vrpq-client [-p PORT] [DEVICE]
 *
 * Draws two pictures at the server (sketch.h), each by a thread with a channel of its own, reads
 * them back and prints them. Every pixel has to be what was drawn, and a post that is
 * wrong has to be refused; else the exit code is 1.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "easel.h"

/* A picture, and the report of the thread that draws it. */
struct picture {
	const char *name;
	nku32_f width, height;
	int (*draw)(struct easel *easel);
	VrpqSessionHandle session;
	struct easel easel;
	pthread_t thread;
	char report[4096];
	size_t length;
	bool good;
};

static void __attribute__((format(printf, 2, 3))) report(struct picture *picture,
							 const char *format, ...)
{
	size_t room = sizeof(picture->report) - picture->length;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(picture->report + picture->length, room, format, args);
	va_end(args);
	if (length > 0)
		picture->length += (size_t)length < room ? (size_t)length : room - 1;
}

static bool failed(struct picture *picture, const char *what, int err)
{
	report(picture, "%s: %s: %s\n", picture->name, what, strerror(err));
	return false;
}

/* --- the pictures ------------------------------------------------------------ */

static int draw_sign(struct easel *easel)
{
	static const struct sketch_rect border = { 0, 0, 33, 9 };
	int err = easel_ink(easel, SKETCH_DRAW_CLEAR, '.');

	err = err ? err : easel_ink(easel, SKETCH_DRAW_PEN, '#');
	err = err ? err : easel_text(easel, 3, 2, "VRPQ");
	err = err ? err : easel_ink(easel, SKETCH_DRAW_PEN, '@');
	err = err ? err : easel_text(easel, 20, 2, "XEN");
	err = err ? err : easel_ink(easel, SKETCH_DRAW_PEN, '+');
	err = err ? err : easel_frame(easel, &border);
	return err ? err : easel_show(easel);
}

/* A curve that grows by a step with each picture. */
static int draw_chart(struct easel *easel)
{
	static const struct sketch_rect seal = { 27, 1, 4, 3 };
	static const nku32_f heights[] = { 8, 6, 7, 4, 5, 2, 1 };
	struct sketch_point points[sizeof(heights) / sizeof(heights[0])];
	nku32_f i;
	int err = easel_ink(easel, SKETCH_DRAW_PEN, '*');

	for (i = 0; i < sizeof(heights) / sizeof(heights[0]) && !err; i++) {
		points[i] = (struct sketch_point) { 4 * i, heights[i] };
		err = easel_lines(easel, points, i + 1);
		err = err ? err : easel_show(easel);
	}
	return err ? err : easel_image(easel, &seal, "/--\\|OK|\\--/", 12);
}

/* --- one after the other ----------------------------------------------------- */

static bool create(struct picture *picture, struct easel *easel)
{
	struct sketch_limits limits;
	int err = easel_create(easel, picture->name, picture->width, picture->height, &limits);

	if (err)
		return failed(picture, "creating the canvas", err);
	report(picture, "%s: a canvas of %ux%u; the server allows %ux%u\n", picture->name,
	       picture->width, picture->height, limits.width, limits.height);
	return true;
}

/* Reads the picture back: it has to be the one that was drawn. */
static bool compare(struct picture *picture, struct easel *easel)
{
	struct sketch_rect all = { 0, 0, picture->width, picture->height };
	char theirs[CANVAS_WIDTH_MAX * CANVAS_HEIGHT_MAX], ours[sizeof(theirs)];
	nku32_f row;
	int err = easel_read(easel, &all, theirs);

	if (err)
		return failed(picture, "reading the canvas", err);
	err = canvas_read(&easel->own, &all, ours);
	if (err || memcmp(ours, theirs, (size_t)all.width * all.height)) {
		report(picture, "%s: this is not what was drawn\n", picture->name);
		return false;
	}
	for (row = 0; row < all.height; row++)
		report(picture, "%s: |%.*s|\n", picture->name, (int)all.width,
		       theirs + (size_t)row * all.width);
	return true;
}

/* The server has to find out that pixels are missing, and to go on afterwards. */
static bool provoke(struct picture *picture, struct easel *easel)
{
	struct sketch_rect part = { 0, 0, 2, 2 };
	char pixels[4];
	int err = easel_image(easel, &part, "???", 3);

	if (err)
		return failed(picture, "posting a wrong image", err);
	err = easel_read(easel, &part, pixels);
	report(picture, "%s: an image that lacks a pixel: %s\n", picture->name, strerror(err));
	if (err != EINVAL)
		return false;
	err = easel_read(easel, &part, pixels);
	return err ? failed(picture, "reading after that", err) : true;
}

static bool finish(struct picture *picture, struct easel *easel)
{
	struct sketch_totals totals;
	int err = easel_finish(easel, &totals);

	if (err)
		return failed(picture, "closing the canvas", err);
	report(picture, "%s: the server counts %u posts, %u calls, %u pictures, %u glyphs\n",
	       picture->name, totals.posts, totals.calls, totals.pictures, totals.glyphs);
	report(picture, "%s: %u pictures were shown, %u glyphs given\n", picture->name,
	       easel->shown, easel->letters);
	return easel->shown == totals.pictures && easel->letters == totals.glyphs;
}

static bool paint(struct picture *picture, struct easel *easel)
{
	int err;

	if (!create(picture, easel))
		return false;
	err = picture->draw(easel);
	if (err)
		return failed(picture, "drawing", err);
	return compare(picture, easel) && provoke(picture, easel) && finish(picture, easel);
}

static void *picture_thread(void *argument)
{
	struct picture *picture = argument;
	struct easel *easel = &picture->easel;
	int err = easel_open(easel, picture->session, picture->name);

	if (err) {
		failed(picture, "creating a channel", err);
		return NULL;
	}
	picture->good = paint(picture, easel);
	/* After a failure the listener is still there, and needs the channel. */
	if (picture->good)
		easel_close(easel);
	return NULL;
}

static bool run(VrpqSessionHandle session)
{
	static struct picture pictures[] = {
		{ .name = "sign", .width = 33, .height = 9, .draw = draw_sign },
		{ .name = "chart", .width = 32, .height = 10, .draw = draw_chart },
	};
	static const size_t count = sizeof(pictures) / sizeof(pictures[0]);
	bool good = true;
	size_t i, started;

	for (started = 0; started < count; started++) {
		pictures[started].session = session;
		if (pthread_create(&pictures[started].thread, NULL, picture_thread,
				   &pictures[started]))
			break;
	}
	for (i = 0; i < started; i++) {
		pthread_join(pictures[i].thread, NULL);
		fputs(pictures[i].report, stdout);
		good = good && pictures[i].good;
	}
	return good && started == count;
}

static int usage(void)
{
	fputs("usage: vrpq-client [-p PORT] [DEVICE]\n", stderr);
	return 2;
}

static int session_failed(const char *device, int err)
{
	fprintf(stderr, "vrpq-client: %s: %s\n", device, strerror(err));
	if (err == ENOENT)
		fputs("vrpq-client: no link of this domain has that name\n", stderr);
	return 1;
}

int main(int argc, char **argv)
{
	static const char name[] = "vrpq-client";
	const char *device = "/dev/vrpq-clt-vogl0";
	unsigned long port = SKETCH_PORT;
	VrpqSessionHandle session;
	char *end = NULL;
	int option, err;

	while ((option = getopt(argc, argv, "p:")) != -1) {
		if (option != 'p')
			return usage();
		port = strtoul(optarg, &end, 0);
		if (end == optarg || *end || *optarg == '-' || port > 0xffffffffUL)
			return usage();
	}
	if (optind < argc - 1)
		return usage();
	if (optind < argc)
		device = argv[optind];
	/* This waits until a server accepts. */
	err = vrpqSessionCreate(device, (nku32_f)port, name, sizeof(name) - 1, &session);
	if (err)
		return session_failed(device, err);
	printf("a session on %s, port %lu\n", device, port);
	if (!run(session))
		return 1;
	err = vrpqSessionDestroy(session);
	puts("good bye");
	return err ? session_failed(device, err) : 0;
}
