// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Hostile text, in up to five parts that are separated by bytes 0: device tree source, an
 * info, a class file, a string of a vlink list, a config for --base.
 */
#include <string.h>

#include "../../../dts2xl/diag.h"
#include "../../../dts2xl/mem.h"
#include "fuzz.h"
#include "parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parse[])(const char *text) = {
		fuzz_blocks, fuzz_info, fuzz_classes, fuzz_end_of_link, fuzz_base
	};
	char *copy;
	const char *part, *end;
	size_t i;

	fuzz_begin();
	copy = mem_copy((const char *)data, size);
	end = copy + size;
	part = copy;
	for (i = 0; i < sizeof(parse) / sizeof(parse[0]) && part <= end; i++) {
		/* In a piece of its own, so that a read beyond it is found. */
		diag_reset();
		parse[i](mem_string(part));
		part += strlen(part) + 1;
	}
	fuzz_end();
	return 0;
}
