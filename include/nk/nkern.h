/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fixed-width unsigned integers of programs written for the VLX libraries.
 */
#ifndef NK_NKERN_H
#define NK_NKERN_H

typedef unsigned char nku8_f;
typedef unsigned short nku16_f;
typedef unsigned int nku32_f;
__extension__ typedef unsigned long long nku64_f;

#endif /* NK_NKERN_H */
