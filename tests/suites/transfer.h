/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole messages over pipes and sockets. */
#ifndef SUITES_TRANSFER_H
#define SUITES_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>

/* Writes, if @sending, or reads all @size bytes; false at the end or an error. */
bool transfer_whole(int fd, void *buffer, size_t size, bool sending);

#endif
