/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The forms in which vrpqstat shows samples. */
#ifndef SHOW_H
#define SHOW_H

#include <stdio.h>

#include "lib/sample.h"

/* Everything since the link was made, or since the counters were cleared. */
void show_report(FILE *out, const struct device *device, const struct sample *sample);

/* A line for each interval. */
void show_table_head(FILE *out, const struct device *device);
void show_table_line(FILE *out, const struct device *device, const struct sample *before,
		     const struct sample *after);

/* The procedures that were requested in each interval. */
void show_procs_head(FILE *out);
void show_procs(FILE *out, double start, const struct sample *before, const struct sample *after);

/* Bars: the pages in use, and their peak, against what the link may have. */
void show_plot_head(FILE *out);
void show_plot_line(FILE *out, double start, const struct sample *sample);

/* An object in a line. */
void show_json(FILE *out, const struct device *device, double start, const struct sample *sample);

/* A number in at most five characters. */
const char *brief_number(double value, char text[8]);

#endif
