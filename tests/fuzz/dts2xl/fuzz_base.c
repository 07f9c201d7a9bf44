// SPDX-License-Identifier: LGPL-2.1-or-later
/* A hostile config for --base. */
#include "fuzz.h"
#include "parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_text(fuzz_base, data, size);
}
