// SPDX-License-Identifier: LGPL-2.1-or-later
/* The published links of a domain and how far their devices have come. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/xs.h"
#include "links.h"

/* A domain's drivers may write below device and backend: what is read is bounded. */
#define LINKS_MAX	65536u
#define DEVICES_MAX	65536u
#define NAME_MAX_LEN	64u	/* of a link, a service, a device number */
#define TEXT_MAX_LEN	63u	/* of a value that is shown */
#define LONG_TEXT_MAX	1024u	/* of one that is shown on a line of its own */
#define DOMID_MAX	0x7fffu

struct device {
	bool is_backend;
	const char *service;
	char *link;
	int state;
	char *path;		/* relative to the home */
	unsigned int id;
	unsigned int peer_domid;
};

struct devices {
	struct device *list;
	size_t nr;
};

struct reader {
	struct xs_handle *xs;
	const char *home;
	unsigned int domid;
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

const char *links_state_of(const struct link *link)
{
	if (link->state == LINKS_STATE_NONE && link->detached)
		return "detached";
	return links_state_name(link->state);
}

bool links_is_server(const struct link *link)
{
	return !strcmp(link->role, "server");
}

/* A value fit to be shown: bounded and printable; NULL when there is none. */
static char *read_long_text(struct reader *rd, const char *dir, const char *key, size_t max)
{
	char *value = xsh_read(rd->xs, XBT_NULL, xsh_path("%s/%s", dir, key).s);
	char *c;

	for (c = value; c && *c; c++) {
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
		if (c == value + max) {
			*c = '\0';
			break;
		}
	}
	return value;
}

/* The toolstack makes the node, which is empty while there is none. */
static char *read_failure(struct reader *rd, const char *dir)
{
	char *value = read_long_text(rd, dir, "failure", LONG_TEXT_MAX);

	if (value && *value)
		return value;
	free(value);
	return NULL;
}

static char *read_text(struct reader *rd, const char *dir, const char *key)
{
	char *value = read_long_text(rd, dir, key, TEXT_MAX_LEN);

	return value ? value : alloc_string("?");
}

static bool has_field(const char *key)
{
	static const char *const fields[] = {
		"index", "class", "role", "unit", "peer", "name", "info",
	};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!strcmp(fields[i], key))
			return true;
	return false;
}

static void add_key(struct reader *rd, struct link *link, const char *dir, const char *key)
{
	char *value = read_long_text(rd, dir, key, LONG_TEXT_MAX);

	if (!value)
		return;
	link->keys = alloc_grow(link->keys, link->nr_keys, sizeof(*link->keys));
	link->keys[link->nr_keys++] = (struct link_key){ alloc_string(key), value };
}

static void read_keys(struct reader *rd, struct link *link, const char *dir)
{
	unsigned int i, nr;
	char **keys = xsh_directory(rd->xs, XBT_NULL, dir, &nr);

	for (i = 0; keys && i < nr; i++)
		if (strlen(keys[i]) <= NAME_MAX_LEN && !has_field(keys[i]))
			add_key(rd, link, dir, keys[i]);
	free(keys);
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
		.name = read_long_text(rd, dir.s, "name", TEXT_MAX_LEN),
		.info = read_long_text(rd, dir.s, "info", LONG_TEXT_MAX),
		.state = LINKS_STATE_NONE, .peer_state = LINKS_STATE_NONE,
	};
	read_keys(rd, link, dir.s);
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

static int read_state(struct reader *rd, const char *dir)
{
	unsigned int state;

	if (xsh_read_number(rd->xs, XBT_NULL, xsh_path("%s/state", dir).s, NR_STATES - 1, &state))
		state = 0;
	return (int)state;
}

/* Adds @found, of which the domains are known, as the device at @dir/@name. */
static int add_device(struct reader *rd, const char *dir, const char *name, struct device found)
{
	struct xsh_path path = xsh_path("%s/%s", dir, name);
	struct devices *devices = &rd->devices;

	if (devices->nr >= DEVICES_MAX)
		return -E2BIG;
	if (!xsh_parse_number(name, DEVICES_MAX, &found.id))
		return 0;
	found.link = xsh_read(rd->xs, XBT_NULL, xsh_path("%s/link", path.s).s);
	if (!found.link)
		return xsh_is_fatal(-errno) ? -errno : 0;
	found.state = read_state(rd, path.s);
	found.path = alloc_string(path.s + strlen(rd->home));
	devices->list = alloc_grow(devices->list, devices->nr, sizeof(*devices->list));
	devices->list[devices->nr++] = found;
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
	struct device found = { .service = service_of(rd, dir, false) };

	/* A front end that says nothing sensible of its peer has none. */
	if (xsh_read_number(rd->xs, XBT_NULL, xsh_path("%s/%s/backend-id", dir, name).s,
			    DOMID_MAX, &found.peer_domid))
		found.peer_domid = DOMID_MAX;
	return add_device(rd, dir, name, found);
}

static int on_backend(struct reader *rd, const char *dir, const char *name)
{
	struct device found = { .is_backend = true, .service = service_of(rd, dir, true) };

	if (!xsh_parse_number(last_part(dir), DOMID_MAX, &found.peer_domid))
		return 0;
	return add_device(rd, dir, name, found);
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
static const struct device *device_of(const struct devices *devices, const struct link *link)
{
	const struct device *found = NULL;
	size_t i;

	for (i = 0; i < devices->nr; i++) {
		if (!is_device_of(&devices->list[i], link))
			continue;
		found = &devices->list[i];
		if (found->state == LINKS_STATE_CONNECTED)
			break;
	}
	return found;
}

/*
 * The peer's directory by its place: what a guest writes of where it is would lead
 * dom0 anywhere.
 */
static struct xsh_path peer_path(const struct reader *rd, const struct device *device)
{
	if (device->is_backend)
		return xsh_path("/local/domain/%u/device/%s/%u", device->peer_domid,
				device->service, device->id);
	return xsh_path("/local/domain/%u/backend/%s/%u/%u", device->peer_domid,
			device->service, rd->domid, device->id);
}

static void set_device(struct reader *rd, struct link *link)
{
	const struct device *device = device_of(&rd->devices, link);
	struct xsh_path own, peer, error;

	if (!device)
		return;
	own = xsh_path("%s%s", rd->home, device->path);
	peer = peer_path(rd, device);
	error = xsh_path("%serror/%s", rd->home, device->path);
	link->state = device->state;
	link->device = alloc_string(device->path);
	link->peer_domid = device->peer_domid;
	if (xsh_exists(rd->xs, XBT_NULL, xsh_path("%s/state", peer.s).s))
		link->peer_state = read_state(rd, peer.s);
	link->error = read_long_text(rd, error.s, "error", LONG_TEXT_MAX);
	link->failure = read_failure(rd, own.s);
	link->peer_failure = read_failure(rd, peer.s);
}

static void read_domid(struct reader *rd)
{
	unsigned int domid;

	if (sscanf(rd->home, "/local/domain/%u/", &domid) == 1)
		rd->domid = domid;
	else if (xsh_read_number(rd->xs, XBT_NULL, "domid", DOMID_MAX, &rd->domid))
		rd->domid = DOMID_MAX;
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

	for (i = 0; i < devices->nr; i++) {
		free(devices->list[i].link);
		free(devices->list[i].path);
	}
	free(devices->list);
}

int links_read(struct xs_handle *xs, const char *home, struct links *links)
{
	struct reader rd = { .xs = xs, .home = home, .links = links };
	size_t i;
	int ret;

	*links = (struct links){ 0 };
	read_domid(&rd);
	ret = for_entries(&rd, xsh_path("%svlink", home).s, on_service);
	if (!ret)
		ret = read_devices(&rd);
	for (i = 0; i < links->nr; i++)
		set_device(&rd, &links->list[i]);
	clear_devices(&rd.devices);
	if (ret)
		links_clear(links);
	else if (links->nr)
		qsort(links->list, links->nr, sizeof(*links->list), compare_links);
	return ret;
}

static void clear_link(struct link *link)
{
	size_t i;

	for (i = 0; i < link->nr_keys; i++) {
		free(link->keys[i].key);
		free(link->keys[i].value);
	}
	free(link->keys);
	free(link->link);
	free(link->service);
	free(link->class_name);
	free(link->role);
	free(link->unit);
	free(link->peer);
	free(link->name);
	free(link->info);
	free(link->device);
	free(link->error);
	free(link->failure);
	free(link->peer_failure);
}

void links_clear(struct links *links)
{
	size_t i;

	for (i = 0; i < links->nr; i++)
		clear_link(&links->list[i]);
	free(links->list);
	*links = (struct links){ 0 };
}
