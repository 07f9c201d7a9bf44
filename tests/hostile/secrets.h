/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words that one process has in its memory and another must never see.
 */
#ifndef HOSTILE_SECRETS_H
#define HOSTILE_SECRETS_H

#include <stdint.h>

/* Starts each page of a server's memory that was a buffer and is none any more. */
#define SECRET_FREED	UINT64_C(0x9d1fb0c5fee4a317)
/* Starts each page of what honest processes share with each other. */
#define SECRET_HONEST	UINT64_C(0x40e57a11b3a77e55)

#endif
