// SPDX-License-Identifier: LGPL-2.1-or-later
/* vlinkctl: shows the links of this domain, or of all, and what is wrong with them. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vlink/limits.h>
#include <vlink/version.h>

#include "lib/alloc.h"
#include "lib/xs.h"
#include "context.h"
#include "suggest.h"

#define TIMEOUT_MAX_S		(INT_MAX / 1000)

static const char usage_text[] =
	"usage: vlinkctl list [--all] [--json | --proc]\n"
	"       vlinkctl show [--all | --domain DOMAIN] [--json] [LINK]...\n"
	"       vlinkctl stat [--json] [LINK]...\n"
	"       vlinkctl check [--json] [--config DIR]... [--classes FILE] [LINK]...\n"
	"       vlinkctl wait [--timeout SECONDS] [LINK]...\n"
	"       vlinkctl watch [--all] [--json] [--timeout SECONDS] [LINK]...\n"
	"       vlinkctl attach [--timeout SECONDS] LINK...\n"
	"       vlinkctl detach [--timeout SECONDS] [--config DIR]... [--classes FILE] LINK...\n"
	"       vlinkctl [COMMAND] -h | --help | --version\n"
	"\n"
	"list    shows the links of this domain; with --all, in dom0, those of all domains\n"
	"show    shows all that is known of links\n"
	"stat    shows what the drivers of this domain count\n"
	"check   says why links are not up: exit code 1 when something is wrong\n"
	"wait    returns when the links named, or all, are connected: 0; 1 when the time is\n"
	"        over before; without --timeout it waits as long as it takes\n"
	"watch   prints a line whenever the state of a link changes\n"
	"attach  connects links that were detached (in dom0)\n"
	"detach  disconnects links of running domains until they are attached (in dom0)\n";

enum option_bit {
	OPT_ALL = 1, OPT_JSON = 2, OPT_PROC = 4, OPT_TIMEOUT = 8, OPT_DOMAIN = 16, OPT_CONFIG = 32,
	OPT_ALWAYS = 64,
};

struct command {
	const char *name;
	unsigned int options;
	size_t names_min, names_max;
	int (*run)(const struct context *ctx);
};

static const struct command commands[] = {
	{ "list", OPT_ALL | OPT_JSON | OPT_PROC, 0, 0, list_command },
	{ "show", OPT_ALL | OPT_JSON | OPT_DOMAIN, 0, INT_MAX, show_command },
	{ "stat", OPT_JSON, 0, INT_MAX, stat_command },
	{ "check", OPT_JSON | OPT_CONFIG, 0, INT_MAX, check_command },
	{ "wait", OPT_TIMEOUT, 0, INT_MAX, wait_command },
	{ "watch", OPT_ALL | OPT_JSON | OPT_TIMEOUT, 0, INT_MAX, watch_command },
	{ "attach", OPT_TIMEOUT, 1, INT_MAX, attach_command },
	{ "detach", OPT_TIMEOUT | OPT_CONFIG, 1, INT_MAX, detach_command },
};

/* The values are characters, with which getopt tells them. */
static const struct option longopts[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "json", no_argument, NULL, 'j' },
	{ "proc", no_argument, NULL, 'p' },
	{ "timeout", required_argument, NULL, 't' },
	{ "domain", required_argument, NULL, 'd' },
	{ "config", required_argument, NULL, 'c' },
	{ "classes", required_argument, NULL, 'C' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 }
};

/* Who takes them, in the same order. */
static const unsigned int option_bits[] = {
	OPT_ALL, OPT_JSON, OPT_PROC, OPT_TIMEOUT, OPT_DOMAIN, OPT_CONFIG, OPT_CONFIG,
	OPT_ALWAYS, OPT_ALWAYS,
};

#define NR_OPTIONS	(sizeof(option_bits) / sizeof(option_bits[0]))

__attribute__((format(printf, 1, 2)))
static int usage_error(const char *fmt, ...)
{
	va_list ap;

	fputs("vlinkctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("\nTry 'vlinkctl --help'.\n", stderr);
	return EXIT_ENVIRONMENT;
}

/* Says that @what is none of @known. */
static int unknown(const char *what, const char *word, const char *const *known, size_t nr)
{
	char *hint = suggest(word, known, nr);
	int status = usage_error("%s '%s'%s", what, word, hint);

	free(hint);
	return status;
}

static int help(void)
{
	fputs(usage_text, stdout);
	return 0;
}

static int version(void)
{
	puts("vlinkctl " XEN_VLINK_VERSION);
	return 0;
}

static bool is_control_domain(void)
{
	int fd = open("/proc/xen/capabilities", O_RDONLY | O_CLOEXEC);
	char text[64] = "";
	ssize_t len;

	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	return len > 0 && strstr(text, "control_d");
}

/*
 * dom0 speaks to xenstored through a socket, for which relative paths mean
 * nothing; for every other domain they start at its home.
 */
static const char *own_home(struct xs_handle *xs)
{
	if (is_control_domain())
		return DOM0_HOME;
	if (xsh_exists(xs, XBT_NULL, "domid"))
		return "";
	return NULL;
}

static bool takes(const struct command *cmd, int opt)
{
	size_t i;

	for (i = 0; i < NR_OPTIONS; i++)
		if (longopts[i].val == opt)
			return option_bits[i] & (cmd->options | OPT_ALWAYS);
	return false;
}

static const char *name_of(int opt)
{
	size_t i;

	for (i = 0; i < NR_OPTIONS; i++)
		if (longopts[i].val == opt)
			return longopts[i].name;
	return "";
}

/* The command does not take this option, or nothing does. */
static int refuse_option(const struct command *cmd, const char *word)
{
	char *what = alloc_printf("%s does not take", cmd->name), *names[NR_OPTIONS];
	size_t i, nr = 0;
	int status;

	for (i = 0; i < NR_OPTIONS; i++)
		if (takes(cmd, longopts[i].val))
			names[nr++] = alloc_printf("--%s", longopts[i].name);
	status = unknown(what, word, (const char *const *)names, nr);
	for (i = 0; i < nr; i++)
		free(names[i]);
	free(what);
	return status;
}

/* @word is what getopt stopped at, if it knows no such option. */
static int wrong_option(const struct command *cmd, int opt, const char *word)
{
	char letter[] = { '-', (char)optopt, '\0' };

	if (opt == ':')
		return usage_error("%s: '--%s' wants a value", cmd->name, name_of(optopt));
	if (opt == '?')
		return refuse_option(cmd, optopt ? letter : word);
	return refuse_option(cmd, xsh_path("--%s", name_of(opt)).s);
}

static int take_timeout(struct context *ctx, const char *text)
{
	unsigned int seconds;

	if (!xsh_parse_number(text, TIMEOUT_MAX_S, &seconds))
		return usage_error("'%s' is not a number of seconds", text);
	ctx->timeout_ms = (long)seconds * 1000;
	return -1;
}

/* Returns -1 to go on, or the exit status. */
static int take_option(const struct command *cmd, struct context *ctx, int opt, const char *word)
{
	if (opt == 'h')
		return help();
	if (opt == 'V')
		return version();
	if (!takes(cmd, opt))
		return wrong_option(cmd, opt, word);
	switch (opt) {
	case 'a':
		ctx->all = true;
		break;
	case 'j':
		ctx->json = true;
		break;
	case 'p':
		ctx->proc = true;
		break;
	case 't':
		return take_timeout(ctx, optarg);
	case 'd':
		ctx->domain = optarg;
		break;
	case 'c':
		if (ctx->nr_config_dirs == DIRS_MAX)
			return usage_error("'%s' is one --config too many", optarg);
		ctx->config_dirs[ctx->nr_config_dirs++] = optarg;
		break;
	case 'C':
		ctx->classes = optarg;
		break;
	}
	return -1;
}

/* What may be the id of a link: it becomes a part of xenstore's paths. */
static bool is_link(const char *text)
{
	static const char good[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t len = strlen(text);

	return len && len <= VLINK_ID_MAX && strspn(text, good) == len;
}

static int take_names(const struct command *cmd, struct context *ctx, int argc, char **argv)
{
	size_t i;

	ctx->names = argv + optind;
	ctx->nr_names = (size_t)(argc - optind);
	if (ctx->nr_names > cmd->names_max)
		return usage_error("%s takes no link: unexpected argument '%s'", cmd->name,
				   argv[optind]);
	if (ctx->nr_names < cmd->names_min)
		return usage_error("%s wants a link", cmd->name);
	for (i = 0; i < ctx->nr_names; i++)
		if (!is_link(ctx->names[i]))
			return usage_error("'%s' is not the name of a link", ctx->names[i]);
	return -1;
}

static int parse_arguments(const struct command *cmd, struct context *ctx, int argc, char **argv)
{
	int opt, status = -1;

	opterr = 0;
	while (status < 0 && (opt = getopt_long(argc, argv, ":h", longopts, NULL)) != -1)
		status = take_option(cmd, ctx, opt, argv[optind - 1]);
	if (status < 0 && ctx->json && ctx->proc)
		return usage_error("%s: --json and --proc exclude each other", cmd->name);
	return status < 0 ? take_names(cmd, ctx, argc, argv) : status;
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int unknown_command(const char *word)
{
	const char *names[sizeof(commands) / sizeof(commands[0])];
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		names[i] = commands[i].name;
	return unknown("unknown command", word, names, i);
}

static int run(const struct command *cmd, struct context *ctx)
{
	ctx->home = own_home(ctx->xs);
	if (!ctx->home)
		return fail("xenstore does not tell which domain this is", errno);
	if ((ctx->all || ctx->domain) && !context_is_dom0(ctx))
		return usage_error("%s works in dom0 only", ctx->all ? "--all" : "--domain");
	return cmd->run(ctx);
}

int main(int argc, char **argv)
{
	struct context ctx = { .timeout_ms = TIMEOUT_FOREVER };
	const struct command *cmd;
	int status;

	if (argc < 2)
		return usage_error("%s", "a command is missing");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help();
	if (!strcmp(argv[1], "--version"))
		return version();
	cmd = find_command(argv[1]);
	if (!cmd)
		return unknown_command(argv[1]);
	status = parse_arguments(cmd, &ctx, argc - 1, argv + 1);
	if (status >= 0)
		return status;
	ctx.xs = xs_open(0);
	if (!ctx.xs)
		return fail("cannot reach xenstore (does this run in a Xen domain, as root?)", errno);
	status = run(cmd, &ctx);
	xs_close(ctx.xs);
	if (fflush(stdout))
		return fail("standard output", errno);
	return status;
}
