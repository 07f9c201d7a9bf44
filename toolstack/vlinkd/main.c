// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vlinkd: publishes the links of the domain configs to the domains, and makes
 * and removes the xenbus devices of the links as domains come and go.
 *
 * All it does is to compare, after each event, what the configs ask for with what
 * stands in xenstore, which it reads when it starts. What would be lost with the process
 * is small: which device numbers were withdrawn a moment ago, and since when a config has
 * been the same. docs/xenstore.md defines what stands in xenstore.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <vlink/version.h>

#include "lib/alloc.h"
#include "background.h"
#include "lib/pidfile.h"
#include "check.h"
#include "daemon.h"
#include "lifeline.h"
#include "log.h"
#include "watchdirs.h"

#define DEFAULT_DIR	"/etc/xen"
#define SETTLE_MAX_S	3600u
#define RETRY_FIRST_MS	50
#define RETRY_LAST_MS	5000

static const char usage_text[] =
	"usage: vlinkd [--config DIR]... [--classes FILE] [--settle SECONDS] [--foreground]\n"
	"              [--pidfile FILE]\n"
	"       vlinkd --check [--config DIR]... [--classes FILE]\n"
	"       vlinkd --help | --version\n"
	"\n"
	"Connects the links that the xl configs of the running domains ask for.\n"
	"\n"
	"  --config DIR    read the *.cfg files of DIR (default " DEFAULT_DIR "); may be repeated\n"
	"  --classes FILE  the class file (default " VLINKCFG_CLASS_FILE ", if it is there)\n"
	"  --settle SECONDS\n"
	"                  how long a config must stay the same before links that it does not\n"
	"                  have any more are ended (default 10)\n"
	"  --foreground    stay in the foreground and log to stderr\n"
	"  --pidfile FILE  write the process id to FILE; refuse to start while it is locked\n"
	"                  (default " PIDFILE ")\n"
	"  --check         only read the configs, and print links and problems\n"
	"  -h, --help      show this text\n"
	"  --version       show the version\n";

struct options {
	char **dirs;
	size_t nr_dirs;
	char *classes;
	char *pidfile;
	unsigned int settle_s;
	bool foreground;
	bool check;
};

struct server {
	struct daemon daemon;
	struct watchdirs watchdirs;
	int signals;
	int xenstored;	/* a socket of which only its end is of interest; -1: there is none */
	char *status;	/* told the service manager */
	int retry_ms;	/* until the next attempt; -1: nothing is left to do */
	bool stop;
};

static void add_dir(struct options *opts, const char *dir)
{
	opts->dirs = alloc_grow(opts->dirs, opts->nr_dirs, sizeof(*opts->dirs));
	opts->dirs[opts->nr_dirs++] = alloc_string(dir);
}

/* The last one counts. */
static void set_option(char **option, const char *value)
{
	free(*option);
	*option = alloc_string(value);
}

static void clear_options(struct options *opts)
{
	size_t i;

	for (i = 0; i < opts->nr_dirs; i++)
		free(opts->dirs[i]);
	free(opts->dirs);
	free(opts->classes);
	free(opts->pidfile);
}

static int usage_error(void)
{
	fputs("Try 'vlinkd --help'.\n", stderr);
	return 2;
}

/* Returns -1 to go on, or the exit status. */
static int parse_options(int argc, char **argv, struct options *opts)
{
	static const struct option longopts[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "classes", required_argument, NULL, 'C' },
		{ "settle", required_argument, NULL, 's' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "pidfile", required_argument, NULL, 'p' },
		{ "check", no_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ 0 }
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "h", longopts, NULL)) != -1) {
		switch (opt) {
		case 'c':
			add_dir(opts, optarg);
			break;
		case 'C':
			set_option(&opts->classes, optarg);
			break;
		case 's':
			if (!xsh_parse_number(optarg, SETTLE_MAX_S, &opts->settle_s)) {
				fprintf(stderr, "vlinkd: '%s' is not a number of seconds up to %u\n",
					optarg, SETTLE_MAX_S);
				return usage_error();
			}
			break;
		case 'f':
			opts->foreground = true;
			break;
		case 'p':
			set_option(&opts->pidfile, optarg);
			break;
		case 'k':
			opts->check = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return 0;
		case 'v':
			puts("vlinkd " XEN_VLINK_VERSION);
			return 0;
		default:
			return usage_error();
		}
	}
	if (optind < argc) {
		fprintf(stderr, "vlinkd: unexpected argument '%s'\n", argv[optind]);
		return usage_error();
	}
	if (!opts->nr_dirs)
		add_dir(opts, DEFAULT_DIR);
	return -1;
}

static void prefix(char **path, const char *dir)
{
	char *absolute;

	if (!*path || (*path)[0] == '/')
		return;
	absolute = alloc_printf("%s/%s", dir, *path);
	free(*path);
	*path = absolute;
}

/* Relative names must hold in the background, too, where the directory is another. */
static void make_absolute(struct options *opts)
{
	char *cwd = getcwd(NULL, 0);
	size_t i;

	if (!cwd)
		return;
	for (i = 0; i < opts->nr_dirs; i++)
		prefix(&opts->dirs[i], cwd);
	prefix(&opts->classes, cwd);
	prefix(&opts->pidfile, cwd);
	free(cwd);
}

static void set_paths(struct config *config, const struct options *opts)
{
	config->dirs = (const char *const *)opts->dirs;
	config->nr_dirs = opts->nr_dirs;
	config->classes_path = opts->classes ? opts->classes : VLINKCFG_CLASS_FILE;
	config->classes_optional = !opts->classes;
}

static void setup_config(struct server *srv, const struct options *opts)
{
	struct config *config = &srv->daemon.config;
	size_t i;
	char *path;

	set_paths(config, opts);
	config->settle_ms = opts->settle_s * 1000ll;
	watchdirs_open(&srv->watchdirs);
	for (i = 0; i < opts->nr_dirs; i++)
		watchdirs_add(&srv->watchdirs, opts->dirs[i]);
	path = alloc_string(config->classes_path);
	watchdirs_add(&srv->watchdirs, dirname(path));
	free(path);
	watchdirs_renew(&srv->watchdirs);
	config_reload(config);
}

static int check(const struct options *opts)
{
	struct config config = { 0 };
	size_t problems;

	log_to_nobody();
	set_paths(&config, opts);
	config_reload(&config);
	config_judge(&config, NULL);
	problems = check_print(&config, stdout);
	config_clear(&config);
	return problems || fflush(stdout) ? 1 : 0;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	/* Before libxenstore makes its thread, which inherits the mask. */
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static int open_xen(struct server *srv)
{
	struct daemon *daemon = &srv->daemon;
	int ret;

	srv->xenstored = lifeline_open();
	if (srv->xenstored < 0 && errno != ENOENT) {
		log_error("xenstored does not run: %s: %s", xs_daemon_socket(), strerror(errno));
		return -1;
	}
	daemon->xs = xs_open(0);
	if (!daemon->xs) {
		log_error("cannot reach xenstored: %s", strerror(errno));
		return -1;
	}
	daemon->xc = xc_interface_open(NULL, NULL, 0);
	if (!daemon->xc) {
		log_error("cannot reach the hypervisor: %s", strerror(errno));
		return -1;
	}
	ret = daemon_start(daemon);
	if (ret)
		log_error("cannot watch xenstore: %s", strerror(-ret));
	return ret;
}

static void take_signals(struct server *srv)
{
	struct signalfd_siginfo info;

	while (read(srv->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			daemon_reload(&srv->daemon);
		else
			srv->stop = true;
	}
}

static void set_retry(struct server *srv, bool needed)
{
	if (!needed)
		srv->retry_ms = -1;
	else if (srv->retry_ms < 0)
		srv->retry_ms = RETRY_FIRST_MS;
	else if (srv->retry_ms < RETRY_LAST_MS)
		srv->retry_ms *= 2;
}

static long long clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/* Until what failed is tried again, or a config has been the same for long enough; -1: never. */
static int timeout_ms(const struct server *srv)
{
	long long left = srv->daemon.again_ms - clock_ms();

	if (srv->daemon.again_ms == CHOICE_NEVER)
		return srv->retry_ms;
	left = left > 0 ? left : 0;
	return srv->retry_ms >= 0 && srv->retry_ms < left ? srv->retry_ms : (int)left;
}

static int lost(const char *why)
{
	log_error("xenstored is lost: %s; ending, to be started anew when it is back", why);
	return -EIO;
}

static int pass(struct server *srv)
{
	int ret;

	if (watchdirs_renew(&srv->watchdirs))
		srv->daemon.config_stale = true;
	srv->daemon.now_ms = clock_ms();
	ret = daemon_pass(&srv->daemon);
	if (ret && ret != -EAGAIN)
		return lost(strerror(-ret));
	set_retry(srv, ret == -EAGAIN);
	return 0;
}

static int wait_for_events(struct server *srv)
{
	struct pollfd fds[] = {
		{ .fd = xs_fileno(srv->daemon.xs), .events = POLLIN },
		{ .fd = srv->signals, .events = POLLIN },
		{ .fd = srv->watchdirs.fd, .events = POLLIN },
		{ .fd = srv->xenstored, .events = POLLRDHUP },
	};
	int ret;

	if (poll(fds, 4, timeout_ms(srv)) < 0 && errno != EINTR) {
		log_error("poll: %s", strerror(errno));
		return -errno;
	}
	if (fds[3].revents)
		return lost("its socket is closed");
	take_signals(srv);
	if (watchdirs_take(&srv->watchdirs))
		srv->daemon.config_stale = true;
	ret = daemon_take_events(&srv->daemon);
	return ret < 0 ? lost(strerror(-ret)) : 0;
}

/* For "systemctl status". */
static void tell_status(struct server *srv)
{
	const struct daemon *daemon = &srv->daemon;
	char *text = alloc_printf("STATUS=%zu domains run, %zu of %zu links are joined, %zu problems",
				  daemon->nr_domains, daemon->nr_joined, daemon->nr_links,
				  daemon->said.nr + daemon->config.messages.nr);

	if (!srv->status || strcmp(srv->status, text))
		background_tell(text);
	free(srv->status);
	srv->status = text;
}

static int serve(struct server *srv)
{
	int ret = pass(srv);

	if (ret)
		return ret;
	background_ready();
	while (!ret && !srv->stop) {
		tell_status(srv);
		ret = wait_for_events(srv);
		if (!ret && !srv->stop)
			ret = pass(srv);
	}
	background_tell(srv->stop ? "STOPPING=1" : "STATUS=xenstored is lost");
	return ret;
}

static int run(struct server *srv, const struct options *opts)
{
	setup_config(srv, opts);
	if (!srv->daemon.config.classes_usable)
		return 1;
	if (!opts->foreground && background_start()) {
		log_error("cannot go to the background: %s", strerror(errno));
		return 1;
	}
	if (opts->pidfile ? background_pidfile(opts->pidfile) : background_own_pidfile())
		return 1;
	srv->signals = open_signals();
	if (srv->signals < 0) {
		log_error("signalfd: %s", strerror(errno));
		return 1;
	}
	return open_xen(srv) || serve(srv) ? 1 : 0;
}

static void close_all(struct server *srv)
{
	if (srv->daemon.xc)
		xc_interface_close(srv->daemon.xc);
	xs_close(srv->daemon.xs);
	if (srv->xenstored >= 0)
		close(srv->xenstored);
	daemon_clear(&srv->daemon);
	watchdirs_close(&srv->watchdirs);
	free(srv->status);
}

static int start(const struct options *opts)
{
	struct server srv = {
		.signals = -1, .retry_ms = -1, .watchdirs.fd = -1, .xenstored = -1,
	};
	int status = run(&srv, opts);

	/* The links stay: who stops the daemon does not mean to stop the domains. */
	if (opts->pidfile && srv.daemon.xs)
		unlink(opts->pidfile);
	close_all(&srv);
	return status;
}

int main(int argc, char **argv)
{
	struct options opts = { .settle_s = CONFIG_SETTLE_MS / 1000 };
	int status = parse_options(argc, argv, &opts);

	if (status < 0) {
		make_absolute(&opts);
		status = opts.check ? check(&opts) : start(&opts);
	}
	clear_options(&opts);
	return status;
}
