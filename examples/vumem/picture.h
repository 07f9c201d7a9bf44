/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What client and server of the example have agreed on. */
#ifndef EXAMPLES_VUMEM_PICTURE_H
#define EXAMPLES_VUMEM_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#define PICTURE_MAX	4096u	/* pixels in each direction */

/* The opaque part of an allocation: a picture of 4 bytes a pixel (red, green, blue, 0). */
struct picture_request {
	uint32_t width, height;
	uint32_t stride;	/* the server's answer: bytes from line to line */
};

/* The opaque part of a control request. */
struct picture_control {
	uint32_t op;		/* PICTURE_SAVE */
	uint32_t checksum;	/* the server's answer: of the picture as it has it */
	char name[64];		/* of the file, without directory */
};

#define PICTURE_SAVE	1u

uint32_t picture_checksum(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t stride);

#endif
