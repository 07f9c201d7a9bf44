/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Which versions of its calls a driver speaks: VRPQ_IOC_ABI and VUMEM_IOC_ABI, which all
 * files of these devices have, in all versions.
 *
 * A library and a driver of different releases meet when one of them is upgraded before the
 * other. <vlink/vrpq_ioctl.h> and <vlink/vumem_ioctl.h> each have a version, a number from 1
 * on, that is raised with every change there: of a structure, of what a call means, of the calls
 * that there are. (The host test check-layouts has the text of each version.) A driver speaks
 * all versions from its oldest to its newest, and tells them apart by the numbers of calls, which
 * the sizes of structures are part of. A library, or a tool, asks before its first other call of
 * a node that it has opened: it works with the newest version that both speak; if there is none,
 * it says so, with both versions and what to upgrade, and fails with EPROTONOSUPPORT.
 */
#ifndef VLINK_ABI_IOCTL_H
#define VLINK_ABI_IOCTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

struct vlink_abi_args {
	__u32 oldest, newest;		/* out */
	char release[24];		/* out: of xen-vlink, that the driver is of; for messages */
};

#endif /* VLINK_ABI_IOCTL_H */
