/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The links that the domain configs ask for. */
#ifndef VLINKD_CONFIG_H
#define VLINKD_CONFIG_H

#include <sys/stat.h>

#include "messages.h"
#include "vlinkcfg.h"

/* One end of a link that was found good, ready to be published. */
struct config_end {
	const struct vlinkcfg_domain *dom;
	const struct vlinkcfg_end *end;
	const struct vlinkcfg_class *cls;
	unsigned int index;	/* its place in the cfg */
};

/* What tells that a file was changed. */
struct config_stamp {
	struct timespec mtime, ctime;
	off_t size;
	ino_t ino;
	dev_t dev;
};

struct config_file {
	char *path;
	struct config_stamp stamp;
	struct vlinkcfg_domain dom;	/* as last read without error */
	bool usable;			/* dom is there */
	char *error;			/* of the last attempt, or NULL */
};

struct config {
	const char *const *dirs;
	size_t nr_dirs;
	const char *classes_path;	/* NULL: the built-in classes */
	bool classes_optional;		/* nothing is said when the file is missing */
	struct vlinkcfg_classes classes;
	bool classes_usable;
	struct config_file *files;
	size_t nr_files;
	struct config_end *ends;
	size_t nr_ends;
	struct messages messages;	/* of the last load: said already */
};

/*
 * Reads what changed in the directories and in the class file. A file that
 * cannot be read is told of once, and what it said before stays valid. Ends of
 * links that do not fit together are left out, which is told of once as well.
 */
void config_reload(struct config *config);
void config_clear(struct config *config);

const struct config_end *config_find_end(const struct config *config, const char *link,
					 enum vlinkcfg_role role);

#endif
