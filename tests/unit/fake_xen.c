// SPDX-License-Identifier: LGPL-2.1-or-later
/* A xenstore and a hypervisor in memory. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenstore.h>

#include "lib/alloc.h"
#include "../../toolstack/vlinkd/map.h"
#include "fake_xen.h"

#define MAX_PATH	256
#define MAX_PERMS	5
#define MAX_DOMAINS	2048
#define MAX_WATCHES	4096
#define MAX_EVENTS	32768
#define MAX_CHANGES	4096
#define MAX_VALUE	4096

/* Trees share what is the same in them: a transaction costs what it changes. */
struct node {
	unsigned int refs;
	char *name;
	char *value;
	unsigned int len;
	struct xs_permissions perms[MAX_PERMS];
	unsigned int nr_perms;
	struct node **children;	/* in the order of the names */
	size_t nr;
};

struct tree {
	struct node *root;
};

struct fake_domain {
	bool introduced;
	xc_domaininfo_t info;
};

struct watch {
	char path[MAX_PATH];
	char token[64];
	struct watch *next;	/* of the same path */
};

static struct tree store, saved;
static struct fake_domain domains[MAX_DOMAINS], saved_domains[MAX_DOMAINS];
static size_t nr_domains, nr_saved_domains;
static struct watch watches[MAX_WATCHES], events[MAX_EVENTS];
static size_t nr_watches, nr_events;
static struct map watches_by_path;
static bool watches_stale;	/* the map is not up to date */
static unsigned long generation;

/* One transaction at a time is all that a well-behaved daemon needs. */
static struct {
	bool open;
	struct tree tree;
	unsigned long base;
	char changed[MAX_CHANGES][MAX_PATH];
	size_t nr_changed;
} txn;

static long budget = FAKE_UNLIMITED, calls;
static unsigned int self, conflicts, commits, changes;
static void (*commit_hook)(void);
static char fail_path[MAX_PATH];
static int fail_error;

static void die(const char *what)
{
	fprintf(stderr, "fake xenstore: %s\n", what);
	abort();
}

/* Every call of the library goes through here. */
static bool may_go_on(void)
{
	calls++;
	if (budget == FAKE_UNLIMITED)
		return true;
	if (budget > 0) {
		budget--;
		return true;
	}
	errno = EIO;
	return false;
}

/* ---- the tree ---- */

static void put_node(struct node *node)
{
	size_t i;

	if (!node || --node->refs)
		return;
	for (i = 0; i < node->nr; i++)
		put_node(node->children[i]);
	free(node->children);
	free(node->name);
	free(node->value);
	free(node);
}

static void free_tree(struct tree *tree)
{
	put_node(tree->root);
	tree->root = NULL;
}

static void set_value(struct node *node, const void *value, unsigned int len)
{
	char *copy = alloc_zero(len + 1, 1);

	memcpy(copy, value, len);
	free(node->value);
	node->value = copy;
	node->len = len;
}

static struct node *new_node(const char *name, size_t len)
{
	struct node *node = alloc_zero(1, sizeof(*node));

	node->refs = 1;
	node->nr_perms = 1;
	node->name = alloc_printf("%.*s", (int)len, name);
	set_value(node, "", 0);
	return node;
}

/* The node for one tree alone, which may change it. */
static struct node *own(struct node **at)
{
	struct node *old = *at, *node;
	size_t i, room = 1;

	if (old->refs == 1)
		return old;
	node = new_node(old->name, strlen(old->name));
	set_value(node, old->value, old->len);
	memcpy(node->perms, old->perms, sizeof(node->perms));
	node->nr_perms = old->nr_perms;
	node->nr = old->nr;
	/* As much room as alloc_grow() takes to be there. */
	while (room < old->nr)
		room *= 2;
	node->children = alloc_zero(room, sizeof(struct node *));
	for (i = 0; i < old->nr; i++) {
		node->children[i] = old->children[i];
		node->children[i]->refs++;
	}
	old->refs--;
	*at = node;
	return node;
}

static struct tree copy_tree(const struct tree *tree)
{
	if (tree->root)
		tree->root->refs++;
	return *tree;
}

static void copy_path(char *to, const char *path)
{
	if (snprintf(to, MAX_PATH, "%s", path) >= MAX_PATH)
		die("a path is too long");
}

/* Where the child is, or belongs. */
static size_t place_of(const struct node *node, const char *name, size_t len, bool *found)
{
	size_t low = 0, high = node->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strncmp(node->children[middle]->name, name, len);

		if (!order && node->children[middle]->name[len])
			order = 1;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low < node->nr && !strncmp(node->children[low]->name, name, len) &&
		 !node->children[low]->name[len];
	return low;
}

static struct node *find(const struct tree *tree, const char *path)
{
	struct node *node = tree->root;
	size_t at, len;
	bool found;

	for (; node && *path == '/'; path += len) {
		len = strcspn(++path, "/");
		at = place_of(node, path, len, &found);
		node = found ? node->children[at] : NULL;
	}
	return node;
}

static bool is_below(const char *path, const char *above)
{
	size_t len = strlen(above);

	return !strncmp(path, above, len) && path[len] == '/';
}

static bool is_valid(const char *path)
{
	size_t len = strlen(path);

	return len > 1 && len < MAX_PATH && path[0] == '/' && path[len - 1] != '/' &&
	       !strstr(path, "//") &&
	       strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/_@") == len;
}

/* As xenstored does: permissions are inherited. */
static void add_child(struct node *node, size_t at, const char *name, size_t len)
{
	struct node *child = new_node(name, len);

	memcpy(child->perms, node->perms, sizeof(child->perms));
	child->nr_perms = node->nr_perms;
	node->children = alloc_grow(node->children, node->nr, sizeof(struct node *));
	memmove(&node->children[at + 1], &node->children[at],
		(node->nr++ - at) * sizeof(struct node *));
	node->children[at] = child;
}

/* The node and all above it are there then, and the tree's own: it may be changed. */
static struct node *make(struct tree *tree, const char *path)
{
	struct node *node;
	size_t at, len;
	bool found;

	if (!tree->root)
		tree->root = new_node("", 0);
	node = own(&tree->root);
	for (; *path == '/'; path += len) {
		len = strcspn(++path, "/");
		at = place_of(node, path, len, &found);
		if (!found)
			add_child(node, at, path, len);
		node = own(&node->children[at]);
	}
	return node;
}

static bool remove_from(struct tree *tree, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	char above[MAX_PATH];
	struct node *parent;
	size_t at;
	bool found;

	if (!find(tree, path))
		return false;
	copy_path(above, path);
	above[name - path - 1] = '\0';
	parent = make(tree, above);
	at = place_of(parent, name, strlen(name), &found);
	put_node(parent->children[at]);
	memmove(&parent->children[at], &parent->children[at + 1],
		(--parent->nr - at) * sizeof(struct node *));
	return true;
}

/* ---- watches ---- */

/* Readable while events are waiting, as the descriptor of the library is. */
static int event_fd = -1;

int xs_fileno(struct xs_handle *h)
{
	(void)h;
	if (event_fd < 0)
		event_fd = eventfd((unsigned int)nr_events, EFD_NONBLOCK | EFD_CLOEXEC | EFD_SEMAPHORE);
	return event_fd;
}

static void queue_event(const struct watch *watch, const char *path)
{
	if (nr_events == MAX_EVENTS)
		die("too many events");
	events[nr_events] = *watch;
	copy_path(events[nr_events++].path, path);
	if (event_fd >= 0)
		eventfd_write(event_fd, 1);
}

static void index_watches(void)
{
	size_t i;

	if (!watches_stale)
		return;
	map_clear(&watches_by_path);
	for (i = nr_watches; i; i--) {
		struct watch *watch = &watches[i - 1];

		watch->next = map_get(&watches_by_path, watch->path);
		map_set(&watches_by_path, watch->path, watch);
	}
	watches_stale = false;
}

/* The watches of the path itself, and of all above. */
static void fire(const char *path)
{
	char above[MAX_PATH], *slash = above;
	const struct watch *watch;

	generation++;
	index_watches();
	copy_path(above, path);
	while (slash) {
		for (watch = map_get(&watches_by_path, above); watch; watch = watch->next)
			queue_event(watch, path);
		slash = strrchr(above, '/');
		if (slash)
			*slash = '\0';
	}
}

static void fire_removed(const char *path)
{
	size_t i;

	fire(path);
	for (i = 0; i < nr_watches; i++)
		if (is_below(watches[i].path, path))
			queue_event(&watches[i], watches[i].path);
}

/* ---- domains ---- */

static struct fake_domain *domain_of(unsigned int domid)
{
	size_t i;

	for (i = 0; i < nr_domains; i++)
		if (domains[i].info.domain == domid)
			return &domains[i];
	return NULL;
}

static const char *home(unsigned int domid, const char *key)
{
	static char path[MAX_PATH];

	snprintf(path, sizeof(path), "/local/domain/%u%s%s", domid, *key ? "/" : "", key);
	return path;
}

static void set_perms(const char *path, unsigned int owner, unsigned int reader)
{
	struct node *node = make(&store, path);

	node->perms[0] = (struct xs_permissions){ .id = owner };
	node->perms[1] = (struct xs_permissions){ .id = reader, .perms = XS_PERM_READ };
	node->nr_perms = reader == owner ? 1 : 2;
}

void fake_build(unsigned int domid, unsigned char uuid)
{
	struct fake_domain domain = { .info.domain = domid };
	char text[16];
	size_t at;

	snprintf(text, sizeof(text), "%u", domid);
	memset(domain.info.handle, uuid, sizeof(domain.info.handle));
	if (nr_domains == MAX_DOMAINS || domain_of(domid))
		die("domain cannot be made");
	for (at = nr_domains++; at && domains[at - 1].info.domain > domid; at--)
		domains[at] = domains[at - 1];
	domains[at] = domain;
	set_perms(home(domid, ""), 0, domid);
	set_perms(home(domid, "device"), 0, domid);
	fake_set(home(domid, "domid"), text);
}

void fake_name(unsigned int domid, const char *name)
{
	fake_set(home(domid, "name"), name);
}

void fake_introduce(unsigned int domid)
{
	domain_of(domid)->introduced = true;
	fire("@introduceDomain");
}

void fake_create(unsigned int domid, const char *name, unsigned char uuid)
{
	fake_build(domid, uuid);
	fake_name(domid, name);
	fake_introduce(domid);
}

void fake_shutdown(unsigned int domid, unsigned int reason)
{
	xc_domaininfo_t *info = &domain_of(domid)->info;

	info->flags &= ~(XEN_DOMINF_shutdownmask << XEN_DOMINF_shutdownshift);
	info->flags |= XEN_DOMINF_shutdown | reason << XEN_DOMINF_shutdownshift;
	fire("@releaseDomain");
}

void fake_dying(unsigned int domid)
{
	domain_of(domid)->info.flags |= XEN_DOMINF_dying;
	fire("@releaseDomain");
}

void fake_destroy(unsigned int domid)
{
	struct fake_domain *domain = domain_of(domid);

	fake_remove(home(domid, ""));
	nr_domains--;
	memmove(domain, domain + 1, (size_t)(domains + nr_domains - domain) * sizeof(*domain));
	fire("@releaseDomain");
}

/* ---- control ---- */

void fake_reset(void)
{
	fake_disconnect();
	free_tree(&store);
	free_tree(&saved);
	nr_domains = 0;
	fake_set_self(0);
	set_perms("/tool", 0, 0);
	fake_build(0, 0);
	fake_remove(home(0, "device"));
	fake_name(0, "Domain-0");
	fake_introduce(0);
	calls = commits = changes = 0;
}

void fake_set_bytes(const char *path, const void *value, size_t len)
{
	set_value(make(&store, path), value, (unsigned int)len);
	fire(path);
}

void fake_set(const char *path, const char *value)
{
	fake_set_bytes(path, value, strlen(value));
}

void fake_remove(const char *path)
{
	if (remove_from(&store, path))
		fire_removed(path);
}

const char *fake_get(const char *path)
{
	struct node *node = find(&store, path);

	return node ? node->value : NULL;
}

static void print_node(FILE *out, const char *path, const struct node *node)
{
	char below[MAX_PATH];
	size_t i;

	fprintf(out, "%s = %s (", path, node->value);
	for (i = 0; i < node->nr_perms; i++)
		fprintf(out, "%s%c%u", i ? "," : "",
			"nrwb"[node->perms[i].perms & (XS_PERM_READ | XS_PERM_WRITE)],
			node->perms[i].id);
	fputs(")\n", out);
	for (i = 0; i < node->nr; i++) {
		if (snprintf(below, sizeof(below), "%s/%s", path, node->children[i]->name) >=
		    (int)sizeof(below))
			die("a path is too long");
		print_node(out, below, node->children[i]);
	}
}

const char *fake_dump(const char *path)
{
	static char *text;
	const struct node *node = find(&store, path);
	size_t len;
	FILE *out;

	free(text);
	out = open_memstream(&text, &len);
	if (node)
		print_node(out, path, node);
	fclose(out);
	return text;
}

void fake_save(void)
{
	free_tree(&saved);
	saved = copy_tree(&store);
	memcpy(saved_domains, domains, sizeof(domains));
	nr_saved_domains = nr_domains;
}

void fake_restore(void)
{
	free_tree(&store);
	store = copy_tree(&saved);
	memcpy(domains, saved_domains, sizeof(domains));
	nr_domains = nr_saved_domains;
	generation++;
}

void fake_disconnect(void)
{
	free_tree(&txn.tree);
	txn.open = false;
	nr_watches = nr_events = 0;
	watches_stale = true;
	if (event_fd >= 0)
		close(event_fd);
	event_fd = -1;
	budget = FAKE_UNLIMITED;
	conflicts = 0;
	commit_hook = NULL;
	fail_path[0] = '\0';
}

void fake_set_budget(long nr)
{
	budget = nr;
}

bool fake_is_dead(void)
{
	return budget == 0;
}

long fake_calls(void)
{
	return calls;
}

void fake_set_self(unsigned int domid)
{
	self = domid;
}

void fake_set_conflicts(unsigned int nr)
{
	conflicts = nr;
}

void fake_before_commit(void (*hook)(void))
{
	commit_hook = hook;
}

unsigned int fake_commits(void)
{
	return commits;
}

unsigned int fake_changes(void)
{
	return changes;
}

size_t fake_watches(void)
{
	return nr_watches;
}

unsigned int fake_open_transactions(void)
{
	return txn.open;
}

void fake_fail_below(const char *path, int error)
{
	copy_path(fail_path, path ? path : "");
	fail_error = error;
}

/* ---- libxenctrl ---- */

int xc_domain_getinfolist(xc_interface *xch, uint32_t first_domid, unsigned int max_doms,
			  xc_domaininfo_t *info)
{
	unsigned int nr = 0;
	size_t i;

	(void)xch;
	for (i = 0; i < nr_domains && nr < max_doms; i++)
		if (domains[i].info.domain >= first_domid)
			info[nr++] = domains[i].info;
	return (int)nr;
}

/* ---- libxenstore ---- */

static struct tree *tree_of(xs_transaction_t t)
{
	if (t == XBT_NULL)
		return &store;
	if (!txn.open)
		die("unknown transaction");
	return &txn.tree;
}

/* A path as the program's domain means it; NULL with errno. */
static const char *resolve(const char *path)
{
	static char absolute[MAX_PATH];

	if (self && path[0] != '/')
		snprintf(absolute, sizeof(absolute), "%s", home(self, path));
	else
		snprintf(absolute, sizeof(absolute), "%s", path);
	if (is_valid(absolute))
		return absolute;
	errno = EINVAL;
	return NULL;
}

static bool may_read(const struct node *node)
{
	unsigned int i;

	if (!self || node->perms[0].id == self)
		return true;
	for (i = 1; i < node->nr_perms; i++)
		if (node->perms[i].id == self)
			return node->perms[i].perms & XS_PERM_READ;
	return node->perms[0].perms & XS_PERM_READ;
}

/* The node, if the program may read it; NULL with errno. */
static struct node *look_up(xs_transaction_t t, const char *path)
{
	const char *absolute = resolve(path);
	struct node *node;

	if (!absolute)
		return NULL;
	node = find(tree_of(t), absolute);
	if (!node)
		errno = ENOENT;
	else if (!may_read(node))
		errno = EACCES;
	else
		return node;
	return NULL;
}

/* Of one that is removed, those who watch what was below it hear, too. */
static void note_change(xs_transaction_t t, const char *path)
{
	if (self)
		die("a guest program wrote");
	changes++;
	if (t == XBT_NULL) {
		if (find(&store, path))
			fire(path);
		else
			fire_removed(path);
		return;
	}
	if (txn.nr_changed == MAX_CHANGES)
		die("too many changes in a transaction");
	copy_path(txn.changed[txn.nr_changed++], path);
}

/* A path that may be written now; NULL with errno. */
static const char *resolve_for_writing(const char *path)
{
	const char *absolute = resolve(path);

	if (!absolute || !*fail_path || !is_below(absolute, fail_path))
		return absolute;
	errno = fail_error;
	return NULL;
}

/* Layout of the answer: the pointers, then the names. */
static char **list_children(const struct node *node, unsigned int *nr)
{
	size_t i, size, bytes = 0;
	char **list, *text;

	for (i = 0; i < node->nr; i++)
		bytes += strlen(node->children[i]->name) + 1;
	list = malloc(node->nr * sizeof(*list) + bytes + 1);
	text = (char *)(list + node->nr);
	for (i = 0; i < node->nr; i++, text += size) {
		size = strlen(node->children[i]->name) + 1;
		list[i] = memcpy(text, node->children[i]->name, size);
	}
	*nr = (unsigned int)node->nr;
	return list;
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
	struct node *node;

	(void)h;
	if (!may_go_on())
		return NULL;
	node = look_up(t, path);
	return node ? list_children(node, num) : NULL;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
	struct node *node;
	void *value;

	(void)h;
	if (!may_go_on())
		return NULL;
	node = look_up(t, path);
	if (!node)
		return NULL;
	value = malloc(node->len + 1);
	memcpy(value, node->value, node->len + 1);
	*len = node->len;
	return value;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
	      unsigned int len)
{
	const char *absolute;

	(void)h;
	if (!may_go_on())
		return false;
	absolute = resolve_for_writing(path);
	if (!absolute)
		return false;
	if (len > MAX_VALUE) {
		errno = E2BIG;
		return false;
	}
	set_value(make(tree_of(t), absolute), data, len);
	note_change(t, absolute);
	return true;
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	const char *absolute;

	(void)h;
	if (!may_go_on())
		return false;
	absolute = resolve_for_writing(path);
	if (!absolute)
		return false;
	if (find(tree_of(t), absolute))
		return true;
	make(tree_of(t), absolute);
	note_change(t, absolute);
	return true;
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	const char *absolute;

	(void)h;
	if (!may_go_on())
		return false;
	absolute = resolve(path);
	if (!absolute)
		return false;
	if (!remove_from(tree_of(t), absolute)) {
		errno = ENOENT;
		return false;
	}
	note_change(t, absolute);
	return true;
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
			struct xs_permissions *perms, unsigned int num_perms)
{
	const char *absolute;
	struct node *node;

	(void)h;
	if (!may_go_on())
		return false;
	node = look_up(t, path);
	if (!node)
		return false;
	if (num_perms > MAX_PERMS)
		die("too many permissions");
	absolute = resolve(path);
	node = make(tree_of(t), absolute);
	memcpy(node->perms, perms, num_perms * sizeof(*perms));
	node->nr_perms = num_perms;
	note_change(t, absolute);
	return true;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	(void)h;
	if (!may_go_on())
		return XBT_NULL;
	if (txn.open)
		die("a second transaction at a time");
	txn.open = true;
	txn.tree = copy_tree(&store);
	txn.base = generation;
	txn.nr_changed = 0;
	return 1;
}

static void close_transaction(void)
{
	free_tree(&txn.tree);
	txn.open = false;
}

static bool commit(void)
{
	size_t i;

	if (txn.base != generation || (conflicts && conflicts--)) {
		close_transaction();
		errno = EAGAIN;
		return false;
	}
	free_tree(&store);
	store = txn.tree;
	txn.tree = (struct tree){ 0 };
	txn.open = false;
	commits++;
	for (i = 0; i < txn.nr_changed; i++) {
		if (find(&store, txn.changed[i]))
			fire(txn.changed[i]);
		else
			fire_removed(txn.changed[i]);
	}
	return true;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abandon)
{
	void (*hook)(void) = commit_hook;

	(void)h;
	tree_of(t);
	if (!may_go_on())
		return false;
	if (abandon) {
		close_transaction();
		return true;
	}
	commit_hook = NULL;
	if (hook)
		hook();
	return commit();
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
	struct watch *watch;

	(void)h;
	if (!may_go_on())
		return false;
	index_watches();
	for (watch = map_get(&watches_by_path, path); watch; watch = watch->next)
		if (!strcmp(watch->token, token)) {
			errno = EEXIST;
			return false;
		}
	if (nr_watches == MAX_WATCHES)
		die("too many watches");
	watch = &watches[nr_watches++];
	snprintf(watch->path, sizeof(watch->path), "%s", path);
	snprintf(watch->token, sizeof(watch->token), "%s", token);
	watch->next = map_get(&watches_by_path, path);
	map_set(&watches_by_path, path, watch);
	queue_event(watch, watch->path);
	return true;
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
	size_t i;

	(void)h;
	if (!may_go_on())
		return false;
	for (i = 0; i < nr_watches; i++)
		if (!strcmp(watches[i].path, path) && !strcmp(watches[i].token, token)) {
			watches[i] = watches[--nr_watches];
			watches_stale = true;
			return true;
		}
	errno = ENOENT;
	return false;
}

char **xs_check_watch(struct xs_handle *h)
{
	char **event;

	(void)h;
	if (!may_go_on())
		return NULL;
	if (!nr_events) {
		errno = EAGAIN;
		return NULL;
	}
	event = malloc(2 * sizeof(*event) + sizeof(struct watch));
	memcpy(event + 2, &events[0], sizeof(events[0]));
	event[XS_WATCH_PATH] = ((struct watch *)(event + 2))->path;
	event[XS_WATCH_TOKEN] = ((struct watch *)(event + 2))->token;
	memmove(events, events + 1, --nr_events * sizeof(*events));
	if (event_fd >= 0)
		eventfd_read(event_fd, &(eventfd_t){ 0 });
	return event;
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
	struct fake_domain *domain;

	(void)h;
	if (!may_go_on())
		return false;
	domain = domain_of(domid);
	return domain && domain->introduced;
}
