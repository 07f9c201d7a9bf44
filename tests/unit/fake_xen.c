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

#include "fake_xen.h"

#define SPARE_NODES	512	/* that a transaction, or what happens outside, may add */
#define MAX_PATH	256
#define MAX_PERMS	5
#define MAX_DOMAINS	256
#define MAX_WATCHES	512
#define MAX_EVENTS	4096
#define MAX_CHANGES	4096
#define MAX_VALUE	4096

struct node {
	char path[MAX_PATH];
	char *value;
	unsigned int len;
	struct xs_permissions perms[MAX_PERMS];
	unsigned int nr_perms;
};

struct tree {
	struct node *nodes;
	size_t nr, room;
};

struct fake_domain {
	bool introduced;
	xc_domaininfo_t info;
};

struct watch {
	char path[MAX_PATH];
	char token[64];
};

static struct tree store, saved;
static struct fake_domain domains[MAX_DOMAINS], saved_domains[MAX_DOMAINS];
static size_t nr_domains, nr_saved_domains;
static struct watch watches[MAX_WATCHES], events[MAX_EVENTS];
static size_t nr_watches, nr_events;
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

static void free_tree(struct tree *tree)
{
	size_t i;

	for (i = 0; i < tree->nr; i++)
		free(tree->nodes[i].value);
	free(tree->nodes);
	*tree = (struct tree){ 0 };
}

static struct tree copy_tree(const struct tree *tree)
{
	struct tree copy = { .nr = tree->nr, .room = tree->nr + SPARE_NODES };
	size_t i;

	copy.nodes = malloc(copy.room * sizeof(*copy.nodes));
	if (!copy.nodes)
		die("out of memory");
	for (i = 0; i < tree->nr; i++) {
		copy.nodes[i] = tree->nodes[i];
		copy.nodes[i].value = malloc(tree->nodes[i].len + 1);
		memcpy(copy.nodes[i].value, tree->nodes[i].value, tree->nodes[i].len + 1);
	}
	return copy;
}

static void copy_path(char *to, const char *path)
{
	if (snprintf(to, MAX_PATH, "%s", path) >= MAX_PATH)
		die("a path is too long");
}

static struct node *find(const struct tree *tree, const char *path)
{
	size_t i;

	for (i = 0; i < tree->nr; i++)
		if (!strcmp(tree->nodes[i].path, path))
			return &tree->nodes[i];
	return NULL;
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

static void set_value(struct node *node, const void *value, unsigned int len)
{
	free(node->value);
	node->value = malloc(len + 1);
	memcpy(node->value, value, len);
	node->value[len] = '\0';
	node->len = len;
}

/* Room for a node and all above it, so that none of them moves meanwhile. */
static void reserve(struct tree *tree)
{
	if (tree->room - tree->nr > MAX_PATH / 2)
		return;
	tree->room += SPARE_NODES;
	tree->nodes = realloc(tree->nodes, tree->room * sizeof(*tree->nodes));
	if (!tree->nodes)
		die("out of memory");
}

/* As xenstored does: parents come with it, and permissions are inherited. */
static struct node *make(struct tree *tree, const char *path)
{
	struct node *node = find(tree, path), *parent = NULL;
	char above[MAX_PATH];
	char *slash;

	if (node)
		return node;
	reserve(tree);
	copy_path(above, path);
	slash = strrchr(above, '/');
	if (slash != above) {
		*slash = '\0';
		parent = make(tree, above);
	}
	node = &tree->nodes[tree->nr++];
	*node = (struct node){ .nr_perms = 1 };
	copy_path(node->path, path);
	set_value(node, "", 0);
	if (parent) {
		memcpy(node->perms, parent->perms, sizeof(node->perms));
		node->nr_perms = parent->nr_perms;
	}
	return node;
}

static bool remove_from(struct tree *tree, const char *path)
{
	size_t i, kept = 0, before = tree->nr;

	for (i = 0; i < tree->nr; i++) {
		if (!strcmp(tree->nodes[i].path, path) || is_below(tree->nodes[i].path, path))
			free(tree->nodes[i].value);
		else
			tree->nodes[kept++] = tree->nodes[i];
	}
	tree->nr = kept;
	return kept != before;
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

static void fire(const char *path)
{
	size_t i;

	generation++;
	for (i = 0; i < nr_watches; i++) {
		if (!strcmp(watches[i].path, path) || is_below(path, watches[i].path))
			queue_event(&watches[i], path);
		else if (is_below(watches[i].path, path))
			queue_event(&watches[i], watches[i].path);
	}
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
		fire(path);
}

const char *fake_get(const char *path)
{
	struct node *node = find(&store, path);

	return node ? node->value : NULL;
}

static int compare_nodes(const void *a, const void *b)
{
	return strcmp(((const struct node *)a)->path, ((const struct node *)b)->path);
}

static void print_node(FILE *out, const struct node *node)
{
	unsigned int i;

	fprintf(out, "%s = %s (", node->path, node->value);
	for (i = 0; i < node->nr_perms; i++)
		fprintf(out, "%s%c%u", i ? "," : "",
			"nrwb"[node->perms[i].perms & (XS_PERM_READ | XS_PERM_WRITE)],
			node->perms[i].id);
	fputs(")\n", out);
}

const char *fake_dump(const char *path)
{
	static char *text;
	size_t i, len;
	FILE *out;

	free(text);
	out = open_memstream(&text, &len);
	qsort(store.nodes, store.nr, sizeof(*store.nodes), compare_nodes);
	for (i = 0; i < store.nr; i++)
		if (!*path || !strcmp(store.nodes[i].path, path) ||
		    is_below(store.nodes[i].path, path))
			print_node(out, &store.nodes[i]);
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

static void note_change(xs_transaction_t t, const char *path)
{
	if (self)
		die("a guest program wrote");
	changes++;
	if (t == XBT_NULL) {
		fire(path);
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
static char **list_children(const struct tree *tree, const char *path, unsigned int *nr)
{
	size_t i, len = strlen(path), bytes = 0;
	char **list, *text;

	for (i = 0, *nr = 0; i < tree->nr; i++)
		if (is_below(tree->nodes[i].path, path) &&
		    !strchr(tree->nodes[i].path + len + 1, '/')) {
			bytes += strlen(tree->nodes[i].path + len + 1) + 1;
			(*nr)++;
		}
	list = malloc(*nr * sizeof(*list) + bytes + 1);
	text = (char *)(list + *nr);
	for (i = 0, *nr = 0; i < tree->nr; i++)
		if (is_below(tree->nodes[i].path, path) &&
		    !strchr(tree->nodes[i].path + len + 1, '/')) {
			size_t size = strlen(tree->nodes[i].path + len + 1) + 1;

			list[(*nr)++] = memcpy(text, tree->nodes[i].path + len + 1, size);
			text += size;
		}
	return list;
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
	struct node *node;

	(void)h;
	if (!may_go_on())
		return NULL;
	node = look_up(t, path);
	return node ? list_children(tree_of(t), node->path, num) : NULL;
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
	struct node *node;

	(void)h;
	if (!may_go_on())
		return false;
	node = look_up(t, path);
	if (!node)
		return false;
	if (num_perms > MAX_PERMS)
		die("too many permissions");
	memcpy(node->perms, perms, num_perms * sizeof(*perms));
	node->nr_perms = num_perms;
	note_change(t, node->path);
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
	for (i = 0; i < txn.nr_changed; i++)
		fire(txn.changed[i]);
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
	size_t i;

	(void)h;
	if (!may_go_on())
		return false;
	for (i = 0; i < nr_watches; i++)
		if (!strcmp(watches[i].path, path) && !strcmp(watches[i].token, token)) {
			errno = EEXIST;
			return false;
		}
	if (nr_watches == MAX_WATCHES)
		die("too many watches");
	watch = &watches[nr_watches++];
	snprintf(watch->path, sizeof(watch->path), "%s", path);
	snprintf(watch->token, sizeof(watch->token), "%s", token);
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
