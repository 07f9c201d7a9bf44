/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXAMPLES_VUMEM_SAVE_H
#define EXAMPLES_VUMEM_SAVE_H

#include <stdint.h>

/* Writes a picture of 4 bytes a pixel (red, green, blue, unused). 0 or an errno. */
int write_png(const char *path, const uint8_t *pixels, uint32_t width, uint32_t height,
	      uint32_t stride);

#endif
