// SPDX-License-Identifier: LGPL-2.1-or-later
#include "node.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int open_path(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Is @entry @base and a number? */
static bool is_unit_of(const char *entry, const char *base)
{
	size_t length = strlen(base);

	if (strncmp(entry, base, length) || !entry[length])
		return false;
	return !entry[length + strspn(entry + length, "0123456789")];
}

/* Completes @path with the unit of the only node that it can mean. */
static int add_unit(char *path, size_t size)
{
	char *base = strrchr(path, '/') + 1;
	char found[NAME_MAX + 1] = "";
	unsigned int matches = 0;
	struct dirent *entry;
	DIR *dir;

	if (!*base)
		return -ENOENT;
	base[-1] = 0;
	dir = opendir(*path ? path : "/");
	base[-1] = '/';
	if (!dir)
		return -ENOENT;
	while ((entry = readdir(dir))) {
		if (!is_unit_of(entry->d_name, base))
			continue;
		matches++;
		snprintf(found, sizeof(found), "%s", entry->d_name);
	}
	closedir(dir);
	if (matches != 1)
		return matches ? -ENOTUNIQ : -ENOENT;
	if (strlen(found) >= size - (size_t)(base - path))
		return -ENAMETOOLONG;
	memcpy(base, found, strlen(found) + 1);
	return 0;
}

int vlink_node_open(const char *name)
{
	char path[PATH_MAX];
	int fd, err, length;

	length = snprintf(path, sizeof(path), "%s%s", strchr(name, '/') ? "" : "/dev/", name);
	if (length >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open_path(path);
	if (fd != -ENOENT || !*name)
		return fd;
	err = add_unit(path, sizeof(path));
	return err ? err : open_path(path);
}
