// SPDX-License-Identifier: LGPL-2.1-or-later
#include "font.h"

#include <stddef.h>

#define ROW(a, b, c)	((a) << 2 | (b) << 1 | (c))

static const struct sketch_glyph glyphs[SKETCH_LETTERS] = {
	['E'] = { { ROW(1, 1, 1), ROW(1, 0, 0), ROW(1, 1, 0), ROW(1, 0, 0), ROW(1, 1, 1) } },
	['N'] = { { ROW(1, 0, 1), ROW(1, 1, 1), ROW(1, 1, 1), ROW(1, 0, 1), ROW(1, 0, 1) } },
	['P'] = { { ROW(1, 1, 0), ROW(1, 0, 1), ROW(1, 1, 0), ROW(1, 0, 0), ROW(1, 0, 0) } },
	['Q'] = { { ROW(0, 1, 0), ROW(1, 0, 1), ROW(1, 0, 1), ROW(0, 1, 1), ROW(0, 0, 1) } },
	['R'] = { { ROW(1, 1, 0), ROW(1, 0, 1), ROW(1, 1, 0), ROW(1, 0, 1), ROW(1, 0, 1) } },
	['V'] = { { ROW(1, 0, 1), ROW(1, 0, 1), ROW(1, 0, 1), ROW(1, 0, 1), ROW(0, 1, 0) } },
	['X'] = { { ROW(1, 0, 1), ROW(1, 0, 1), ROW(0, 1, 0), ROW(1, 0, 1), ROW(1, 0, 1) } },
};

const struct sketch_glyph *font_glyph(nku32_f letter)
{
	/* No letter that there is has an empty first row. */
	return letter < SKETCH_LETTERS && glyphs[letter].rows[0] ? &glyphs[letter] : NULL;
}
