// SPDX-License-Identifier: LGPL-2.1-or-later
/* The published links of a domain and how far their devices have come. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../vlinkd/alloc.h"
#include "../vlinkd/xs.h"
#include "links.h"

/* A domain's drivers may write below device and backend: what is read is bounded. */
#define LINKS_MAX	65536u
#define DEVICES_MAX	65536u
#define NAME_MAX_LEN	64u	/* of a link, a service, a device number */
#define TEXT_MAX_LEN	63u	/* of a value that is shown */

struct device {
	bool is_backend;
	const char *service;
	char *link;
	int state;
};

struct devices {
	struct device *list;
	size_t nr;
};

struct reader {
	struct xs_handle *xs;
	const char *home;
	struct links *links;
	struct devices devices;
};

static const char *const state_names[] = {
	"Unknown", "Initialising", "InitWait", "Initialised", "Connected",
	"Closing", "Closed", "Reconfiguring", "Reconfigured",
};

#define NR_STATES	(sizeof(state_names) / sizeof(state_names[0]))

const char *links_state_name(int state)
{
	if (state == LINKS_STATE_NONE)
		return "-";
	return state >= 0 && (size_t)state < NR_STATES ? state_names[state] : "?";
}

/* A value fit to be shown: bounded and printable; "?" when there is none. */
static char *read_text(struct reader *rd, const char *dir, const char *key)
{
	char *value = xsh_read(rd->xs, XBT_NULL, xsh_path("%s/%s", dir, key).s);
	char *c;

	if (!value)
		return alloc_string("?");
	for (c = value; *c; c++) {
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
		if (c == value + TEXT_MAX_LEN) {
			*c = '\0';
			break;
		}
	}
	return value;
}

static void add_link(struct reader *rd, const char *service, const char *name)
{
	struct xsh_path dir = xsh_path("%svlink/%s/%s", rd->home, service, name);
	struct links *links = rd->links;
	struct link *link;

	links->list = alloc_grow(links->list, links->nr, sizeof(*links->list));
	link = &links->list[links->nr++];
	*link = (struct link){
		.link = alloc_string(name),
		.service = alloc_string(service),
		.class_name = read_text(rd, dir.s, "class"),
		.role = read_text(rd, dir.s, "role"),
		.unit = read_text(rd, dir.s, "unit"),
		.peer = read_text(rd, dir.s, "peer"),
		.state = LINKS_STATE_NONE,
	};
	xsh_read_number(rd->xs, XBT_NULL, xsh_path("%s/index", dir.s).s, LINKS_MAX, &link->index);
}

/* Calls @each for the entries of a directory; one that is not there has none. */
static int for_entries(struct reader *rd, const char *path,
		       int (*each)(struct reader *rd, const char *dir, const char *name))
{
	unsigned int i, nr;
	char **names = xsh_directory(rd->xs, XBT_NULL, path, &nr);
	int ret = 0;

	if (!names)
		return -errno;
	for (i = 0; i < nr && !ret; i++)
		if (strlen(names[i]) <= NAME_MAX_LEN)
			ret = each(rd, path, names[i]);
	free(names);
	return ret;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int on_link(struct reader *rd, const char *dir, const char *name)
{
	if (rd->links->nr >= LINKS_MAX)
		return -E2BIG;
	add_link(rd, last_part(dir), name);
	return 0;
}

static int on_service(struct reader *rd, const char *dir, const char *name)
{
	return for_entries(rd, xsh_path("%s/%s", dir, name).s, on_link);
}

static int add_device(struct reader *rd, const char *dir, const char *name, bool is_backend,
		      const char *service)
{
	struct xsh_path path = xsh_path("%s/%s", dir, name);
	struct devices *devices = &rd->devices;
	unsigned int state;
	char *link;

	if (devices->nr >= DEVICES_MAX)
		return -E2BIG;
	link = xsh_read(rd->xs, XBT_NULL, xsh_path("%s/link", path.s).s);
	if (!link)
		return xsh_is_fatal(-errno) ? -errno : 0;
	if (xsh_read_number(rd->xs, XBT_NULL, xsh_path("%s/state", path.s).s, NR_STATES - 1,
			    &state))
		state = 0;
	devices->list = alloc_grow(devices->list, devices->nr, sizeof(*devices->list));
	devices->list[devices->nr++] = (struct device){
		.is_backend = is_backend, .service = service, .link = link, .state = (int)state,
	};
	return 0;
}

/* The service whose devices are being read: one of those of the links. */
static const char *service_of(const struct reader *rd, const char *dir, bool is_backend)
{
	const char *rest = dir + strlen(rd->home) + (is_backend ? strlen("backend/") :
						     strlen("device/"));
	size_t i, len = strcspn(rest, "/");

	for (i = 0; i < rd->links->nr; i++)
		if (strlen(rd->links->list[i].service) == len &&
		    !memcmp(rd->links->list[i].service, rest, len))
			return rd->links->list[i].service;
	return "";
}

static int on_frontend(struct reader *rd, const char *dir, const char *name)
{
	return add_device(rd, dir, name, false, service_of(rd, dir, false));
}

static int on_backend(struct reader *rd, const char *dir, const char *name)
{
	return add_device(rd, dir, name, true, service_of(rd, dir, true));
}

static int on_backend_domain(struct reader *rd, const char *dir, const char *name)
{
	return for_entries(rd, xsh_path("%s/%s", dir, name).s, on_backend);
}

static bool is_first_of_service(const struct links *links, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(links->list[i].service, links->list[nr].service))
			return false;
	return true;
}

static int read_devices(struct reader *rd)
{
	const struct links *links = rd->links;
	size_t i;
	int ret = 0;

	for (i = 0; i < links->nr && !ret; i++) {
		const char *service = links->list[i].service;

		if (!is_first_of_service(links, i))
			continue;
		ret = for_entries(rd, xsh_path("%sdevice/%s", rd->home, service).s, on_frontend);
		if (!ret)
			ret = for_entries(rd, xsh_path("%sbackend/%s", rd->home, service).s,
					  on_backend_domain);
	}
	return ret;
}

static bool is_device_of(const struct device *device, const struct link *link)
{
	return !strcmp(device->link, link->link) && !strcmp(device->service, link->service) &&
	       device->is_backend == !strcmp(link->role, "server");
}

/* An old device may linger beside the new one: the one in use counts. */
static void set_state(const struct devices *devices, struct link *link)
{
	size_t i;

	for (i = 0; i < devices->nr; i++) {
		if (!is_device_of(&devices->list[i], link))
			continue;
		link->state = devices->list[i].state;
		if (link->state == LINKS_STATE_CONNECTED)
			return;
	}
}

static int compare_links(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return strcmp(x->service, y->service);
}

static void clear_devices(struct devices *devices)
{
	size_t i;

	for (i = 0; i < devices->nr; i++)
		free(devices->list[i].link);
	free(devices->list);
}

int links_read(struct xs_handle *xs, const char *home, struct links *links)
{
	struct reader rd = { .xs = xs, .home = home, .links = links };
	size_t i;
	int ret;

	*links = (struct links){ 0 };
	ret = for_entries(&rd, xsh_path("%svlink", home).s, on_service);
	if (!ret)
		ret = read_devices(&rd);
	for (i = 0; i < links->nr; i++)
		set_state(&rd.devices, &links->list[i]);
	clear_devices(&rd.devices);
	if (ret)
		links_clear(links);
	else if (links->nr)
		qsort(links->list, links->nr, sizeof(*links->list), compare_links);
	return ret;
}

void links_clear(struct links *links)
{
	size_t i;

	for (i = 0; i < links->nr; i++) {
		struct link *link = &links->list[i];

		free(link->link);
		free(link->service);
		free(link->class_name);
		free(link->role);
		free(link->unit);
		free(link->peer);
	}
	free(links->list);
	*links = (struct links){ 0 };
}
