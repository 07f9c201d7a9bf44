/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which config speaks for a domain. Links of a domain that runs are not to end because a
 * file is just being written, copied or moved: the config that was read first speaks
 * while the domain runs, and may end a link only when it has said the same for a while.
 */
#ifndef VLINKD_CHOICE_H
#define VLINKD_CHOICE_H

#include "config.h"

/* Of one domain name. */
struct choice {
	char *name;
	char *path;		/* of the config that speaks while the domain runs, or NULL */
	char *list;		/* what its vlink list said last, as text */
	bool whole;		/* when it was looked at last: readable, and the only one */
	long long since_ms;	/* since when it has been whole and said the same */

	/* As of the last look */
	const struct config_file *file;	/* links may be taken from it; NULL: from none */
	bool may_end;			/* what it does not have may be ended */
};

struct choices {
	struct choice *list;
	size_t nr;
	struct map by_name;
};

/* When to look again; CHOICE_NEVER: when a config changes. */
#define CHOICE_NEVER	(-1LL)

/*
 * Looks at all names of files, and at those of @running. Adds to @messages why what runs
 * stays as it is. Returns when to look again.
 */
long long choices_update(struct choices *choices, const struct config *config,
			 const struct running *running, struct messages *messages);
void choices_clear(struct choices *choices);

#endif
