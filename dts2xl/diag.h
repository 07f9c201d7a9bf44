/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages about the input: "FILE:LINE:COLUMN: error: what [code]", as compilers print them. */
#ifndef DTS2XL_DIAG_H
#define DTS2XL_DIAG_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/likeness.h"

#include "codes.h"
#include "pos.h"

#define DIAG_PRINTF __attribute__((format(printf, 3, 4)))

/* Errors are counted, and nothing is written once there is one. */
DIAG_PRINTF void diag_error(enum diag_code code, struct pos pos, const char *fmt, ...);
DIAG_PRINTF void diag_warning(enum diag_code code, struct pos pos, const char *fmt, ...);
/* Belongs to the message before: where the other party of a conflict stands. */
__attribute__((format(printf, 2, 3))) void diag_note(struct pos pos, const char *fmt, ...);
unsigned int diag_errors(void);
/* Errors of one kind. */
unsigned int diag_count(enum diag_code code);
/* A message about the run or a file as a whole. */
struct pos diag_whole(const char *file);

/* How messages come out, from the command line. */
struct diag_settings {
	bool warnings_are_errors;
	bool no_warnings;
	bool silent;		/* nothing is printed, only counted */
	bool abort_on_internal;	/* for programs that look for such errors */
};

extern struct diag_settings diag_settings;
/* Forgets the errors so far, for programs that convert more than once. */
void diag_reset(void);

/* For trouble outside of the input: the run ends with EXIT_ENVIRONMENT. */
__attribute__((format(printf, 1, 2), noreturn)) void diag_fatal(const char *fmt, ...);

/*
 * Remembers the candidate that is most like @wanted; diag_suggestion() makes
 * "; did you mean 'x'?" of it, or "" when nothing comes near.
 */
void diag_consider(struct likeness *likeness, const char *candidate);
const char *diag_suggestion(const struct likeness *likeness);

#endif
