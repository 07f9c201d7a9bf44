// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>

#include "mem.h"
#include "model.h"

const char *model_domain_name(unsigned int vm)
{
	return vm == VM_DOM0 ? "Domain-0" : mem_printf("vm%u", vm);
}

struct vm *model_vm(struct model *model, unsigned int number)
{
	size_t i;

	for (i = 0; i < model->nr_vms; i++)
		if (model->vms[i].number == number)
			return &model->vms[i];
	return NULL;
}

static int by_number(const void *a, const void *b)
{
	const struct vm *vm_a = a, *vm_b = b;

	return (vm_a->number > vm_b->number) - (vm_a->number < vm_b->number);
}

void model_add_vm(struct model *model, unsigned int number, struct pos pos)
{
	struct vm *vm;

	if (model_vm(model, number))
		return;
	vm = MEM_APPEND(model->vms, model->nr_vms);
	vm->number = number;
	vm->pos = pos;
	qsort(model->vms, model->nr_vms, sizeof(*vm), by_number);
}

struct pos node_pos(const struct node *node, const char *property)
{
	return property ? outline_property_pos(node->outline, property) : node->outline->pos;
}

const char *node_label(const struct node *node)
{
	return node->outline->nr_labels ? node->outline->labels[0] : NULL;
}
