/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The services that there are drivers for. */
#ifndef LIB_SERVICES_H
#define LIB_SERVICES_H

#include <stdbool.h>

#define SERVICE_VBPIPE	"vbpipe"
#define SERVICE_VRPQ	"vrpq"
#define SERVICE_VUMEM	"vumem"
#define SERVICE_VSOCK	"vsock"

/* Has each end of a link a device node? Of services of the user's own nobody knows. */
enum service_nodes { SERVICE_NO_NODE, SERVICE_HAS_NODE, SERVICE_NOT_KNOWN };

enum service_nodes service_nodes(const char *service);

#endif
