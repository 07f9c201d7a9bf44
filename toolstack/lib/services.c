// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stddef.h>
#include <string.h>

#include "services.h"

enum service_nodes service_nodes(const char *service)
{
	static const struct {
		const char *name;
		enum service_nodes nodes;
	} services[] = {
		{ SERVICE_VBPIPE, SERVICE_HAS_NODE },
		{ SERVICE_VRPQ, SERVICE_HAS_NODE },
		{ SERVICE_VUMEM, SERVICE_HAS_NODE },
		{ SERVICE_VSOCK, SERVICE_NO_NODE },
	};
	size_t i;

	for (i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (!strcmp(service, services[i].name))
			return services[i].nodes;
	return SERVICE_NOT_KNOWN;
}
