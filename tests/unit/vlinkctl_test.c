// SPDX-License-Identifier: LGPL-2.1-or-later
/* vlinkctl's commands, against a xenstore in memory and a tree that plays sysfs. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../toolstack/vlinkctl/events.h"
#include "../../toolstack/vlinkctl/findings.h"
#include "../../toolstack/vlinkctl/local.h"
#include "../../toolstack/vlinkctl/proc.h"
#include "../../toolstack/vlinkctl/suggest.h"
#include "lib/detached.h"
#include "../../toolstack/vlinkd/log.h"
#include "fake_xen.h"
#include "unit.h"

#define HOME3 "/local/domain/3/"
#define HOME4 "/local/domain/4/"

static char root[] = "/tmp/vlinkctl-test-XXXXXX";

void log_message(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

static void expect_text(const char *got, const char *want)
{
	if (!got || strcmp(got, want))
		fprintf(stderr, "\n  got  '%s'\n  want '%s'\n", got ? got : "(null)", want);
	CU_ASSERT_TRUE(got && !strcmp(got, want));
}

/* ---- the world ---- */

static void set(const char *home, const char *path, const char *value)
{
	fake_set(xsh_path("%s%s", home, path).s, value);
}

/* What vlinkd publishes of one end. */
static void publish(const char *home, const char *service, const char *link, const char *class,
		    const char *role, const char *peer, const char *index)
{
	struct xsh_path dir = xsh_path("vlink/%s/%s", service, link);

	set(home, xsh_path("%s/class", dir.s).s, class);
	set(home, xsh_path("%s/role", dir.s).s, role);
	set(home, xsh_path("%s/peer", dir.s).s, peer);
	set(home, xsh_path("%s/unit", dir.s).s, "0");
	set(home, xsh_path("%s/index", dir.s).s, index);
}

static void connect_pair(const char *service, const char *link, const char *front_state,
			 const char *back_state)
{
	struct xsh_path front = xsh_path("device/%s/0", service);
	struct xsh_path back = xsh_path("backend/%s/3/0", service);

	set(HOME3, xsh_path("%s/link", front.s).s, link);
	set(HOME3, xsh_path("%s/backend-id", front.s).s, "4");
	set(HOME3, xsh_path("%s/state", front.s).s, front_state);
	set(HOME4, xsh_path("%s/link", back.s).s, link);
	set(HOME4, xsh_path("%s/state", back.s).s, back_state);
}

/* vm3 is the client of vm4: a pipe p, and g of two services. */
static void begin(void)
{
	fake_reset();
	fake_create(3, "vm3", 0x33);
	fake_create(4, "vm4", 0x44);
	publish(HOME3, "vbpipe", "p", "vbpipe", "client", "vm4", "0");
	publish(HOME4, "vbpipe", "p", "vbpipe", "server", "vm3", "0");
	set(HOME3, "vlink/vbpipe/p/info", ";8K;\"x\\");
	set(HOME3, "vlink/vbpipe/p/note", "a b");
	connect_pair("vbpipe", "p", "4", "4");
	publish(HOME3, "vrpq", "g", "vogl", "client", "vm4", "1");
	publish(HOME3, "vumem", "g", "vogl", "client", "vm4", "1");
	publish(HOME4, "vrpq", "g", "vogl", "server", "vm3", "1");
	publish(HOME4, "vumem", "g", "vogl", "server", "vm3", "1");
	connect_pair("vrpq", "g", "4", "4");
	connect_pair("vumem", "g", "4", "4");
}

static struct context dom0(void)
{
	return (struct context){ .home = DOM0_HOME, .all = true };
}

static struct listing listing;

static void read_all(const struct context *ctx)
{
	CU_ASSERT_EQUAL_FATAL(listing_read(ctx, &listing), 0);
}

/* ---- the forms ---- */

static void json_form(void)
{
	struct context ctx = dom0();
	const struct domain_links *dom;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *json = json_array();

	begin();
	read_all(&ctx);
	dom = listing_domain(&listing, "vm3");
	CU_ASSERT_PTR_NOT_NULL_FATAL(dom);
	listing_json(json, &ctx, dom, listing_link(dom, "p", NULL));
	json_put(json, NULL, json_object());
	/* UTF-8 as it is; what is none is told as that. */
	json_put_text(json, NULL, "\x01\xc3\xb6/");
	json_put_text(json, NULL, "k\xf6nnen");
	json_put_number(json, NULL, UINT64_MAX);
	json_print(out, json, JSON_COMPACT);
	fclose(out);
	expect_text(text, "[{\"domain\":\"vm3\",\"link\":\"p\",\"service\":\"vbpipe\",\"class\":\"vbpipe\",\"role\":\"client\",\"unit\":0,\"peer\":\"vm4\",\"name\":null,\"info\":\";8K;\\\"x\\\\\",\"keys\":{\"note\":\"a b\"},\"state\":\"Connected\",\"connected\":true,\"detached\":false},{},\"\\u0001\xc3\xb6/\",\"k\xef\xbf\xbdnnen\",1.84467440737096e19]\n");
	free(text);
	listing_clear(&listing);
}

static void expect_proc(const struct context *ctx, const char *want)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	read_all(ctx);
	proc_print(ctx, &listing, out);
	listing_clear(&listing);
	fclose(out);
	expect_text(text, want);
	free(text);
}

static void proc_form(void)
{
	struct context ctx = dom0(), guest = { .home = "" };

	begin();
	expect_proc(&ctx, "vbpipe,0 serv 4/ON/'' cli 3/ON/';8K;\"x\\' paddr 0x0\n"
			  "vbpipe,0 serv 3/ON/';8K;\"x\\' cli 4/ON/'' paddr 0x0\n"
			  "vogl,0 serv 4/ON/'' cli 3/ON/'' paddr 0x0\n");
	fake_remove(HOME3 "device/vbpipe");
	fake_set(HOME4 "backend/vbpipe/3/0/state", "2");
	fake_set_self(3);
	expect_proc(&guest, "vbpipe,0 serv 4/OFF/'' cli 3/OFF/';8K;\"x\\' paddr 0x0\n"
			    "vbpipe,0 serv 3/OFF/';8K;\"x\\' cli 4/OFF/'' paddr 0x0\n"
			    "vogl,0 serv 4/OFF/'' cli 3/ON/'' paddr 0x0\n");
	fake_set_self(0);
}

/* ---- check ---- */

static void make(const char *path, const char *text)
{
	struct xsh_path at = xsh_path("%s%s", root, path);
	char *slash;
	FILE *out;

	for (slash = at.s + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(at.s, 0755);
		*slash = '/';
	}
	out = fopen(at.s, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fputs(text, out);
	fclose(out);
}

static bool clear_root(void)
{
	return system(xsh_path("rm -rf %s/*", root).s) == 0;
}

/* All findings in one text, a line each. */
static char *text_of(const struct findings *findings)
{
	static char text[8192];
	size_t i, len = 0;

	text[0] = '\0';
	for (i = 0; i < findings->nr; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s: %s\n",
					findings->list[i].link ? findings->list[i].link : "-",
					findings->list[i].text);
	return text;
}

static char *names[] = { "p", "q" };

static void expect_board(size_t nr_names, bool vlinkd_runs, const char *want)
{
	char lines[][64] = { "link p vbpipe vm4 vm3\n", "link g vogl vm4 vm3\n",
			     "link x vbpipe - vm3\n", "problem: link 'x': no peer\n", "junk\n",
			     "link a b\n" };
	struct context ctx = dom0();
	struct findings findings = { 0 };
	struct board board = { 0 };
	size_t i;

	ctx.names = names;
	ctx.nr_names = nr_names;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		board_parse(&board, lines[i]);
	CU_ASSERT_EQUAL(board.nr_links, 3);
	CU_ASSERT_EQUAL(board.nr_problems, 1);
	read_all(&ctx);
	findings_of_board(&findings, &ctx, &board, &listing, vlinkd_runs);
	expect_text(text_of(&findings), want);
	findings_clear(&findings);
	listing_clear(&listing);
	board_clear(&board);
}

static void says_why_it_failed(void)
{
	/* Both ends wait for the pause to pass: nobody lacks a driver. */
	connect_pair("vbpipe", "p", "1", "5");
	fake_set(HOME4 "backend/vbpipe/3/0/failure", "the peer is\033[2J");
	expect_board(1, true, "p: service vbpipe: is not connected: vm4 is in state Closing, vm3 in state Initialising\n"
		     "p: service vbpipe: vm4 ended the connection and will try again: the peer is?[2J\n");
	connect_pair("vbpipe", "p", "5", "2");
	fake_set(HOME4 "backend/vbpipe/3/0/failure", "");
	expect_board(1, true, "p: service vbpipe: is not connected: vm4 is in state InitWait, vm3 in state Closing\n");
	fake_set(HOME3 "device/vbpipe/0/failure", "no memory");
	expect_board(1, true, "p: service vbpipe: is not connected: vm4 is in state InitWait, vm3 in state Closing\n"
		     "p: service vbpipe: vm3 ended the connection and will try again: no memory\n");
	connect_pair("vbpipe", "p", "4", "4");
	expect_board(1, true, "");
	fake_remove(HOME3 "device/vbpipe/0/failure");
	fake_remove(HOME4 "backend/vbpipe/3/0/failure");
}

static void check_in_dom0(void)
{
	begin();
	expect_board(0, true, "-: link 'x': no peer\n");
	expect_board(1, true, "");
	expect_board(1, false, "-: vlinkd does not run: 'systemctl start vlinkd'\n");
	expect_board(2, true, "q: no config has this link, or its ends do not fit together\n");
	connect_pair("vbpipe", "p", "1", "1");
	expect_board(1, true, "p: service vbpipe: vm4 has no driver for it as server: 'modprobe vlink-vbpipe-server' there\n");
	connect_pair("vbpipe", "p", "1", "2");
	expect_board(1, true, "p: service vbpipe: vm3 has no driver for it as client: 'modprobe vlink-vbpipe-client' there\n");
	connect_pair("vbpipe", "p", "3", "2");
	expect_board(1, true, "p: service vbpipe: is not connected: vm4 is in state InitWait, vm3 in state Initialised\n");
	/* What a guest writes does not reach the terminal as it is. */
	connect_pair("vbpipe", "p", "6", "6");
	fake_set(HOME3 "error/device/vbpipe/0/error", "1 alloc\033[2J");
	expect_board(1, true, "p: service vbpipe: is not connected: vm4 is in state Closed, vm3 in state Closed\n"
		     "p: service vbpipe: vm3 reports error 1 alloc?[2J\n");
	fake_set(HOME3 "error/device/vbpipe/0/error", "7 xenbus_dev_probe");
	expect_board(1, true, "p: service vbpipe: is not connected: vm4 is in state Closed, vm3 in state Closed\n"
		     "p: service vbpipe: vm3 reports error 7 xenbus_dev_probe (too many watches for xenstored's quota, one for each device: raise it with --watch-nb)\n");
	/* A driver that says what failed is there, in whatever state the devices are. */
	connect_pair("vbpipe", "p", "1", "2");
	fake_set(HOME3 "error/device/vbpipe/0/error", "12 no memory");
	expect_board(1, true, "p: service vbpipe: is not connected: vm4 is in state InitWait, vm3 in state Initialising\n"
		     "p: service vbpipe: vm3 reports error 12 no memory\n");
	fake_remove(HOME3 "error/device/vbpipe");
	connect_pair("vbpipe", "p", "1", "1");
	fake_set(HOME4 "error/backend/vbpipe/3/0/error", "28 starting transaction");
	expect_board(1, true, "p: service vbpipe: is not connected: vm4 is in state Initialising, vm3 in state Initialising\n"
		     "p: service vbpipe: vm4 reports error 28 starting transaction\n");
	fake_remove(HOME4 "error");
	says_why_it_failed();
	fake_remove(HOME3 "device/vbpipe");
	fake_remove(HOME4 "backend/vbpipe");
	expect_board(1, true, "p: service vbpipe: both domains are there, but not joined: see the log of vlinkd\n");
	CU_ASSERT_EQUAL(detached_set(NULL, "p", true), 0);
	expect_board(1, true, "p: is detached: 'vlinkctl attach p'\n");
	CU_ASSERT_EQUAL(detached_set(NULL, "p", false), 0);
	fake_remove(HOME3 "vlink/vbpipe");
	expect_board(1, true, "p: service vbpipe: both domains are there, but not joined: see the log of vlinkd\n"
		     "p: is not published: see the log of vlinkd\n");
	fake_destroy(3);
	expect_board(1, true, "p: vm3 does not run\n");
}

static void expect_guest(size_t nr_names, const char *want)
{
	struct context ctx = { .home = "", .names = names, .nr_names = nr_names };
	struct findings findings = { 0 };

	fake_set_self(3);
	read_all(&ctx);
	findings_of_guest(&findings, &ctx, &listing);
	expect_text(text_of(&findings), want);
	findings_clear(&findings);
	listing_clear(&listing);
	fake_set_self(0);
}

static void check_in_a_guest(void)
{
	begin();
	/* The peer's directory may be read by who is its peer. */
	fake_set_self(0);
	CU_ASSERT_TRUE_FATAL(clear_root());
	expect_guest(1, "-: the module vlink is not loaded: 'modprobe vlink'\n"
		     "p: service vbpipe: this domain has no driver for it as client: 'modprobe vlink-vbpipe-client'\n");
	make("/sys/module/vlink/x", "");
	make("/sys/bus/xen/drivers/vbpipe/x", "");
	expect_guest(1, "p: service vbpipe: has no device node; see the kernel's log\n");
	make("/sys/class/vbpipe/pipe7/link", "p\n");
	make("/sys/class/vbpipe/pipe7/role", "server\n");
	expect_guest(1, "p: service vbpipe: has no device node; see the kernel's log\n");
	make("/sys/class/vbpipe/pipe7/role", "client\n");
	fake_remove(HOME3 "device/vbpipe");
	expect_guest(1, "p: service vbpipe: is not joined: vm4 does not run, or the link was detached in dom0, or vlinkd does not run there\n");
	expect_guest(2, "q: is not published to this domain: dom0's configs do not have it, or vlinkd does not run there\n"
		     "p: service vbpipe: is not joined: vm4 does not run, or the link was detached in dom0, or vlinkd does not run there\n");
	fake_remove(HOME3 "vlink");
	expect_guest(0, "-: no links are published to this domain: its config has none, or vlinkd does not run in dom0\n");
}

static void expect_answer(const char *script, int want, size_t links, size_t problems)
{
	struct context ctx = dom0();
	struct board board;

	ctx.config_dirs[0] = "/a b";
	ctx.nr_config_dirs = 1;
	ctx.classes = "/c";
	make("/vlinkd", script);
	CU_ASSERT_EQUAL(chmod(xsh_path("%s/vlinkd", root).s, 0755), 0);
	CU_ASSERT_EQUAL(board_read(&ctx, &board), want);
	CU_ASSERT_EQUAL(board.nr_links, links);
	CU_ASSERT_EQUAL(board.nr_problems, problems);
	board_clear(&board);
}

static void vlinkd_is_asked(void)
{
	struct context ctx = dom0();
	struct board board;

	CU_ASSERT_TRUE_FATAL(clear_root());
	setenv("VLINKD", xsh_path("%s/vlinkd", root).s, 1);
	CU_ASSERT_EQUAL(board_read(&ctx, &board), -ENOENT);
	expect_answer("#!/bin/sh\necho link a b c d\necho problem: x\nexit 1\n", 0, 1, 1);
	expect_answer("#!/bin/sh\n[ \"$*\" = '--check --config /a b --classes /c' ] && [ $# = 5 ] && echo link a b c d\nexit 0\n", 0, 1, 0);
	expect_answer("#!/bin/sh\necho problem: x\nexit 2\n", -EIO, 0, 0);
	expect_answer("#!/bin/sh\nkill -9 $$\n", -EIO, 0, 0);
	unsetenv("VLINKD");
}

/* ---- nodes and counters ---- */

static const struct link *link_of(const char *domain, const char *link)
{
	return listing_link(listing_domain(&listing, domain), link, NULL);
}

static void nodes_by_name(void)
{
	struct context ctx = dom0();
	char *node;

	begin();
	CU_ASSERT_TRUE_FATAL(clear_root());
	make("/sys/class/vrpq/vrpq-srv-vogl0/dev", "");
	make("/sys/class/vrpq/vrpq-clt-vogl1/dev", "");
	read_all(&ctx);
	CU_ASSERT_PTR_NULL(local_node(link_of("vm3", "g")));
	node = local_node(link_of("vm4", "g"));
	expect_text(node, "vrpq-srv-vogl0");
	free(node);
	listing_clear(&listing);
	set(HOME3, "vlink/vrpq/g/name", "screen");
	make("/sys/class/vrpq/vrpq-clt-screen/dev", "");
	read_all(&ctx);
	node = local_node(link_of("vm3", "g"));
	expect_text(node, "vrpq-clt-screen");
	free(node);
	listing_clear(&listing);
}

static void counters_of_sysfs(void)
{
	struct context ctx = dom0();
	struct local_stats stats;

	begin();
	CU_ASSERT_TRUE_FATAL(clear_root());
	make("/sys/class/vbpipe/pipe7/link", "p\n");
	make("/sys/class/vbpipe/pipe7/opens", "12\n");
	make("/sys/class/vbpipe/pipe7/uevent", "X\n");
	make("/sys/kernel/debug/vlink/links",
	     "service  role   link class unit peer state epoch sent received info\n"
	     "vbpipe   client q    vbpipe 0 vm4 Connected 9 9 9 x\n"
	     "vbpipe   client p    vbpipe 0 vm4 Connected 3 17 18446744073709551615 a b\n");
	read_all(&ctx);
	local_stats_read(link_of("vm3", "p"), "pipe7", &stats);
	CU_ASSERT_EQUAL_FATAL(stats.nr, 4);
	expect_text(stats.list[0].name, "connections");
	expect_text(stats.list[0].value, "3");
	expect_text(stats.list[2].value, "18446744073709551615");
	expect_text(stats.list[3].name, "opens");
	expect_text(stats.list[3].value, "12");
	local_stats_clear(&stats);
	listing_clear(&listing);
}

/* What guests write in their homes is bounded, and leads dom0 nowhere else. */
static void hostile_homes(void)
{
	static char rubbish[4001];
	struct context ctx = dom0();
	const struct link *link;

	begin();
	memset(rubbish, 'x', 4000);
	set(HOME3, "device/vbpipe/0/backend-id", rubbish);
	set(HOME3, "error/device/vbpipe/0/error", rubbish);
	fake_set_bytes(HOME3 "device/vbpipe/0/state", "4\0004", 3);
	set(HOME3, "device/vbpipe/../x", "");
	set(HOME3, "device/vbpipe/99999999999/link", "p");
	set(HOME3, "device/vrpq/0/backend-id", "0");
	read_all(&ctx);
	link = link_of("vm3", "p");
	CU_ASSERT_EQUAL(link->state, 0);
	CU_ASSERT_EQUAL(link->peer_state, LINKS_STATE_NONE);
	CU_ASSERT_EQUAL(strlen(link->error), 1024);
	/* It may only name another directory of the same place. */
	CU_ASSERT_EQUAL(link_of("vm3", "g")->peer_state, LINKS_STATE_NONE);
	listing_clear(&listing);
}

/* ---- waiting ---- */

static void waits(void)
{
	struct context ctx = { .home = HOME3, .names = names, .nr_names = 1 };

	begin();
	CU_ASSERT_EQUAL(wait_command(&ctx), 0);
	fake_disconnect();
	connect_pair("vbpipe", "p", "3", "2");
	ctx.timeout_ms = 20;
	CU_ASSERT_EQUAL(wait_command(&ctx), EXIT_PROBLEM);
	fake_disconnect();
	ctx.nr_names = 0;
	CU_ASSERT_EQUAL(wait_command(&ctx), EXIT_PROBLEM);
	fake_disconnect();
	ctx.nr_names = 2;
	connect_pair("vbpipe", "p", "4", "4");
	CU_ASSERT_EQUAL(wait_command(&ctx), EXIT_PROBLEM);
	fake_disconnect();
	fake_set_budget(2);
	ctx.timeout_ms = TIMEOUT_FOREVER;
	CU_ASSERT_EQUAL(wait_command(&ctx), EXIT_ENVIRONMENT);
	fake_disconnect();
}

/* Whatever a guest writes that tells nothing of links is not even looked at. */
static void writes_of_guests_cost_nothing(void)
{
	static const char *const others[] = {
		"data/x", "attr/eth0", "control/feature", "device/vif/0/state", "error/device/vbpipe/0",
		"device/vbpipe/0/ring-ref0", "backend/vbd/3/0/state", "backend/vbpipe/7/0/tx-size",
		"memory/target", "vlinkx/y",
	};
	static const char *const ours[] = {
		"device/vbpipe/0/state", "vlink/vbpipe/p/peer-cid", "name", "device/vrpq/0/state",
	};
	struct context ctx = dom0();
	struct listing of_all = { 0 };
	struct events events;
	long calls, of_one;
	size_t i;

	begin();
	ctx.timeout_ms = 20;
	CU_ASSERT_EQUAL_FATAL(events_start(&events, &ctx), 0);
	CU_ASSERT_EQUAL_FATAL(listing_read(&ctx, &of_all), 0);
	/* The events of the new watches, which tell nothing */
	CU_ASSERT_EQUAL(events_sleep(&events, &of_all), 0);
	calls = fake_calls();
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		set(HOME3, others[i], "4");
	ctx.timeout_ms = TIMEOUT_FOREVER;
	set(HOME4, "backend/vbpipe/3/0/state", "3");
	CU_ASSERT_EQUAL(events_sleep(&events, &of_all), 0);
	of_one = fake_calls() - calls;
	CU_ASSERT_EQUAL(listing_link(listing_domain(&of_all, "vm4"), "p", NULL)->state, 3);
	calls = fake_calls();
	CU_ASSERT_EQUAL(listing_refresh(&ctx, &of_all, 4), 0);
	/* One call for each event, two that find none, and vm4 read once. */
	CU_ASSERT_EQUAL(of_one, fake_calls() - calls + (long)i + 1 + 2);
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		set(HOME3, ours[i], "5");
		CU_ASSERT_EQUAL(events_sleep(&events, &of_all), 0);
	}
	CU_ASSERT_EQUAL(listing_link(listing_domain(&of_all, "5"), "p", NULL)->state, 5);
	/* Domains that go and come */
	fake_destroy(3);
	CU_ASSERT_EQUAL(events_sleep(&events, &of_all), 0);
	CU_ASSERT_EQUAL(of_all.nr, 2);
	fake_create(2, "vm2", 0x22);
	CU_ASSERT_EQUAL(events_sleep(&events, &of_all), 0);
	CU_ASSERT_EQUAL_FATAL(of_all.nr, 3);
	expect_text(of_all.domains[1].name, "vm2");
	ctx.timeout_ms = 0;
	CU_ASSERT_EQUAL(events_sleep(&events, &of_all), -ETIMEDOUT);
	listing_clear(&of_all);
	events_clear(&events);
	fake_disconnect();
}

/* ---- names that nobody knows ---- */

static void expect_hint(const char *word, size_t nr, const char *want)
{
	static const char *const known[] = { "camera", "display", "p23", "sensor-left" };
	char *hint = suggest(word, known, nr);

	expect_text(hint, want);
	free(hint);
}

static void suggestions(void)
{
	expect_hint("p32", 4, "; did you mean 'p23'?");
	expect_hint("camra", 4, "; did you mean 'camera'?");
	expect_hint("sensor_lefft", 4, "; did you mean 'sensor-left'?");
	expect_hint("wheel", 4, "; there are camera, display, p23, sensor-left");
	expect_hint("p32", 2, "; there are camera, display");
	expect_hint("x", 4, "; there are camera, display, p23, sensor-left");
	expect_hint("x", 0, "");
}

static void unknown_names(void)
{
	struct context ctx = dom0();
	char *p[] = { "p" }, *typo[] = { "typo" };

	begin();
	setenv("VLINKD", "/nonexistent", 1);
	ctx.names = typo;
	ctx.nr_names = 1;
	ctx.timeout_ms = 20;
	CU_ASSERT_EQUAL(show_command(&ctx), EXIT_ENVIRONMENT);
	CU_ASSERT_EQUAL(watch_command(&ctx), EXIT_ENVIRONMENT);
	fake_disconnect();
	CU_ASSERT_EQUAL(attach_command(&ctx), EXIT_ENVIRONMENT);
	CU_ASSERT_EQUAL(detach_command(&ctx), EXIT_ENVIRONMENT);
	CU_ASSERT_PTR_NULL(fake_get("/tool/vlink/@detached"));
	/* One that was detached and is gone from all configs can be attached. */
	CU_ASSERT_EQUAL(detached_set(NULL, "typo", true), 0);
	CU_ASSERT_EQUAL(attach_command(&ctx), EXIT_PROBLEM);
	CU_ASSERT_PTR_NULL(fake_get("/tool/vlink/@detached"));
	fake_disconnect();
	ctx.all = false;
	ctx.names = p;
	ctx.domain = "vm33";
	CU_ASSERT_EQUAL(show_command(&ctx), EXIT_ENVIRONMENT);
	ctx.domain = NULL;
	CU_ASSERT_EQUAL(show_command(&ctx), EXIT_ENVIRONMENT);
	unsetenv("VLINKD");
}

static const struct unit_test tests[] = {
	{ "JSON", json_form },
	{ "the form of /proc/nk/vlinks", proc_form },
	{ "check in dom0", check_in_dom0 },
	{ "check in a guest", check_in_a_guest },
	{ "vlinkd is asked", vlinkd_is_asked },
	{ "nodes by name", nodes_by_name },
	{ "counters of sysfs", counters_of_sysfs },
	{ "hostile homes", hostile_homes },
	{ "waits", waits },
	{ "writes of guests cost nothing", writes_of_guests_cost_nothing },
	{ "suggestions", suggestions },
	{ "unknown names", unknown_names },
};

int main(void)
{
	int status;

	if (!mkdtemp(root))
		return 2;
	local_root = root;
	UNIT_ADD("vlinkctl", tests);
	status = unit_run("vlinkctl");
	if (!clear_root() || rmdir(root))
		status = 2;
	fake_reset();
	return status;
}
