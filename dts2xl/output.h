/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files beside the configs: the model, a picture. */
#ifndef DTS2XL_OUTPUT_H
#define DTS2XL_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "model.h"

/* Makes a file of @template, which ends with XXXXXX; false with errno. */
bool output_temporary(char *template, const char *data, size_t len);
/* Replaces @path at once, or prints for "-". */
void output_file(const char *path, const char *data, size_t len);

/* The model as JSON. */
void output_json(const char *path, const struct model *model);
/* VMs and links for Graphviz; its program draws them if @path ends with .svg, .png or .pdf. */
void output_graph(const char *path, const struct model *model);

#endif
