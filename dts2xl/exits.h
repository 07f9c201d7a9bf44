/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DTS2XL_EXITS_H
#define DTS2XL_EXITS_H

#define EXIT_INPUT		1	/* errors in what is to be converted */
#define EXIT_ENVIRONMENT	2	/* wrong usage, a missing program, a full disk */

#endif
