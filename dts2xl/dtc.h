/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compiles one block with the dtc program. */
#ifndef DTS2XL_DTC_H
#define DTS2XL_DTC_H

#include <stddef.h>

#include "source.h"

/*
 * Returns *@size bytes of device tree blob, allocated until the end of the run.
 * NULL: what dtc found was reported, translated to the user's lines.
 */
const void *dtc_compile(const char *program, const struct block *block, size_t *size);

#endif
