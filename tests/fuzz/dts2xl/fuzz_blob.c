// SPDX-License-Identifier: LGPL-2.1-or-later
/* A hostile .dtb or .dtbo: read, resolved, and made into configs that read back. */
#include <string.h>

#include "../../../dts2xl/convert.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conversion conversion = { 0 };
	struct vlinkcfg_classes classes;
	char err[VLINKCFG_ERR_MAX], *fdt;

	fuzz_begin();
	if (vlinkcfg_classes_read(NULL, &classes, err))
		return 0;
	conversion.model.classes = &classes;
	conversion.emission.inputs = "input";
	conversion.emission.defaults = &conversion.defaults;
	conversion.emission.bases = &conversion.bases;
	/* In a piece of its own, so that a read beyond it is found. */
	fdt = mem_alloc(size);
	memcpy(fdt, data, size);
	convert_blob(&conversion, "input", fdt, size);
	convert_finish(&conversion);
	vlinkcfg_classes_clear(&classes);
	fuzz_end();
	return 0;
}
