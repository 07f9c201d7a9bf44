// SPDX-License-Identifier: LGPL-2.1-or-later
/* vlinkctl: shows the links of this domain, or of all, and waits for them. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../vlinkd/alloc.h"
#include "../vlinkd/xs.h"
#include "links.h"
#include "wait.h"

#define EXIT_ENVIRONMENT	2
#define TIMEOUT_MAX_S		(INT_MAX / 1000)
#define DOM0_HOME		"/local/domain/0/"
#define DOMID_MAX		0x7fffu
#define NR_COLUMNS		8

static const char usage_text[] =
	"usage: vlinkctl list [--all]\n"
	"       vlinkctl wait [--timeout SECONDS] [LINK]...\n"
	"       vlinkctl --help\n"
	"\n"
	"list shows the links of this domain; with --all, in dom0, those of all domains.\n"
	"wait returns when the links named, or all, are connected: 0; 1 when the time is\n"
	"over before. Without --timeout it waits as long as it takes.\n";

static int usage_error(const char *fmt, const char *arg)
{
	fputs("vlinkctl: ", stderr);
	fprintf(stderr, fmt, arg);
	fputs("\nTry 'vlinkctl --help'.\n", stderr);
	return EXIT_ENVIRONMENT;
}

static int fail(const char *what, int error)
{
	fprintf(stderr, "vlinkctl: %s: %s\n", what, strerror(error));
	return EXIT_ENVIRONMENT;
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

struct table {
	const char *(*rows)[NR_COLUMNS];
	size_t nr;
	size_t first;	/* column: the domain is shown with --all only */
};

static void print_row(const struct table *table, const char *const *row, const size_t *width)
{
	size_t i;

	for (i = table->first; i < NR_COLUMNS - 1; i++)
		printf("%-*s ", (int)width[i], row[i]);
	printf("%s\n", row[NR_COLUMNS - 1]);
}

static void print_table(const struct table *table)
{
	static const char *const head[NR_COLUMNS] = {
		"DOMAIN", "LINK", "SERVICE", "CLASS", "ROLE", "UNIT", "PEER", "STATE",
	};
	size_t width[NR_COLUMNS], i, j;

	for (i = 0; i < NR_COLUMNS; i++) {
		width[i] = strlen(head[i]);
		for (j = 0; j < table->nr; j++)
			if (strlen(table->rows[j][i]) > width[i])
				width[i] = strlen(table->rows[j][i]);
	}
	print_row(table, head, width);
	for (j = 0; j < table->nr; j++)
		print_row(table, table->rows[j], width);
}

struct domain_links {
	char *name;
	struct links links;
};

struct listing {
	struct domain_links *domains;
	size_t nr;
};

static void fill_row(const char **row, const char *domain, const struct link *link)
{
	const char *const values[NR_COLUMNS] = {
		domain, link->link, link->service, link->class_name, link->role, link->unit,
		link->peer, links_state_name(link->state),
	};

	memcpy(row, values, sizeof(values));
}

static void print_listing(const struct listing *listing, bool all)
{
	struct table table = { .first = all ? 0 : 1 };
	size_t i, j;

	for (i = 0; i < listing->nr; i++) {
		const struct domain_links *dom = &listing->domains[i];

		for (j = 0; j < dom->links.nr; j++) {
			table.rows = alloc_grow(table.rows, table.nr, sizeof(*table.rows));
			fill_row(table.rows[table.nr++], dom->name, &dom->links.list[j]);
		}
	}
	print_table(&table);
	free(table.rows);
}

static void clear_listing(struct listing *listing)
{
	size_t i;

	for (i = 0; i < listing->nr; i++) {
		free(listing->domains[i].name);
		links_clear(&listing->domains[i].links);
	}
	free(listing->domains);
}

/* Takes over @name. */
static int add_domain(struct xs_handle *xs, struct listing *listing, const char *home, char *name)
{
	struct domain_links *dom;

	listing->domains = alloc_grow(listing->domains, listing->nr, sizeof(*listing->domains));
	dom = &listing->domains[listing->nr++];
	dom->name = name;
	return links_read(xs, home, &dom->links);
}

static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
}

static int add_domid(struct xs_handle *xs, struct listing *listing, const char *domid)
{
	struct xsh_path home = xsh_path("/local/domain/%s/", domid);
	char *name;

	name = xsh_read(xs, XBT_NULL, xsh_path("%sname", home.s).s);
	if (!name)
		name = alloc_printf("(%s)", domid);
	make_printable(name);
	return add_domain(xs, listing, home.s, name);
}

static int compare_domids(const void *a, const void *b)
{
	return atoi(*(char *const *)a) - atoi(*(char *const *)b);
}

static int add_all_domains(struct xs_handle *xs, struct listing *listing)
{
	unsigned int i, nr, domid;
	char **domids = xs_directory(xs, XBT_NULL, "/local/domain", &nr);
	int ret = 0;

	if (!domids)
		return -errno;
	qsort(domids, nr, sizeof(*domids), compare_domids);
	for (i = 0; i < nr && !ret; i++)
		if (xsh_parse_number(domids[i], DOMID_MAX, &domid))
			ret = add_domid(xs, listing, domids[i]);
	free(domids);
	return ret;
}

static int list(struct xs_handle *xs, const char *home, bool all)
{
	struct listing listing = { 0 };
	int ret;

	if (all && strcmp(home, DOM0_HOME))
		return usage_error("%s works in dom0 only", "--all");
	ret = all ? add_all_domains(xs, &listing) :
		    add_domain(xs, &listing, home, alloc_string(""));
	if (!ret)
		print_listing(&listing, all);
	clear_listing(&listing);
	return ret ? fail("xenstore", -ret) : 0;
}

struct command {
	bool is_wait;
	bool all;
	long timeout_ms;
	char *const *names;
	size_t nr;
};

/* Returns -1 to go on, or the exit status. */
static int parse_list(int argc, char **argv, struct command *cmd)
{
	static const struct option longopts[] = {
		{ "all", no_argument, NULL, 'a' }, { "help", no_argument, NULL, 'h' }, { 0 }
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		if (opt == 'h') {
			fputs(usage_text, stdout);
			return 0;
		}
		if (opt != 'a')
			return usage_error("wrong use of '%s'", "list");
		cmd->all = true;
	}
	return optind < argc ? usage_error("unexpected argument '%s'", argv[optind]) : -1;
}

static int parse_wait(int argc, char **argv, struct command *cmd)
{
	static const struct option longopts[] = {
		{ "timeout", required_argument, NULL, 't' }, { "help", no_argument, NULL, 'h' }, { 0 }
	};
	unsigned int seconds;
	int opt;

	cmd->is_wait = true;
	cmd->timeout_ms = WAIT_FOREVER;
	while ((opt = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		if (opt == 'h') {
			fputs(usage_text, stdout);
			return 0;
		}
		if (opt != 't')
			return usage_error("wrong use of '%s'", "wait");
		if (!xsh_parse_number(optarg, TIMEOUT_MAX_S, &seconds))
			return usage_error("'%s' is not a number of seconds", optarg);
		cmd->timeout_ms = (long)seconds * 1000;
	}
	cmd->names = argv + optind;
	cmd->nr = (size_t)(argc - optind);
	return -1;
}

static int parse_command(int argc, char **argv, struct command *cmd)
{
	if (argc < 2)
		return usage_error("%s", "a command is missing");
	if (!strcmp(argv[1], "--help")) {
		fputs(usage_text, stdout);
		return 0;
	}
	if (!strcmp(argv[1], "list"))
		return parse_list(argc - 1, argv + 1, cmd);
	if (!strcmp(argv[1], "wait"))
		return parse_wait(argc - 1, argv + 1, cmd);
	return usage_error("unknown command '%s'", argv[1]);
}

static int run(struct xs_handle *xs, const struct command *cmd)
{
	const char *home = own_home(xs);

	if (!home)
		return fail("xenstore does not tell which domain this is", errno);
	if (cmd->is_wait)
		return wait_for_links(xs, home, cmd->names, cmd->nr, cmd->timeout_ms);
	return list(xs, home, cmd->all);
}

int main(int argc, char **argv)
{
	struct command cmd = { 0 };
	struct xs_handle *xs;
	int status = parse_command(argc, argv, &cmd);

	if (status >= 0)
		return status;
	xs = xs_open(0);
	if (!xs)
		return fail("cannot reach xenstore (does this run in a Xen domain, as root?)", errno);
	status = run(xs, &cmd);
	xs_close(xs);
	if (fflush(stdout))
		return fail("standard output", errno);
	return status;
}
