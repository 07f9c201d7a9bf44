/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What an info string may say: bounds and defaults, for the drivers that obey it and the
 * tools that check it before. vlink-config(5) has them in words, and a test compares.
 */
#ifndef VLINK_INFO_H
#define VLINK_INFO_H

#include <xen/io/vbpipe.h>
#include <xen/io/vrpq.h>
#include <xen/io/vsock.h>

/* Pipes: [policy];[size];[minor];key=value... */
#define VBPIPE_SIZE_DEFAULT	4096u	/* bytes, 16 of which were once a header */
#define VBPIPE_SIZE_MIN		32u	/* for less, the default counts */
#define VBPIPE_SIZE_HEADER	16u
#define VBPIPE_MINORS		256
#define VBPIPE_WAKEUP_MAX	60000u	/* ms */
#define VBPIPE_POLL_MAX		1000u	/* us */
#define VBPIPE_FIELD_MAX	63	/* characters */
#define VBPIPE_PLAIN_NAME	"vbpipe"	/* and the unit: a node without a name of its own */

/* Others: items key=value. */
#define VRPQ_REQS_DEFAULT	4096u
#define VRPQ_PMEM_DEFAULT	(7u << 20)
#define VSOCK_RING_DEFAULT	(1u << 20)

enum vlink_info_kind {
	VLINK_INFO_SIZE,	/* a number, with or without a suffix K, M or G */
	VLINK_INFO_FLAG,	/* y, n and their like */
};

struct vlink_info_key {
	const char *service;
	const char *name;
	enum vlink_info_kind kind;
	int power_of_two;
	unsigned long long min;
	unsigned long long max;
	unsigned long long def;
};

#define VLINK_INFO_VRPQ_REQS \
	{ "vrpq", "vrpq-reqs", VLINK_INFO_SIZE, 1, VRPQ_REQS_MIN, VRPQ_REQS_MAX, \
	  VRPQ_REQS_DEFAULT }
#define VLINK_INFO_VRPQ_PMEM \
	{ "vrpq", "vrpq-pmem", VLINK_INFO_SIZE, 0, VRPQ_PMEM_PAGES_MIN * VRPQ_PAGE_SIZE, \
	  VRPQ_PMEM_PAGES_MAX * VRPQ_PAGE_SIZE, VRPQ_PMEM_DEFAULT }
/* Not needed any more; whatever it says. */
#define VLINK_INFO_VUMEM_PDEV \
	{ "vumem", "vumem-pdev", VLINK_INFO_SIZE, 0, 0, ~0ull, 0 }
/* For the tools alone: what a domain's grant table must hold. */
#define VLINK_INFO_VUMEM_MEM \
	{ "vumem", "vumem-mem", VLINK_INFO_SIZE, 0, 0, 1ull << 40, 64ull << 20 }
#define VLINK_INFO_VSOCK_RING \
	{ "vsock", "vsock-ring", VLINK_INFO_SIZE, 0, VSOCK_RING_MIN, VSOCK_RING_MAX, \
	  VSOCK_RING_DEFAULT }
#define VLINK_INFO_VSOCK_FORWARD \
	{ "vsock", "vsock-forward", VLINK_INFO_FLAG, 0, 0, 1, 0 }

static inline int vlink_info_allows(const struct vlink_info_key *key, unsigned long long value)
{
	return value >= key->min && value <= key->max &&
	       (!key->power_of_two || !(value & (value - 1)));
}

/* What is said of a value that is none, or that it does not allow. */
#define VLINK_INFO_NO_SIZE	"info: %s=%.*s is not a size: the default counts"
#define VLINK_INFO_WRONG	"info: %s=%llu is not %s from %llu to %llu: the default counts"

/* Between the value and its bounds in VLINK_INFO_WRONG. */
static inline const char *vlink_info_form(const struct vlink_info_key *key)
{
	return key->power_of_two ? "a power of two" : "a number";
}

#endif
