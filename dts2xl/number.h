/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gives units to the ends of every VM and puts them in order. */
#ifndef DTS2XL_NUMBER_H
#define DTS2XL_NUMBER_H

#include "model.h"

void number_ends(struct model *model);

#endif
