/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "numbers.h"

#include <stdio.h>
#include <string.h>

long long number_in(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	long long number = -1;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)) &&
		    sscanf(line + strlen(key), "%lld", &number) == 1)
			break;
	if (file)
		fclose(file);
	return number;
}

long long current_kb(void)
{
	return number_in("/sys/devices/system/xen_memory/xen_memory0/info/current_kb", "");
}
