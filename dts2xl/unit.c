// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "model.h"
#include "unit.h"

static void consider(const struct outline_node *node, struct likeness *likeness)
{
	size_t i;

	for (i = 0; !node->invented && i < node->nr_labels; i++)
		diag_consider(likeness, node->labels[i]);
	for (i = 0; i < node->nr_children; i++)
		consider(node->children[i], likeness);
}

void unit_consider_labels(const struct unit *unit, struct likeness *likeness)
{
	consider(&unit->root, likeness);
}

/* The labels that a node and those below it define, by their first places. */
static void add_defined(struct map *defined, struct outline_node *node)
{
	size_t i;

	for (i = 0; i < node->nr_labels; i++)
		if (!map_get(defined, node->labels[i]))
			map_set(defined, node->labels[i], node);
	for (i = 0; i < node->nr_children; i++)
		add_defined(defined, node->children[i]);
}

/* A file of the unit, while its files are put in order. */
struct part {
	const struct source_file *file;
	struct map defined;
	bool taken;
};

static bool is_defined_in(const struct part *parts, size_t nr, const char *label, bool taken)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (parts[i].taken == taken && map_get(&parts[i].defined, label))
			return true;
	return false;
}

/* True if what the file changes by labels stands in it, in files before it, or nowhere. */
static bool is_ready(const struct part *parts, size_t nr, const struct part *part)
{
	const struct block *block;
	size_t i;

	for (i = 0; i < part->file->nr_blocks; i++) {
		block = part->file->blocks[i];
		if (block->label && !map_get(&part->defined, block->label) &&
		    !is_defined_in(parts, nr, block->label, true) &&
		    is_defined_in(parts, nr, block->label, false))
			return false;
	}
	return true;
}

static void take(struct unit *unit, struct part *part)
{
	size_t i;

	part->taken = true;
	for (i = 0; i < part->file->nr_blocks; i++)
		*MEM_APPEND(unit->blocks, unit->nr_blocks) = part->file->blocks[i];
}

/*
 * dtc knows a label from where it stands on. Files are given in any order: a file goes
 * behind those that have what it changes.
 */
static void take_all(struct unit *unit, struct part *parts, size_t nr)
{
	size_t taken, i, next;

	for (taken = 0; taken < nr; taken++) {
		next = nr;
		for (i = 0; i < nr && next == nr; i++)
			if (!parts[i].taken && is_ready(parts, nr, &parts[i]))
				next = i;
		/* They need each other: dtc will report it. */
		for (i = 0; i < nr && next == nr; i++)
			if (!parts[i].taken)
				next = i;
		take(unit, &parts[next]);
	}
}

static struct part *part_of(struct part *parts, size_t *nr, const struct source_file *file)
{
	struct part *part = &parts[(*nr)++];
	size_t i;

	part->file = file;
	for (i = 0; i < file->nr_blocks; i++)
		add_defined(&part->defined, &file->blocks[i]->outline);
	return part;
}

static void require(struct unit *unit, struct map *seen, struct reference **list, size_t *nr,
		    const char *label, struct pos pos)
{
	struct reference *reference;

	if (!label || *label == '{' || map_get(&unit->defined, label) || map_get(seen, label))
		return;
	reference = MEM_APPEND(*list, *nr);
	reference->label = mem_string(label);
	reference->pos = pos;
	map_set(seen, reference->label, reference->label);
}

/* What no block defines, and the text for dtc must have all the same. */
static void find_missing(struct unit *unit)
{
	const struct block *block;
	struct map seen = { 0 };
	size_t i, j;

	for (i = 0; i < unit->nr_blocks; i++) {
		block = unit->blocks[i];
		if (block->label && (model_vm_of_container(block->label) ||
				     model_vm_of_label(block->label, "")))
			require(unit, &seen, &unit->invented, &unit->nr_invented, block->label,
				block->pos);
	}
	for (i = 0; unit->others && i < unit->nr_blocks; i++) {
		block = unit->blocks[i];
		if (block->kind == BLOCK_REFERENCE)
			require(unit, &seen, &unit->elsewhere, &unit->nr_elsewhere,
				block->label, block->pos);
		for (j = 0; j < block->nr_references; j++)
			require(unit, &seen, &unit->elsewhere, &unit->nr_elsewhere,
				block->references[j].label, block->references[j].pos);
	}
}

static void refuse_peer(const struct unit *unit, const struct outline_property *peer)
{
	struct likeness likeness = { .wanted = peer->reference };

	unit_consider_labels(unit, &likeness);
	diag_error(CODE_UNKNOWN_PEER, peer->pos, "no node has the label '%s'%s", peer->reference,
		   diag_suggestion(&likeness));
}

/* dtc would report the first only. */
static void check_peers(const struct unit *unit, const struct outline_node *node)
{
	const struct outline_property *peer = outline_property(node, "peer-phandle");
	size_t i;

	if (peer && peer->reference && *peer->reference != '{' &&
	    !map_get(&unit->alive, peer->reference))
		refuse_peer(unit, peer);
	for (i = 0; i < node->nr_children; i++)
		check_peers(unit, node->children[i]);
}

static void finish(struct unit *unit, bool others)
{
	size_t i;

	unit->others = others;
	for (i = 0; i < unit->nr_blocks; i++)
		add_defined(&unit->defined, &unit->blocks[i]->outline);
	if (!unit->overlay)
		find_missing(unit);
	unit_merge(unit);
	if (!unit->overlay && !diag_errors())
		check_peers(unit, &unit->root);
}

struct unit *units_of(const struct source *source, bool others, size_t *nr)
{
	struct unit *units = NULL, *unit;
	struct part *parts = mem_alloc((source->nr_files + 1) * sizeof(*parts));
	const struct source_file *file;
	size_t nr_parts = 0, nr_single = 0;

	*nr = 0;
	FOR_EACH(file, source->files, source->nr_files)
		if (!file->overlay && file->nr_blocks)
			part_of(parts, &nr_parts, file);
	if (nr_parts)
		take_all(MEM_APPEND(units, *nr), parts, nr_parts);
	FOR_EACH(file, source->files, source->nr_files) {
		if (!file->overlay || !file->nr_blocks)
			continue;
		unit = MEM_APPEND(units, *nr);
		unit->overlay = true;
		nr_single = 0;
		memset(parts, 0, sizeof(*parts));
		take(unit, part_of(parts, &nr_single, file));
	}
	FOR_EACH(unit, units, *nr)
		finish(unit, others || *nr > 1);
	return units;
}

static void print_missing(FILE *out, const struct unit *unit)
{
	const struct reference *reference;
	unsigned int vm;

	FOR_EACH(reference, unit->invented, unit->nr_invented) {
		vm = model_vm_of_container(reference->label);
		if (vm)
			fprintf(out, "/ { vm%u { %s: vdevs { }; }; };\n", vm, reference->label);
		else
			fprintf(out, "/ { %s: %s { }; };\n", reference->label, reference->label);
	}
	FOR_EACH(reference, unit->elsewhere, unit->nr_elsewhere)
		fprintf(out, "/ { " UNIT_ELSEWHERE " { %s: %s { }; }; };\n", reference->label,
			reference->label);
}

static int by_end(const void *a, const void *b)
{
	const struct rename *rename_a = a, *rename_b = b;

	return (rename_a->end > rename_b->end) - (rename_a->end < rename_b->end);
}

/* Where the outline gave a node another name, the text does so, too. */
static void print_block(FILE *out, const struct block *block)
{
	const struct rename *rename;
	size_t at = 0;

	if (block->nr_renames)
		qsort(block->renames, block->nr_renames, sizeof(*block->renames), by_end);
	FOR_EACH(rename, block->renames, block->nr_renames) {
		fprintf(out, "%.*s%s", (int)(rename->end - at), block->text + at, rename->tail);
		at = rename->end;
	}
	fputs(block->text + at, out);
}

static void print_blocks(FILE *out, const struct unit *unit, bool reserves)
{
	const struct block *block;
	size_t i;

	for (i = 0; i < unit->nr_blocks; i++) {
		block = unit->blocks[i];
		if (block->refused || block->elsewhere ||
		    (block->kind == BLOCK_RESERVE) != reserves)
			continue;
		fprintf(out, "# %u \"" UNIT_BLOCK "%zu\"\n", block->pos.line, i);
		print_block(out, block);
		fputc('\n', out);
	}
}

const char *unit_text(const struct unit *unit)
{
	struct mem_stream stream;
	FILE *out = mem_stream_open(&stream);

	fprintf(out, "/dts-v1/;\n%s", unit->overlay ? "/plugin/;\n" : "");
	print_blocks(out, unit, true);
	/* dtc takes no text without a tree. */
	fputs("# 1 \"dts2xl\"\n/ { };\n", out);
	print_missing(out, unit);
	print_blocks(out, unit, false);
	return mem_stream_close(&stream);
}
