/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The version of xen-vlink: of its programs, libraries and packages. */
#ifndef VLINK_VERSION_H
#define VLINK_VERSION_H

#define XEN_VLINK_VERSION "1.0"

#endif
