// SPDX-License-Identifier: LGPL-2.1-or-later
/* The CID of a domain: a key of its links, on which all of them agree. */
#include <string.h>

#include "vlinkcfg.h"

bool vlinkcfg_cid_parse(const char *domain, const char *text, unsigned int *cid)
{
	bool is_host = !strcmp(domain, VLINK_DOM0_NAME);
	unsigned long long value = 0;
	const char *c;

	for (c = text; *c >= '0' && *c <= '9' && value <= VLINK_CID_MAX; c++)
		value = value * 10 + (unsigned long long)(*c - '0');
	if (c == text || *c || text[0] == '0' || value > VLINK_CID_MAX)
		return false;
	if (is_host ? value != VLINK_CID_HOST : value < VLINK_CID_MIN)
		return false;
	*cid = (unsigned int)value;
	return true;
}

const char *vlinkcfg_end_cid(const struct vlinkcfg_end *end)
{
	size_t i;

	for (i = 0; i < end->nr_options; i++)
		if (!strcmp(end->options[i].key, "cid"))
			return end->options[i].value;
	return NULL;
}
