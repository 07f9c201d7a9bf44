/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Context ids of sockets. */
#ifndef DTS2XL_CID_H
#define DTS2XL_CID_H

#include "model.h"

void check_cids(const struct model *model);

#endif
