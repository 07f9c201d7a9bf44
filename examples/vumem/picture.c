/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "picture.h"

/* FNV-1a over the visible bytes */
uint32_t picture_checksum(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t stride)
{
	uint32_t sum = 2166136261u;

	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < 4 * width; x++)
			sum = (sum ^ pixels[(size_t)y * stride + x]) * 16777619u;
	return sum;
}
