// SPDX-License-Identifier: LGPL-2.1-or-later
/* vlinkd --check: what the configs say, and what is wrong with them. */
#include <stdint.h>
#include <string.h>

#include "lib/services.h"
#include "check.h"

static const char *other_end(const struct config *config, const struct config_end *end)
{
	enum vlinkcfg_role role = end->end->role == VLINKCFG_SERVER ? VLINKCFG_CLIENT :
								       VLINKCFG_SERVER;
	const struct config_end *other = config_find_end(config, end->end->link, role);

	return other ? other->dom->name : NULL;
}

static void print_link(const struct config *config, const struct config_end *end, FILE *out)
{
	bool is_server = end->end->role == VLINKCFG_SERVER;
	const char *own = end->dom->name, *other = other_end(config, end);

	/* Of two ends the client's is passed over. */
	if (other && !is_server)
		return;
	if (!other)
		other = "-";
	fprintf(out, "link %s %s %s %s\n", end->end->link, end->end->class_name,
		is_server ? own : other, is_server ? other : own);
}

/* Its config was complained of: one fault is told once, however many links it has. */
static bool is_of_bad_file(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->nr_files; i++)
		if (config->files[i].error && !config->files[i].usable &&
		    !strcmp(config->files[i].name, name))
			return true;
	return false;
}

static void print_missing_peer(const struct config_end *end, FILE *out)
{
	fprintf(out, "problem: %s: link '%s': no config is that of its peer '%s'\n",
		end->dom->path, end->end->link, end->end->peer);
}

struct info_check {
	const struct config_end *end;
	FILE *out;
	size_t problems;
};

static void print_info(void *arg, enum vlinkcfg_fault fault, const char *text)
{
	struct info_check *check = arg;

	/* Others may read what the drivers do not. */
	if (fault == VLINKCFG_UNUSED)
		return;
	fprintf(check->out, "problem: %s: link '%s': %s\n", check->end->dom->path,
		check->end->end->link, text);
	check->problems++;
}

static void print_typo(void *arg, enum vlinkcfg_fault fault, const char *text)
{
	(void)fault;
	print_info(arg, VLINKCFG_DEFAULT, text);
}

/* What the drivers would say of the info, and what may have been meant. */
static size_t check_info(const struct config *config, const struct config_end *end, FILE *out)
{
	const struct vlinkcfg_class *class = vlinkcfg_class_find(&config->classes,
								 end->end->class_name);
	struct info_check check = { .end = end, .out = out };

	if (!class)
		return 0;
	vlinkcfg_unit_check(class, end->end, print_info, &check);
	if (!end->end->info)
		return check.problems;
	vlinkcfg_info_check(class, end->end->info, print_info, &check);
	if (!vlinkcfg_class_has(class, SERVICE_VBPIPE))
		vlinkcfg_info_suggest(end->end->info, print_typo, &check);
	return check.problems;
}

/* The end of another domain that has the same CID, or NULL. The first with a CID is noted. */
static const struct config_end *other_with_cid(struct map *by_cid, const struct config_end *end)
{
	const char *cid = vlinkcfg_end_cid(end->end);
	const struct config_end *first = cid ? map_get(by_cid, cid) : NULL;

	if (cid && !first)
		map_set(by_cid, cid, (void *)(uintptr_t)end);
	return first && strcmp(first->dom->name, end->dom->name) ? first : NULL;
}

/* It is no fault of a link: domains that never run at a time may share a CID. */
static size_t check_cids(const struct config *config, FILE *out)
{
	struct map by_cid = { 0 };
	size_t i, problems = 0;

	for (i = 0; i < config->nr_ends; i++) {
		const struct config_end *end = &config->ends[i];
		const struct config_end *other = other_with_cid(&by_cid, end);

		if (!other)
			continue;
		fprintf(out, "problem: %s: link '%s': the cid %s is that of '%s' (%s), too: while that runs, '%s' has no sockets\n",
			end->dom->path, end->end->link, vlinkcfg_end_cid(end->end),
			other->dom->name, other->dom->path, end->dom->name);
		problems++;
	}
	map_clear(&by_cid);
	return problems;
}

size_t check_print(const struct config *config, FILE *out)
{
	size_t i, problems = config->messages.nr;

	for (i = 0; i < config->nr_ends; i++)
		print_link(config, &config->ends[i], out);
	for (i = 0; i < config->messages.nr; i++)
		fprintf(out, "problem: %s\n", config->messages.list[i]);
	for (i = 0; i < config->nr_ends; i++)
		problems += check_info(config, &config->ends[i], out);
	problems += check_cids(config, out);
	for (i = 0; i < config->nr_ends; i++) {
		if (other_end(config, &config->ends[i]) ||
		    is_of_bad_file(config, config->ends[i].end->peer))
			continue;
		print_missing_peer(&config->ends[i], out);
		problems++;
	}
	return problems;
}
