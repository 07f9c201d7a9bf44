/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compiles a unit with the dtc program. */
#ifndef DTS2XL_DTC_H
#define DTS2XL_DTC_H

#include <stddef.h>

#include "unit.h"

/*
 * Returns *@size bytes of device tree blob, allocated until the end of the run.
 * NULL: what dtc found was reported, translated to the user's lines.
 */
const void *dtc_compile(const char *program, const struct unit *unit, size_t *size);

#endif
