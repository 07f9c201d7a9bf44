// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reads the private record and looks at the xenbus directories it tells of. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "records.h"

#define LINK_NAME_MAX	256	/* of a node below the root: one of ours is shorter */

struct xsh_path records_frontend_path(const struct device_id *dev)
{
	return xsh_path("/local/domain/%u/device/%s/%u", dev->frontend, dev->service, dev->id);
}

struct xsh_path records_backend_path(const struct device_id *dev)
{
	return xsh_path("/local/domain/%u/backend/%s/%u/%u", dev->backend, dev->service,
			dev->frontend, dev->id);
}

static int read_text(struct xs_handle *xs, const char *dir, const char *key,
		     char *text, size_t size)
{
	char *value = xsh_read(xs, XBT_NULL, xsh_path("%s/%s", dir, key).s);
	int len;

	if (!value)
		return -errno;
	len = snprintf(text, size, "%s", value);
	free(value);
	return len >= 0 && (size_t)len < size ? 0 : -EINVAL;
}

static int read_number(struct xs_handle *xs, const char *dir, const char *key,
		       unsigned int max, unsigned int *number)
{
	return xsh_read_number(xs, XBT_NULL, xsh_path("%s/%s", dir, key).s, max, number);
}

static int read_keys(struct xs_handle *xs, const char *dir, struct record *record)
{
	struct device_id *dev = &record->dev;
	int ret;

	ret = read_number(xs, dir, "frontend-id", DOMAINS_DOMID_MAX, &dev->frontend);
	if (!ret)
		ret = read_number(xs, dir, "backend-id", DOMAINS_DOMID_MAX, &dev->backend);
	if (!ret)
		ret = read_number(xs, dir, "id", PLAN_ID_MAX, &dev->id);
	if (!ret)
		ret = read_text(xs, dir, "frontend-uuid", record->frontend_uuid,
				sizeof(record->frontend_uuid));
	if (!ret)
		ret = read_text(xs, dir, "backend-uuid", record->backend_uuid,
				sizeof(record->backend_uuid));
	return ret;
}

static bool reads_as(struct xs_handle *xs, const char *dir, const char *key, const char *expected)
{
	char *value = xsh_read(xs, XBT_NULL, xsh_path("%s/%s", dir, key).s);
	bool same = value && !strcmp(value, expected);

	free(value);
	return same;
}

static bool reads_number(struct xs_handle *xs, const char *dir, const char *key,
			 unsigned int expected)
{
	unsigned int number;

	return !read_number(xs, dir, key, DOMAINS_DOMID_MAX, &number) && number == expected;
}

/*
 * The guests may write there, so the answer decides only whether this very
 * pair is made anew.
 */
static bool pair_is_intact(struct xs_handle *xs, const struct device_id *dev)
{
	struct xsh_path front = records_frontend_path(dev);
	struct xsh_path back = records_backend_path(dev);

	return reads_as(xs, front.s, "backend", back.s) &&
	       reads_number(xs, front.s, "backend-id", dev->backend) &&
	       reads_as(xs, back.s, "frontend", front.s) &&
	       reads_number(xs, back.s, "frontend-id", dev->frontend);
}

struct xsh_path records_device_key(const struct device_id *dev)
{
	return xsh_path("%s/%u/%u", dev->service, dev->frontend, dev->id);
}

static int look_at_pair(struct xs_handle *xs, struct record *record)
{
	errno = 0;
	record->intact = pair_is_intact(xs, &record->dev);
	return !record->intact && xsh_is_fatal(-errno) ? -errno : 0;
}

static int read_record(struct xs_handle *xs, const char *dir, struct record *record)
{
	int ret;

	if (strlen(record->service) > VLINK_SERVICE_MAX)
		return 0;
	snprintf(record->dev.service, sizeof(record->dev.service), "%s", record->service);
	ret = read_keys(xs, dir, record);
	if (ret)
		return xsh_is_fatal(ret) ? ret : 0;
	record->sound = true;
	return look_at_pair(xs, record);
}

static struct record *append(struct records *records, const char *link, const char *service)
{
	struct record *record;

	records->list = alloc_grow(records->list, records->nr, sizeof(*records->list));
	record = &records->list[records->nr++];
	*record = (struct record){
		.link = alloc_string(link), .service = alloc_string(service),
	};
	records->is_indexed = false;
	return record;
}

static int add_record(struct xs_handle *xs, const char *link, const char *service,
		      struct records *records)
{
	struct record *record = append(records, link, service);

	return read_record(xs, xsh_path(RECORDS_ROOT "/%s/%s", link, service).s, record);
}

/* A link without a service is a record, too: a damaged one, with service "". */
static int read_link(struct xs_handle *xs, const char *link, struct records *records)
{
	unsigned int i, nr;
	char **services;
	int ret = 0;

	services = xsh_directory(xs, XBT_NULL, xsh_path(RECORDS_ROOT "/%s", link).s, &nr);
	if (!services)
		return -errno;
	if (!nr)
		ret = add_record(xs, link, "", records);
	for (i = 0; i < nr && !ret; i++)
		if (strlen(services[i]) < LINK_NAME_MAX / 2)
			ret = add_record(xs, link, services[i], records);
	free(services);
	return ret;
}

int records_read(struct xs_handle *xs, struct records *records)
{
	unsigned int i, nr;
	char **links;
	int ret = 0;

	records_clear(records);
	links = xsh_directory(xs, XBT_NULL, RECORDS_ROOT, &nr);
	if (!links)
		return -errno;
	for (i = 0; i < nr && !ret; i++)
		if (links[i][0] != '@' && strlen(links[i]) < LINK_NAME_MAX)
			ret = read_link(xs, links[i], records);
	free(links);
	if (ret)
		records_clear(records);
	records->is_read = !ret;
	return ret;
}

int records_look(struct xs_handle *xs, struct records *records)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < RECORDS_LOOKS && i < records->nr && !ret; i++) {
		struct record *record = &records->list[records->next_look++ % records->nr];

		if (record->sound)
			ret = look_at_pair(xs, record);
	}
	return ret;
}

static void free_record(struct record *record)
{
	free(record->link);
	free(record->service);
}

static void drop_gone(struct records *records)
{
	size_t i, kept = 0;

	for (i = 0; i < records->nr; i++) {
		if (records->list[i].is_gone)
			free_record(&records->list[i]);
		else
			records->list[kept++] = records->list[i];
	}
	records->nr = kept;
}

void records_index(struct records *records)
{
	size_t i;

	if (records->is_indexed)
		return;
	drop_gone(records);
	map_clear(&records->by_service);
	map_clear(&records->by_device);
	for (i = 0; i < records->nr; i++) {
		struct record *record = &records->list[i];

		map_set(&records->by_service,
			xsh_path("%s/%s", record->link, record->service).s, record);
		if (record->sound)
			map_set(&records->by_device, records_device_key(&record->dev).s, record);
	}
	records->is_indexed = true;
}

void records_add(struct records *records, const char *link, const struct device_id *dev,
		 const char *frontend_uuid, const char *backend_uuid)
{
	struct record *record = append(records, link, dev->service);

	record->sound = record->intact = true;
	record->dev = *dev;
	snprintf(record->frontend_uuid, sizeof(record->frontend_uuid), "%s", frontend_uuid);
	snprintf(record->backend_uuid, sizeof(record->backend_uuid), "%s", backend_uuid);
}

void records_clear(struct records *records)
{
	size_t i;

	for (i = 0; i < records->nr; i++)
		free_record(&records->list[i]);
	free(records->list);
	map_clear(&records->by_service);
	map_clear(&records->by_device);
	*records = (struct records){ 0 };
}

struct search {
	struct xs_handle *xs;
	struct found_dirs *dirs;
	struct found_dir dir;	/* as far as it is known */
};

/* Ours have a link key; a directory of another's device has none. */
static void add_dir(struct search *search, const char *path)
{
	struct found_dirs *dirs = search->dirs;

	if (!xsh_exists(search->xs, XBT_NULL, xsh_path("%s/link", path).s))
		return;
	dirs->list = alloc_grow(dirs->list, dirs->nr, sizeof(*dirs->list));
	dirs->list[dirs->nr++] = search->dir;
}

/* @path holds directories named by device ids. */
static int search_ids(struct search *search, const char *path)
{
	unsigned int i, nr;
	char **ids;

	ids = xsh_directory(search->xs, XBT_NULL, path, &nr);
	if (!ids)
		return -errno;
	for (i = 0; i < nr; i++)
		if (xsh_parse_number(ids[i], PLAN_ID_MAX, &search->dir.dev.id))
			add_dir(search, xsh_path("%s/%s", path, ids[i]).s);
	free(ids);
	return 0;
}

static int search_frontends(struct search *search, unsigned int domid)
{
	search->dir.is_backend = false;
	search->dir.dev.frontend = domid;
	search->dir.dev.backend = 0;
	return search_ids(search, xsh_path("/local/domain/%u/device/%s", domid,
					   search->dir.dev.service).s);
}

static int search_backends(struct search *search, unsigned int domid)
{
	struct xsh_path path = xsh_path("/local/domain/%u/backend/%s", domid,
					search->dir.dev.service);
	unsigned int i, nr;
	char **fronts;
	int ret = 0;

	search->dir.is_backend = true;
	search->dir.dev.backend = domid;
	fronts = xsh_directory(search->xs, XBT_NULL, path.s, &nr);
	if (!fronts)
		return -errno;
	for (i = 0; i < nr && !ret; i++)
		if (xsh_parse_number(fronts[i], DOMAINS_DOMID_MAX, &search->dir.dev.frontend))
			ret = search_ids(search, xsh_path("%s/%s", path.s, fronts[i]).s);
	free(fronts);
	return ret;
}

static int search_service(struct search *search, const struct domains *domains,
			  const char *service)
{
	size_t i;
	int ret = 0;

	snprintf(search->dir.dev.service, sizeof(search->dir.dev.service), "%s", service);
	for (i = 0; i < domains->nr && !ret; i++) {
		ret = search_frontends(search, domains->list[i].domid);
		if (!ret)
			ret = search_backends(search, domains->list[i].domid);
	}
	return ret;
}

/* Whether the service belongs to a class before this one, too. */
static bool seen_before(const struct vlinkcfg_classes *classes, size_t cls, const char *service)
{
	size_t i, j;

	for (i = 0; i < cls; i++)
		for (j = 0; j < classes->classes[i].nr_services; j++)
			if (!strcmp(classes->classes[i].services[j], service))
				return true;
	return false;
}

int records_find_dirs(struct xs_handle *xs, const struct domains *domains,
		      const struct vlinkcfg_classes *classes, struct found_dirs *dirs)
{
	struct search search = { .xs = xs, .dirs = dirs };
	size_t i, j;
	int ret = 0;

	*dirs = (struct found_dirs){ 0 };
	for (i = 0; i < classes->nr && !ret; i++)
		for (j = 0; j < classes->classes[i].nr_services && !ret; j++)
			if (!seen_before(classes, i, classes->classes[i].services[j]))
				ret = search_service(&search, domains,
						     classes->classes[i].services[j]);
	if (ret)
		records_clear_dirs(dirs);
	return ret;
}

void records_clear_dirs(struct found_dirs *dirs)
{
	free(dirs->list);
	*dirs = (struct found_dirs){ 0 };
}
