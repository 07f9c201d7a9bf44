/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "noise.h"

#include "../suites/harness.h"
#include "../suites/pattern.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

uint32_t random_below(uint64_t *state, uint32_t below)
{
	return (uint32_t)pattern_size(state, below) - 1;
}

static struct {
	struct end *end;
	void (*step)(struct end *end, uint64_t *random);
	pthread_t thread;
	atomic_bool stop;
} noise;

static void *make_noise(void *unused)
{
	uint64_t random = 12345;

	while (!atomic_load(&noise.stop))
		noise.step(noise.end, &random);
	return unused;
}

void noise_start(struct end *end, void (*step)(struct end *end, uint64_t *random))
{
	noise.end = end;
	noise.step = step;
	atomic_store(&noise.stop, false);
	if (pthread_create(&noise.thread, NULL, make_noise, NULL))
		suite_fail("no thread: %s", strerror(errno));
}

void noise_stop(void)
{
	atomic_store(&noise.stop, true);
	pthread_join(noise.thread, NULL);
}
