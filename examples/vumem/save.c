/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "save.h"

#include <errno.h>
#include <png.h>
#include <stdio.h>

static void write_rows(png_structp png, const uint8_t *pixels, uint32_t height, uint32_t stride)
{
	for (uint32_t y = 0; y < height; y++)
		png_write_row(png, pixels + (size_t)y * stride);
}

static int write_picture(FILE *file, png_structp png, png_infop info, const uint8_t *pixels,
			 uint32_t width, uint32_t height, uint32_t stride)
{
	/* libpng jumps here with an error. */
	if (setjmp(png_jmpbuf(png)))
		return EIO;
	png_init_io(png, file);
	png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
		     PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, info);
	png_set_filler(png, 0, PNG_FILLER_AFTER);
	write_rows(png, pixels, height, stride);
	png_write_end(png, info);
	return 0;
}

int write_png(const char *path, const uint8_t *pixels, uint32_t width, uint32_t height,
	      uint32_t stride)
{
	FILE *file = fopen(path, "wbe");
	png_structp png;
	png_infop info;
	int err = ENOMEM;

	if (!file)
		return errno;
	png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	info = png ? png_create_info_struct(png) : NULL;
	if (info)
		err = write_picture(file, png, info, pixels, width, height, stride);
	png_destroy_write_struct(&png, &info);
	if (fclose(file) && !err)
		err = errno;
	return err;
}
