// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The limit of every stream: memory copied within one domain, block by block
 * (work "copy"). The server end has nothing to do.
 */
#include "bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Keeps the compiler from leaving out copies that nobody reads. */
static void use(const void *memory)
{
	__asm__ volatile("" : : "r"(memory) : "memory");
}

static void copy_blocks(char *to, const char *from, size_t size, unsigned long bytes)
{
	unsigned long done;

	for (done = 0; done < bytes; done += size) {
		memcpy(to, from, size);
		use(to);
	}
}

static void measure_copies(const struct bench_args *args)
{
	char *from = malloc(args->size);
	char *to = malloc(args->size);
	uint64_t start, end;

	if (!from || !to)
		bench_die("out of memory");
	memset(from, 0x5a, args->size);
	copy_blocks(to, from, args->size, args->count / 8);
	start = bench_now_ns();
	copy_blocks(to, from, args->size, args->count);
	end = bench_now_ns();
	bench_result(args, NULL, (double)args->count * 1000.0 / (double)(end - start), "MB/s");
	free(from);
	free(to);
}

int main(int argc, char **argv)
{
	struct bench_args args;

	bench_args_parse(&args, argc, argv);
	errno = 0;
	if (strcmp(args.work, "copy"))
		bench_die("no work is called %s", args.work);
	if (args.side == BENCH_CLIENT)
		measure_copies(&args);
	return 0;
}
