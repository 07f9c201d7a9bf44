/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Infos that are lists of KEY=VALUE, as the drivers read them. */
#ifndef DTS2XL_INFO_H
#define DTS2XL_INFO_H

#include <stdbool.h>

#include "model.h"

enum info_result { INFO_ABSENT, INFO_BAD, INFO_FOUND };

/* A number with or without a suffix K, M or G. False: it is none. */
bool info_parse_size(const char *text, size_t len, unsigned long long *value);
/* The first item @key; *@value is left alone unless it is a size. */
enum info_result info_size(const char *info, const char *key, unsigned long long *value);
/* Warns of items that the services of the link's class would not understand. */
void info_check(const struct model *model, const struct end *end);

#endif
