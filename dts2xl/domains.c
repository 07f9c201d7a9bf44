// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "domains.h"
#include "vlinkcfg/private.h"

void mappings_add(struct mappings *mappings, const char *argument)
{
	struct mapping *mapping;
	unsigned int vm;
	const char *name = model_split_argument(argument, &vm);
	size_t i;

	if (!name)
		diag_fatal("--map %s: vmN=NAME expected", argument);
	if (strcmp(name, "dom0") && !vlinkcfg_is_domain_name(name))
		diag_fatal("--map %s: '%s' is not a domain name: 1 to %d characters of A-Z a-z 0-9 _ . + -, not digits alone",
			   argument, name, VLINK_PEER_MAX);
	for (i = 0; i < mappings->nr; i++)
		if (mappings->items[i].vm == vm)
			diag_fatal("--map %s: vm%u is mapped already", argument, vm);
	mapping = MEM_APPEND(mappings->items, mappings->nr);
	mapping->vm = vm;
	mapping->name = strcmp(name, "dom0") ? name : VLINK_DOM0_NAME;
}

static const char *mapped_name(const struct mappings *mappings, unsigned int vm)
{
	size_t i;

	for (i = 0; i < mappings->nr; i++)
		if (mappings->items[i].vm == vm)
			return mappings->items[i].name;
	return NULL;
}

/* The VM that is mapped to Domain-0, else vm1, unless that is mapped to another name. */
static unsigned int find_dom0(const struct mappings *mappings)
{
	size_t i;

	for (i = 0; i < mappings->nr; i++)
		if (!strcmp(mappings->items[i].name, VLINK_DOM0_NAME))
			return mappings->items[i].vm;
	return mapped_name(mappings, VM_DOM0) ? 0 : VM_DOM0;
}

static void check_mapped(const struct model *model, const struct mappings *mappings)
{
	size_t i;

	for (i = 0; i < mappings->nr; i++)
		if (!model_vm(model, mappings->items[i].vm))
			diag_warning(CODE_VM_MAP, diag_whole("dts2xl"),
				     "--map is for vm%u, which the input does not have",
				     mappings->items[i].vm);
}

static void settle(struct vm *vm, unsigned int dom0, const struct mappings *mappings,
		   const struct bases *bases)
{
	const char *mapped = mapped_name(mappings, vm->number), *in_base, *name;

	in_base = bases_name(bases, vm->number);
	name = in_base ? in_base : mapped ? mapped : vm->settings.domain_name;
	if (in_base && mapped && strcmp(in_base, mapped))
		diag_error(CODE_VM_MAP, vm->pos, "vm%u is called '%s' by --map, but '%s' in its --base",
			   vm->number, mapped, in_base);
	if (name && !strcmp(name, VLINK_DOM0_NAME) && vm->number != dom0)
		diag_error(CODE_VM_MAP, vm->pos, "vm%u: only --map vm%u=dom0 makes it Domain-0",
			   vm->number, vm->number);
	if (name && !vlinkcfg_is_domain_name(name))
		diag_error(CODE_VM_MAP, vm->pos, "vm%u: '%s' is not a domain name: 1 to %d characters of A-Z a-z 0-9 _ . + -, not digits alone",
			   vm->number, name, VLINK_PEER_MAX);
	vm->domain_name = name;
}

struct domain {
	const char *name;
	const struct vm *vm;
};

static int by_name(const void *a, const void *b)
{
	const struct domain *domain_a = a, *domain_b = b;
	int order = strcmp(domain_a->name, domain_b->name);

	return order ? order : (domain_a->vm > domain_b->vm) - (domain_a->vm < domain_b->vm);
}

static void refuse_second(const struct model *model)
{
	struct domain *domains = mem_alloc(model->nr_vms * sizeof(*domains));
	size_t i;

	for (i = 0; i < model->nr_vms; i++) {
		domains[i].vm = &model->vms[i];
		domains[i].name = model_domain_name(model, model->vms[i].number);
	}
	qsort(domains, model->nr_vms, sizeof(*domains), by_name);
	for (i = 1; i < model->nr_vms; i++)
		if (!strcmp(domains[i].name, domains[i - 1].name)) {
			diag_error(CODE_VM_MAP, domains[i].vm->pos,
				   "vm%u and vm%u are both called '%s'", domains[i - 1].vm->number,
				   domains[i].vm->number, domains[i].name);
			diag_note(domains[i - 1].vm->pos, "the other one");
		}
}

void domains_settle(struct model *model, const struct mappings *mappings,
		  const struct bases *bases)
{
	struct vm *vm;

	model->dom0 = find_dom0(mappings);
	check_mapped(model, mappings);
	FOR_EACH(vm, model->vms, model->nr_vms)
		settle(vm, model->dom0, mappings, bases);
	refuse_second(model);
}
