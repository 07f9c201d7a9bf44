/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * How long names may be, and how large numbers, for the link layer and the tools that read
 * configs. vlink-config(5) has them in words, and a test compares.
 */
#ifndef VLINK_LIMITS_H
#define VLINK_LIMITS_H

#define VLINK_ID_MAX		48	/* characters of a link's id */
#define VLINK_CLASS_MAX		15	/* characters of a class or a key */
#define VLINK_SERVICE_MAX	7	/* characters of a service, a type of xenbus devices */
#define VLINK_NAME_MAX		31	/* characters of a node name */
#define VLINK_PEER_MAX		63	/* characters of a domain's name */
#define VLINK_INFO_MAX		1024	/* bytes of an info string, or of a key's value */
#define VLINK_UNIT_MAX		4095	/* of pipes VBPIPE_MINORS - 1 */

#define VLINK_DOM0_NAME		"Domain-0"	/* as xl calls it */
#define VLINK_CID_HOST		2u		/* dom0's */
#define VLINK_CID_MIN		3u
#define VLINK_CID_MAX		0xfffffffeu

#endif
