/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of VMs: what only shows once all is read. */
#ifndef DTS2XL_VM_H
#define DTS2XL_VM_H

#include "model.h"

void vms_check(const struct model *model);

#endif
