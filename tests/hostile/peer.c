/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer.h"

#include "../suites/harness.h"
#include "../suites/pattern.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* For the other kernel to answer. */
static long long deadline(void)
{
	return now_ms() + suite_patience_ms();
}

static const char *state_name(int state)
{
	static const char *const names[] = { "unknown", "Initialising", "InitWait", "Initialised",
					     "Connected", "Closing", "Closed", "Reconfiguring",
					     "Reconfigured" };

	return state >= 0 && state <= XenbusStateReconfigured ? names[state] : "impossible";
}

/* ---- xenstore ---- */

static char *read_key(struct end *end, const char *dir, const char *key, unsigned int *length)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, key);
	return xs_read(end->xs, XBT_NULL, path, length);
}

static bool parse_number(const char *text, uint32_t *number)
{
	char *rest;
	unsigned long value;

	if (!text || !*text)
		return false;
	value = strtoul(text, &rest, 10);
	*number = (uint32_t)value;
	return !*rest && value <= UINT32_MAX;
}

static bool read_number(struct end *end, const char *dir, const char *key, uint32_t *number)
{
	unsigned int length;
	char *text = read_key(end, dir, key, &length);
	bool good = parse_number(text, number);

	free(text);
	return good;
}

uint32_t end_read_number(struct end *end, const char *key)
{
	uint32_t number = 0;

	if (!read_number(end, end->other, key, &number))
		suite_fail("%s/%s is no number", end->other, key);
	return number;
}

char *end_read_text(struct end *end, const char *key)
{
	unsigned int length;

	return read_key(end, end->other, key, &length);
}

static void write_key(struct end *end, xs_transaction_t transaction, const char *key,
		      const char *value, size_t length)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", end->own, key);
	if (!xs_write(end->xs, transaction, path, value, (unsigned int)length))
		suite_fail("writing %s: %s", path, strerror(errno));
}

void end_write(struct end *end, const char *key, const char *value, size_t length)
{
	write_key(end, XBT_NULL, key, value, length);
}

void end_write_number(struct end *end, const char *key, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	end_write(end, key, text, strlen(text));
}

void end_remove(struct end *end, const char *key)
{
	char path[256];

	snprintf(path, sizeof(path), "%s%s%s", end->own, *key ? "/" : "", key);
	if (!xs_rm(end->xs, XBT_NULL, path))
		suite_fail("removing %s: %s", path, strerror(errno));
}

void end_set_state(struct end *end, int state)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", state);
	end_write(end, "state", text, strlen(text));
}

int end_other_state(struct end *end)
{
	uint32_t state;

	return read_number(end, end->other, "state", &state) ? (int)state : XenbusStateUnknown;
}

/* Until the watch on the other's state fires, or the deadline. */
static bool wait_watch(struct end *end, long long limit)
{
	struct pollfd poll_fd = { .fd = xs_fileno(end->xs), .events = POLLIN };
	long long left = limit - now_ms();
	char **fired;

	if (left <= 0 || poll(&poll_fd, 1, (int)left) <= 0)
		return false;
	fired = xs_check_watch(end->xs);
	free(fired);
	return true;
}

int end_await_any(struct end *end, unsigned int mask)
{
	long long limit = deadline();
	int state;

	while (!(mask & 1u << (state = end_other_state(end))))
		if (!wait_watch(end, limit))
			suite_fail("the other end stays in state %s", state_name(state));
	return state;
}

bool end_reaches(struct end *end, enum xenbus_state state, int ms)
{
	long long limit = now_ms() + ms;

	while (end_other_state(end) != (int)state)
		if (!wait_watch(end, limit))
			return false;
	return true;
}

void end_await(struct end *end, enum xenbus_state state)
{
	int now = end_await_any(end, 1u << state);

	if (now != (int)state)
		suite_fail("the other end is in state %s", state_name(now));
}

/* ---- the device ---- */

/* Finds the directory among @dir/... whose key "link" names our link. */
static bool find_in(struct end *end, const char *dir)
{
	unsigned int nr = 0, length;
	char **ids = xs_directory(end->xs, XBT_NULL, dir, &nr);
	bool found = false;

	for (unsigned int i = 0; ids && i < nr && !found; i++) {
		char *link;

		snprintf(end->own, sizeof(end->own), "%s/%s", dir, ids[i]);
		link = read_key(end, end->own, "link", &length);
		found = link && !strcmp(link, end->link);
		free(link);
	}
	free(ids);
	return found;
}

static bool find_backend(struct end *end)
{
	unsigned int nr = 0;
	char top[32], dir[128], **domains;
	bool found = false;

	snprintf(top, sizeof(top), "backend/%s", end->service);
	domains = xs_directory(end->xs, XBT_NULL, top, &nr);
	for (unsigned int i = 0; domains && i < nr && !found; i++) {
		snprintf(dir, sizeof(dir), "%s/%s", top, domains[i]);
		found = find_in(end, dir);
	}
	free(domains);
	return found;
}

static void find_other(struct end *end)
{
	unsigned int length;
	char *other = read_key(end, end->own, end->server ? "frontend" : "backend", &length);

	if (!other ||
	    !read_number(end, end->own, end->server ? "frontend-id" : "backend-id",
			 &end->other_domain))
		suite_fail("%s does not name the other end", end->own);
	snprintf(end->other, sizeof(end->other), "%s", other);
	free(other);
	end->id = (unsigned int)atoi(strrchr(end->own, '/') + 1);
}

/* A driver that is bound would answer in our place. */
static void take_from_kernel(struct end *end)
{
	const char *bus = end->server ? "xen-backend" : "xen";
	char path[128], name[64];
	int fd;

	if (end->server)
		snprintf(name, sizeof(name), "%s-%u-%u", end->service, end->other_domain, end->id);
	else
		snprintf(name, sizeof(name), "%s-%u", end->service, end->id);
	snprintf(path, sizeof(path), "/sys/bus/%s/drivers/%s/%s", bus, end->service, name);
	if (access(path, F_OK))
		return;
	snprintf(path, sizeof(path), "/sys/bus/%s/drivers/%s/unbind", bus, end->service);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, name, strlen(name)) < 0)
		suite_fail("%s of %s: %s", path, name, strerror(errno));
	close(fd);
}

static void watch_other(struct end *end)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/state", end->other);
	if (!xs_watch(end->xs, path, "state"))
		suite_fail("watching %s: %s", path, strerror(errno));
}

void end_find(struct end *end, const char *link)
{
	char devices[32];

	snprintf(end->link, sizeof(end->link), "%s", link);
	snprintf(devices, sizeof(devices), "device/%s", end->service);
	if (!(end->server ? find_backend(end) : find_in(end, devices)))
		suite_fail("this domain has no %s of link %s", end->server ? "server" : "client",
			   link);
	find_other(end);
}

void end_open(struct end *end, const char *link, bool server)
{
	end_open_service(end, "vbpipe", link, server);
}

void end_open_service(struct end *end, const char *service, const char *link, bool server)
{
	*end = (struct end){ .server = server };
	snprintf(end->service, sizeof(end->service), "%s", service);
	end->xs = xs_open(0);
	if (!end->xs)
		suite_fail("no xenstore: %s", strerror(errno));
	end_find(end, link);
	take_from_kernel(end);
	watch_other(end);
	end->events = xenevtchn_open(NULL, 0);
	if (server)
		end->maps = xengnttab_open(NULL, 0);
	else
		end->shares = xengntshr_open(NULL, 0);
	if (!end->events || (!end->maps && !end->shares))
		suite_fail("no event channels or no grants: %s", strerror(errno));
}

/* ---- memory ---- */

static uint32_t pages_of(uint32_t bytes)
{
	return (bytes + PEER_PAGE - 1) / PEER_PAGE;
}

/* The module's limit is on all that one domain shares. */
static void raise_share_limit(void)
{
	int fd = open("/sys/module/xen_gntalloc/parameters/limit", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "65536", 5) != 5)
		suite_fail("the limit of xen_gntalloc: %s", strerror(errno));
	close(fd);
}

struct pages share_pages(struct end *end, uint32_t count, bool writable)
{
	struct pages pages = { .count = count, .refs = calloc(count, sizeof(uint32_t)) };

	raise_share_limit();
	if (pages.refs)
		pages.at = xengntshr_share_pages(end->shares, end->other_domain, (int)count,
						 pages.refs, writable);
	if (!pages.at)
		suite_fail("sharing %u pages: %s", count, strerror(errno));
	return pages;
}

void unshare_pages(struct end *end, struct pages *pages)
{
	if (pages->at && end->shares && xengntshr_unshare(end->shares, pages->at, pages->count))
		suite_fail("unsharing %u pages: %s", pages->count, strerror(errno));
	if (pages->at && end->maps && xengnttab_unmap(end->maps, pages->at, pages->count))
		suite_fail("unmapping %u pages: %s", pages->count, strerror(errno));
	free(pages->refs);
	*pages = (struct pages){ 0 };
}

uint32_t *dir_word(struct end *end, unsigned int dir, unsigned int word)
{
	return (uint32_t *)(void *)(end->dirs.at + dir * PEER_PAGE) + word;
}

void fill_dirs(struct end *end)
{
	uint32_t done = 0;

	for (unsigned int dir = 0; dir < end->dirs.count; dir++) {
		*dir_word(end, dir, 0) = dir + 1 < end->dirs.count ? end->dirs.refs[dir + 1] : 0;
		for (unsigned int n = 0; n < DIR_REFS && done < end->region.count; n++)
			*dir_word(end, dir, 1 + n) = end->region.refs[done++];
	}
}

void end_lay_out_rings(struct end *end, uint32_t lines)
{
	uint32_t c2s_prod = lines, c2s_cons = lines + LINE, s2c_prod = lines + 2 * LINE,
		 s2c_cons = lines + 3 * LINE;
	unsigned char *c2s = end->region.at + PEER_PAGE;
	unsigned char *s2c = c2s + pages_of(end->c2s_size) * PEER_PAGE;
	struct stream c2s_out = { c2s_prod, c2s_cons, c2s, end->c2s_size, 0 };
	struct stream s2c_in = { s2c_cons, s2c_prod, s2c, end->s2c_size, 0 };
	struct stream s2c_out = { s2c_prod, s2c_cons, s2c, end->s2c_size, 0 };
	struct stream c2s_in = { c2s_cons, c2s_prod, c2s, end->c2s_size, 0 };

	end->out = end->server ? s2c_out : c2s_out;
	end->in = end->server ? c2s_in : s2c_in;
}

static void lay_out(struct end *end)
{
	end->my_word = end->server ? SERVER_WORD : CLIENT_WORD;
	end->their_word = end->server ? CLIENT_WORD : SERVER_WORD;
	end_lay_out_rings(end, C2S_PROD);
	end->word = WORD_OFF;
}

void end_release(struct end *end)
{
	if (end->port)
		xenevtchn_unbind(end->events, (evtchn_port_t)end->port);
	end->port = 0;
	unshare_pages(end, &end->region);
	unshare_pages(end, &end->dirs);
}

void end_drop(struct end *end)
{
	end_release(end);
	if (end->events)
		xenevtchn_close(end->events);
	if (end->shares)
		xengntshr_close(end->shares);
	if (end->maps)
		xengnttab_close(end->maps);
	if (end->xs)
		xs_close(end->xs);
	*end = (struct end){ 0 };
}

/* ---- connecting ---- */

void expect_refused_for(struct end *end, const char *expected)
{
	char *reason;

	end_await(end, XenbusStateClosing);
	reason = end_read_text(end, "failure");
	CU_ASSERT(reason && *reason);
	if (reason && expected && strcmp(reason, expected))
		suite_fail("the reason is \"%s\", not \"%s\"", reason, expected);
	free(reason);
}

void expect_refused(struct end *end)
{
	expect_refused_for(end, NULL);
}

unsigned int hostile_rounds(void)
{
	return (unsigned int)strtoul(suite_option("rounds", "5"), NULL, 10);
}

void end_close(struct end *end)
{
	end_set_state(end, XenbusStateClosed);
	/* A client that was closed begins anew at once. */
	end_await_any(end, 1u << XenbusStateClosed |
			   (end->server ? 1u << XenbusStateInitialising : 0));
}

void end_reset(struct end *end)
{
	end_close(end);
	end_set_state(end, XenbusStateInitialising);
	end_await(end, end->server ? XenbusStateInitialising : XenbusStateInitWait);
}

static struct key *find_key(struct end *end, const char *name)
{
	static const char *const names[NR_KEYS] = { "version", "event-channel", "ring-ref",
						    "ring-pages", "c2s-size", "s2c-size" };

	for (unsigned int i = 0; i < NR_KEYS; i++) {
		end->keys[i].name = names[i];
		if (!strcmp(names[i], name))
			return &end->keys[i];
	}
	suite_fail("no key %s", name);
}

void client_key_bytes(struct end *end, const char *name, const char *value, size_t length)
{
	struct key *key = find_key(end, name);

	if (length > sizeof(key->value))
		suite_fail("%zu bytes are too many for a key", length);
	key->absent = false;
	key->length = length;
	memcpy(key->value, value, length);
}

void client_key(struct end *end, const char *name, const char *value)
{
	client_key_bytes(end, name, value ? value : "", value ? strlen(value) : 0);
	find_key(end, name)->absent = !value;
}

void client_key_number(struct end *end, const char *name, long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", value);
	client_key(end, name, text);
}

void open_port(struct end *end)
{
	end->port = xenevtchn_bind_unbound_port(end->events, end->other_domain);
	if (end->port <= 0)
		suite_fail("no event channel for domain %u: %s", end->other_domain, strerror(errno));
}

void client_prepare(struct end *end, uint32_t s2c_size)
{
	uint32_t nr;

	end_reset(end);
	end_release(end);
	end->c2s_size = end_read_number(end, "rx-size");
	end->s2c_size = s2c_size;
	nr = 1 + pages_of(end->c2s_size) + pages_of(s2c_size);
	end->region = share_pages(end, nr, true);
	end->dirs = share_pages(end, (nr + DIR_REFS - 1) / DIR_REFS, true);
	fill_dirs(end);
	lay_out(end);
	open_port(end);
	client_key_number(end, "version", 1);
	client_key_number(end, "event-channel", end->port);
	client_key_number(end, "ring-ref", end->dirs.refs[0]);
	client_key_number(end, "ring-pages", nr);
	client_key_number(end, "c2s-size", end->c2s_size);
	client_key_number(end, "s2c-size", s2c_size);
}

static bool write_keys(struct end *end)
{
	xs_transaction_t transaction = xs_transaction_start(end->xs);

	if (transaction == XBT_NULL)
		suite_fail("no transaction: %s", strerror(errno));
	for (struct key *key = end->keys; key < end->keys + NR_KEYS; key++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/%s", end->own, key->name);
		if (key->absent)
			xs_rm(end->xs, transaction, path);
		else
			write_key(end, transaction, key->name, key->value, key->length);
	}
	return xs_transaction_end(end->xs, transaction, false);
}

void client_publish(struct end *end)
{
	while (!write_keys(end))
		if (errno != EAGAIN)
			suite_fail("writing the keys: %s", strerror(errno));
	end_set_state(end, XenbusStateInitialised);
}

void client_finish(struct end *end)
{
	end_await(end, XenbusStateConnected);
	end_set_state(end, XenbusStateConnected);
}

static void write_or_remove(struct end *end, const char *key, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", end->own, key);
	if (value)
		end_write(end, key, value, strlen(value));
	else
		xs_rm(end->xs, XBT_NULL, path);
}

void server_offer(struct end *end, const char *versions, const char *rx_size)
{
	end_reset(end);
	end_release(end);
	write_or_remove(end, "versions", versions);
	write_or_remove(end, "rx-size", rx_size);
	end_set_state(end, XenbusStateInitWait);
}

struct pages try_map_pages(struct end *end, uint32_t *refs, uint32_t count, int access)
{
	struct pages pages = { .count = count };

	pages.at = xengnttab_map_domain_grant_refs(end->maps, count, end->other_domain, refs,
						   access);
	return pages;
}

static struct pages map_pages(struct end *end, uint32_t *refs, uint32_t count, int access)
{
	struct pages pages = try_map_pages(end, refs, count, access);

	if (!pages.at)
		suite_fail("mapping %u pages: %s", count, strerror(errno));
	return pages;
}

uint32_t *read_chain(struct end *end, uint32_t ref, uint32_t count)
{
	uint32_t *refs = calloc(count, sizeof(*refs));

	for (uint32_t done = 0; refs && done < count;) {
		struct pages dir = map_pages(end, &ref, 1, PROT_READ);
		const uint32_t *words = (const uint32_t *)(const void *)dir.at;

		for (unsigned int n = 0; n < DIR_REFS && done < count; n++)
			refs[done++] = words[1 + n];
		ref = words[0];
		unshare_pages(end, &dir);
	}
	if (!refs || ref)
		suite_fail("the chain of directory pages does not end where it should");
	return refs;
}

void bind_port(struct end *end, uint32_t port)
{
	end->port = xenevtchn_bind_interdomain(end->events, end->other_domain, port);
	if (end->port <= 0)
		suite_fail("binding port %u of domain %u: %s", port, end->other_domain,
			   strerror(errno));
}

void server_take(struct end *end)
{
	uint32_t nr = end_read_number(end, "ring-pages");
	uint32_t port = end_read_number(end, "event-channel");
	uint32_t *refs;

	end->c2s_size = end_read_number(end, "c2s-size");
	end->s2c_size = end_read_number(end, "s2c-size");
	if (end_read_number(end, "version") != 1 ||
	    nr != 1 + pages_of(end->c2s_size) + pages_of(end->s2c_size))
		suite_fail("the client's keys do not fit together");
	refs = read_chain(end, end_read_number(end, "ring-ref"), nr);
	end->region = map_pages(end, refs, nr, PROT_READ | PROT_WRITE);
	end->region.refs = refs;
	lay_out(end);
	bind_port(end, port);
}

void server_finish(struct end *end)
{
	end_set_state(end, XenbusStateConnected);
	end_await(end, XenbusStateConnected);
}

static void connect_client(struct end *end, uint32_t size)
{
	const unsigned int over = 1u << XenbusStateConnected | 1u << XenbusStateClosing |
				  1u << XenbusStateClosed;
	unsigned int tries = 3;
	int state;

	do {
		client_prepare(end, size);
		client_publish(end);
		state = end_await_any(end, over);
	} while (state != XenbusStateConnected && --tries);
	client_finish(end);
}

void end_connect(struct end *end, uint32_t size)
{
	char text[16];

	if (!end->server) {
		connect_client(end, size);
		return;
	}
	snprintf(text, sizeof(text), "%u", size);
	server_offer(end, "1", text);
	end_await(end, XenbusStateInitialised);
	server_take(end);
	server_finish(end);
}

/* ---- shared memory and events ---- */

static uint32_t *control_word(struct end *end, uint32_t offset)
{
	return (uint32_t *)(void *)(end->region.at + offset);
}

uint32_t end_load(struct end *end, uint32_t offset)
{
	return __atomic_load_n(control_word(end, offset), __ATOMIC_SEQ_CST);
}

void end_store(struct end *end, uint32_t offset, uint32_t value)
{
	__atomic_store_n(control_word(end, offset), value, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void end_notify(struct end *end)
{
	if (xenevtchn_notify(end->events, (evtchn_port_t)end->port))
		suite_fail("notifying port %d: %s", end->port, strerror(errno));
}

bool end_wait_event(struct end *end, int ms)
{
	struct pollfd poll_fd = { .fd = xenevtchn_fd(end->events), .events = POLLIN };
	int port;

	if (poll(&poll_fd, 1, ms) <= 0)
		return false;
	port = xenevtchn_pending(end->events);
	if (port > 0)
		xenevtchn_unmask(end->events, (evtchn_port_t)port);
	return true;
}

static void need_event(struct end *end, const char *what)
{
	if (!end_wait_event(end, (int)(deadline() - now_ms())))
		suite_fail("no notification while waiting for %s (words %x %x)", what,
			   end_load(end, CLIENT_WORD), end_load(end, SERVER_WORD));
}

/* ---- rendezvous ---- */

static void set_word(struct end *end, uint32_t state, uint32_t count)
{
	end->word = state | count << 2;
	end_store(end, end->my_word, end->word);
	end_notify(end);
}

static void begin_reset(struct end *end, uint32_t theirs)
{
	end->seen_count = theirs >> 2;
	end->out.index = 0;
	end->in.index = 0;
	end_store(end, end->out.mine, 0);
	end_store(end, end->out.mine + EVENT_OF_LINE, 0);
	end_store(end, end->in.mine, 0);
	end_store(end, end->in.mine + EVENT_OF_LINE, 0);
	set_word(end, WORD_RESET, end->word >> 2);
}

/* The next state of the server's word; the same when it has to wait. */
static uint32_t server_next(uint32_t mine, uint32_t client)
{
	if (mine == WORD_OFF)
		return client == WORD_OFF || client == WORD_RESET ? WORD_RESET : mine;
	if (mine == WORD_RESET)
		return client == WORD_RESET || client == WORD_ON ? WORD_ON : mine;
	return client == WORD_OFF || client == WORD_LEAVING ? WORD_RESET : mine;
}

/* The client's in the same way. */
static uint32_t client_next(uint32_t mine, uint32_t server)
{
	if (mine == WORD_OFF)
		return server != WORD_ON ? WORD_RESET : mine;
	if (mine == WORD_RESET)
		return server != WORD_OFF ? WORD_ON : mine;
	if (mine == WORD_ON)
		return server == WORD_OFF ? WORD_LEAVING : mine;
	return server != WORD_ON ? WORD_RESET : mine;
}

/* When our word is ON or LEAVING: does @theirs open this end? */
static bool word_opens(const struct end *end, uint32_t theirs)
{
	return end->server ? (theirs & 3) == WORD_ON : theirs >> 2 != end->seen_count;
}

void end_meet(struct end *end)
{
	for (;;) {
		uint32_t theirs = end_load(end, end->their_word);
		uint32_t mine = end->word & 3;
		uint32_t next;

		if (mine >= WORD_ON && word_opens(end, theirs)) {
			set_word(end, WORD_ON, (end->word >> 2) + 1);
			return;
		}
		next = end->server ? server_next(mine, theirs & 3) : client_next(mine, theirs & 3);
		if (next == mine)
			need_event(end, "the rendezvous");
		else if (next == WORD_RESET)
			begin_reset(end, theirs);
		else
			set_word(end, next, end->word >> 2);
	}
}

void end_set_word(struct end *end, uint32_t state)
{
	set_word(end, state, end->word >> 2);
}

void end_await_word(struct end *end, uint32_t state)
{
	while ((end_load(end, end->their_word) & 3) != state)
		need_event(end, "a state word");
}

void end_part(struct end *end)
{
	end_set_word(end, WORD_OFF);
}

void end_await_parted(struct end *end)
{
	while ((end_load(end, end->their_word) & 3) == WORD_ON)
		need_event(end, "the other's close");
}

/* ---- data ---- */

/* Is @event in (@old, @now]? */
static bool passed(uint32_t event, uint32_t old, uint32_t now)
{
	return now - event < now - old;
}

/* Moves our index of a stream and notifies if the other end asked for that. */
static void publish(struct end *end, struct stream *stream, uint32_t n)
{
	uint32_t old = stream->index;

	stream->index += n;
	end_store(end, stream->mine, stream->index);
	if (passed(end_load(end, stream->theirs + EVENT_OF_LINE), old, stream->index))
		end_notify(end);
}

/* Bytes that can be moved now: room, or what has arrived. */
static uint32_t movable(struct end *end, struct stream *stream)
{
	uint32_t theirs = end_load(end, stream->theirs);
	uint32_t n = stream == &end->out ? theirs + stream->size - stream->index :
					   theirs - stream->index;

	if (n > stream->size)
		suite_fail("the other end's index %u is impossible: ours is %u of %u", theirs,
			   stream->index, stream->size);
	return n;
}

static uint32_t await_movable(struct end *end, struct stream *stream)
{
	bool out = stream == &end->out;
	uint32_t n;

	while (!(n = movable(end, stream))) {
		if ((end_load(end, end->their_word) & 3) != WORD_ON && !movable(end, stream))
			suite_fail("the other end closed too early");
		end_store(end, stream->mine + EVENT_OF_LINE,
			  out ? stream->index + 1 - stream->size : stream->index + 1);
		n = movable(end, stream);
		if (n)
			break;
		need_event(end, out ? "room" : "data");
	}
	return n;
}

static uint32_t next_run(struct end *end, struct stream *stream, size_t left)
{
	uint32_t n = await_movable(end, stream);
	uint32_t to_end = stream->size - (stream->index & (stream->size - 1));

	if (n > to_end)
		n = to_end;
	return n > left ? (uint32_t)left : n;
}

void end_send(struct end *end, size_t count, uint64_t seed, uint64_t offset)
{
	struct stream *out = &end->out;

	for (size_t done = 0; done < count;) {
		uint32_t n = next_run(end, out, count - done);

		pattern_fill(out->bytes + (out->index & (out->size - 1)), n, seed, offset + done);
		publish(end, out, n);
		done += n;
	}
}

void end_receive(struct end *end, size_t count, uint64_t seed, uint64_t offset)
{
	struct stream *in = &end->in;

	for (size_t done = 0; done < count;) {
		uint32_t n = next_run(end, in, count - done);
		uint64_t wrong = pattern_check(in->bytes + (in->index & (in->size - 1)), n, seed,
					       offset + done);

		if (wrong)
			suite_fail("byte %" PRIu64 " arrived wrong", wrong - 1);
		publish(end, in, n);
		done += n;
	}
}
