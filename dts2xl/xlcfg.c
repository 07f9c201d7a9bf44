// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "xlcfg.h"

bool xlcfg_open(struct xlcfg *cfg, const char *name, const char *text)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->report = open_memstream(&cfg->text, &cfg->len);
	cfg->config = cfg->report ? xlu_cfg_init(cfg->report, name) : NULL;
	if (!cfg->config)
		diag_fatal("out of memory");
	if (!xlu_cfg_readdata(cfg->config, text, (int)strlen(text)))
		return true;
	fflush(cfg->report);
	cfg->text[strcspn(cfg->text, "\n")] = '\0';
	return false;
}

bool xlcfg_has(const struct xlcfg *cfg, const char *key)
{
	const char *value;

	/* A list has the wrong type, but it is there. */
	return xlu_cfg_get_string(cfg->config, key, &value, 1) != ESRCH;
}

void xlcfg_close(struct xlcfg *cfg)
{
	xlu_cfg_destroy(cfg->config);
	fclose(cfg->report);
	free(cfg->text);
}
