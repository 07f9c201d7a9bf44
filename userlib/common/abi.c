// SPDX-License-Identifier: LGPL-2.1-or-later
#include "abi.h"

#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <vlink/version.h>

struct vlink_range_text vlink_range_text(uint32_t oldest, uint32_t newest)
{
	struct vlink_range_text range;

	if (oldest == newest)
		snprintf(range.text, sizeof(range.text), "version %u", oldest);
	else
		snprintf(range.text, sizeof(range.text), "versions %u to %u", oldest, newest);
	return range;
}

int vlink_abi_compare(const struct vlink_abi *own, const struct vlink_abi_args *driver, char *text,
		      size_t size)
{
	bool driver_is_older = driver->newest < own->oldest;

	if (!driver_is_older && driver->oldest <= own->newest)
		return 0;
	snprintf(text, size, "%s %s speaks %s of the driver's calls, the driver of xen-vlink %.*s %s: upgrade %s",
		 own->name, XEN_VLINK_VERSION, vlink_range_text(own->oldest, own->newest).text,
		 (int)sizeof(driver->release), driver->release,
		 vlink_range_text(driver->oldest, driver->newest).text,
		 driver_is_older ? "xen-vlink-dkms, and load its modules anew" : own->package);
	return EPROTONOSUPPORT;
}

int vlink_abi_check(struct vlink_abi *own, const struct vlink_abi_args *driver)
{
	char text[256];
	int err = vlink_abi_compare(own, driver, text, sizeof(text));

	if (err && !__atomic_exchange_n(&own->said, true, __ATOMIC_RELAXED))
		fprintf(stderr, "%s\n", text);
	return err;
}

int vlink_abi_check_node(struct vlink_abi *own, int fd)
{
	struct vlink_abi_args driver;

	if (ioctl(fd, own->cmd, &driver))
		return errno == ENOTTY ? EINVAL : errno;
	return vlink_abi_check(own, &driver);
}
