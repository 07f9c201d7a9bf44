/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A rule for make. */
#ifndef DTS2XL_DEPFILE_H
#define DTS2XL_DEPFILE_H

#include "emit.h"

/* The configs depend on @inputs. */
void depfile_write(const char *path, const struct configs *configs, char *const *inputs,
		   size_t nr_inputs);

#endif
