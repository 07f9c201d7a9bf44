/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a driver speaks a version of its calls that its caller speaks (<vlink/abi_ioctl.h>). */
#ifndef VLINK_COMMON_ABI_H
#define VLINK_COMMON_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vlink/abi_ioctl.h>

/* A library or program that calls drivers. */
struct vlink_abi {
	const char *name;
	const char *package;		/* by which it is upgraded */
	unsigned long cmd;		/* that asks the driver */
	uint32_t oldest, newest;	/* versions that it speaks */
	bool said;
};

/* "version 1", or "versions 2 to 3" */
struct vlink_range_text {
	char text[40];
};

struct vlink_range_text vlink_range_text(uint32_t oldest, uint32_t newest);

/*
 * 0 if both speak one version; otherwise EPROTONOSUPPORT, and @text says which they speak
 * and what to upgrade.
 */
int vlink_abi_compare(const struct vlink_abi *own, const struct vlink_abi_args *driver, char *text,
		      size_t size);
/* vlink_abi_compare() whose text goes to stderr, once. */
int vlink_abi_check(struct vlink_abi *own, const struct vlink_abi_args *driver);
/* vlink_abi_check() of the driver of an open node; EINVAL: it is another driver's. */
int vlink_abi_check_node(struct vlink_abi *own, int fd);

#endif
