/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xl config text seen through libxlutil, as xl itself will see it. */
#ifndef DTS2XL_XLCFG_H
#define DTS2XL_XLCFG_H

#include <stdbool.h>

#include <libxlutil.h>

struct xlcfg {
	XLU_Config *config;
	FILE *report;
	char *text;	/* what libxlutil has to say */
	size_t len;
};

/* False: not a config; @cfg->text then has the reason. To be closed anyway. */
bool xlcfg_open(struct xlcfg *cfg, const char *name, const char *text);
bool xlcfg_has(const struct xlcfg *cfg, const char *key);
void xlcfg_close(struct xlcfg *cfg);

#endif
