/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What bench-vrpq's client asks of its server. */
#ifndef BENCH_VRPQ_H
#define BENCH_VRPQ_H

#include <vlx/vrpq/client-lib.h>
#include <vlx/vrpq/server-lib.h>

#include "bench.h"

#define BENCH_PORT	1
#define BENCH_GRP	1

/* A number that is added to the sum of all channels (post). */
#define BENCH_ADD	VRPQ_PROC_ID(BENCH_GRP, 1)
/* A number: the answer is the next one (call). */
#define BENCH_NEXT	VRPQ_PROC_ID(BENCH_GRP, 2)
/* Milliseconds that the server is busy for (post). */
#define BENCH_HOLD	VRPQ_PROC_ID(BENCH_GRP, 3)
/* A count: answers with the sum when so many numbers were added, whatever the channel (call). */
#define BENCH_SUM	VRPQ_PROC_ID(BENCH_GRP, 4)

/* Ends the program unless @err is 0. */
void bench_vrpq_check(int err, const char *what);

void bench_vrpq_serve(const struct bench_args *args, const char *device);

#endif
