/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the fuzz targets of dts2xl have in common. */
#ifndef FUZZ_DTS2XL_H
#define FUZZ_DTS2XL_H

#include <stddef.h>
#include <stdint.h>

#include "../../../dts2xl/diag.h"
#include "../../../dts2xl/mem.h"

/* libFuzzer's entry; a crash, a leak or an internal error of dts2xl is a finding. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_begin(void)
{
	diag_settings.silent = true;
	diag_settings.abort_on_internal = true;
	diag_reset();
}

static inline void fuzz_end(void)
{
	mem_release_all();
}

#endif
