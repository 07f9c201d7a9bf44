// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "model.h"
#include "output.h"
#include "reverse.h"

struct domain {
	struct vlinkcfg_domain cfg;
	unsigned int vm;
};

/* One end, and the other end of its link. */
struct pair {
	const struct domain *domain;
	const struct vlinkcfg_end *end;
	const struct vlinkcfg_end *other;
};

struct reversal {
	struct domain *domains;
	size_t nr;
	struct pair *pairs;	/* by link, the server's end first */
	size_t nr_pairs;
};

static void report(void *arg, const char *text)
{
	(void)arg;
	diag_error(CODE_REVERSE, diag_whole("dts2xl"), "%s", text);
}

static void read_domains(struct reversal *reversal, char *const *paths, int nr,
			 const struct vlinkcfg_classes *classes)
{
	struct vlinkcfg_domain *doms = mem_alloc((size_t)nr * sizeof(*doms));
	char err[VLINKCFG_ERR_MAX];
	int i;

	reversal->domains = mem_alloc((size_t)nr * sizeof(*reversal->domains));
	for (i = 0; i < nr; i++) {
		if (vlinkcfg_domain_read(paths[i], &doms[reversal->nr], err)) {
			diag_error(CODE_CFG, diag_whole("dts2xl"), "%s", err);
			continue;
		}
		reversal->domains[reversal->nr].cfg = doms[reversal->nr];
		reversal->nr++;
	}
	vlinkcfg_check(doms, reversal->nr, classes, report, NULL);
}

static unsigned int number_of_name(const char *name)
{
	return strcmp(name, VLINK_DOM0_NAME) ? model_vm_of_label(name, "") : VM_DOM0;
}

static bool is_taken(const struct reversal *reversal, unsigned int vm)
{
	size_t i;

	for (i = 0; i < reversal->nr; i++)
		if (reversal->domains[i].vm == vm)
			return true;
	return false;
}

/* Domains that are not called vmN get the numbers that are free. */
static void number_domains(struct reversal *reversal)
{
	unsigned int next = VM_DOM0 + 1;
	struct domain *domain;

	FOR_EACH(domain, reversal->domains, reversal->nr) {
		domain->vm = number_of_name(domain->cfg.name);
		/* vm1 may be the name of a guest: the number is Domain-0's. */
		if (domain->vm == VM_DOM0 && strcmp(domain->cfg.name, VLINK_DOM0_NAME))
			domain->vm = 0;
	}
	FOR_EACH(domain, reversal->domains, reversal->nr) {
		if (domain->vm)
			continue;
		while (is_taken(reversal, next))
			next++;
		domain->vm = next;
	}
}

static int by_link_and_role(const void *a, const void *b)
{
	const struct pair *pair_a = a, *pair_b = b;
	int order = strcmp(pair_a->end->link, pair_b->end->link);

	return order ? order : (int)pair_a->end->role - (int)pair_b->end->role;
}

static void collect(struct reversal *reversal)
{
	const struct domain *domain;
	struct pair *pair;
	size_t i;

	FOR_EACH(domain, reversal->domains, reversal->nr)
		for (i = 0; i < domain->cfg.nr_ends; i++) {
			pair = MEM_APPEND(reversal->pairs, reversal->nr_pairs);
			pair->domain = domain;
			pair->end = &domain->cfg.ends[i];
		}
	if (reversal->nr_pairs)
		qsort(reversal->pairs, reversal->nr_pairs, sizeof(*reversal->pairs),
		      by_link_and_role);
}

static bool is_pair(const struct pair *first, const struct pair *second)
{
	return !strcmp(first->end->link, second->end->link) &&
	       !strcmp(first->end->peer, second->domain->cfg.name);
}

static void join(struct reversal *reversal)
{
	struct pair *pair, *last = reversal->pairs + reversal->nr_pairs;

	for (pair = reversal->pairs; pair < last; pair++) {
		if (pair + 1 < last && is_pair(pair, pair + 1)) {
			pair->other = pair[1].end;
			pair[1].other = pair->end;
			pair++;
			continue;
		}
		diag_error(CODE_REVERSE, diag_whole(pair->domain->cfg.path),
			   "link '%s': the config of its peer '%s' is missing", pair->end->link,
			   pair->end->peer);
	}
}

static void print_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void print_property(FILE *out, const char *name, const char *value)
{
	if (!value)
		return;
	fprintf(out, "\t\t%s = ", name);
	print_string(out, value);
	fputs(";\n", out);
}

/* A label has no '-', and begins with no digit. */
static const char *label_of(const char *link)
{
	char *label = mem_printf("link_%s", link), *c;

	if (!strchr(link, '-') && (*link < '0' || *link > '9') &&
	    !model_vm_of_container(link) && !model_vm_of_label(link, ""))
		return link;
	for (c = label; *c; c++)
		if (*c == '-')
			*c = '_';
	return label;
}

/* Where two links' labels would be the same, numbers tell them apart. */
static const char *unique_label(const struct reversal *reversal, const struct pair *pair)
{
	const char *label = label_of(pair->end->link);

	if (!strcmp(label, pair->end->link))
		return label;
	return mem_printf("%s_%zu", label, (size_t)(pair - reversal->pairs) / 2);
}

static void print_options(FILE *out, const struct vlinkcfg_end *end)
{
	size_t i;

	for (i = 0; i < end->nr_options; i++) {
		fputs(i ? ", " : "\t\toptions = ", out);
		print_string(out, mem_printf("%s=%s", end->options[i].key, end->options[i].value));
	}
	if (end->nr_options)
		fputs(";\n", out);
}

/* Without an info an end has that of its peer: so "" says that it has none. */
static const char *info_of(const struct pair *pair)
{
	if (!pair->end->info && pair->other && pair->other->info)
		return "";
	return pair->end->info;
}

static void print_node(FILE *out, const struct reversal *reversal, const struct pair *pair)
{
	const struct vlinkcfg_end *end = pair->end;
	bool server = end->role == VLINKCFG_SERVER;
	const char *label = unique_label(reversal, server ? pair : pair - 1);

	fprintf(out, "\t%s%s%s-%zu {\n", server ? label : "", server ? ": " : "", end->class_name,
		(size_t)(pair - reversal->pairs));
	if (server)
		print_property(out, "compatible", end->class_name);
	else
		fprintf(out, "\t\tpeer-phandle = <&%s>;\n", label);
	if (server && strcmp(label, end->link))
		print_property(out, "link", end->link);
	fprintf(out, "\t\tunit = <%u>;\n", end->unit);
	print_property(out, "device-name", end->name);
	print_options(out, end);
	print_property(out, "info", info_of(pair));
	fprintf(out, "\t\t%s;\n\t};\n", server ? "server" : "client");
}

static void print_domain(FILE *out, const struct reversal *reversal, const struct domain *domain)
{
	const struct pair *pair;

	if (domain->vm != number_of_name(domain->cfg.name))
		fprintf(out, "&vm%u {\n\tdomain-name = \"%s\";\n};\n\n", domain->vm, domain->cfg.name);
	fprintf(out, "&vm%u_vdevs {\n", domain->vm);
	FOR_EACH(pair, reversal->pairs, reversal->nr_pairs)
		if (pair->domain == domain)
			print_node(out, reversal, pair);
	fputs("};\n\n", out);
}

static void print(const char *output, const struct reversal *reversal)
{
	struct mem_stream stream;
	FILE *out = mem_stream_open(&stream);
	size_t i;

	fputs("/* The links of domain configs, written by xl2dts. */\n/dts-v1/;\n/plugin/;\n\n", out);
	for (i = 0; i < reversal->nr; i++)
		print_domain(out, reversal, &reversal->domains[i]);
	mem_stream_close(&stream);
	output_file(output, stream.text, stream.len);
}

void reverse(const char *output, char *const *paths, int nr,
	     const struct vlinkcfg_classes *classes)
{
	struct reversal reversal = { 0 };
	size_t i;

	read_domains(&reversal, paths, nr, classes);
	if (!diag_errors()) {
		number_domains(&reversal);
		collect(&reversal);
		join(&reversal);
	}
	if (!diag_errors())
		print(output, &reversal);
	for (i = 0; i < reversal.nr; i++)
		vlinkcfg_domain_clear(&reversal.domains[i].cfg);
}
