// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Units: the numbers in the names of device nodes, from 0 in every VM for each
 * class and role. vbpipe nodes have neither in their names, so that all pipes
 * of a VM are counted together.
 *
 * An end that asks for a number gets it. The others take the lowest free ones
 * in the order of the peer's VM number, then of their place in the input.
 */
#include <stdlib.h>
#include <string.h>

#include <vlink/info.h>

#include "lib/services.h"
#include "info.h"
#include "mem.h"
#include "number.h"

static int compare(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

static int by_claim(const void *a, const void *b)
{
	const struct end *end_a = a, *end_b = b;
	int order = compare(end_b->unit_given, end_a->unit_given);

	if (!order)
		order = compare(end_a->other->vm, end_b->other->vm);
	if (!order)
		order = compare(end_a->own->seq, end_b->own->seq);
	if (!order)
		order = compare(end_a->other->seq, end_b->other->seq);
	return order;
}

/* As they stand in the cfg. */
static int by_class_and_unit(const void *a, const void *b)
{
	const struct end *end_a = a, *end_b = b;
	int order = strcmp(end_a->cfg.class_name, end_b->cfg.class_name);

	if (!order)
		order = compare(end_a->cfg.role, end_b->cfg.role);
	if (!order)
		order = compare(end_a->cfg.unit, end_b->cfg.unit);
	return order;
}

/* Which ends draw on the same numbers. */
struct space {
	const char *class_name;
	enum vlinkcfg_role role;
	bool vbpipe;
	const struct end *taken[VLINK_UNIT_MAX + 1];
};

static bool in_space(const struct space *space, const struct end *end)
{
	if (space->vbpipe || end->is_vbpipe)
		return space->vbpipe && end->is_vbpipe;
	return !strcmp(space->class_name, end->cfg.class_name) &&
	       space->role == end->cfg.role;
}

static unsigned int last_of(const struct space *space)
{
	return vlinkcfg_unit_max(space->vbpipe);
}

static unsigned int lowest_free(const struct space *space, unsigned int from)
{
	while (from <= last_of(space) && space->taken[from])
		from++;
	return from;
}

static struct pos asked_at(const struct end *end)
{
	const struct node *from = end->own->has_unit || end->own->info ? end->own : end->other;

	/* It may have the info of its peer. */
	return node_pos(from, end->own->has_unit ? "unit" : "info");
}

static void refuse_number(const struct vm *vm, const struct space *space, const struct end *end)
{
	if (end->unit_given)
		diag_error(CODE_UNIT, asked_at(end), "unit: %u is more than %u, the last number of a pipe",
			   end->cfg.unit, last_of(space));
	else if (space->vbpipe)
		diag_error(CODE_UNIT, node_pos(end->own, NULL), "vm%u has more than %u pipes",
			   vm->number, last_of(space) + 1);
	else
		diag_error(CODE_UNIT, node_pos(end->own, NULL), "vm%u has more than %u links of class '%s'",
			   vm->number, last_of(space) + 1, end->cfg.class_name);
}

static void number_space(struct vm *vm, struct space *space, bool *numbered)
{
	unsigned int next = 0;
	struct end *end;
	size_t i;

	for (i = 0; i < vm->nr_ends; i++) {
		end = &vm->ends[i];
		if (!in_space(space, end))
			continue;
		numbered[i] = true;
		if (!end->unit_given)
			end->cfg.unit = next = lowest_free(space, next);
		if (end->cfg.unit > last_of(space)) {
			refuse_number(vm, space, end);
			return;
		}
		if (space->taken[end->cfg.unit]) {
			diag_error(CODE_UNIT, asked_at(end), "number %u is taken already in vm%u",
				   end->cfg.unit, vm->number);
			diag_note(asked_at(space->taken[end->cfg.unit]), "by this node");
		}
		space->taken[end->cfg.unit] = end;
	}
}

/* A device node's name, and who has it. */
struct node_name {
	const char *name;
	const struct end *end;
};

static int by_name(const void *a, const void *b)
{
	const struct node_name *name_a = a, *name_b = b;
	int order = strcmp(name_a->name, name_b->name);

	return order ? order : compare(name_a->end->own->seq, name_b->end->own->seq);
}

/* What the node of a service is called, as in vlink-config(5); NULL: it has none. */
static const char *node_name_of(const struct end *end, const char *service)
{
	const char *name = end->cfg.name;

	if (service_nodes(service) == SERVICE_NO_NODE)
		return NULL;
	if (!strcmp(service, SERVICE_VBPIPE))
		return name ? name : mem_printf(VBPIPE_PLAIN_NAME "%u", end->cfg.unit);
	if (!name)
		name = mem_printf("%s%u", end->cfg.class_name, end->cfg.unit);
	return mem_printf("%s-%s-%s", service,
			  end->cfg.role == VLINKCFG_SERVER ? "srv" : "clt", name);
}

static struct pos named_at(const struct end *end)
{
	const struct node *node = end->own;

	if (node->device_name)
		return node_pos(node, "device-name");
	/* It may have the info of its peer. */
	if (end->cfg.name && !node->info)
		return node_pos(end->other, "info");
	return node_pos(node, end->cfg.name ? "info" : NULL);
}

static void refuse_name(const struct vm *vm, const struct node_name *name,
			const struct node_name *before)
{
	diag_error(CODE_DEVICE_NAME, named_at(name->end), "the name '/dev/%s' is taken already in vm%u",
		   name->name, vm->number);
	diag_note(named_at(before->end), "by this node");
}

/* Programs of the system would find a pipe there, or the pipe finds its name taken. */
static void warn_of_system_name(const struct end *end)
{
	static const char *const names[] = {
		"console", "core", "fd", "full", "fuse", "initctl", "kmsg", "kvm", "log", "mem",
		"null", "port", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty",
		"urandom", "zero",
	};
	size_t i;

	for (i = 0; end->is_vbpipe && end->cfg.name && i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(end->cfg.name, names[i]))
			diag_warning(CODE_DEVICE_NAME, named_at(end), "'/dev/%s' is the system's: give the pipe another name",
				     end->cfg.name);
}

static void check_names(const struct model *model, const struct vm *vm)
{
	const struct vlinkcfg_class *class;
	struct node_name *names = NULL, *name;
	const char *full;
	size_t i, j, nr = 0;

	for (i = 0; i < vm->nr_ends; i++) {
		warn_of_system_name(&vm->ends[i]);
		class = vlinkcfg_class_find(model->classes, vm->ends[i].cfg.class_name);
		for (j = 0; class && j < class->nr_services; j++) {
			full = node_name_of(&vm->ends[i], class->services[j]);
			if (!full)
				continue;
			name = MEM_APPEND(names, nr);
			name->end = &vm->ends[i];
			name->name = full;
		}
	}
	if (nr)
		qsort(names, nr, sizeof(*names), by_name);
	for (i = 1; i < nr; i++)
		if (!strcmp(names[i].name, names[i - 1].name))
			refuse_name(vm, &names[i], &names[i - 1]);
}

static void number_vm(const struct model *model, struct vm *vm)
{
	bool *numbered = mem_alloc(vm->nr_ends * sizeof(*numbered));
	struct space *space;
	size_t i;

	qsort(vm->ends, vm->nr_ends, sizeof(*vm->ends), by_claim);
	for (i = 0; i < vm->nr_ends; i++) {
		if (numbered[i])
			continue;
		space = mem_alloc(sizeof(*space));
		space->class_name = vm->ends[i].cfg.class_name;
		space->role = vm->ends[i].cfg.role;
		space->vbpipe = vm->ends[i].is_vbpipe;
		number_space(vm, space, numbered);
		if (diag_errors())
			return;
	}
	qsort(vm->ends, vm->nr_ends, sizeof(*vm->ends), by_class_and_unit);
	check_names(model, vm);
}

void number_ends(struct model *model)
{
	size_t i;

	for (i = 0; i < model->nr_vms; i++)
		if (model->vms[i].nr_ends)
			number_vm(model, &model->vms[i]);
}
