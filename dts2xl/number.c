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

#include "mem.h"
#include "model.h"

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
	const struct end *taken[VLINKCFG_UNIT_MAX + 1];
};

static bool in_space(const struct space *space, const struct end *end)
{
	if (space->vbpipe || end->is_vbpipe)
		return space->vbpipe && end->is_vbpipe;
	return !strcmp(space->class_name, end->cfg.class_name) &&
	       space->role == end->cfg.role;
}

static unsigned int lowest_free(const struct space *space, unsigned int from)
{
	while (from <= VLINKCFG_UNIT_MAX && space->taken[from])
		from++;
	return from;
}

static struct pos asked_at(const struct end *end)
{
	return node_pos(end->own, end->own->has_unit ? "unit" : "info");
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
		if (end->cfg.unit > VLINKCFG_UNIT_MAX) {
			diag_error(CODE_UNIT, node_pos(end->own, NULL), "vm%u has more than %d links of class '%s'",
				   vm->number, VLINKCFG_UNIT_MAX + 1, end->cfg.class_name);
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

/*
 * A pipe's name may also be what one without a name is called by its number. Links of
 * other classes have names of their own if they say so.
 */
static const char *full_name(const struct end *end)
{
	const char *class_name = end->is_vbpipe ? "" : end->cfg.class_name;

	if (end->cfg.name)
		return mem_printf("%s/%s", class_name, end->cfg.name);
	return end->is_vbpipe ? mem_printf("/vbpipe%u", end->cfg.unit) : NULL;
}

static void check_names(const struct vm *vm)
{
	struct node_name *names = NULL, *name;
	const char *full;
	size_t i, nr = 0;

	for (i = 0; i < vm->nr_ends; i++) {
		full = full_name(&vm->ends[i]);
		if (!full)
			continue;
		name = MEM_APPEND(names, nr);
		name->end = &vm->ends[i];
		name->name = full;
	}
	if (nr)
		qsort(names, nr, sizeof(*names), by_name);
	for (i = 1; i < nr; i++) {
		if (strcmp(names[i].name, names[i - 1].name))
			continue;
		diag_error(CODE_DEVICE_NAME, node_pos(names[i].end->own, "info"),
			   "the name '%s' is taken already in vm%u",
			   strchr(names[i].name, '/') + 1, vm->number);
		diag_note(node_pos(names[i - 1].end->own, "info"), "by this node");
	}
}

static void number_vm(struct vm *vm)
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
	check_names(vm);
}

void number_ends(struct model *model)
{
	size_t i;

	for (i = 0; i < model->nr_vms; i++)
		if (model->vms[i].nr_ends)
			number_vm(&model->vms[i]);
}
