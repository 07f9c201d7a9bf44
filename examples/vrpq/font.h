/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FONT_H
#define FONT_H

#include "sketch.h"

/* The client's letters; NULL if it has none for @letter. */
const struct sketch_glyph *font_glyph(nku32_f letter);

#endif
