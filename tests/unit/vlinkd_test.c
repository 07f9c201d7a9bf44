// SPDX-License-Identifier: LGPL-2.1-or-later
/* vlinkd and the reading side of vlinkctl, against a xenstore in memory. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../toolstack/vlinkctl/links.h"
#include "../../toolstack/vlinkd/background.h"
#include "../../toolstack/vlinkd/check.h"
#include "../../toolstack/vlinkd/daemon.h"
#include "lib/detached.h"
#include "../../toolstack/vlinkd/log.h"
#include "../../toolstack/vlinkd/plan.h"
#include "../../toolstack/vlinkd/records.h"
#include "lib/xs.h"
#include "fake_xen.h"
#include "unit.h"

#define MAX_PASSES	200
#define UUID(byte)	byte byte byte byte "-" byte byte "-" byte byte "-" byte byte "-" \
			byte byte byte byte byte byte

/* ---- what the daemon says ---- */

static char said[65536];

void log_message(enum log_level level, const char *fmt, ...)
{
	size_t len = strlen(said);
	va_list ap;

	/* No test looks back as far as this. */
	if (len > sizeof(said) - 2048)
		len = 0;

	(void)level;
	va_start(ap, fmt);
	vsnprintf(said + len, 2000, fmt, ap);
	va_end(ap);
	len = strlen(said);
	snprintf(said + len, sizeof(said) - len, "\n");
}

void log_to_syslog(const char *ident)
{
	(void)ident;
}

static size_t times_said(const char *text)
{
	const char *at = said;
	size_t nr = 0;

	while ((at = strstr(at, text))) {
		nr++;
		at++;
	}
	return nr;
}

static void expect_said(const char *text, size_t times)
{
	if (times_said(text) != times)
		fprintf(stderr, "\n  said %zu times '%s' in:\n%s\n", times_said(text), text, said);
	CU_ASSERT_EQUAL(times_said(text), times);
}

static void expect_text(const char *got, const char *want)
{
	if (!got || strcmp(got, want))
		fprintf(stderr, "\n  got  '%s'\n  want '%s'\n", got ? got : "(null)", want);
	CU_ASSERT_TRUE(got && !strcmp(got, want));
}

/* ---- the configs ---- */

static char dir[] = "/tmp/vlinkd-test-XXXXXX";

static void cfg(const char *file, const char *text)
{
	static unsigned int version;
	char path[256], new[256];
	FILE *out;

	/* By another file each time: two changes in one tick of the clock are told apart. */
	snprintf(new, sizeof(new), "%s/new-%u", dir, version++);
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	out = fopen(new, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fputs(text, out);
	CU_ASSERT_EQUAL(fclose(out), 0);
	CU_ASSERT_EQUAL(rename(new, path), 0);
}

static void remove_cfg(const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (unlink(path)) {
		perror(path);
		abort();
	}
}

static void remove_all_cfgs(void)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.')
			remove_cfg(entry->d_name);
	closedir(d);
}

#define VM3_PIPE	"link=p,class=vbpipe,role=client,peer=vm4,unit=0,name=vbpipe0,info=;;;wakeup=250"
#define VM4_PIPE	"link=p,class=vbpipe,role=server,peer=vm3,unit=0"
#define VM3_GFX		"link=g,class=vogl,role=client,peer=vm4,unit=0"
#define VM4_GFX		"link=g,class=vogl,role=server,peer=vm3,unit=0,mode=x"

static void two_domains(void)
{
	cfg("vm3.cfg", "name = \"vm3\"\nvlink = [ \"" VM3_PIPE "\", \"" VM3_GFX "\" ]\n");
	cfg("vm4.cfg", "name = \"vm4\"\nvlink = [ \"" VM4_PIPE "\", \"" VM4_GFX "\" ]\n");
}

static void two_domains_one_pipe(void)
{
	cfg("vm3.cfg", "name = \"vm3\"\nvlink = [ \"" VM3_PIPE "\" ]\n");
	cfg("vm4.cfg", "name = \"vm4\"\nvlink = [ \"" VM4_PIPE "\" ]\n");
}

/* ---- the daemon ---- */

static const char *const dirs[] = { dir };
static struct daemon vlinkd;

static long long now_ms = 1000000;

static void new_daemon(void)
{
	vlinkd = (struct daemon){
		.config = { .dirs = dirs, .nr_dirs = 1, .settle_ms = CONFIG_SETTLE_MS },
		.now_ms = now_ms,
	};
}

static int start(void)
{
	new_daemon();
	return daemon_start(&vlinkd);
}

/* Goes on until there is nothing left to do. Returns 0 or the error that ended it. */
static int settle(void)
{
	int passes, events, ret = 0;

	for (passes = 0; passes < MAX_PASSES; passes++) {
		events = daemon_take_events(&vlinkd);
		if (events < 0)
			return events;
		if (passes && !events && !ret)
			return 0;
		ret = daemon_pass(&vlinkd);
		if (ret && ret != -EAGAIN)
			return ret;
	}
	CU_FAIL("the daemon does not come to rest");
	return -ELOOP;
}

static void stop(void)
{
	daemon_clear(&vlinkd);
	fake_disconnect();
}

static void start_and_settle(void)
{
	CU_ASSERT_EQUAL_FATAL(start(), 0);
	CU_ASSERT_EQUAL_FATAL(settle(), 0);
}

static void begin(void)
{
	remove_all_cfgs();
	fake_reset();
	said[0] = '\0';
}

static void reread(void)
{
	vlinkd.config_stale = true;
	CU_ASSERT_EQUAL_FATAL(settle(), 0);
}

/* Time goes by in which no config changes. */
static void wait_and_reread(void)
{
	reread();
	now_ms += CONFIG_SETTLE_MS;
	vlinkd.now_ms = now_ms;
	CU_ASSERT_TRUE(vlinkd.again_ms == CHOICE_NEVER || vlinkd.again_ms <= now_ms);
	CU_ASSERT_EQUAL_FATAL(settle(), 0);
}

static void expect_dump(const char *path, const char *want)
{
	expect_text(fake_dump(path), want);
}

/* ---- tests ---- */

#define VM3_HEAD(home, device) \
	home " =  (n0,r3)\n" \
	home "/device =  (n0,r3)\n" \
	device \
	home "/domid = 3 (n0,r3)\n" \
	home "/name = vm3 (n0,r3)\n"

#define VM3_VLINK(home) \
	home "/vlink =  (n0,r3)\n" \
	home "/vlink/vbpipe =  (n0,r3)\n" \
	home "/vlink/vbpipe/p =  (n0,r3)\n" \
	home "/vlink/vbpipe/p/class = vbpipe (n0,r3)\n" \
	home "/vlink/vbpipe/p/index = 0 (n0,r3)\n" \
	home "/vlink/vbpipe/p/info = ;;;wakeup=250 (n0,r3)\n" \
	home "/vlink/vbpipe/p/name = vbpipe0 (n0,r3)\n" \
	home "/vlink/vbpipe/p/peer = vm4 (n0,r3)\n" \
	home "/vlink/vbpipe/p/role = client (n0,r3)\n" \
	home "/vlink/vbpipe/p/unit = 0 (n0,r3)\n"

#define HOME3 "/local/domain/3"
#define HOME4 "/local/domain/4"

static const char vm3_alone[] = VM3_HEAD(HOME3, "") VM3_VLINK(HOME3);

static const char vm3_connected[] =
	VM3_HEAD(HOME3,
		 HOME3 "/device/vbpipe =  (n0,r3)\n"
		 HOME3 "/device/vbpipe/0 =  (n0,b3,r4)\n"
		 HOME3 "/device/vbpipe/0/backend = " HOME4 "/backend/vbpipe/3/0 (n0,b3,r4)\n"
		 HOME3 "/device/vbpipe/0/backend-id = 4 (n0,b3,r4)\n"
		 HOME3 "/device/vbpipe/0/failure =  (n0,b3,r4)\n"
		 HOME3 "/device/vbpipe/0/handle = 0 (n0,b3,r4)\n"
		 HOME3 "/device/vbpipe/0/link = p (n0,b3,r4)\n"
		 HOME3 "/device/vbpipe/0/state = 1 (n0,b3,r4)\n")
	VM3_VLINK(HOME3);

static const char vm4_connected[] =
	HOME4 " =  (n0,r4)\n"
	HOME4 "/backend =  (n0,r4)\n"
	HOME4 "/backend/vbpipe =  (n0,r4)\n"
	HOME4 "/backend/vbpipe/3 =  (n0,r4)\n"
	HOME4 "/backend/vbpipe/3/0 =  (n0,b4,r3)\n"
	HOME4 "/backend/vbpipe/3/0/failure =  (n0,b4,r3)\n"
	HOME4 "/backend/vbpipe/3/0/frontend = " HOME3 "/device/vbpipe/0 (n0,b4,r3)\n"
	HOME4 "/backend/vbpipe/3/0/frontend-id = 3 (n0,b4,r3)\n"
	HOME4 "/backend/vbpipe/3/0/link = p (n0,b4,r3)\n"
	HOME4 "/backend/vbpipe/3/0/online = 1 (n0,b4,r3)\n"
	HOME4 "/backend/vbpipe/3/0/state = 1 (n0,b4,r3)\n"
	HOME4 "/device =  (n0,r4)\n"
	HOME4 "/domid = 4 (n0,r4)\n"
	HOME4 "/name = vm4 (n0,r4)\n"
	HOME4 "/vlink =  (n0,r4)\n"
	HOME4 "/vlink/vbpipe =  (n0,r4)\n"
	HOME4 "/vlink/vbpipe/p =  (n0,r4)\n"
	HOME4 "/vlink/vbpipe/p/class = vbpipe (n0,r4)\n"
	HOME4 "/vlink/vbpipe/p/index = 0 (n0,r4)\n"
	HOME4 "/vlink/vbpipe/p/peer = vm3 (n0,r4)\n"
	HOME4 "/vlink/vbpipe/p/role = server (n0,r4)\n"
	HOME4 "/vlink/vbpipe/p/unit = 0 (n0,r4)\n";

static const char record_connected[] =
	"/tool/vlink =  (n0)\n"
	"/tool/vlink/p =  (n0)\n"
	"/tool/vlink/p/vbpipe =  (n0)\n"
	"/tool/vlink/p/vbpipe/backend-id = 4 (n0)\n"
	"/tool/vlink/p/vbpipe/backend-uuid = " UUID("44") " (n0)\n"
	"/tool/vlink/p/vbpipe/frontend-id = 3 (n0)\n"
	"/tool/vlink/p/vbpipe/frontend-uuid = " UUID("33") " (n0)\n"
	"/tool/vlink/p/vbpipe/id = 0 (n0)\n";

static const char record_empty[] = "/tool/vlink =  (n0)\n";

static void expect_connected(void)
{
	expect_dump(HOME3, vm3_connected);
	expect_dump(HOME4, vm4_connected);
	expect_dump("/tool/vlink", record_connected);
}

static void client_first(void)
{
	begin();
	two_domains_one_pipe();
	start_and_settle();
	fake_create(3, "vm3", 0x33);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_dump(HOME3, vm3_alone);
	CU_ASSERT_PTR_NULL(fake_get("/tool/vlink"));
	fake_create(4, "vm4", 0x44);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_connected();
	stop();
}

static void server_first(void)
{
	begin();
	two_domains_one_pipe();
	start_and_settle();
	fake_create(4, "vm4", 0x44);
	CU_ASSERT_EQUAL(settle(), 0);
	CU_ASSERT_PTR_NOT_NULL(fake_get(HOME4 "/vlink/vbpipe/p/role"));
	CU_ASSERT_PTR_NULL(fake_get(HOME4 "/backend"));
	fake_create(3, "vm3", 0x33);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_connected();
	stop();
}

static void domains_before_daemon(void)
{
	begin();
	two_domains_one_pipe();
	fake_create(3, "vm3", 0x33);
	fake_create(4, "vm4", 0x44);
	start_and_settle();
	expect_connected();
	stop();
}

static void connect_two(void)
{
	fake_create(3, "vm3", 0x33);
	fake_create(4, "vm4", 0x44);
	start_and_settle();
}

/* What is right is adopted: a new daemon writes nothing at all. */
static void restart_changes_nothing(void)
{
	unsigned int changes;

	begin();
	two_domains();
	connect_two();
	stop();
	changes = fake_changes();
	start_and_settle();
	CU_ASSERT_EQUAL(fake_changes(), changes);
	stop();
}

static void client_dies_and_returns(void)
{
	begin();
	two_domains_one_pipe();
	connect_two();
	fake_destroy(3);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_dump("/tool/vlink", record_empty);
	expect_dump(HOME3, "");
	CU_ASSERT_PTR_NULL(fake_get(HOME4 "/backend/vbpipe"));
	CU_ASSERT_PTR_NOT_NULL(fake_get(HOME4 "/vlink/vbpipe/p"));
	fake_create(5, "vm3", 0x33);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_text(fake_get("/local/domain/5/device/vbpipe/0/backend"),
		    HOME4 "/backend/vbpipe/5/0");
	expect_text(fake_get(HOME4 "/backend/vbpipe/5/0/frontend-id"), "5");
	expect_text(fake_get("/tool/vlink/p/vbpipe/frontend-id"), "5");
	stop();
}

/* The front end that stays gets another number: its kernel is to see a new device. */
static void server_dies_and_returns(void)
{
	begin();
	two_domains_one_pipe();
	connect_two();
	fake_destroy(4);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_dump(HOME3, vm3_alone);
	expect_dump("/tool/vlink", record_empty);
	fake_create(6, "vm4", 0x44);
	CU_ASSERT_EQUAL(settle(), 0);
	CU_ASSERT_PTR_NULL(fake_get(HOME3 "/device/vbpipe/0"));
	expect_text(fake_get(HOME3 "/device/vbpipe/1/backend"),
		    "/local/domain/6/backend/vbpipe/3/1");
	expect_text(fake_get(HOME3 "/device/vbpipe/1/handle"), "1");
	expect_text(fake_get("/tool/vlink/p/vbpipe/id"), "1");
	stop();
}

/* Both ends went and came, and one id is another domain now, while nobody looked. */
static void domid_reuse(void)
{
	begin();
	two_domains_one_pipe();
	connect_two();
	stop();
	fake_destroy(4);
	fake_create(4, "vm4", 0x55);
	start_and_settle();
	expect_text(fake_get("/tool/vlink/p/vbpipe/backend-uuid"), UUID("55"));
	expect_text(fake_get(HOME3 "/device/vbpipe/1/backend"), HOME4 "/backend/vbpipe/3/1");
	CU_ASSERT_PTR_NULL(fake_get(HOME3 "/device/vbpipe/0"));
	fake_destroy(3);
	fake_create(3, "stranger", 0x66);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_dump("/tool/vlink", record_empty);
	expect_dump(HOME3 "/vlink", "");
	expect_dump(HOME3 "/device", HOME3 "/device =  (n0,r3)\n");
	CU_ASSERT_PTR_NULL(fake_get(HOME4 "/backend/vbpipe"));
	stop();
}

static void class_of_two_services(void)
{
	unsigned int commits;

	begin();
	two_domains();
	fake_create(3, "vm3", 0x33);
	start_and_settle();
	expect_text(fake_get(HOME3 "/vlink/vrpq/g/index"), "1");
	expect_text(fake_get(HOME3 "/vlink/vumem/g/class"), "vogl");
	CU_ASSERT_EQUAL(fake_commits(), 1);
	fake_create(4, "vm4", 0x44);
	commits = fake_commits();
	CU_ASSERT_EQUAL(settle(), 0);
	expect_text(fake_get(HOME4 "/vlink/vumem/g/mode"), "x");
	CU_ASSERT_PTR_NOT_NULL(fake_get("/tool/vlink/g/vrpq/id"));
	CU_ASSERT_PTR_NOT_NULL(fake_get("/tool/vlink/g/vumem/id"));
	CU_ASSERT_PTR_NOT_NULL(fake_get(HOME4 "/backend/vrpq/3/0/link"));
	CU_ASSERT_PTR_NOT_NULL(fake_get(HOME3 "/device/vumem/0/link"));
	/* The list of vm4, the pipe, and both services of the other link at once. */
	CU_ASSERT_EQUAL(fake_commits(), commits + 3);
	stop();
}

static void backend_in_dom0(void)
{
	begin();
	cfg("dom0.cfg", "name = \"Domain-0\"\nvlink = [ \"link=p,class=vbpipe,role=server,peer=vm3,unit=0\" ]\n");
	cfg("vm3.cfg", "name = \"vm3\"\nvlink = [ \"link=p,class=vbpipe,role=client,peer=Domain-0,unit=0\" ]\n");
	fake_create(3, "vm3", 0x33);
	start_and_settle();
	expect_dump("/local/domain/0/backend",
		    "/local/domain/0/backend =  (n0)\n"
		    "/local/domain/0/backend/vbpipe =  (n0)\n"
		    "/local/domain/0/backend/vbpipe/3 =  (n0)\n"
		    "/local/domain/0/backend/vbpipe/3/0 =  (n0,r3)\n"
		    "/local/domain/0/backend/vbpipe/3/0/failure =  (n0,r3)\n"
		    "/local/domain/0/backend/vbpipe/3/0/frontend = " HOME3 "/device/vbpipe/0 (n0,r3)\n"
		    "/local/domain/0/backend/vbpipe/3/0/frontend-id = 3 (n0,r3)\n"
		    "/local/domain/0/backend/vbpipe/3/0/link = p (n0,r3)\n"
		    "/local/domain/0/backend/vbpipe/3/0/online = 1 (n0,r3)\n"
		    "/local/domain/0/backend/vbpipe/3/0/state = 1 (n0,r3)\n");
	expect_dump(HOME3 "/device/vbpipe/0/backend",
		    HOME3 "/device/vbpipe/0/backend = /local/domain/0/backend/vbpipe/3/0 (n0,b3)\n");
	expect_text(fake_get("/local/domain/0/vlink/vbpipe/p/role"), "server");
	stop();
}

static void frontend_in_dom0(void)
{
	begin();
	cfg("dom0.cfg", "name = \"Domain-0\"\nvlink = [ \"link=p,class=vbpipe,role=client,peer=vm4,unit=0\" ]\n");
	cfg("vm4.cfg", "name = \"vm4\"\nvlink = [ \"link=p,class=vbpipe,role=server,peer=Domain-0,unit=0\" ]\n");
	fake_create(4, "vm4", 0x44);
	start_and_settle();
	expect_dump("/local/domain/0/device",
		    "/local/domain/0/device =  (n0)\n"
		    "/local/domain/0/device/vbpipe =  (n0)\n"
		    "/local/domain/0/device/vbpipe/0 =  (n0,r4)\n"
		    "/local/domain/0/device/vbpipe/0/backend = " HOME4 "/backend/vbpipe/0/0 (n0,r4)\n"
		    "/local/domain/0/device/vbpipe/0/backend-id = 4 (n0,r4)\n"
		    "/local/domain/0/device/vbpipe/0/failure =  (n0,r4)\n"
		    "/local/domain/0/device/vbpipe/0/handle = 0 (n0,r4)\n"
		    "/local/domain/0/device/vbpipe/0/link = p (n0,r4)\n"
		    "/local/domain/0/device/vbpipe/0/state = 1 (n0,r4)\n");
	fake_destroy(4);
	CU_ASSERT_EQUAL(settle(), 0);
	CU_ASSERT_PTR_NULL(fake_get("/local/domain/0/device/vbpipe"));
	stop();
}

static void domains_that_do_not_run(void)
{
	begin();
	two_domains_one_pipe();
	connect_two();
	fake_shutdown(4, SHUTDOWN_suspend);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_connected();
	fake_shutdown(4, SHUTDOWN_poweroff);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_dump("/tool/vlink", record_empty);
	expect_dump(HOME3, vm3_alone);
	CU_ASSERT_PTR_NULL(fake_get(HOME4 "/backend/vbpipe"));
	stop();

	begin();
	two_domains_one_pipe();
	connect_two();
	fake_shutdown(4, SHUTDOWN_crash);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_dump("/tool/vlink", record_empty);
	stop();

	begin();
	two_domains_one_pipe();
	connect_two();
	fake_dying(3);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_dump("/tool/vlink", record_empty);
	stop();
}

static void names_that_come_late_or_change(void)
{
	begin();
	two_domains_one_pipe();
	start_and_settle();
	fake_create(4, "vm4--incoming", 0x44);
	fake_set(HOME4 "/vlink/vbpipe/old", "");
	CU_ASSERT_EQUAL(settle(), 0);
	CU_ASSERT_PTR_NOT_NULL(fake_get(HOME4 "/vlink/vbpipe/old"));
	fake_build(3, 0x33);
	fake_introduce(3);
	CU_ASSERT_EQUAL(settle(), 0);
	CU_ASSERT_PTR_NULL(fake_get(HOME3 "/vlink"));
	fake_name(3, "vm3");
	CU_ASSERT_EQUAL(settle(), 0);
	expect_dump(HOME3, vm3_alone);
	fake_name(4, "vm4");
	CU_ASSERT_EQUAL(settle(), 0);
	expect_connected();
	fake_name(4, "other");
	CU_ASSERT_EQUAL(settle(), 0);
	expect_dump("/tool/vlink", record_empty);
	CU_ASSERT_PTR_NULL(fake_get(HOME4 "/vlink"));
	stop();
}

/* libxl gives the name first and introduces the domain much later. */
static void domain_being_built(void)
{
	begin();
	two_domains_one_pipe();
	fake_create(4, "vm4", 0x44);
	start_and_settle();
	fake_build(3, 0x33);
	fake_name(3, "vm3");
	fake_create(9, "other", 0x99);
	CU_ASSERT_EQUAL(settle(), 0);
	CU_ASSERT_PTR_NULL(fake_get(HOME3 "/vlink"));
	fake_introduce(3);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_connected();
	stop();
}

static void many_domains(void)
{
	unsigned int i;
	char name[16];

	begin();
	two_domains_one_pipe();
	for (i = 10; i < 210; i++) {
		snprintf(name, sizeof(name), "filler%u", i);
		fake_create(i, name, (unsigned char)i);
	}
	fake_create(300, "vm3", 0x33);
	fake_create(301, "vm4", 0x44);
	start_and_settle();
	CU_ASSERT_PTR_NOT_NULL(fake_get("/local/domain/300/device/vbpipe/0"));
	CU_ASSERT_EQUAL(fake_watches(), 3 + 1 + 200 + 2);
	for (i = 10; i < 210; i++)
		fake_destroy(i);
	CU_ASSERT_EQUAL(settle(), 0);
	CU_ASSERT_EQUAL(fake_watches(), 3 + 1 + 2);
	stop();
}

/* ---- configs ---- */

static void bad_cfg_costs_no_other(void)
{
	begin();
	two_domains_one_pipe();
	cfg("bad.cfg", "name = \"vm9\"\nvlink = [ \"link=p\n");
	fake_create(3, "vm3", 0x33);
	fake_create(4, "vm4", 0x44);
	start_and_settle();
	expect_connected();
	expect_said("bad.cfg:2", 1);
	reread();
	expect_said("bad.cfg:2", 1);
	cfg("vm4.cfg", "name = \"vm4\"\nvlink = [ \"link=p,class=\" ]\n");
	reread();
	expect_said("vm4.cfg", 1);
	/* What it said before holds. */
	expect_connected();
	stop();
}

static void expect_refused(const char *vm3, const char *vm4, const char *why)
{
	char text[1024];

	begin();
	snprintf(text, sizeof(text), "name = \"vm3\"\nvlink = [ \"%s\", \"link=q,class=vbpipe,role=client,peer=vm4,unit=7\" ]\n", vm3);
	cfg("vm3.cfg", text);
	snprintf(text, sizeof(text), "name = \"vm4\"\nvlink = [ \"%s\", \"link=q,class=vbpipe,role=server,peer=vm3,unit=7\" ]\n", vm4);
	cfg("vm4.cfg", text);
	connect_two();
	reread();
	CU_ASSERT_PTR_NULL(fake_get("/tool/vlink/p"));
	CU_ASSERT_PTR_NULL(fake_get(HOME3 "/vlink/vbpipe/p"));
	CU_ASSERT_PTR_NOT_NULL(fake_get("/tool/vlink/q"));
	/* Its place in the cfg stays what it is. */
	expect_text(fake_get(HOME3 "/vlink/vbpipe/q/index"), "1");
	expect_said("link 'p' is not connected", 1);
	expect_said(why, 1);
	stop();
}

static void links_that_do_not_fit(void)
{
	expect_refused(VM3_PIPE, "link=p,class=vbpipe,role=client,peer=vm3,unit=0", "is a client");
	expect_refused(VM3_PIPE, "link=p,class=vumem,role=server,peer=vm3,unit=0",
		       "is of class");
	expect_refused(VM3_PIPE, "link=p,class=vbpipe,role=server,peer=vm5,unit=0", "its peer");
	expect_refused(VM3_PIPE, "link=other,class=vbpipe,role=server,peer=vm5,unit=0",
		       "has no such link");
	expect_refused("link=p,class=what,role=client,peer=vm4,unit=0",
		       "link=other,class=vbpipe,role=server,peer=vm5,unit=0",
		       "class 'what' is not known");
}

static void second_link_with_one_unit(void)
{
	begin();
	cfg("vm3.cfg", "name = \"vm3\"\nvlink = [ \"" VM3_PIPE "\", \"link=q,class=vbpipe,role=client,peer=vm5,unit=0\" ]\n");
	cfg("vm4.cfg", "name = \"vm4\"\nvlink = [ \"" VM4_PIPE "\" ]\n");
	connect_two();
	expect_connected();
	expect_said("link 'q' is not connected", 1);
	stop();
}

static void one_name_in_two_cfgs(void)
{
	begin();
	two_domains_one_pipe();
	/* One without links is no rival, and neither is a copy. */
	cfg("a.cfg", "name = \"vm3\"\n");
	cfg("b.cfg", "name = \"vm3\"\nvlink = [ \"" VM3_PIPE "\" ]\n");
	connect_two();
	expect_connected();
	stop();

	/* Of two that differ none speaks for a domain that is started. */
	begin();
	two_domains_one_pipe();
	cfg("a.cfg", "name = \"vm3\"\nvlink = [ \"" VM3_GFX "\" ]\n");
	connect_two();
	CU_ASSERT_PTR_NULL(fake_get("/tool/vlink/p"));
	CU_ASSERT_PTR_NULL(fake_get(HOME3 "/vlink"));
	expect_said("has links in other cfgs as well; none is connected", 2);
	remove_cfg("a.cfg");
	reread();
	expect_connected();
	stop();
}

/* ---- what runs stays ---- */

/* Whatever becomes of the files, and for how long, nothing changes. */
static void expect_kept(const char *why)
{
	wait_and_reread();
	wait_and_reread();
	expect_connected();
	if (why)
		CU_ASSERT_TRUE(times_said(why) > 0);
}

static void begin_kept(void)
{
	begin();
	two_domains_one_pipe();
	connect_two();
	wait_and_reread();
	expect_connected();
}

static void copies_end_no_link(void)
{
	begin_kept();
	cfg("vm3-old.cfg", "name = \"vm3\"\nvlink = [ \"" VM3_PIPE "\" ]\n");
	expect_kept(NULL);
	cfg("vm3-old.cfg", "name = \"vm3\"\nvlink = [ \"" VM3_GFX "\" ]\n");
	expect_kept("has links in other cfgs as well; what runs of them stays");
	/* What speaks for the domain is the first, whichever goes. */
	cfg("vm3.cfg", "name = \"vm3\"\n");
	expect_kept("in other cfgs");
	remove_cfg("vm3-old.cfg");
	two_domains_one_pipe();
	expect_kept(NULL);
	stop();
}

static void cfgs_that_go_end_no_link(void)
{
	begin_kept();
	remove_cfg("vm3.cfg");
	expect_kept("no cfg that can be read is that of domain 'vm3'; its links stay");
	/* Another one without links says nothing of them. */
	cfg("vm3-old.cfg", "name = \"vm3\"\n");
	expect_kept("has other links here than in");
	cfg("moved.cfg", "name = \"vm3\"\nvlink = [ \"" VM3_PIPE "\" ]\n");
	expect_kept(NULL);
	/* The one that was moved speaks from now on. */
	remove_cfg("vm3-old.cfg");
	cfg("moved.cfg", "name = \"vm3\"\n");
	wait_and_reread();
	expect_dump("/tool/vlink", record_empty);
	stop();
}

/* A new daemon does not take what has nothing of the links that run for their cfg. */
static void strange_cfgs_do_not_speak(void)
{
	begin_kept();
	remove_cfg("vm3.cfg");
	cfg("vm3-old.cfg", "name = \"vm3\"\n");
	stop();
	start_and_settle();
	expect_kept("vm3-old.cfg: domain 'vm3' runs with other links than this cfg has; they stay");
	two_domains_one_pipe();
	expect_kept(NULL);
	/* But it is obeyed. */
	remove_cfg("vm3.cfg");
	daemon_reload(&vlinkd);
	CU_ASSERT_EQUAL_FATAL(settle(), 0);
	expect_dump("/tool/vlink", record_empty);
	stop();
}

static void broken_cfgs_end_no_link(void)
{
	static const char *const broken[] = {
		"", "name = \"vm3\"\nvlink = [ \"link=p\n", "name = \"vm3\"\nname = \"vm3\"\n", "#",
	};
	size_t i;

	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		begin_kept();
		cfg("vm3.cfg", broken[i]);
		expect_kept("vm3.cfg");
		/* A new daemon knows no more than what stands in xenstore. */
		stop();
		start_and_settle();
		expect_kept(NULL);
		two_domains_one_pipe();
		expect_kept(NULL);
		stop();
	}
}

static void half_written_cfgs_end_no_link(void)
{
	static const char *const halves[] = {
		"name = \"vm3\"\n", "name = \"vm3\"\nvlink = []\n", "name = \"vm\"\n",
		"name = \"vm3\"\nvlink = [ \"" VM3_GFX "\" ]\n",
	};
	size_t i;

	for (i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
		begin_kept();
		cfg("vm3.cfg", halves[i]);
		reread();
		now_ms += CONFIG_SETTLE_MS - 1;
		vlinkd.now_ms = now_ms;
		reread();
		two_domains_one_pipe();
		expect_kept(NULL);
		stop();
	}
}

/* A template that is copied for another domain and not yet edited through. */
static void strangers_end_no_link(void)
{
	begin_kept();
	cfg("aaa.cfg", "name = \"vm9\"\nvlink = [ \"" VM3_PIPE "\" ]\n");
	fake_create(9, "vm9", 0x99);
	expect_kept("its peer is 'vm3', yet domain 'vm9'");
	CU_ASSERT_PTR_NULL(fake_get("/local/domain/9/vlink"));
	stop();
}

/* What a domain was given holds until it is started anew. */
static void changed_links_wait_for_the_domain(void)
{
	static const char changed[] = "name = \"vm3\"\nvlink = [ \"link=p,class=vbpipe,role=client,peer=vm4,unit=3,info=new\" ]\n";

	begin_kept();
	cfg("vm3.cfg", changed);
	expect_kept("link 'p' has changed; domain 'vm3' keeps it as it is until it is started anew");
	fake_destroy(3);
	fake_create(7, "vm3", 0x33);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_text(fake_get("/local/domain/7/vlink/vbpipe/p/info"), "new");
	expect_text(fake_get("/local/domain/7/vlink/vbpipe/p/unit"), "3");
	CU_ASSERT_PTR_NULL(fake_get("/local/domain/7/vlink/vbpipe/p/name"));
	expect_text(fake_get("/tool/vlink/p/vbpipe/frontend-id"), "7");
	stop();
}

/* A class that does not fit any more is as good as none, for the end that comes. */
static void ends_that_differ_wait_for_each_other(void)
{
	begin_kept();
	cfg("vm4.cfg", "name = \"vm4\"\nvlink = [ \"link=p,class=vumem,role=server,peer=vm3,unit=0\" ]\n");
	expect_kept(NULL);
	fake_destroy(4);
	fake_create(6, "vm4", 0x44);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_said("of class 'vumem' here, of class 'vbpipe' in", 1);
	CU_ASSERT_PTR_NULL(fake_get("/local/domain/6/vlink"));
	expect_text(fake_get(HOME3 "/vlink/vbpipe/p/class"), "vbpipe");
	two_domains_one_pipe();
	reread();
	expect_text(fake_get("/tool/vlink/p/vbpipe/backend-id"), "6");
	stop();
}

static void a_class_file_that_goes_ends_no_link(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/classes", dir);
	begin();
	cfg("classes", "own: vumem vrpq\n");
	cfg("vm3.cfg", "name = \"vm3\"\nvlink = [ \"link=o,class=own,role=client,peer=vm4,unit=0\" ]\n");
	cfg("vm4.cfg", "name = \"vm4\"\nvlink = [ \"link=o,class=own,role=server,peer=vm3,unit=0\" ]\n");
	fake_create(3, "vm3", 0x33);
	fake_create(4, "vm4", 0x44);
	new_daemon();
	vlinkd.config.classes_path = path;
	vlinkd.config.classes_optional = true;
	CU_ASSERT_EQUAL_FATAL(daemon_start(&vlinkd), 0);
	CU_ASSERT_EQUAL_FATAL(settle(), 0);
	CU_ASSERT_PTR_NOT_NULL(fake_get("/tool/vlink/o/vumem/id"));
	remove_cfg("classes");
	wait_and_reread();
	CU_ASSERT_PTR_NOT_NULL(fake_get("/tool/vlink/o/vumem/id"));
	CU_ASSERT_PTR_NOT_NULL(fake_get("/tool/vlink/o/vrpq/id"));
	CU_ASSERT_PTR_NOT_NULL(fake_get(HOME3 "/vlink/vrpq/o/class"));
	stop();
}

/* SIGHUP: the administrator wants the cfgs to be followed as they are. */
static void obeyed_at_once(void)
{
	begin_kept();
	cfg("vm3.cfg", "name = \"vm3\"\n");
	daemon_reload(&vlinkd);
	CU_ASSERT_EQUAL_FATAL(settle(), 0);
	expect_dump("/tool/vlink", record_empty);
	CU_ASSERT_PTR_NULL(fake_get(HOME3 "/vlink"));
	stop();

	begin_kept();
	remove_cfg("vm3.cfg");
	reread();
	daemon_reload(&vlinkd);
	CU_ASSERT_EQUAL_FATAL(settle(), 0);
	expect_dump("/tool/vlink", record_empty);
	stop();

	/* What cannot be read, or is there twice, says nothing even then. */
	begin_kept();
	cfg("vm3.cfg", "name = \"vm3\"\nvlink = [ \"link=p\n");
	cfg("a.cfg", "name = \"vm4\"\nvlink = [ \"" VM4_GFX "\" ]\n");
	reread();
	daemon_reload(&vlinkd);
	CU_ASSERT_EQUAL_FATAL(settle(), 0);
	expect_connected();
	/* Nor does it hold for later. */
	remove_cfg("vm3.cfg");
	expect_kept(NULL);
	stop();
}

static void only_the_difference_is_written(void)
{
	unsigned int changes, commits;

	begin();
	two_domains();
	connect_two();
	changes = fake_changes();
	commits = fake_commits();
	cfg("vm4.cfg", "name = \"vm4\"\nvlink = [ \"" VM4_PIPE "\", \"" VM4_GFX "\", \"link=n,class=vbpipe,role=server,peer=vm9,unit=1\" ]\n");
	reread();
	expect_text(fake_get(HOME4 "/vlink/vbpipe/n/index"), "2");
	/* A directory and five keys, each with its permissions. */
	CU_ASSERT_EQUAL(fake_changes(), changes + 12);
	CU_ASSERT_EQUAL(fake_commits(), commits + 1);
	two_domains_one_pipe();
	wait_and_reread();
	expect_connected();
	cfg("vm3.cfg", "name = \"vm3\"\n");
	wait_and_reread();
	CU_ASSERT_PTR_NULL(fake_get(HOME3 "/vlink"));
	CU_ASSERT_PTR_NOT_NULL(fake_get(HOME4 "/vlink/vbpipe/p"));
	expect_dump("/tool/vlink", record_empty);
	expect_said("its peer 'vm3' (", 1);
	expect_said("has no such link; what runs of link 'p' stays", 1);
	stop();
}

static void expect_check(const char *want, size_t problems)
{
	char *text = NULL, *pos, out[4096] = "";
	size_t size, found;
	FILE *file = open_memstream(&text, &size);

	CU_ASSERT_EQUAL_FATAL(start(), 0);
	config_reload(&vlinkd.config);
	config_judge(&vlinkd.config, NULL);
	found = check_print(&vlinkd.config, file);
	stop();
	CU_ASSERT_EQUAL_FATAL(fclose(file), 0);
	/* The directory's name is another each time. */
	for (pos = text; *pos && strlen(out) < sizeof(out) - 2; pos++) {
		if (!strncmp(pos, dir, strlen(dir)))
			pos += strlen(dir) + 1;
		strncat(out, pos, 1);
	}
	expect_text(out, want);
	CU_ASSERT_EQUAL(found, problems);
	free(text);
}

static void configs_are_checked(void)
{
	begin();
	two_domains();
	expect_check("link p vbpipe vm4 vm3\nlink g vogl vm4 vm3\n", 0);
	remove_cfg("vm4.cfg");
	expect_check("link p vbpipe - vm3\nlink g vogl - vm3\n"
		     "problem: vm3.cfg: link 'p': no config is that of its peer 'vm4'\n"
		     "problem: vm3.cfg: link 'g': no config is that of its peer 'vm4'\n", 2);
	two_domains_one_pipe();
	cfg("bad.cfg", "name = \"vm9\"\nvlink = [ \"link=p\n");
	cfg("vm4.cfg", "name = \"vm4\"\nvlink = [ \"link=p,class=vbpipe,role=client,peer=vm3,unit=0\" ]\n");
	expect_check("problem: bad.cfg:2: config parsing error near `\"link=p': lexical error\n"
		     "problem: vm4.cfg: link 'p' is a client here and in vm3.cfg; link 'p' is not connected\n", 2);
}

/* In the words of dts2xl and of the drivers. */
static void infos_are_checked(void)
{
	begin();
	cfg("vm3.cfg", "name = \"vm3\"\nvlink = [ \"link=g,class=vrpq,role=server,peer=vm4,unit=0,info=vrpq-reqs=1000,x=1\",\n"
	    "\"link=p,class=vbpipe,role=server,peer=vm4,unit=0,info=a;8K;300\" ]\n");
	cfg("vm4.cfg", "name = \"vm4\"\nvlink = [ \"link=g,class=vrpq,role=client,peer=vm3,unit=0,info=vrpq-reqs=1K\",\n"
	    "\"link=p,class=vbpipe,role=client,peer=vm3,unit=0,info=a;8K;;note=1\" ]\n");
	expect_check("link g vrpq vm3 vm4\nlink p vbpipe vm3 vm4\n"
		     "problem: vm3.cfg: link 'g': info: vrpq-reqs=1000 is not a power of two from 256 to 1048576: the default counts\n"
		     "problem: vm3.cfg: link 'p': info: the minor number '300' is not a number from 0 to 255\n", 2);
}

static void number_of_a_pipe_is_its_unit(void)
{
	begin();
	cfg("vm3.cfg", "name = \"vm3\"\nvlink = [ \"link=p,class=vbpipe,role=server,peer=vm4,unit=0,info=;;5\",\n"
	    "\"link=q,class=vbpipe,role=client,peer=vm4,unit=5,name=vbpipe6\",\n"
	    "\"link=r,class=vbpipe,role=client,peer=vm4,unit=0\" ]\n");
	cfg("vm4.cfg", "name = \"vm4\"\nvlink = [ \"link=p,class=vbpipe,role=client,peer=vm3,unit=5,info=;;5\",\n"
	    "\"link=q,class=vbpipe,role=server,peer=vm3,unit=0\",\n"
	    "\"link=r,class=vbpipe,role=server,peer=vm3,unit=6\" ]\n");
	expect_check("link p vbpipe vm3 vm4\nlink q vbpipe vm4 vm3\n"
		     "problem: vm3.cfg: link 'r' has the unit 0, as link 'p': those of pipes count for both roles together; link 'r' is not connected\n"
		     "problem: vm3.cfg: link 'p': info asks for the number 5: the unit counts, which is 0\n"
		     "problem: vm3.cfg: link 'q': the name asks for the number 6: the unit counts, which is 5\n", 3);
}

#define SOCKETS(link, role, peer, rest) \
	"vlink = [ \"link=" link ",class=vsock,role=" role ",peer=" peer ",unit=0" rest "\" ]\n"

/* Whether their domains are linked or not. */
static void cid_of_two_domains(void)
{
	begin();
	cfg("vm3.cfg", "name = \"vm3\"\n" SOCKETS("a", "server", "vm4", ",cid=50"));
	cfg("vm4.cfg", "name = \"vm4\"\n" SOCKETS("a", "client", "vm3", ",cid=51"));
	cfg("vm5.cfg", "name = \"vm5\"\n" SOCKETS("b", "server", "vm6", ",cid=52"));
	cfg("vm6.cfg", "name = \"vm6\"\n" SOCKETS("b", "client", "vm5", ",cid=50"));
	expect_check("link a vsock vm3 vm4\nlink b vsock vm5 vm6\n"
		     "problem: vm6.cfg: link 'b': the cid 50 is that of 'vm3' (vm3.cfg), too: while that runs, 'vm6' has no sockets\n", 1);
}

/* What needs no links is no matter, and a cfg that is broken is one fault. */
static void one_fault_is_told_once(void)
{
	begin();
	two_domains();
	cfg("win.cfg", "name = \"win 10\"\nmemory = 512\n");
	cfg("template.cfg", "memory = 512\n");
	cfg("old.cfg", "import os\nname = \"xm\" + str(5)\n");
	expect_check("link p vbpipe vm4 vm3\nlink g vogl vm4 vm3\n", 0);
	cfg("win.cfg", "name = \"win 10\"\nvlink = []\n");
	cfg("vm4.cfg", "name = \"vm4\"\nvlink = [ \"link=\" ]\n");
	expect_check("link p vbpipe - vm3\nlink g vogl - vm3\n"
		     "problem: vm4.cfg:2: vlink: link: '' is not 1 to 48 characters of A-Z a-z 0-9 _ -\n"
		     "problem: win.cfg: name is not a domain name: 1 to 63 characters of A-Z a-z 0-9 _ . + -, not digits alone\n", 2);
}

/* Keys of others are their business, unless they are nearly one of ours. */
static void typos_in_infos_are_found(void)
{
	begin();
	cfg("vm3.cfg", "name = \"vm3\"\nvlink = [ \"link=g,class=vogl,role=client,peer=vm4,unit=0,info=vrpq-rqes=1M\" ]\n");
	cfg("vm4.cfg", "name = \"vm4\"\nvlink = [ \"link=g,class=vogl,role=server,peer=vm3,unit=0,info=mine=1 vrpq-reqs=1M\" ]\n");
	expect_check("link g vogl vm4 vm3\n"
		     "problem: vm3.cfg: link 'g': info: the item 'vrpq-rqes' is not used; did you mean 'vrpq-reqs'?\n", 1);
}

/* ---- many ---- */

#define MANY		1000	/* domains */
#define LINKS_EACH	4

/* Each domain is the server of the next two, and the client of the two before. */
static void many_cfgs(void)
{
	char file[32], text[1024];
	unsigned int i, j;
	size_t len;

	for (i = 0; i < MANY; i++) {
		snprintf(file, sizeof(file), "m%04u.cfg", i);
		len = (size_t)snprintf(text, sizeof(text), "name = \"m%u\"\nvlink = [ ", i);
		for (j = 1; j <= LINKS_EACH / 2; j++) {
			unsigned int next = (i + j) % MANY, before = (i + MANY - j) % MANY;

			len += (size_t)snprintf(text + len, sizeof(text) - len,
				"\"link=l%u-%u,class=vbpipe,role=server,peer=m%u,unit=%u\", \"link=l%u-%u,class=vbpipe,role=client,peer=m%u,unit=%u\", ",
				i, j, next, j, before, j, before, LINKS_EACH / 2 + j);
		}
		snprintf(text + len, sizeof(text) - len, "]\n");
		cfg(file, text);
	}
}

static void create_one_of_many(unsigned int nr)
{
	char name[16];

	snprintf(name, sizeof(name), "m%u", nr % MANY);
	fake_create(nr + 1, name, (unsigned char)nr);
}

/* The calls of xenstore that an event costs. */
static long calls_of(void (*event)(unsigned int arg), unsigned int arg)
{
	long before;

	event(arg);
	before = fake_calls();
	CU_ASSERT_EQUAL_FATAL(settle(), 0);
	return fake_calls() - before;
}

static void create_stranger(unsigned int domid)
{
	fake_create(domid, "stranger", 0xfe);
}

/*
 * A thousand domains with four links each: what an event costs depends on its own links,
 * not on how many others there are.
 */
static void a_thousand_domains(void)
{
	long first, fourth, last, stranger_alone, stranger, gone, again;
	unsigned int i, changes;

	begin();
	many_cfgs();
	start_and_settle();
	stranger_alone = calls_of(create_stranger, 5000);
	gone = calls_of(fake_destroy, 5000);
	for (i = 0; i < 4; i++)
		first = calls_of(create_one_of_many, i);
	fourth = first;
	for (; i < MANY; i++)
		create_one_of_many(i);
	CU_ASSERT_EQUAL_FATAL(settle(), 0);
	CU_ASSERT_EQUAL(vlinkd.nr_joined, MANY * LINKS_EACH / 2);
	stranger = calls_of(create_stranger, 5000);
	/* At each event the directories of some devices are looked at, too. */
	CU_ASSERT_TRUE(stranger <= stranger_alone + 2 * 4 * RECORDS_LOOKS);
	CU_ASSERT_TRUE(calls_of(fake_destroy, 5000) <= gone + 2 * 4 * RECORDS_LOOKS);
	fake_destroy(500);
	CU_ASSERT_EQUAL_FATAL(settle(), 0);
	create_one_of_many(499 + MANY);
	last = fake_calls();
	CU_ASSERT_EQUAL_FATAL(settle(), 0);
	last = fake_calls() - last;
	CU_ASSERT_EQUAL(vlinkd.nr_joined, MANY * LINKS_EACH / 2);
	/* It has four links, the fourth domain that was created had two. */
	CU_ASSERT_TRUE(last <= 3 * fourth);
	stop();
	/* A new daemon reads all once, and writes nothing. */
	changes = fake_changes();
	again = fake_calls();
	start_and_settle();
	again = fake_calls() - again;
	CU_ASSERT_EQUAL(fake_changes(), changes);
	CU_ASSERT_TRUE(again < 80L * MANY);
	stop();
	printf("[calls: a stranger %ld alone, %ld among %d domains; the fourth domain %ld, one of all %ld; a new daemon %ld] ",
	       stranger_alone, stranger, MANY, fourth, last, again);
}

/* ---- repairs ---- */

static void orphans(void)
{
	begin();
	two_domains_one_pipe();
	connect_two();
	stop();
	fake_set(HOME3 "/device/vrpq/7/link", "lost");
	fake_set(HOME4 "/backend/vumem/3/2/link", "lost");
	fake_set(HOME4 "/backend/vbpipe/3/1/link", "p");
	/* Not ours: no link key, or a service that is none. */
	fake_set(HOME3 "/device/vbpipe/9/state", "1");
	fake_set(HOME3 "/device/vif/0/link", "p");
	fake_set("/tool/vlink/empty", "");
	fake_set("/tool/vlink/broken/vbpipe/id", "0");
	fake_set("/tool/vlink/p/toolongforaservice/id", "0");
	start_and_settle();
	CU_ASSERT_PTR_NOT_NULL(fake_get(HOME3 "/device/vbpipe/9"));
	CU_ASSERT_PTR_NOT_NULL(fake_get(HOME3 "/device/vif/0"));
	fake_remove(HOME3 "/device/vbpipe/9");
	fake_remove(HOME3 "/device/vif");
	fake_remove(HOME4 "/backend/vumem");
	expect_connected();
	stop();
}

/* The directories of a damaged record are nobody's: they go, and come anew. */
static void damaged_record(void)
{
	static const char *const keys[] = {
		"id", "frontend-id", "backend-id", "frontend-uuid", "backend-uuid",
	};
	static const char *const values[] = {
		"", "-1", "01", "4096", "99999999999999999999", " 0", "x",
		"01234567890123456789012345678901234567890123456789",
	};
	size_t i, j;
	char path[64];

	for (i = 0; i < 5; i++)
		for (j = 0; j < 8; j++) {
			begin();
			two_domains_one_pipe();
			connect_two();
			stop();
			snprintf(path, sizeof(path), "/tool/vlink/p/vbpipe/%s", keys[i]);
			fake_set(path, values[j]);
			start_and_settle();
			CU_ASSERT_PTR_NULL(fake_get(HOME3 "/device/vbpipe/0"));
			CU_ASSERT_PTR_NULL(fake_get(HOME4 "/backend/vbpipe/3/0"));
			expect_text(fake_get("/tool/vlink/p/vbpipe/id"), "1");
			expect_text(fake_get(HOME3 "/device/vbpipe/1/backend"),
				    HOME4 "/backend/vbpipe/3/1");
			stop();
		}
}

static void number_taken_by_another(void)
{
	begin();
	two_domains_one_pipe();
	fake_create(3, "vm3", 0x33);
	fake_create(4, "vm4", 0x44);
	fake_set(HOME3 "/device/vbpipe/0/state", "1");
	fake_set(HOME3 "/device/vbpipe/1/state", "1");
	/* Rests of another life, in the way of the new back end. */
	fake_set(HOME4 "/backend/vbpipe/3/2/junk", "1");
	start_and_settle();
	expect_text(fake_get("/tool/vlink/p/vbpipe/id"), "2");
	CU_ASSERT_PTR_NULL(fake_get(HOME4 "/backend/vbpipe/3/2/junk"));
	stop();
}

/* The number of a record that could not be removed yet is not free. */
static void number_of_a_record_that_stays(void)
{
	begin();
	two_domains_one_pipe();
	connect_two();
	stop();
	fake_remove(HOME3 "/device/vbpipe/0");
	cfg("vm3.cfg", "name = \"vm3\"\nvlink = [ \"" VM3_PIPE "\", \"link=q,class=vbpipe,role=client,peer=vm4,unit=1\" ]\n");
	cfg("vm4.cfg", "name = \"vm4\"\nvlink = [ \"" VM4_PIPE "\", \"link=q,class=vbpipe,role=server,peer=vm3,unit=1\" ]\n");
	CU_ASSERT_EQUAL_FATAL(start(), 0);
	fake_set_conflicts(XSH_TRIES);
	CU_ASSERT_EQUAL(daemon_pass(&vlinkd), -EAGAIN);
	expect_text(fake_get("/tool/vlink/p/vbpipe/id"), "0");
	expect_text(fake_get("/tool/vlink/q/vbpipe/id"), "1");
	CU_ASSERT_EQUAL(settle(), 0);
	expect_text(fake_get("/tool/vlink/p/vbpipe/id"), "2");
	expect_text(fake_get(HOME3 "/device/vbpipe/1/link"), "q");
	expect_text(fake_get(HOME4 "/backend/vbpipe/3/1/link"), "q");
	stop();
}

static void hostile_guests(void)
{
	char long_value[4097];

	begin();
	two_domains_one_pipe();
	fake_create(7, "victim", 0x77);
	fake_set("/local/domain/7/backend/vbd/3/0/state", "4");
	fake_set("/local/domain/0/backend/vif/7/0/state", "4");
	connect_two();
	/* A front end that points elsewhere and is destroyed. */
	fake_set(HOME3 "/device/vbpipe/0/backend", "/local/domain/7/backend/vbd/3/0");
	fake_set(HOME3 "/device/vbpipe/0/backend-id", "7");
	fake_set(HOME3 "/device/vbpipe/0/link", "../../x");
	fake_set(HOME4 "/backend/vbpipe/3/0/frontend", "/local/domain/0");
	fake_destroy(3);
	CU_ASSERT_EQUAL(settle(), 0);
	CU_ASSERT_PTR_NOT_NULL(fake_get("/local/domain/7/backend/vbd/3/0/state"));
	CU_ASSERT_PTR_NOT_NULL(fake_get("/local/domain/0/backend/vif/7/0/state"));
	CU_ASSERT_PTR_NULL(fake_get(HOME4 "/backend/vbpipe"));
	/* One that writes rubbish, or removes its directory, gets a new pair, no more. */
	fake_create(3, "vm3", 0x33);
	CU_ASSERT_EQUAL(settle(), 0);
	memset(long_value, 'x', 4096);
	long_value[4096] = '\0';
	fake_set(HOME3 "/device/vbpipe/1/backend", long_value);
	fake_set_bytes(HOME3 "/device/vbpipe/1/backend-id", "4\0004", 3);
	fake_set_bytes(HOME4 "/backend/vbpipe/3/1/frontend-id", "\xff\n\0", 3);
	fake_create(8, "other", 0x88);
	CU_ASSERT_EQUAL(settle(), 0);
	CU_ASSERT_PTR_NULL(fake_get(HOME3 "/device/vbpipe/1"));
	expect_text(fake_get("/tool/vlink/p/vbpipe/id"), "2");
	fake_remove(HOME3 "/device/vbpipe/2");
	fake_destroy(8);
	CU_ASSERT_EQUAL(settle(), 0);
	CU_ASSERT_PTR_NULL(fake_get(HOME4 "/backend/vbpipe/3/2"));
	expect_text(fake_get(HOME4 "/backend/vbpipe/3/3/state"), "1");
	CU_ASSERT_PTR_NOT_NULL(fake_get("/local/domain/7/backend/vbd/3/0/state"));
	stop();
}

/* A front end that is torn down over and over runs out of no numbers. */
static void numbers_go_round(void)
{
	char path[64];
	int i;

	begin();
	two_domains_one_pipe();
	connect_two();
	for (i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), HOME3 "/device/vbpipe/%s",
			 fake_get("/tool/vlink/p/vbpipe/id"));
		fake_remove(path);
		vlinkd.search_orphans = i % 2;
		vlinkd.now_ms += 1000;
		CU_ASSERT_EQUAL(daemon_pass(&vlinkd), 0);
		CU_ASSERT_PTR_NULL(fake_get(path));
	}
	CU_ASSERT_TRUE(atoi(fake_get("/tool/vlink/p/vbpipe/id")) <= APPLY_WITHDRAWN_MS / 1000);
	stop();
}

/* However many are withdrawn at once: a server of a hundred links goes and comes. */
static void numbers_of_many_are_new(void)
{
	char vm3[16384] = "name = \"vm3\"\nvlink = [ ", vm4[16384] = "name = \"vm4\"\nvlink = [ ";
	size_t len3, len4;
	char path[64];
	int i;

	begin();
	for (i = 0; i < 100; i++) {
		len3 = strlen(vm3);
		len4 = strlen(vm4);
		snprintf(vm3 + len3, sizeof(vm3) - len3, "\"link=l%d,class=vbpipe,role=client,peer=vm4,unit=%d\",", i, i);
		snprintf(vm4 + len4, sizeof(vm4) - len4, "\"link=l%d,class=vbpipe,role=server,peer=vm3,unit=%d\",", i, i);
	}
	strcat(vm3, "]\n");
	strcat(vm4, "]\n");
	cfg("vm3.cfg", vm3);
	cfg("vm4.cfg", vm4);
	connect_two();
	fake_destroy(4);
	CU_ASSERT_EQUAL(settle(), 0);
	fake_create(6, "vm4", 0x44);
	CU_ASSERT_EQUAL(settle(), 0);
	for (i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), HOME3 "/device/vbpipe/%d", i);
		CU_ASSERT_EQUAL(fake_get(path) != NULL, i >= 100);
	}
	stop();
}

/* ---- the administrator ---- */

static void detached_and_attached(void)
{
	begin();
	two_domains();
	connect_two();
	CU_ASSERT_EQUAL(detached_set(NULL, "p", true), 0);
	expect_dump("/tool/vlink/@detached",
		    "/tool/vlink/@detached =  (n0)\n"
		    "/tool/vlink/@detached/p =  (n0)\n");
	CU_ASSERT_EQUAL(settle(), 0);
	CU_ASSERT_PTR_NULL(fake_get("/tool/vlink/p"));
	CU_ASSERT_PTR_NULL(fake_get(HOME3 "/device/vbpipe"));
	CU_ASSERT_PTR_NULL(fake_get(HOME4 "/backend/vbpipe"));
	/* Its nodes stay, as when the peer does not run; the other link is not touched. */
	CU_ASSERT_PTR_NOT_NULL(fake_get(HOME3 "/vlink/vbpipe/p"));
	CU_ASSERT_PTR_NOT_NULL(fake_get("/tool/vlink/g/vrpq/id"));
	expect_said("link 'p', service 'vbpipe': disconnected: detached", 1);
	/* It holds for a new daemon and for new domains. */
	stop();
	fake_destroy(3);
	fake_create(7, "vm3", 0x33);
	start_and_settle();
	CU_ASSERT_PTR_NULL(fake_get("/tool/vlink/p"));
	CU_ASSERT_PTR_NOT_NULL(fake_get("/local/domain/7/device/vrpq/0"));
	CU_ASSERT_EQUAL(detached_set(NULL, "p", false), 0);
	CU_ASSERT_PTR_NULL(fake_get("/tool/vlink/@detached"));
	CU_ASSERT_EQUAL(settle(), 0);
	expect_text(fake_get("/tool/vlink/p/vbpipe/frontend-id"), "7");
	/* Attaching what is attached, and what nobody knows, harms nobody. */
	CU_ASSERT_EQUAL(detached_set(NULL, "p", false), 0);
	CU_ASSERT_EQUAL(detached_set(NULL, "nosuch", true), 0);
	CU_ASSERT_EQUAL(detached_set(NULL, "nosuch", true), 0);
	CU_ASSERT_EQUAL(settle(), 0);
	CU_ASSERT_PTR_NOT_NULL(fake_get("/tool/vlink/p"));
	stop();
}

/* ---- CIDs ---- */

static void three_sockets(const char *key3, const char *key4, const char *key5)
{
	char text[512];

	snprintf(text, sizeof(text), "name = \"Domain-0\"\nvlink = [ \"link=s3,class=vsock,role=server,peer=vm3,unit=0\", \"link=s5,class=vsock,role=server,peer=vm5,unit=1\" ]\n");
	cfg("dom0.cfg", text);
	snprintf(text, sizeof(text), "name = \"vm3\"\nvlink = [ \"link=s3,class=vsock,role=client,peer=Domain-0,unit=0%s\", \"link=s34,class=vsock,role=server,peer=vm4,unit=0%s\" ]\n", key3, key3);
	cfg("vm3.cfg", text);
	snprintf(text, sizeof(text), "name = \"vm4\"\nvlink = [ \"link=s34,class=vsock,role=client,peer=vm3,unit=0%s\" ]\n", key4);
	cfg("vm4.cfg", text);
	snprintf(text, sizeof(text), "name = \"vm5\"\nvlink = [ \"link=s5,class=vsock,role=client,peer=Domain-0,unit=0%s\" ]\n", key5);
	cfg("vm5.cfg", text);
}

static void cids_are_published(void)
{
	begin();
	three_sockets("", ",cid=100", "");
	fake_create(3, "vm3", 0x33);
	start_and_settle();
	expect_text(fake_get(HOME3 "/vlink/vsock/s3/cid"), "5");
	expect_text(fake_get(HOME3 "/vlink/vsock/s3/peer-cid"), "2");
	expect_text(fake_get("/local/domain/0/vlink/vsock/s3/cid"), "2");
	expect_text(fake_get("/local/domain/0/vlink/vsock/s3/peer-cid"), "5");
	CU_ASSERT_PTR_NULL(fake_get("/local/domain/0/vlink/vsock/s5/peer-cid"));
	CU_ASSERT_PTR_NULL(fake_get(HOME3 "/vlink/vsock/s34/peer-cid"));
	fake_create(4, "vm4", 0x44);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_text(fake_get(HOME4 "/vlink/vsock/s34/cid"), "100");
	expect_text(fake_get(HOME4 "/vlink/vsock/s34/peer-cid"), "5");
	expect_text(fake_get(HOME3 "/vlink/vsock/s34/peer-cid"), "100");
	/* A domain that comes back under another id has another CID, unless it asks for one. */
	fake_destroy(3);
	CU_ASSERT_EQUAL(settle(), 0);
	CU_ASSERT_PTR_NULL(fake_get(HOME4 "/vlink/vsock/s34/peer-cid"));
	fake_create(8, "vm3", 0x33);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_text(fake_get(HOME4 "/vlink/vsock/s34/peer-cid"), "10");
	stop();
}

/* What a cfg asks for wins, and no default is in its way, whichever domain runs. */
static void cids_are_unique(void)
{
	begin();
	three_sockets("", "", ",cid=5");
	fake_create(3, "vm3", 0x33);
	start_and_settle();
	expect_text(fake_get(HOME3 "/vlink/vsock/s3/cid"), "6");
	fake_create(6, "vm5", 0x55);
	fake_create(4, "vm4", 0x44);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_text(fake_get("/local/domain/6/vlink/vsock/s5/cid"), "5");
	expect_text(fake_get(HOME4 "/vlink/vsock/s34/cid"), "7");
	CU_ASSERT_PTR_NOT_NULL(fake_get("/tool/vlink/s3/vsock"));
	CU_ASSERT_PTR_NOT_NULL(fake_get("/tool/vlink/s5/vsock"));
	stop();
}

/* Of two that ask for one the first that runs has it. */
static void cids_asked_for_twice(void)
{
	begin();
	three_sockets(",cid=9", "", ",cid=9");
	fake_create(3, "vm3", 0x33);
	fake_create(6, "vm5", 0x55);
	start_and_settle();
	CU_ASSERT_PTR_NOT_NULL(fake_get("/tool/vlink/s3/vsock"));
	CU_ASSERT_PTR_NULL(fake_get("/tool/vlink/s5"));
	CU_ASSERT_PTR_NULL(fake_get("/local/domain/6/vlink/vsock/s5/cid"));
	CU_ASSERT_PTR_NULL(fake_get("/local/domain/0/vlink/vsock/s5/peer-cid"));
	expect_said("domain 6 'vm5': its CID 9 is that of 'vm3' already", 1);
	fake_destroy(3);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_text(fake_get("/local/domain/6/vlink/vsock/s5/cid"), "9");
	CU_ASSERT_PTR_NOT_NULL(fake_get("/tool/vlink/s5/vsock"));
	stop();
}

/* The CID of a domain that runs stays, whatever a cfg comes to ask for, and whoever looks. */
static void cids_that_run_stay(void)
{
	begin();
	three_sockets("", "", "");
	fake_create(3, "vm3", 0x33);
	start_and_settle();
	expect_text(fake_get(HOME3 "/vlink/vsock/s3/cid"), "5");
	three_sockets(",cid=77", "", ",cid=5");
	fake_create(6, "vm5", 0x55);
	wait_and_reread();
	stop();
	start_and_settle();
	expect_text(fake_get(HOME3 "/vlink/vsock/s3/cid"), "5");
	expect_text(fake_get("/tool/vlink/s3/vsock/frontend-id"), "3");
	CU_ASSERT_PTR_NULL(fake_get("/local/domain/6/vlink/vsock/s5/cid"));
	fake_destroy(3);
	fake_create(8, "vm3", 0x33);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_text(fake_get("/local/domain/8/vlink/vsock/s3/cid"), "77");
	expect_text(fake_get("/local/domain/6/vlink/vsock/s5/cid"), "5");
	stop();
}

static void expect_bad_cid(const char *key3, const char *why)
{
	begin();
	three_sockets(key3, "", "");
	fake_create(3, "vm3", 0x33);
	fake_create(6, "vm5", 0x55);
	start_and_settle();
	CU_ASSERT_PTR_NULL(fake_get("/tool/vlink/s3"));
	CU_ASSERT_PTR_NOT_NULL(fake_get("/tool/vlink/s5"));
	CU_ASSERT_TRUE(times_said(why) > 0);
	stop();
}

static void bad_cids(void)
{
	expect_bad_cid(",cid=0", "cid '0' is not a number from 3");
	expect_bad_cid(",cid=2", "cid '2' is not a number");
	expect_bad_cid(",cid=4294967295", "is not a number");
	expect_bad_cid(",cid=99999999999999999999", "is not a number");
	expect_bad_cid(",cid=05", "is not a number");
	expect_bad_cid(",cid=5x", "is not a number");
	/* Links of one domain that do not agree: the first is taken. */
	begin();
	cfg("vm3.cfg", "name = \"vm3\"\nvlink = [ \"link=a,class=vsock,role=server,peer=vm4,unit=0,cid=7\", \"link=b,class=vsock,role=server,peer=vm5,unit=1,cid=8\" ]\n");
	fake_create(3, "vm3", 0x33);
	start_and_settle();
	expect_text(fake_get(HOME3 "/vlink/vsock/a/cid"), "7");
	CU_ASSERT_PTR_NULL(fake_get(HOME3 "/vlink/vsock/b"));
	expect_said("a domain has one; link 'b' is not connected", 1);
	stop();
}

/* ---- quotas ---- */

/* A domain for which xenstored takes no more nodes costs the others nothing. */
static void quota_of_a_guest(void)
{
	begin();
	two_domains_one_pipe();
	cfg("vm5.cfg", "name = \"vm5\"\nvlink = [ \"link=q,class=vbpipe,role=client,peer=vm4,unit=0\" ]\n");
	cfg("vm4.cfg", "name = \"vm4\"\nvlink = [ \"link=q,class=vbpipe,role=server,peer=vm5,unit=1\", \"" VM4_PIPE "\" ]\n");
	fake_create(3, "vm3", 0x33);
	fake_create(4, "vm4", 0x44);
	fake_create(5, "vm5", 0x55);
	CU_ASSERT_EQUAL_FATAL(start(), 0);
	fake_fail_below("/local/domain/5/device", ENOSPC);
	CU_ASSERT_EQUAL(daemon_pass(&vlinkd), -EAGAIN);
	CU_ASSERT_EQUAL(daemon_pass(&vlinkd), -EAGAIN);
	CU_ASSERT_PTR_NOT_NULL(fake_get("/tool/vlink/p/vbpipe"));
	CU_ASSERT_PTR_NULL(fake_get("/tool/vlink/q"));
	CU_ASSERT_PTR_NULL(fake_get(HOME4 "/backend/vbpipe/5"));
	CU_ASSERT_EQUAL(fake_open_transactions(), 0);
	expect_said("link 'q': 'vm4' (domain 4) and 'vm5' (domain 5) cannot be joined: a quota of xenstored is used up; trying again", 1);
	fake_fail_below(NULL, 0);
	CU_ASSERT_EQUAL(settle(), 0);
	CU_ASSERT_PTR_NOT_NULL(fake_get("/tool/vlink/q/vbpipe"));
	expect_said("what failed before is done now", 1);
	stop();
}

/* What cannot be published is not connected either, and costs no other domain. */
static void list_that_is_refused(void)
{
	begin();
	two_domains_one_pipe();
	fake_create(3, "vm3", 0x33);
	fake_create(4, "vm4", 0x44);
	CU_ASSERT_EQUAL_FATAL(start(), 0);
	fake_fail_below(HOME3 "/vlink", E2BIG);
	CU_ASSERT_EQUAL(daemon_pass(&vlinkd), -EAGAIN);
	expect_said("domain 3 'vm3': its links cannot be published: more than xenstored takes", 1);
	CU_ASSERT_PTR_NOT_NULL(fake_get(HOME4 "/vlink/vbpipe/p"));
	CU_ASSERT_PTR_NULL(fake_get(HOME3 "/vlink"));
	CU_ASSERT_PTR_NULL(fake_get("/tool/vlink"));
	fake_fail_below(NULL, 0);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_connected();
	stop();
}

/* ---- transactions ---- */

static void conflicts_are_retried(void)
{
	begin();
	two_domains_one_pipe();
	fake_create(3, "vm3", 0x33);
	fake_create(4, "vm4", 0x44);
	CU_ASSERT_EQUAL_FATAL(start(), 0);
	fake_set_conflicts(XSH_TRIES - 1);
	CU_ASSERT_EQUAL(daemon_pass(&vlinkd), 0);
	expect_connected();
	stop();

	/* More than one pass stands: the loop goes on, and the next pass does it. */
	begin();
	two_domains_one_pipe();
	fake_create(3, "vm3", 0x33);
	fake_create(4, "vm4", 0x44);
	CU_ASSERT_EQUAL_FATAL(start(), 0);
	fake_set_conflicts(2 * XSH_TRIES);
	CU_ASSERT_EQUAL(daemon_pass(&vlinkd), -EAGAIN);
	CU_ASSERT_PTR_NULL(fake_get("/tool/vlink"));
	CU_ASSERT_EQUAL(fake_open_transactions(), 0);
	CU_ASSERT_EQUAL(daemon_pass(&vlinkd), 0);
	expect_connected();
	stop();
}

static void destroy_vm3(void)
{
	fake_destroy(3);
}

static void destroy_vm3_at_the_next_commit(void)
{
	fake_before_commit(destroy_vm3);
}

static void rename_vm3(void)
{
	fake_name(3, "other");
}

/* A domain that dies between the look and the deed leaves nothing in its old home. */
static void domain_dies_under_way(void)
{
	begin();
	two_domains_one_pipe();
	fake_create(3, "vm3", 0x33);
	CU_ASSERT_EQUAL_FATAL(start(), 0);
	fake_before_commit(destroy_vm3);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_dump(HOME3, "");
	stop();

	/* The first commit is that of vm4's list, the second that of the devices. */
	begin();
	two_domains_one_pipe();
	fake_create(3, "vm3", 0x33);
	start_and_settle();
	fake_create(4, "vm4", 0x44);
	fake_before_commit(destroy_vm3_at_the_next_commit);
	CU_ASSERT_EQUAL(settle(), 0);
	expect_dump(HOME3, "");
	CU_ASSERT_PTR_NOT_NULL(fake_get(HOME4 "/vlink/vbpipe/p"));
	CU_ASSERT_PTR_NULL(fake_get(HOME4 "/backend/vbpipe"));
	CU_ASSERT_PTR_NULL(fake_get("/tool/vlink/p"));
	stop();

	/* One that became another is not told the links of the old one. */
	begin();
	two_domains_one_pipe();
	fake_create(3, "vm3", 0x33);
	CU_ASSERT_EQUAL_FATAL(start(), 0);
	fake_before_commit(rename_vm3);
	CU_ASSERT_EQUAL(daemon_pass(&vlinkd), -EAGAIN);
	CU_ASSERT_PTR_NULL(fake_get(HOME3 "/vlink"));
	stop();
}

/* ---- killed at any moment ---- */

struct story {
	const char *name;
	void (*before)(void);	/* a daemon runs, comes to rest and is killed */
	void (*change)(void);	/* happens while none runs */
};

static void nothing(void)
{
}

static void create_both(void)
{
	fake_create(3, "vm3", 0x33);
	fake_create(4, "vm4", 0x44);
}

static void replace_server(void)
{
	fake_destroy(4);
	fake_create(6, "vm4", 0x44);
}

static void reuse_both(void)
{
	fake_destroy(4);
	fake_destroy(3);
	fake_create(3, "vm4", 0x55);
	fake_create(4, "vm3", 0x66);
}

static void power_off_client(void)
{
	fake_shutdown(3, SHUTDOWN_poweroff);
}

static void change_cfgs(void)
{
	cfg("vm3.cfg", "name = \"vm3\"\nvlink = [ \"link=q,class=vrpq,role=server,peer=vm4,unit=0\", \"" VM3_PIPE "\" ]\n");
	cfg("vm4.cfg", "name = \"vm4\"\nvlink = [ \"link=q,class=vrpq,role=client,peer=vm3,unit=0\", \"" VM4_PIPE ",key=v\" ]\n");
}

static void scatter_orphans(void)
{
	fake_set(HOME3 "/device/vrpq/7/link", "lost");
	fake_set(HOME4 "/backend/vumem/3/2/link", "lost");
	fake_set("/tool/vlink/empty", "");
	fake_set("/tool/vlink/g/vrpq/id", "x");
	fake_remove(HOME3 "/device/vbpipe/0");
}

static const struct story stories[] = {
	{ "both created", nothing, create_both },
	{ "client destroyed", create_both, destroy_vm3 },
	{ "client powered off", create_both, power_off_client },
	{ "server replaced", create_both, replace_server },
	{ "both ids reused", create_both, reuse_both },
	{ "configs changed", create_both, change_cfgs },
	{ "orphans", create_both, scatter_orphans },
};

static bool follows(const char *text, const char *at, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(at - text) >= len && !strncmp(at - len, word, len);
}

/* Whether a device number stands here: the last part of a device's directory, or a key. */
static bool is_device_number(const char *text, const char *at)
{
	const char *slash = at - 1;
	int depth;

	if (*at < '0' || *at > '9')
		return false;
	if (follows(text, at, "/handle = ") || follows(text, at, "/id = "))
		return true;
	for (depth = 0; depth < 3 && slash > text && *slash == '/'; depth++) {
		if (depth == 1 && follows(text, slash, "/device"))
			return true;
		if (depth == 2 && follows(text, slash, "/backend"))
			return true;
		do
			slash--;
		while (slash > text && *slash != '/' && *slash != '\n');
	}
	return false;
}

/* All of the store, less the numbers of devices, which depend on history. */
static char *state_of_links(void)
{
	const char *dump = fake_dump(""), *c = dump;
	char *text = calloc(1, strlen(dump) + 1), *out = text;

	while (*c) {
		if (is_device_number(dump, c)) {
			*out++ = '#';
			c += strspn(c, "0123456789");
		} else {
			*out++ = *c++;
		}
	}
	return text;
}

static void begin_story(const struct story *story)
{
	begin();
	two_domains();
	story->before();
	start_and_settle();
	stop();
	story->change();
	fake_save();
}

/* All records are right, and a look at everything finds nothing to do. */
static void expect_consistent(const char *when, long k)
{
	unsigned int changes = fake_changes();
	struct records records = { 0 };
	size_t i;

	vlinkd.search_orphans = true;
	CU_ASSERT_EQUAL(daemon_pass(&vlinkd), 0);
	CU_ASSERT_EQUAL(fake_changes(), changes);
	CU_ASSERT_EQUAL_FATAL(records_read(NULL, &records), 0);
	for (i = 0; i < records.nr; i++)
		if (!records.list[i].sound || !records.list[i].intact) {
			fprintf(stderr, "\n  %s, killed at call %ld: %s/%s\n", when, k,
				records.list[i].link, records.list[i].service);
			CU_FAIL("a record is not right");
		}
	records_clear(&records);
}

/* Runs a daemon that dies at call @k; true: it did. */
static bool die_at(long k)
{
	int ret;

	fake_restore();
	new_daemon();
	fake_set_budget(k);
	ret = daemon_start(&vlinkd);
	if (!ret)
		ret = settle();
	stop();
	return ret != 0;
}

static void kill_everywhere(const struct story *story)
{
	char *want, *got;
	long k;

	begin_story(story);
	start_and_settle();
	want = state_of_links();
	stop();
	for (k = 0; die_at(k); k++) {
		start_and_settle();
		expect_consistent(story->name, k);
		got = state_of_links();
		if (strcmp(got, want))
			fprintf(stderr, "\n  %s, killed at call %ld: got\n%s\n  want\n%s\n",
				story->name, k, got, want);
		CU_ASSERT_STRING_EQUAL_FATAL(got, want);
		free(got);
		stop();
	}
	/* A story that ends after a few calls tells nothing. */
	CU_ASSERT_TRUE(k > 50);
	printf("[%s: killed at each of %ld calls] ", story->name, k);
	free(want);
}

static void killed_anywhere(void)
{
	size_t i;

	for (i = 0; i < sizeof(stories) / sizeof(stories[0]); i++)
		kill_everywhere(&stories[i]);
}

/* ---- at random ---- */

#define RANDOM_DOMAINS	4
#define RANDOM_STEPS	16

/* The world as it should be, kept beside the store. */
static struct {
	unsigned int state;		/* of the generator */
	unsigned int next_domid;
	unsigned int domid[RANDOM_DOMAINS];	/* 0: does not run */
	unsigned char life[RANDOM_DOMAINS];
	bool detached;
} world;

static unsigned int draw(unsigned int below)
{
	world.state = world.state * 1664525u + 1013904223u;
	return (world.state >> 8) % below;
}

/* vm0 and vm1, vm0 and vm2, vm2 and vm3, and all of them with dom0 */
static void random_cfgs(void)
{
	cfg("dom0.cfg", "name = \"Domain-0\"\nvlink = [ \"link=d0,class=vrpq,role=server,peer=vm0,unit=0\", \"link=d3,class=vbpipe,role=client,peer=vm3,unit=0\" ]\n");
	cfg("vm0.cfg", "name = \"vm0\"\nvlink = [ \"link=d0,class=vrpq,role=client,peer=Domain-0,unit=0\", \"link=a,class=vogl,role=server,peer=vm1,unit=0\", \"link=b,class=vbpipe,role=client,peer=vm2,unit=0\" ]\n");
	cfg("vm1.cfg", "name = \"vm1\"\nvlink = [ \"link=a,class=vogl,role=client,peer=vm0,unit=0\" ]\n");
	cfg("vm2.cfg", "name = \"vm2\"\nvlink = [ \"link=b,class=vbpipe,role=server,peer=vm0,unit=0\", \"link=c,class=vsock,role=server,peer=vm3,unit=0\" ]\n");
	cfg("vm3.cfg", "name = \"vm3\"\nvlink = [ \"link=c,class=vsock,role=client,peer=vm2,unit=0\", \"link=d3,class=vbpipe,role=server,peer=Domain-0,unit=0\" ]\n");
}

static void random_create(unsigned int nr)
{
	char name[8];

	snprintf(name, sizeof(name), "vm%u", nr);
	world.domid[nr] = world.next_domid;
	/* Few ids, so that they are used again soon, often for another domain. */
	do
		world.next_domid = world.next_domid % 9 + 1;
	while (fake_get(xsh_path("/local/domain/%u", world.next_domid).s) ||
	       world.next_domid == world.domid[nr]);
	fake_create(world.domid[nr], name, (unsigned char)(16 * nr + world.life[nr]++ % 16));
}

static void random_destroy(unsigned int nr)
{
	fake_destroy(world.domid[nr]);
	world.domid[nr] = 0;
}

/* What guests write into what is theirs: a directory of a device, whosever it is. */
static void random_mischief(void)
{
	static const char *const records[] = {
		"d0/vrpq", "a/vrpq", "a/vumem", "b/vbpipe", "c/vsock", "d3/vbpipe",
	};
	static const char *const values[] = { "0", "4", "/local/domain/0", "", "\xff\n" };
	struct xsh_path record = xsh_path("/tool/vlink/%s", records[draw(6)]), dir;
	struct device_id dev = { 0 };
	bool is_backend = draw(2);

	snprintf(dev.service, sizeof(dev.service), "%s", strrchr(record.s, '/') + 1);
	if (xsh_read_number(NULL, 0, xsh_path("%s/id", record.s).s, 4095, &dev.id) ||
	    xsh_read_number(NULL, 0, xsh_path("%s/frontend-id", record.s).s, 99, &dev.frontend) ||
	    xsh_read_number(NULL, 0, xsh_path("%s/backend-id", record.s).s, 99, &dev.backend))
		return;
	dir = is_backend ? records_backend_path(&dev) : records_frontend_path(&dev);
	if (!fake_get(dir.s) || !draw(3))
		fake_remove(dir.s);
	else
		fake_set(xsh_path("%s/%s%s", dir.s, is_backend ? "frontend" : "backend",
				  draw(2) ? "-id" : "").s, values[draw(5)]);
}

static void random_event(void)
{
	unsigned int nr = draw(RANDOM_DOMAINS);

	switch (draw(8)) {
	case 0:
		world.detached = !world.detached;
		if (world.detached)
			fake_set("/tool/vlink/@detached/b", "");
		else
			fake_remove("/tool/vlink/@detached");
		break;
	case 1:
		random_mischief();
		break;
	default:
		if (world.domid[nr])
			random_destroy(nr);
		else
			random_create(nr);
	}
}

/* Directories that stay when nothing is in them any more, docs/xenstore.md says. */
static bool may_stay(const char *line)
{
	size_t len = strcspn(line, "\n"), end = strcspn(line, " ");

	if (len < end + 3 || strncmp(line + end, " =  (", 5))
		return false;
	return (end == strlen("/tool/vlink") && !strncmp(line, "/tool/vlink", end)) ||
	       follows(line, line + end, "/backend") || follows(line, line + end, "/device");
}

static char *state_after_rest(void)
{
	char *text, *line, *next;

	start_and_settle();
	stop();
	text = state_of_links();
	for (line = text; *line; line = next) {
		next = line + strcspn(line, "\n") + 1;
		if (!may_stay(line))
			continue;
		memmove(line, next, strlen(next) + 1);
		next = line;
	}
	return text;
}

/* The same domains in a world without a past. */
static void make_world_anew(void)
{
	struct { unsigned int domid; char name[8]; unsigned char uuid; } domains[RANDOM_DOMAINS];
	unsigned int nr;

	for (nr = 0; nr < RANDOM_DOMAINS; nr++) {
		domains[nr].domid = world.domid[nr];
		domains[nr].uuid = (unsigned char)(16 * nr + (world.life[nr] + 15) % 16);
		snprintf(domains[nr].name, sizeof(domains[nr].name), "vm%u", nr);
	}
	fake_reset();
	for (nr = 0; nr < RANDOM_DOMAINS; nr++)
		if (domains[nr].domid)
			fake_create(domains[nr].domid, domains[nr].name, domains[nr].uuid);
	if (world.detached)
		fake_set("/tool/vlink/@detached/b", "");
}

/* One story: events, and at each a daemon that dies at any of its calls, or does not. */
static unsigned int random_story(unsigned int seed)
{
	unsigned int step, kills = 0;
	char *got, *want;

	begin();
	random_cfgs();
	memset(&world, 0, sizeof(world));
	world.state = seed;
	world.next_domid = 1;
	for (step = 0; step < RANDOM_STEPS; step++) {
		random_event();
		new_daemon();
		if (draw(3))
			fake_set_budget(draw(250));
		if (draw(4) == 0)
			fake_before_commit(random_event);
		if (daemon_start(&vlinkd) || settle())
			kills++;
		stop();
	}
	got = state_after_rest();
	make_world_anew();
	want = state_after_rest();
	if (strcmp(got, want))
		fprintf(stderr, "\n  seed %u: got\n%s\n  want\n%s\n", seed, got, want);
	CU_ASSERT_STRING_EQUAL(got, want);
	free(got);
	free(want);
	return kills;
}

static void killed_at_random(void)
{
	const char *text = getenv("VLINKD_SEED"), *count = getenv("VLINKD_STORIES");
	unsigned int first = text ? (unsigned int)strtoul(text, NULL, 10) : 1;
	unsigned int stories = count ? (unsigned int)strtoul(count, NULL, 10) : 150;
	unsigned int i, kills = 0;

	for (i = 0; i < stories; i++)
		kills += random_story(first + i);
	printf("[VLINKD_SEED=%u VLINKD_STORIES=%u: killed %u times in %u events] ",
	       first, stories, kills, stories * RANDOM_STEPS);
	CU_ASSERT_TRUE(stories < 100 || kills > stories);
}

/* ---- the planner alone ---- */

static void plan_in_order(void)
{
	struct record list[] = {
		{ .link = "gone", .service = "vbpipe", .sound = true, .intact = true },
	};
	struct found_dir dir_list[] = { { .dev = { "vrpq", 3, 0, 7 } } };
	struct records records = { .list = list, .nr = 1 };
	struct found_dirs found = { dir_list, 1 };
	struct domain domain_list[] = {
		{ 0, UUID("00"), "Domain-0" }, { 3, UUID("33"), "vm3" },
		{ 4, UUID("44"), "vm4" }, { 5, UUID("55"), "vm4--incoming" },
	};
	struct domains domains = { .list = domain_list, .nr = 4 };
	struct published published = { 0 };
	struct detached detached = { 0 };
	struct cids cids = { 0 };
	struct situation now = {
		&vlinkd.config, &domains, &published, &records, &found, &detached, &cids,
	};
	struct plan plan;
	size_t i;

	begin();
	two_domains();
	start_and_settle();
	for (i = 0; i < 4; i++)
		map_set(&domains.by_name, domain_list[i].name, &domain_list[i]);
	records_index(&records);
	plan_make(&now, &plan);
	CU_ASSERT_EQUAL_FATAL(plan.nr, 1 + 1 + 3 + 2);
	CU_ASSERT_EQUAL(plan.list[0].kind, ACTION_REMOVE);
	expect_text(plan.list[0].reason, "no longer configured");
	CU_ASSERT_EQUAL(plan.list[1].kind, ACTION_REMOVE_DIR);
	CU_ASSERT_EQUAL(plan.list[2].kind, ACTION_PUBLISH);
	CU_ASSERT_PTR_NULL(plan.list[2].links);
	expect_text(plan.list[3].links->name, "vm3");
	CU_ASSERT_EQUAL(plan.list[5].kind, ACTION_CONNECT);
	CU_ASSERT_EQUAL(plan.list[5].server_domain->domid, 4);
	CU_ASSERT_EQUAL(plan.list[6].client_domain->domid, 3);
	plan_clear(&plan);
	map_clear(&domains.by_name);
	map_clear(&records.by_service);
	map_clear(&records.by_device);
	stop();
}

/* ---- the service manager ---- */

static void state_is_told(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	char text[64] = "";

	begin();
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/notify", dir);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	setenv("NOTIFY_SOCKET", addr.sun_path, 1);
	background_ready();
	CU_ASSERT_EQUAL(recv(fd, text, sizeof(text), 0), 7);
	expect_text(text, "READY=1");
	background_tell("STATUS=x");
	CU_ASSERT_EQUAL(recv(fd, text, sizeof(text), 0), 8);
	expect_text(text, "STATUS=x");
	close(fd);
	unlink(addr.sun_path);
	/* A manager that is gone is no reason to end. */
	background_tell("STATUS=y");
	expect_said("No such file or directory", 1);
	unsetenv("NOTIFY_SOCKET");
	background_tell("STATUS=z");
}

static void one_daemon_at_a_time(void)
{
	char path[64], text[32];
	struct stat status;
	FILE *file;

	begin();
	snprintf(path, sizeof(path), "%s/pid", dir);
	/* An earlier version's, which anybody can lock */
	CU_ASSERT_EQUAL(close(open(path, O_WRONLY | O_CREAT, 0644)), 0);
	CU_ASSERT_EQUAL(background_pidfile(path), 0);
	CU_ASSERT_EQUAL(stat(path, &status), 0);
	CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
	CU_ASSERT_EQUAL(background_pidfile(path), -1);
	expect_said("vlinkd runs already", 1);
	file = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_PTR_NOT_NULL(fgets(text, sizeof(text), file));
	fclose(file);
	CU_ASSERT_EQUAL(atoi(text), getpid());
	CU_ASSERT_EQUAL(background_pidfile("/nonexistent/pid"), -1);
}

/* ---- vlinkctl ---- */

static void links_as_a_guest_sees_them(void)
{
	struct links links;

	begin();
	two_domains();
	connect_two();
	stop();
	fake_set(HOME3 "/device/vbpipe/0/state", "4");
	fake_set(HOME3 "/device/vumem/0/state", "2\033[2J");
	fake_remove(HOME3 "/device/vrpq");
	fake_set_self(3);
	CU_ASSERT_EQUAL_FATAL(links_read(NULL, "", &links), 0);
	CU_ASSERT_EQUAL_FATAL(links.nr, 3);
	expect_text(links.list[0].link, "p");
	expect_text(links.list[0].peer, "vm4");
	expect_text(links.list[0].role, "client");
	expect_text(links_state_name(links.list[0].state), "Connected");
	expect_text(links.list[1].service, "vrpq");
	expect_text(links.list[1].class_name, "vogl");
	expect_text(links_state_name(links.list[1].state), "-");
	expect_text(links.list[2].service, "vumem");
	expect_text(links_state_name(links.list[2].state), "Unknown");
	links_clear(&links);
	/* What is another's, or nobody's but dom0's, stays closed to it. */
	CU_ASSERT_PTR_NULL(xsh_read(NULL, 0, "/tool/vlink/p/vbpipe/id"));
	CU_ASSERT_EQUAL(errno, EACCES);
	CU_ASSERT_EQUAL(links_read(NULL, HOME4 "/", &links), -EACCES);
	fake_set_self(4);
	fake_set(HOME4 "/backend/vbpipe/3/0/state", "7");
	CU_ASSERT_EQUAL_FATAL(links_read(NULL, "", &links), 0);
	expect_text(links_state_name(links.list[0].state), "Reconfiguring");
	links_clear(&links);
	fake_set_self(0);
	CU_ASSERT_EQUAL(links_read(NULL, "/local/domain/0/", &links), 0);
	CU_ASSERT_EQUAL(links.nr, 0);
	CU_ASSERT_EQUAL_FATAL(links_read(NULL, HOME4 "/", &links), 0);
	CU_ASSERT_EQUAL(links.nr, 3);
	links_clear(&links);
}

static const struct unit_test tests[] = {
	{ "client first", client_first },
	{ "server first", server_first },
	{ "domains before the daemon", domains_before_daemon },
	{ "a restart changes nothing", restart_changes_nothing },
	{ "client dies and returns", client_dies_and_returns },
	{ "server dies and returns", server_dies_and_returns },
	{ "domain id reused", domid_reuse },
	{ "class of two services", class_of_two_services },
	{ "back end in dom0", backend_in_dom0 },
	{ "front end in dom0", frontend_in_dom0 },
	{ "domains that do not run", domains_that_do_not_run },
	{ "names that come late or change", names_that_come_late_or_change },
	{ "domain being built", domain_being_built },
	{ "many domains", many_domains },
	{ "a bad cfg costs no other", bad_cfg_costs_no_other },
	{ "links that do not fit", links_that_do_not_fit },
	{ "second link with one unit", second_link_with_one_unit },
	{ "one name in two cfgs", one_name_in_two_cfgs },
	{ "copies end no link", copies_end_no_link },
	{ "cfgs that go end no link", cfgs_that_go_end_no_link },
	{ "strange cfgs do not speak", strange_cfgs_do_not_speak },
	{ "broken cfgs end no link", broken_cfgs_end_no_link },
	{ "half-written cfgs end no link", half_written_cfgs_end_no_link },
	{ "strangers end no link", strangers_end_no_link },
	{ "changed links wait for the domain", changed_links_wait_for_the_domain },
	{ "ends that differ wait for each other", ends_that_differ_wait_for_each_other },
	{ "a class file that goes ends no link", a_class_file_that_goes_ends_no_link },
	{ "obeyed at once", obeyed_at_once },
	{ "configs are checked", configs_are_checked },
	{ "infos are checked in the words of the drivers", infos_are_checked },
	{ "the number of a pipe is its unit", number_of_a_pipe_is_its_unit },
	{ "one CID of two domains", cid_of_two_domains },
	{ "one fault is told once", one_fault_is_told_once },
	{ "typos in infos are found", typos_in_infos_are_found },
	{ "only the difference is written", only_the_difference_is_written },
	{ "a thousand domains", a_thousand_domains },
	{ "orphans", orphans },
	{ "damaged record", damaged_record },
	{ "number taken by another", number_taken_by_another },
	{ "number of a record that stays", number_of_a_record_that_stays },
	{ "hostile guests", hostile_guests },
	{ "numbers go round", numbers_go_round },
	{ "numbers of many are new", numbers_of_many_are_new },
	{ "detached and attached", detached_and_attached },
	{ "CIDs are published", cids_are_published },
	{ "CIDs are unique", cids_are_unique },
	{ "CIDs asked for twice", cids_asked_for_twice },
	{ "CIDs that run stay", cids_that_run_stay },
	{ "bad CIDs", bad_cids },
	{ "quota of a guest", quota_of_a_guest },
	{ "a list that is refused", list_that_is_refused },
	{ "conflicts are retried", conflicts_are_retried },
	{ "domain dies under way", domain_dies_under_way },
	{ "killed anywhere", killed_anywhere },
	{ "killed at random", killed_at_random },
	{ "plan in order", plan_in_order },
	{ "the state is told", state_is_told },
	{ "one daemon at a time", one_daemon_at_a_time },
	{ "links as a guest sees them", links_as_a_guest_sees_them },
};

int main(void)
{
	int status;

	if (!mkdtemp(dir))
		return 2;
	UNIT_ADD("vlinkd", tests);
	status = unit_run("vlinkd");
	remove_all_cfgs();
	rmdir(dir);
	fake_reset();
	return status;
}
