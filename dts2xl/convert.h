/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From input files to configs. */
#ifndef DTS2XL_CONVERT_H
#define DTS2XL_CONVERT_H

#include "emit.h"
#include "domains.h"

struct conversion {
	const char *dtc;
	struct cpp cpp;
	struct mappings mappings;
	struct bases bases;
	struct defaults defaults;
	struct emission emission;
	struct source source;
	struct model model;
	size_t nr_blobs;
	struct configs configs;
};

/* Adds what a file says: source, or a blob. */
void convert_read(struct conversion *conversion, const char *path);
/* Adds the blob's VMs and nodes. */
void convert_blob(struct conversion *conversion, const char *name, const void *fdt, size_t size);
/* Compiles what was read, and makes the model and the texts of the configs. */
void convert_finish(struct conversion *conversion);

#endif
