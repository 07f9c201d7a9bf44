/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a program as a filter. */
#ifndef DTS2XL_PROCESS_H
#define DTS2XL_PROCESS_H

#include <stddef.h>

struct output {
	char *data;	/* NUL-terminated beyond @len */
	size_t len;
	size_t size;	/* allocated */
};

enum process_result {
	PROCESS_EXITED,		/* with the status in @status */
	PROCESS_NOT_FOUND,
	PROCESS_FAILED,		/* could not be started or was killed: see @why */
};

struct process {
	char *const *argv;	/* argv[0] is looked up in PATH */
	const char *input;
	size_t input_len;
	unsigned int timeout_ms;
	size_t output_max;	/* per stream */

	int status;
	const char *why;
	struct output out;
	struct output err;
};

enum process_result process_run(struct process *process);

#endif
