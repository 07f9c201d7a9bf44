// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Returns when the other end has got here too (work "step"). What a failed
 * measure left behind in xenstore goes with it.
 */
#include "bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct bench_args args;

	bench_args_parse(&args, argc, argv);
	errno = 0;
	if (strcmp(args.work, "step"))
		bench_die("no work is called %s", args.work);
	bench_meet_remove(&args);
	bench_meet_publish(&args, "step", "here");
	free(bench_meet_await(&args, "step"));
	return 0;
}
