/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel's headers of text have and the C library's have not; see info_test.c. */
#ifndef UNIT_TEXT_CTYPE_H
#define UNIT_TEXT_CTYPE_H

#include <ctype.h>

#endif
