/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages about the input: "FILE:LINE: error: what", as compilers print them. */
#ifndef DTS2XL_DIAG_H
#define DTS2XL_DIAG_H

struct pos {
	const char *file;
	unsigned int line;	/* 0: the file as a whole */
};

#define DIAG_PRINTF __attribute__((format(printf, 2, 3)))

/* Errors are counted, and nothing is written once there is one. */
DIAG_PRINTF void diag_error(struct pos pos, const char *fmt, ...);
DIAG_PRINTF void diag_warning(struct pos pos, const char *fmt, ...);
/* Belongs to the message before: where the other party of a conflict stands. */
DIAG_PRINTF void diag_note(struct pos pos, const char *fmt, ...);
unsigned int diag_errors(void);

/* For trouble outside of the input: the run ends with EXIT_ENVIRONMENT. */
__attribute__((format(printf, 1, 2), noreturn)) void diag_fatal(const char *fmt, ...);

/*
 * Remembers the candidate that is most like @wanted; diag_suggestion() makes
 * "; did you mean 'x'?" of it, or "" when nothing comes near.
 */
struct likeness {
	const char *wanted;
	const char *best;
	unsigned int distance;
};

void diag_consider(struct likeness *likeness, const char *candidate);
const char *diag_suggestion(const struct likeness *likeness);

#endif
