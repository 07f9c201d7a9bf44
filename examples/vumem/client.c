/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vumem-client DEVICE [WIDTH HEIGHT]
 *
 * Has the server allocate a picture, maps it, draws into it, and asks the server to
 * save it: no pixel is copied between the two domains.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vlx/vumem/client-lib.h>

#include "picture.h"

static void check(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "vumem-client: %s: %s\n", what, strerror(err));
	exit(1);
}

static uint8_t shade(int32_t value, int32_t range)
{
	return (uint8_t)(255 * value / range);
}

/* A colour for the point (x, y): a ring around the middle, a gradient elsewhere. */
static void draw_point(uint8_t *pixel, int32_t x, int32_t y, int32_t width, int32_t height)
{
	int32_t dx = 2 * x - width, dy = 2 * y - height;
	int32_t distance = dx * dx + dy * dy;
	int32_t radius = width < height ? width : height;
	int ring = distance < radius * radius * 3 / 4 && distance > radius * radius / 4;

	pixel[0] = ring ? 255 : shade(x, width);
	pixel[1] = ring ? 200 : shade(y, height);
	pixel[2] = ring ? 0 : 128;
	pixel[3] = 0;
}

static void draw(uint8_t *pixels, const struct picture_request *picture)
{
	for (uint32_t y = 0; y < picture->height; y++)
		for (uint32_t x = 0; x < picture->width; x++)
			draw_point(pixels + (size_t)y * picture->stride + (size_t)4 * x, (int32_t)x,
				   (int32_t)y, (int32_t)picture->width, (int32_t)picture->height);
}

static void save(VumemBufferHandle buffer, uint32_t expected)
{
	struct picture_control control = { .op = PICTURE_SAVE, .name = "ring.png" };

	check(vumemBufferCtl(buffer, VUMEM_CTL_REMOTE, &control, sizeof(control)), "save");
	printf("server saved %s, checksum %08x\n", control.name, control.checksum);
	if (control.checksum != expected) {
		fprintf(stderr, "vumem-client: the server sees another picture\n");
		exit(1);
	}
}

static void paint(VumemSessionHandle session, struct picture_request *picture)
{
	VumemBufferHandle buffer;
	VumemBufferId id;
	VumemSize bytes;
	uint8_t *pixels;
	uint32_t sum;

	check(vumemBufferAlloc(session, picture, sizeof(*picture), &buffer), "allocate");
	check(vumemBufferIdGet(buffer, &id), "id");
	check(vumemBufferInfo(buffer, &bytes, NULL), "info");
	printf("picture of %u x %u: %u bytes, %u a line\n", picture->width, picture->height, bytes,
	       picture->stride);
	if (picture->stride < 4 * picture->width ||
	    (uint64_t)picture->stride * picture->height > bytes) {
		fprintf(stderr, "vumem-client: the picture does not fit into its buffer\n");
		exit(1);
	}
	check(vumemBufferMap(buffer, (void **)&pixels), "map");
	draw(pixels, picture);
	check(vumemBufferCacheCtl(buffer, VUMEM_CACHE_SYNC_TO_MEMORY), "synchronise");
	sum = picture_checksum(pixels, picture->width, picture->height, picture->stride);
	printf("drew a ring, checksum %08x\n", sum);
	save(buffer, sum);
	check(vumemBufferUnmap(buffer), "unmap");
	check(vumemBufferFree(buffer), "free");
	printf("freed\n");
}

static uint32_t number(const char *text)
{
	unsigned long value = strtoul(text, NULL, 10);

	if (!value || value > PICTURE_MAX) {
		fprintf(stderr, "vumem-client: \"%s\" is not a number from 1 to %u\n", text,
			PICTURE_MAX);
		exit(2);
	}
	return (uint32_t)value;
}

int main(int argc, char **argv)
{
	struct picture_request picture = { .width = 320, .height = 200 };
	VumemSessionHandle session;

	if (argc != 2 && argc != 4) {
		fprintf(stderr, "usage: vumem-client DEVICE [WIDTH HEIGHT]\n");
		return 2;
	}
	if (argc == 4) {
		picture.width = number(argv[2]);
		picture.height = number(argv[3]);
	}
	check(vumemSessionCreate(argv[1], &session), argv[1]);
	paint(session, &picture);
	check(vumemSessionDestroy(session), "end the session");
	return 0;
}
