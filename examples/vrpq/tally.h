/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What client and server of the tally agree on: numbers are posted, and their sum asked for. */
#ifndef EXAMPLES_VRPQ_TALLY_H
#define EXAMPLES_VRPQ_TALLY_H

#define TALLY_PORT	21
#define TALLY_GRP	3

/* Post: a number of 32 bits. */
#define TALLY_ADD	VRPQ_PROC_ID(TALLY_GRP, 1)
/* Call without input: the sum of 64 bits; the reason is 0. */
#define TALLY_SUM	VRPQ_PROC_ID(TALLY_GRP, 2)

#endif
