/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What links are called: by their label, or as they ask for. */
#ifndef DTS2XL_LINKNAMES_H
#define DTS2XL_LINKNAMES_H

#include "model.h"

void linknames_give(struct model *model);

#endif
