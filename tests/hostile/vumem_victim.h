/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a hostile server's suite has a client process of the victim do, a step at a time. */
#ifndef HOSTILE_VUMEM_VICTIM_H
#define HOSTILE_VUMEM_VICTIM_H

#include <stdint.h>

enum victim_op {
	VICTIM_SESSION = 1,	/* result of vumemSessionCreate, and so on */
	VICTIM_ALLOC,
	VICTIM_MAP,
	VICTIM_UNMAP,
	VICTIM_FREE,
	VICTIM_CTL,
	VICTIM_END,		/* vumemSessionDestroy */
	VICTIM_CHECK,		/* value: 0, or 1 + the first place where the memory is not pattern arg */
	VICTIM_FILL,		/* with pattern arg */
	VICTIM_ZERO,		/* value: whether all of it is zeros */
	VICTIM_KILL,		/* the process is killed; another one takes its place */
};

struct victim_order {
	uint32_t op, arg;
};

struct victim_report {
	int32_t result;
	uint32_t value;
};

#endif
