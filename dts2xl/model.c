// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "model.h"

const char *model_domain_name(const struct model *model, unsigned int number)
{
	const struct vm *vm = model_vm(model, number);

	if (number == model->dom0)
		return VLINK_DOM0_NAME;
	if (vm && vm->domain_name)
		return vm->domain_name;
	return mem_printf("vm%u", number);
}

/* Where a VM stands, or should stand, in the order of their numbers. */
static size_t place_of(const struct model *model, unsigned int number)
{
	size_t low = 0, high = model->nr_vms, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (model->vms[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct vm *model_vm(const struct model *model, unsigned int number)
{
	size_t place = place_of(model, number);

	if (place < model->nr_vms && model->vms[place].number == number)
		return &model->vms[place];
	return NULL;
}

struct vm *model_add_vm(struct model *model, unsigned int number, struct pos pos)
{
	size_t place = place_of(model, number);
	struct vm *vm = model_vm(model, number);

	if (vm)
		return vm;
	(void)MEM_APPEND(model->vms, model->nr_vms);
	vm = &model->vms[place];
	memmove(vm + 1, vm, (model->nr_vms - 1 - place) * sizeof(*vm));
	memset(vm, 0, sizeof(*vm));
	vm->number = number;
	vm->pos = pos;
	return vm;
}

void model_drop_disabled(struct model *model)
{
	struct vm *vm;
	size_t i, nr = 0;

	for (i = 0; i < model->nr_nodes; i++)
		if (model_vm(model, model->nodes[i]->vm)->settings.disabled)
			model->nodes[i]->disabled = true;
	FOR_EACH(vm, model->vms, model->nr_vms)
		if (!vm->settings.disabled)
			model->vms[nr++] = *vm;
	model->nr_vms = nr;
}

bool model_serves(const struct vm *vm)
{
	size_t i;

	for (i = 0; i < vm->nr_ends; i++)
		if (vm->ends[i].cfg.role == VLINKCFG_SERVER)
			return true;
	return false;
}

struct pos node_pos(const struct node *node, const char *property)
{
	struct pos pos;
	size_t i;

	if (!property)
		return node->outline->pos;
	for (i = node->nr_amended; i; i--)
		if (outline_has_property(node->amended[i - 1], property, &pos))
			return pos;
	outline_has_property(node->outline, property, &pos);
	return pos;
}

const char *node_label(const struct node *node)
{
	return node->nr_labels ? node->labels[0] : NULL;
}

const char *node_title(const struct node *node)
{
	return node->nr_labels ? node->labels[0] : node->name;
}

unsigned int model_vm_of_label(const char *label, const char *suffix)
{
	unsigned long vm;
	char *end;

	if (strncmp(label, "vm", 2) || label[2] < '1' || label[2] > '9')
		return 0;
	vm = strtoul(label + 2, &end, 10);
	return vm <= VM_MAX && !strcmp(end, suffix) ? (unsigned int)vm : 0;
}

unsigned int model_vm_of_container(const char *label)
{
	unsigned int vm = model_vm_of_label(label, "_vdevs");

	return vm ? vm : model_vm_of_label(label, "_vdev");
}

const char *model_split_argument(const char *argument, unsigned int *vm)
{
	const char *equals = strchr(argument, '=');

	*vm = 0;
	if (equals)
		*vm = model_vm_of_label(mem_copy(argument, (size_t)(equals - argument)), "");
	return *vm ? equals + 1 : NULL;
}
