/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The vlink list of xl domain configs and the class file: one parser and one
 * printer, used by dts2xl and vlinkd ('vlinkctl check' has vlinkd read the configs).
 * docs/vlink-config.md is the definition of both formats.
 *
 * Nothing here prints: every failure is described in a caller-supplied buffer.
 */
#ifndef VLINKCFG_H
#define VLINKCFG_H

#include <stdbool.h>
#include <stddef.h>

#include <vlink/limits.h>

/* Which classes there are, for dts2xl and vlinkd, if they are told no other file. */
#define VLINKCFG_CLASS_FILE	"/etc/vlink/classes.conf"

#define VLINKCFG_ERR_MAX	512	/* size that fits every message */

enum vlinkcfg_role { VLINKCFG_SERVER, VLINKCFG_CLIENT };

struct vlinkcfg_option {
	char *key;
	char *value;
};

/* One end of a link, as one string of a cfg's vlink list says it. */
struct vlinkcfg_end {
	char *link;
	char *class_name;
	enum vlinkcfg_role role;
	char *peer;
	unsigned int unit;
	char *name;			/* NULL: none given */
	struct vlinkcfg_option *options;
	size_t nr_options;
	char *info;			/* NULL: none given */
};

/* A domain config, as far as links are concerned. */
struct vlinkcfg_domain {
	char *path;			/* the cfg file */
	char *name;
	struct vlinkcfg_end *ends;	/* in the order of the file */
	size_t nr_ends;
};

/*
 * Parses one string of a vlink list (after libxlutil removed the escapes).
 * Returns 0, or -1 with a message that names the key in @err
 * (VLINKCFG_ERR_MAX bytes). *@end is to be released with vlinkcfg_end_clear()
 * after success only.
 */
int vlinkcfg_end_parse(const char *text, struct vlinkcfg_end *end, char *err);
void vlinkcfg_end_clear(struct vlinkcfg_end *end);

/*
 * The inverse of vlinkcfg_end_parse(): a malloc'ed string, not yet escaped
 * for the cfg. NULL only when memory is short.
 */
char *vlinkcfg_end_format(const struct vlinkcfg_end *end);

/* The value of the key cid, or NULL. */
const char *vlinkcfg_end_cid(const struct vlinkcfg_end *end);
/*
 * A CID that @domain may have: decimal, from VLINK_CID_MIN to VLINK_CID_MAX;
 * VLINK_CID_HOST for Domain-0.
 */
bool vlinkcfg_cid_parse(const char *domain, const char *text, unsigned int *cid);

/* Escapes " and \ for a cfg string; malloc'ed, NULL only when memory is short. */
char *vlinkcfg_escape(const char *text);

/*
 * Reads an xl cfg with libxlutil: its name and its vlink list. Checks the file
 * for NUL bytes first (libxlutil aborts on them). Returns 0, or -1 with
 * "FILE:LINE: what" in @err as far as a line is known. A cfg without a vlink
 * list is a domain with no ends.
 */
int vlinkcfg_domain_read(const char *path, struct vlinkcfg_domain *dom, char *err);
void vlinkcfg_domain_clear(struct vlinkcfg_domain *dom);

/*
 * What can be told of a cfg that vlinkcfg_domain_read() refuses. Returns whether it has a
 * vlink list, or cannot be read at all; @name is that of its domain, "" when it is not known.
 */
bool vlinkcfg_outline(const char *path, char name[VLINK_PEER_MAX + 1]);

/* An end, and whose it is. */
struct vlinkcfg_place {
	const struct vlinkcfg_domain *dom;
	const struct vlinkcfg_end *end;
};

typedef void (*vlinkcfg_report)(void *arg, const char *text);

struct vlinkcfg_classes;

/*
 * Ends of links that go together. Domains, ends and classes are the caller's, and stay where
 * they are as long as the set. What is added costs the same however much there is already.
 */
struct vlinkcfg_set;

/* NULL only when memory is short. */
struct vlinkcfg_set *vlinkcfg_set_new(const struct vlinkcfg_classes *classes);
void vlinkcfg_set_free(struct vlinkcfg_set *set);
/* A domain of the board: an end whose peer is none of them is no error. Returns the findings. */
size_t vlinkcfg_set_domain(struct vlinkcfg_set *set, const struct vlinkcfg_domain *dom,
			   vlinkcfg_report report, void *arg);
/*
 * Checks all ends of one link: that they agree (one server, one client, same class, each
 * names the other's domain, no domain twice, not one cid at both), and go together with
 * those taken before (no unit and no device node of a domain twice, one cid per domain).
 * Calls @report once for each finding; returns their number.
 */
size_t vlinkcfg_set_judge(const struct vlinkcfg_set *set, const struct vlinkcfg_place *ends,
			  size_t nr, vlinkcfg_report report, void *arg);
/* From now on the end counts for those that are judged. Returns -1 when memory is short. */
int vlinkcfg_set_take(struct vlinkcfg_set *set, const struct vlinkcfg_place *end);

/*
 * Calls @each for every link of @doms in the order in which they first appear, with all of
 * its ends in the order of @doms. Returns -1 when memory is short.
 */
int vlinkcfg_for_links(const struct vlinkcfg_domain *doms, size_t nr,
		       void (*each)(void *arg, const struct vlinkcfg_place *ends, size_t nr),
		       void *arg);

/* Judges every link of @doms. Returns the number of findings. */
size_t vlinkcfg_check(const struct vlinkcfg_domain *doms, size_t nr,
		      const struct vlinkcfg_classes *classes, vlinkcfg_report report, void *arg);

struct vlinkcfg_class {
	char *name;
	char **services;
	size_t nr_services;
};

struct vlinkcfg_classes {
	struct vlinkcfg_class *classes;
	size_t nr;
	char **foreign;		/* names of what others serve: lines "foreign NAME..." */
	size_t nr_foreign;
};

/*
 * The built-in classes, overlaid by those of @path; @path NULL: the built-in
 * ones alone. Returns 0, or -1 with "FILE:LINE: what" in @err.
 */
int vlinkcfg_classes_read(const char *path, struct vlinkcfg_classes *classes, char *err);
const struct vlinkcfg_class *vlinkcfg_class_find(const struct vlinkcfg_classes *classes,
						 const char *name);
bool vlinkcfg_class_is_foreign(const struct vlinkcfg_classes *classes, const char *name);
void vlinkcfg_classes_clear(struct vlinkcfg_classes *classes);

bool vlinkcfg_class_has(const struct vlinkcfg_class *class, const char *service);

/*
 * Units are the numbers in the names of device nodes, and count for each class and role of a
 * domain; those of pipes, which is classes that have the service vbpipe, for all together.
 */
bool vlinkcfg_is_pipe(const struct vlinkcfg_classes *classes, const char *class_name);
unsigned int vlinkcfg_unit_max(bool is_pipe);

/* Infos: what the drivers would report when they read one, and in their words. */
enum vlinkcfg_fault {
	VLINKCFG_UNUSED,	/* part of it has no effect */
	VLINKCFG_DEFAULT,	/* a default counts instead of what it says */
	VLINKCFG_REFUSED,	/* the link cannot be as it says */
};

typedef void (*vlinkcfg_info_report)(void *arg, enum vlinkcfg_fault fault, const char *text);

/* What the info of a pipe asks for. */
struct vlinkcfg_pipe {
	bool read_available;
	unsigned long long size;	/* of the ring that this end reads from */
	bool has_minor;
	unsigned int minor;
	char name[VLINK_NAME_MAX + 1];	/* "": none */
	unsigned int seen;		/* keys, while it is read */
	bool shared;			/* the class has other services, with items of theirs */
};

/* @report NULL: nobody is told what is wrong. */
void vlinkcfg_pipe_parse(const struct vlinkcfg_class *class, const char *info,
			 struct vlinkcfg_pipe *pipe, vlinkcfg_info_report report, void *arg);
/*
 * The unit that a pipe is to have, by the minor number of its info or by a name vbpipeN: @name,
 * or without it that of the info. False: any.
 */
bool vlinkcfg_pipe_unit(const struct vlinkcfg_pipe *pipe, const char *name, unsigned int *unit);
/* Tells of a pipe that is to have another unit than it has. */
void vlinkcfg_unit_check(const struct vlinkcfg_class *class, const struct vlinkcfg_end *end,
			 vlinkcfg_info_report report, void *arg);
void vlinkcfg_info_check(const struct vlinkcfg_class *class, const char *info,
			 vlinkcfg_info_report report, void *arg);
/* Tells of keys that no service has, but that are nearly one of theirs. */
void vlinkcfg_info_suggest(const char *info, vlinkcfg_info_report report, void *arg);
/* The value of a key of the services' that is a size, or its default. */
unsigned long long vlinkcfg_info_value(const char *info, const char *name);
/* The keys by their number; NULL: there are no more. */
const char *vlinkcfg_info_key(size_t nr);

/* A number with or without a suffix K, M or G. False: it is none. */
bool vlinkcfg_size_parse(const char *text, size_t len, unsigned long long *value);

#endif
