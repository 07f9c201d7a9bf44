/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chooses the links whose ends fit together. */
#ifndef VLINKD_ACCEPT_H
#define VLINKD_ACCEPT_H

#include "config.h"

/* Fills config->ends out of config->files; each link left out leaves messages. */
void accept_links(struct config *config, struct messages *messages);

#endif
