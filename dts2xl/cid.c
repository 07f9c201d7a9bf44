// SPDX-License-Identifier: LGPL-2.1-or-later
/* Context ids of sockets: one for a domain, on all its links, and no other domain's. */
#include <stdlib.h>
#include <string.h>

#include "cid.h"
#include "mem.h"

/* Which VM says which CID, and where. */
struct claim {
	unsigned int vm;
	unsigned int cid;
	struct pos pos;
};

static struct pos pos_of(const struct end *end)
{
	return node_pos(end->own, "options");
}

/* The VM's first end with a CID has it for all. False: none has. */
static bool check_vm(const struct model *model, const struct vm *vm, struct claim *claim)
{
	const struct end *end, *first = NULL;
	const char *cid;

	FOR_EACH(end, vm->ends, vm->nr_ends) {
		cid = vlinkcfg_end_cid(&end->cfg);
		if (!cid)
			continue;
		if (!vlinkcfg_cid_parse(model_domain_name(model, vm->number), cid, &claim->cid)) {
			diag_error(CODE_OPTION, pos_of(end), "cid: '%.20s' is not a number from %u to %u (%u for Domain-0)",
				   cid, VLINK_CID_MIN, VLINK_CID_MAX, VLINK_CID_HOST);
			return false;
		}
		if (first && strcmp(vlinkcfg_end_cid(&first->cfg), cid)) {
			diag_error(CODE_OPTION, pos_of(end), "cid: %s here, but a domain has one on all its links",
				   cid);
			diag_note(pos_of(first), "vm%u has %s here", vm->number,
				  vlinkcfg_end_cid(&first->cfg));
			return false;
		}
		first = first ? first : end;
	}
	if (first)
		claim->pos = pos_of(first);
	claim->vm = vm->number;
	return first;
}

static int by_cid(const void *a, const void *b)
{
	const struct claim *claim_a = a, *claim_b = b;
	int order = (claim_a->cid > claim_b->cid) - (claim_a->cid < claim_b->cid);

	return order ? order : (claim_a->vm > claim_b->vm) - (claim_a->vm < claim_b->vm);
}

void check_cids(const struct model *model)
{
	struct claim *claims = mem_alloc((model->nr_vms + 1) * sizeof(*claims));
	size_t i, nr = 0;

	for (i = 0; i < model->nr_vms; i++)
		nr += check_vm(model, &model->vms[i], &claims[nr]);
	qsort(claims, nr, sizeof(*claims), by_cid);
	for (i = 1; i < nr; i++) {
		if (claims[i].cid != claims[i - 1].cid)
			continue;
		diag_error(CODE_OPTION, claims[i].pos, "cid: %u is vm%u's already", claims[i].cid,
			   claims[i - 1].vm);
		diag_note(claims[i - 1].pos, "it stands here");
	}
}
