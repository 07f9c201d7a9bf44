/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small helpers over libxenstore. Those that return int return 0 or a
 * negative errno. All that is read is bounded and checked here.
 */
#ifndef LIB_XS_H
#define LIB_XS_H

#include <stdbool.h>
#include <xenstore.h>

#define XSH_PATH_MAX	512	/* every path of vlinkd is far shorter */
#define XSH_TRIES	16	/* attempts of a transaction before others get their turn */
#define XSH_ABANDON	1	/* body of a transaction: nothing to write after all */

/* The records of vlinkd, and what vlinkctl asks of it. */
#define RECORDS_ROOT	"/tool/vlink"

struct xsh_path {
	char s[XSH_PATH_MAX];
};

/* A path that would be too long becomes "", which xenstore refuses. */
__attribute__((format(printf, 1, 2)))
struct xsh_path xsh_path(const char *fmt, ...);

/* The value of a node, to be freed; NULL with errno. A value with a NUL inside is EILSEQ. */
char *xsh_read(struct xs_handle *xs, xs_transaction_t t, const char *path);
/* A decimal number without sign, blanks and leading zeros, at most @max. */
bool xsh_parse_number(const char *text, unsigned int max, unsigned int *number);
int xsh_read_number(struct xs_handle *xs, xs_transaction_t t, const char *path,
		    unsigned int max, unsigned int *number);
bool xsh_exists(struct xs_handle *xs, xs_transaction_t t, const char *path);
/* As xs_directory(), but a directory that is not there is one without entries. */
char **xsh_directory(struct xs_handle *xs, xs_transaction_t t, const char *path,
		     unsigned int *nr);

/*
 * Who may do what with a node beside dom0, which owns it and may do all: so it counts for no
 * domain's quota. 0: nobody. A domain that is both may write.
 */
struct xsh_access {
	unsigned int writer;	/* may read, too */
	unsigned int reader;
};

int xsh_write(struct xs_handle *xs, xs_transaction_t t, const char *path,
	      const char *value, struct xsh_access access);
/* A directory that is there already stays as it is. */
int xsh_mkdir(struct xs_handle *xs, xs_transaction_t t, const char *path,
	      struct xsh_access access);
/* What is not there counts as removed. */
int xsh_remove(struct xs_handle *xs, xs_transaction_t t, const char *path);
int xsh_remove_empty(struct xs_handle *xs, xs_transaction_t t, const char *path);

/*
 * Runs @body in a transaction, again when it met with changes by others, up
 * to XSH_TRIES times; then -EAGAIN. @body returns 0, XSH_ABANDON or -errno.
 */
typedef int (*xsh_body)(struct xs_handle *xs, xs_transaction_t t, void *arg);
int xsh_transaction(struct xs_handle *xs, xsh_body body, void *arg);

/* Whether an error says that the connection to xenstored is lost. */
bool xsh_is_fatal(int error);

#endif
