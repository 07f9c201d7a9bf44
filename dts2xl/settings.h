/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tree says of a VM, as lines of xl config. */
#ifndef DTS2XL_SETTINGS_H
#define DTS2XL_SETTINGS_H

#include "model.h"

bool settings_given(const struct vm *vm);
/* "" if nothing is given. driver_domain is not among the lines. */
const char *settings_text(const struct vm *vm);

#endif
