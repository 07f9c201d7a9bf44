/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chooses the links that are published, or are to be. */
#ifndef VLINKD_ACCEPT_H
#define VLINKD_ACCEPT_H

#include "choice.h"

/*
 * Fills config->doms and config->ends from the choices and from what runs: that has been
 * accepted once, and stays unless the config that speaks for its domain has ended it.
 */
void accept_links(struct config *config, const struct choices *choices,
		  const struct running *running, struct messages *messages);

#endif
