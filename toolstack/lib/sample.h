/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a VRPQ device says of itself at one moment, and what follows from two of them. */
#ifndef LIB_SAMPLE_H
#define LIB_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vlink/vrpq_ioctl.h>
#include <vlx/vrpq/common.h>

#define SAMPLE_PROCS	512

struct sample_proc {
	uint32_t id;
	uint32_t count;
};

struct sample {
	struct vrpq_stat_args stat;
	struct sample_proc procs[SAMPLE_PROCS];
	size_t nr_procs;
	double time;			/* seconds, of a clock that only goes forward */
};

struct device {
	int fd;
	const char *path;
	bool server;			/* knows of no pages and no requests */
};

/* Opens the device, or fails with *@why, a sentence's end that need not be freed. */
bool device_open(struct device *device, const char *path, const char **why);
void device_close(struct device *device);
/* Reads the statistics, after they were cleared if @reset. False: see errno. */
bool device_read(const struct device *device, bool reset, struct sample *sample);

/* Events of a sample, or a second between two. */
struct activity {
	double posts, calls, notifies, wakeups, waits, bells, events;
};

struct activity activity_total(const struct sample *sample);
struct activity activity_per_second(const struct sample *before, const struct sample *after);

/* The procedures of @sample by their counts; with @before by what was added since. */
size_t sample_rank_procs(const struct sample *before, const struct sample *sample,
			 struct sample_proc *ranked);

/* The name of a counter, without prefix; NULL where there is none. */
const char *counter_name(unsigned int id);

/* @part of @whole in percent. */
unsigned int percent(uint32_t part, uint32_t whole);

#endif
