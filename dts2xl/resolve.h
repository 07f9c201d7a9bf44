/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds peers, and makes links and the ends of every VM. */
#ifndef DTS2XL_RESOLVE_H
#define DTS2XL_RESOLVE_H

#include "model.h"

void resolve(struct model *model);

#endif
