/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an end does all the time while the test goes on. */
#ifndef HOSTILE_NOISE_H
#define HOSTILE_NOISE_H

#include "peer.h"

/* Random numbers, the same ones in every run: from 0 to @below - 1. */
uint32_t random_below(uint64_t *state, uint32_t below);

/* Does @step again and again in a thread, until noise_stop(). */
void noise_start(struct end *end, void (*step)(struct end *end, uint64_t *random));
void noise_stop(void);

#endif
