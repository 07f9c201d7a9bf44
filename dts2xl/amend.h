/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Carries out what was put off until all nodes are known. */
#ifndef DTS2XL_AMEND_H
#define DTS2XL_AMEND_H

#include "model.h"

void amend_all(struct model *model);

#endif
