// SPDX-License-Identifier: LGPL-2.1-or-later
/* A hostile class file. */
#include "fuzz.h"
#include "parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_text(fuzz_classes, data, size);
}
