/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From configs back to fragments. */
#ifndef DTS2XL_REVERSE_H
#define DTS2XL_REVERSE_H

#include "vlinkcfg/vlinkcfg.h"

/* Prints fragments of the links of @nr configs to @output; errors are reported. */
void reverse(const char *output, char *const *paths, int nr,
	     const struct vlinkcfg_classes *classes);

#endif
