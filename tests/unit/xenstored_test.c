// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vlinkd as it is installed, over the real xenstored or oxenstored and a stand-in for the hypervisor
 * (fake_hypervisor.c). What libxl and the kernels of guests would write is written here.
 *
 * usage: xenstored_test XENSTORED FAKE_HYPERVISOR_SO VLINKD
 *
 * XENSTORED_TEST_SEED begins the random numbers.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenstore.h>

#include "lib/xs.h"
#include "unit.h"

#define PATIENCE_MS	30000
#define MAX_DOMAINS	16
#define SETTLE_S	"1"

static char dir[] = "/tmp/xenstored-test-XXXXXX", cfgs[64], log_path[64];
static const char *xenstored_path, *hypervisor_path, *vlinkd_path;
static pid_t xenstored = -1, vlinkd = -1;
static struct xs_handle *xs;

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "xenstored_test: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, ": %s\n", strerror(errno));
	va_end(ap);
	exit(1);
}

/* The one in OCaml, which Debian starts if nothing else is said. */
static bool is_ocaml(void)
{
	return strstr(xenstored_path, "/oxenstored");
}

static long long clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

static unsigned int seed;

static unsigned int draw(unsigned int below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* ---- files ---- */

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0 || fclose(file))
		die("%s", path);
}

static const char *cfg_path(const char *name)
{
	static char path[2][128];
	static unsigned int turn;

	snprintf(path[++turn % 2], sizeof(path[0]), "%s/%s", cfgs, name);
	return path[turn % 2];
}

static void cfg(const char *name, const char *text)
{
	write_file(cfg_path(name), text);
}

/* Whether the daemon's log has a text; where it is not, the log is shown. */
static bool log_says(const char *text)
{
	FILE *file = fopen(log_path, "r");
	char line[2048];
	bool found = false;

	if (!file)
		die("%s", log_path);
	while (!found && fgets(line, sizeof(line), file))
		found = strstr(line, text);
	fclose(file);
	return found;
}

static void show_log(void)
{
	FILE *file = fopen(log_path, "r");
	char line[2048];

	while (file && fgets(line, sizeof(line), file))
		fputs(line, stderr);
	if (file)
		fclose(file);
}

/* ---- the hypervisor ---- */

static struct {
	xc_domaininfo_t info;
	char name[32];
} domains[MAX_DOMAINS];
static size_t nr_domains;
static unsigned int next_domid;

static void tell_domains(void)
{
	char path[128], new[128];
	FILE *file;
	size_t i;
	int fd;

	snprintf(path, sizeof(path), "%s/domains", dir);
	snprintf(new, sizeof(new), "%s/domains.new", dir);
	file = fopen(new, "w");
	for (i = 0; file && i < nr_domains; i++)
		fwrite(&domains[i].info, sizeof(domains[i].info), 1, file);
	if (!file || fclose(file) || rename(new, path))
		die("%s", path);
	snprintf(path, sizeof(path), "%s/virq", dir);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || write(fd, "", 1) != 1)
		die("%s", path);
	close(fd);
}

/* ---- libxl ---- */

static void set(const char *value, const char *fmt, ...)
{
	char path[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (!xs_write(xs, XBT_NULL, path, value, (unsigned int)strlen(value)))
		die("%s", path);
}

static void write_home(size_t nr)
{
	unsigned int domid = domains[nr].info.domain;
	struct xs_permissions perms[2] = { { 0, 0 }, { domid, XS_PERM_READ } };
	char home[64], text[16];

	snprintf(home, sizeof(home), "/local/domain/%u", domid);
	snprintf(text, sizeof(text), "%u", domid);
	xs_mkdir(xs, XBT_NULL, home);
	xs_set_permissions(xs, XBT_NULL, home, perms, domid ? 2 : 1);
	set(domains[nr].name, "%s/name", home);
	set(text, "%s/domid", home);
	if (domid && !xs_introduce_domain(xs, domid, 1, 2))
		die("introducing domain %u", domid);
}

static unsigned int create(const char *name, unsigned char uuid)
{
	xc_domaininfo_t info = { .domain = (domid_t)next_domid++ };

	memset(info.handle, uuid, sizeof(info.handle));
	domains[nr_domains].info = info;
	snprintf(domains[nr_domains].name, sizeof(domains[0].name), "%s", name);
	nr_domains++;
	tell_domains();
	write_home(nr_domains - 1);
	return info.domain;
}

static size_t find(const char *name)
{
	size_t i;

	for (i = 0; i < nr_domains; i++)
		if (!strcmp(domains[i].name, name))
			break;
	return i;
}

static void destroy(const char *name)
{
	size_t nr = find(name);
	char home[64];

	if (nr == nr_domains)
		die("no domain %s", name);
	snprintf(home, sizeof(home), "/local/domain/%u", domains[nr].info.domain);
	domains[nr].info.flags |= XEN_DOMINF_dying;
	tell_domains();
	xs_rm(xs, XBT_NULL, home);
	memmove(&domains[nr], &domains[nr + 1], (--nr_domains - nr) * sizeof(domains[0]));
	tell_domains();
}

static bool runs(const char *name)
{
	return find(name) < nr_domains;
}

/* ---- processes ---- */

static pid_t spawn(char *const argv[], const char *preload)
{
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	/* Whatever becomes of the test, nothing of it is left. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (preload)
		setenv("LD_PRELOAD", preload, 1);
	execv(argv[0], argv);
	_exit(127);
}

/* Returns how it ended, or -1 when it still runs in the end. */
static int await_exit(pid_t *pid)
{
	long long end = clock_ms() + PATIENCE_MS;
	siginfo_t info;
	int fd = (int)syscall(434, *pid, 0);	/* pidfd_open() */
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		die("pidfd_open");
	while (poll(&poll_fd, 1, PATIENCE_MS) <= 0)
		if (clock_ms() >= end) {
			close(fd);
			return -1;
		}
	close(fd);
	memset(&info, 0, sizeof(info));
	waitid(P_PID, (id_t)*pid, &info, WEXITED);
	*pid = -1;
	return info.si_status;
}

static void kill_process(pid_t *pid)
{
	if (*pid <= 0)
		return;
	kill(*pid, SIGKILL);
	if (await_exit(pid) < 0)
		die("kill");
}

static void start_vlinkd(void)
{
	char pidfile[64];
	char *argv[] = {
		(char *)vlinkd_path, "--foreground", "--config", cfgs, "--settle", SETTLE_S,
		"--pidfile", pidfile, NULL,
	};

	snprintf(pidfile, sizeof(pidfile), "%s/vlinkd.pid", dir);
	vlinkd = spawn(argv, NULL);
}

/* There is no event by which it tells those who are no child of its own that it listens. */
static void connect_store(void)
{
	long long end = clock_ms() + PATIENCE_MS;

	do {
		xs = xs_open(XS_OPEN_SOCKETONLY);
		if (!xs)
			poll(NULL, 0, 2);
	} while (!xs && clock_ms() < end);
	if (!xs || !xs_watch(xs, "/", "all"))
		die("xenstored");
}

/* A new xenstored knows nothing of the past. */
static void start_xenstored(void)
{
	char conf[64];
	char *argv_c[] = { (char *)xenstored_path, "-N", NULL };
	char *argv_ocaml[] = {
		(char *)xenstored_path, "--no-fork", "--config-file", conf, NULL,
	};
	size_t i;

	snprintf(conf, sizeof(conf), "%s/oxenstored.conf", dir);

	xenstored = spawn(is_ocaml() ? argv_ocaml : argv_c, hypervisor_path);
	connect_store();
	for (i = 0; i < nr_domains; i++)
		write_home(i);
}

static void kill_xenstored(void)
{
	kill_process(&xenstored);
	xs_close(xs);
	xs = NULL;
}

/* ---- what is expected ---- */

static char *read_path(const char *fmt, ...)
{
	char path[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	return xsh_read(xs, XBT_NULL, path);
}

static bool reads(const char *path, const char *want)
{
	char *text = xsh_read(xs, XBT_NULL, path);
	bool same = text && !strcmp(text, want);

	free(text);
	return same;
}

/* The number of the device of a link's service, -1: there is none, or it is not right. */
static long device_of(const char *link, const char *service)
{
	char *front = read_path("/tool/vlink/%s/%s/frontend-id", link, service);
	char *back = read_path("/tool/vlink/%s/%s/backend-id", link, service);
	char *id = read_path("/tool/vlink/%s/%s/id", link, service);
	struct xsh_path f, b;
	long nr = -1;

	if (front && back && id) {
		f = xsh_path("/local/domain/%s/device/%s/%s", front, service, id);
		b = xsh_path("/local/domain/%s/backend/%s/%s/%s", back, service, front, id);
		if (reads(xsh_path("%s/backend", f.s).s, b.s) &&
		    reads(xsh_path("%s/frontend", b.s).s, f.s))
			nr = atol(id);
	}
	free(front);
	free(back);
	free(id);
	return nr;
}

static bool is_joined(const char *link)
{
	return device_of(link, "vbpipe") >= 0;
}

static bool has_socket(const char *link)
{
	return device_of(link, "vsock") >= 0;
}

static bool is_nowhere(const char *link)
{
	return !xsh_exists(xs, XBT_NULL, xsh_path("/tool/vlink/%s", link).s);
}

/* Looks again at every change in xenstore. */
static bool await(bool (*condition)(const char *arg), const char *arg)
{
	long long deadline = clock_ms() + PATIENCE_MS;
	struct pollfd fd = { .fd = xs_fileno(xs), .events = POLLIN };
	char **event;

	while (!condition(arg)) {
		if (clock_ms() >= deadline) {
			fprintf(stderr, "\n  '%s' does not come; vlinkd says:\n", arg);
			show_log();
			return false;
		}
		poll(&fd, 1, (int)(deadline - clock_ms()));
		while ((event = xs_check_watch(xs)))
			free(event);
	}
	return true;
}

#define EXPECT(condition, arg) CU_ASSERT_TRUE(await(condition, arg))

static void begin(void)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s && mkdir %s && : > %s", cfgs, cfgs, log_path);
	if (system(command))
		die("%s", command);
	nr_domains = 0;
	next_domid = 0;
	domains[nr_domains++].info = (xc_domaininfo_t){ .domain = 0 };
	snprintf(domains[0].name, sizeof(domains[0].name), "Domain-0");
	next_domid = 1;
	tell_domains();
	start_xenstored();
	cfg("dom0.cfg", "name = \"Domain-0\"\nvlink = [ \"link=probe,class=vbpipe,role=server,peer=probe,unit=0\" ]\n");
	cfg("probe.cfg", "name = \"probe\"\nvlink = [ \"link=probe,class=vbpipe,role=client,peer=Domain-0,unit=0\" ]\n");
	create("probe", 0xee);
	start_vlinkd();
	CU_ASSERT_TRUE_FATAL(await(is_joined, "probe"));
}

/* All that has happened until now has been looked at when this returns. */
static void meet(void)
{
	set("", "/tool/vlink/@detached/probe");
	EXPECT(is_nowhere, "probe");
	xs_rm(xs, XBT_NULL, "/tool/vlink/@detached");
	EXPECT(is_joined, "probe");
}

/* It ends of itself when it is told to, and has nothing left over then. */
static void end(void)
{
	meet();
	kill(vlinkd, SIGTERM);
	CU_ASSERT_EQUAL(await_exit(&vlinkd), 0);
	kill_xenstored();
}

/* The same, and all configs have been as they are for long enough. */
static void meet_settled(void)
{
	meet();
	cfg("probe.cfg", "name = \"probe\"\n");
	EXPECT(is_nowhere, "probe");
	cfg("probe.cfg", "name = \"probe\"\nvlink = [ \"link=probe,class=vbpipe,role=client,peer=Domain-0,unit=0\" ]\n");
	EXPECT(is_joined, "probe");
}

#define VM3	"name = \"vm3\"\nvlink = [ \"link=p,class=vbpipe,role=client,peer=vm4,unit=0\" ]\n"
#define VM4	"name = \"vm4\"\nvlink = [ \"link=p,class=vbpipe,role=server,peer=vm3,unit=0\"," \
		" \"link=q,class=vbpipe,role=server,peer=vm5,unit=1\" ]\n"
#define VM5	"name = \"vm5\"\nvlink = [ \"link=q,class=vbpipe,role=client,peer=vm4,unit=0\" ]\n"

static void three_cfgs(void)
{
	cfg("vm3.cfg", VM3);
	cfg("vm4.cfg", VM4);
	cfg("vm5.cfg", VM5);
}

/* ---- tests ---- */

static void domains_come_and_go(void)
{
	begin();
	three_cfgs();
	create("vm3", 3);
	create("vm4", 4);
	EXPECT(is_joined, "p");
	CU_ASSERT_TRUE(is_nowhere("q"));
	destroy("vm3");
	EXPECT(is_nowhere, "p");
	create("vm3", 3);
	create("vm5", 5);
	EXPECT(is_joined, "p");
	EXPECT(is_joined, "q");
	/* The domain of the servers is started anew. */
	destroy("vm4");
	create("vm4", 4);
	EXPECT(is_joined, "p");
	EXPECT(is_joined, "q");
	end();
}

static void defaults_keep_clear_of_cids(void)
{
	begin();
	cfg("vm3.cfg", "name = \"vm3\"\nvlink = [ \"link=s,class=vsock,role=client,peer=vm4,unit=0\" ]\n");
	cfg("vm4.cfg", "name = \"vm4\"\nvlink = [ \"link=s,class=vsock,role=server,peer=vm3,unit=0,cid=4\" ]\n");
	CU_ASSERT_EQUAL(create("vm3", 3), 2);
	create("vm4", 4);
	EXPECT(has_socket, "s");
	CU_ASSERT_TRUE(reads("/local/domain/2/vlink/vsock/s/cid", "5"));
	CU_ASSERT_TRUE(reads("/local/domain/2/vlink/vsock/s/peer-cid", "4"));
	end();
}

/* Its thread notices, and tells nobody: xenstored's socket does. */
static void death_of_xenstored_is_seen(void)
{
	begin();
	meet();
	kill_xenstored();
	CU_ASSERT_EQUAL(await_exit(&vlinkd), 1);
	CU_ASSERT_TRUE(log_says("xenstored is lost: "));
	/* Without one it does not wait in vain either. */
	start_vlinkd();
	CU_ASSERT_EQUAL(await_exit(&vlinkd), 1);
	CU_ASSERT_TRUE(log_says("xenstored does not run"));
	start_xenstored();
	start_vlinkd();
	EXPECT(is_joined, "probe");
	end();
}

static void expect_world(void)
{
	static const char *const links[][3] = { { "p", "vm3", "vm4" }, { "q", "vm5", "vm4" } };
	size_t i;

	EXPECT(is_joined, "probe");
	for (i = 0; i < 2; i++)
		EXPECT(runs(links[i][1]) && runs(links[i][2]) ? is_joined : is_nowhere, links[i][0]);
}

static void random_domain(void)
{
	static const char *const names[] = { "vm3", "vm4", "vm5" };
	unsigned int nr = draw(3);

	if (runs(names[nr]))
		destroy(names[nr]);
	else
		create(names[nr], (unsigned char)(nr + 3));
}

/* As its unit has it: whatever it ends of, it is started anew. */
static void killed_at_random(void)
{
	unsigned int i, kills[3] = { 0 };

	begin();
	three_cfgs();
	for (i = 0; i < 100; i++) {
		unsigned int which = draw(3);

		kills[which]++;
		random_domain();
		/* While it starts, while it works, or when all is done. */
		if (draw(2))
			poll(NULL, 0, (int)draw(30));
		if (which != 1)
			kill_process(&vlinkd);
		if (which != 0) {
			kill_xenstored();
			if (which == 1)
				CU_ASSERT_EQUAL(await_exit(&vlinkd), 1);
			start_xenstored();
		}
		start_vlinkd();
		random_domain();
		expect_world();
	}
	printf("[killed: vlinkd %u times, xenstored %u, both %u] ", kills[0], kills[1], kills[2]);
	end();
}

/* ---- what is done to files ---- */

static void run(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	if (system(command))
		die("%s", command);
}

static const struct { const char *what, *command; } operations[] = {
	/* $c: the directory, $v: vm3, vm4 or vm5 */
	{ "copy", "cp $c/$v.cfg $c/$v-old.cfg" },
	{ "edited copy", "sed 's/unit=./unit=7/' $c/$v.cfg > $c/a$v.cfg" },
	{ "copy without links", "echo 'name = \"'$v'\"' > $c/$v-none.cfg" },
	{ "copy for another domain", "sed 's/name = .*/name = \"new\"/' $c/$v.cfg > $c/aa.cfg" },
	{ "removed", "rm $c/$v.cfg" },
	{ "moved", "mv $c/$v.cfg $c/$v-moved.cfg" },
	{ "away", "mv $c/$v.cfg $c/$v.away" },
	{ "emptied", ": > $c/$v.cfg" },
	{ "half", "head -c 30 $c/$v.cfg > $c/half; cat $c/half > $c/$v.cfg; rm $c/half" },
	{ "no list", "head -n 1 $c/$v.cfg > $c/half; cat $c/half > $c/$v.cfg; rm $c/half; cp $c.good/$v.cfg $c/$v.cfg" },
	{ "rubbish", "head -c 100 /dev/urandom > $c/$v.cfg" },
	{ "another in the same directory", "echo 'vlink = [' > $c/bad.cfg" },
	{ "a directory", "rm -f $c/$v.cfg; mkdir $c/$v.cfg" },
	{ "a pipe", "rm -f $c/$v.cfg; mkfifo $c/$v.cfg" },
	{ "a link to nothing", "ln -sf /nonexistent $c/$v.cfg" },
	{ "a link to the same", "ln -sf $c.good/$v.cfg $c/$v.cfg" },
	{ "a hard link", "ln -f $c/$v.cfg $c/hard.cfg" },
	{ "touched", "touch $c/$v.cfg" },
	{ "replaced by the same", "cp $c/$v.cfg $c/new && mv $c/new $c/$v.cfg" },
	{ "checked out", "for f in $c.good/*; do rm -f $c/${f##*/}; cp $f $c/; done" },
	{ "the directory moved and back", "mv $c $c.old; mv $c.old $c" },
	{ "the directory moved and copied", "mv $c $c.old; cp -r $c.old $c; rm -r $c.old" },
	{ "the directory removed", "rm -r $c" },
	{ "changed", "sed -i 's/unit=0/unit=5,info=x/' $c/$v.cfg" },
	{ "a class that is none", "sed -i 's/class=[a-z]*/class=none/' $c/$v.cfg" },
	{ "another role", "sed -i 's/role=[a-z]*/role=server/' $c/$v.cfg" },
	{ "all removed", "rm -rf $c/*" },
};

#define NR_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static void expect_same(const char *what, long p, long q)
{
	bool same = device_of("p", "vbpipe") == p && device_of("q", "vbpipe") == q;

	if (!same) {
		fprintf(stderr, "\n  after '%s' the links are others; vlinkd says:\n", what);
		show_log();
	}
	CU_ASSERT_TRUE_FATAL(same);
}

static void put_right(void)
{
	run("rm -rf %s/*; mkdir -p %s; cp %s.good/* %s/", cfgs, cfgs, cfgs, cfgs);
}

/* Each of them at least once, a hundred in all; every tenth time all is left so for a while. */
static void files_end_no_link(void)
{
	static const char *const names[] = { "vm3", "vm4", "vm5" };
	long p, q;
	size_t i;

	begin();
	three_cfgs();
	run("rm -rf %s.good; cp -r %s %s.good", cfgs, cfgs, cfgs);
	create("vm3", 3);
	create("vm4", 4);
	create("vm5", 5);
	EXPECT(is_joined, "p");
	EXPECT(is_joined, "q");
	meet_settled();
	p = device_of("p", "vbpipe");
	q = device_of("q", "vbpipe");
	for (i = 0; i < 100; i++) {
		size_t nr = i < NR_OPERATIONS ? i : draw(NR_OPERATIONS);

		if (i < NR_OPERATIONS)
			put_right();
		/* What another has removed already is none of its matter. */
		run("exec 2>/dev/null; c=%s v=%s; mkdir -p $c; %s; :", cfgs, names[draw(3)],
		    operations[nr].command);
		if (draw(5) == 0) {
			kill_process(&vlinkd);
			start_vlinkd();
		}
		meet();
		expect_same(operations[nr].what, p, q);
		if (i % 10 == 9) {
			run("mkdir -p %s; cp %s.good/dom0.cfg %s.good/probe.cfg %s/", cfgs, cfgs, cfgs, cfgs);
			meet_settled();
			expect_same(operations[nr].what, p, q);
		}
		if (draw(2)) {
			put_right();
			meet();
			expect_same("put right", p, q);
		}
	}
	/* And then one that says so ends one. */
	put_right();
	meet_settled();
	cfg("vm3.cfg", "name = \"vm3\"\nvlink = []\n");
	EXPECT(is_nowhere, "p");
	CU_ASSERT_EQUAL(device_of("q", "vbpipe"), q);
	end();
}

static const struct unit_test tests[] = {
	{ "domains come and go", domains_come_and_go },
	{ "defaults keep clear of CIDs", defaults_keep_clear_of_cids },
	{ "death of xenstored is seen", death_of_xenstored_is_seen },
	{ "killed at random", killed_at_random },
	{ "files end no link", files_end_no_link },
};

static void write_oxenstored_conf(void)
{
	char path[64], text[1024];

	snprintf(path, sizeof(path), "%s/oxenstored.conf", dir);
	snprintf(text, sizeof(text), "pid-file = %s/ox.pid\npersistent = false\n"
		 "xenstored-log-file = %s/ox.log\naccess-log-file = %s/ox-access.log\n"
		 "xenstored-kva = /proc/xen/xsd_kva\nxenstored-port = /proc/xen/xsd_port\n",
		 dir, dir, dir);
	write_file(path, text);
}

static void prepare(void)
{
	char path[128];

	if (!mkdtemp(dir))
		die("%s", dir);
	snprintf(cfgs, sizeof(cfgs), "%s/cfgs", dir);
	snprintf(log_path, sizeof(log_path), "%s/log", dir);
	setenv("FAKE_XEN", dir, 1);
	setenv("XENSTORED_RUNDIR", dir, 1);
	snprintf(path, sizeof(path), "%s/socket", dir);
	setenv("XENSTORED_PATH", path, 1);
	snprintf(path, sizeof(path), "%s/virq", dir);
	if (mkfifo(path, 0600))
		die("%s", path);
	snprintf(path, sizeof(path), "%s/xsd_port", dir);
	write_file(path, "1");
	snprintf(path, sizeof(path), "%s/xsd_kva", dir);
	write_file(path, "");
	if (truncate(path, 4096))
		die("%s", path);
	write_oxenstored_conf();
}

int main(int argc, char **argv)
{
	const char *text = getenv("XENSTORED_TEST_SEED");
	char command[64];
	int status;

	if (argc != 4)
		return 2;
	xenstored_path = argv[1];
	hypervisor_path = argv[2];
	vlinkd_path = argv[3];
	seed = text ? (unsigned int)strtoul(text, NULL, 10) : 1;
	prepare();
	UNIT_ADD("xenstored", tests);
	status = unit_run(is_ocaml() ? "oxenstored" : "xenstored");
	kill_process(&vlinkd);
	kill_process(&xenstored);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) ? 2 : status;
}
