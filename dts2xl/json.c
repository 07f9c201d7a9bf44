// SPDX-License-Identifier: LGPL-2.1-or-later
/* The model for other programs. */
#include "lib/json.h"

#include "mem.h"
#include "need.h"
#include "output.h"

static void put_known(json_t *json, const char *key, const char *value)
{
	if (value)
		json_put_text(json, key, value);
}

static void put_pos(json_t *json, struct pos pos)
{
	put_known(json, "file", pos.file);
	if (pos.line)
		json_put_number(json, "line", pos.line);
}

static void put_options(json_t *json, const struct vlinkcfg_end *end)
{
	json_t *options;
	size_t i;

	if (!end->nr_options)
		return;
	options = json_put(json, "options", json_object());
	for (i = 0; i < end->nr_options; i++)
		json_put_text(options, end->options[i].key, end->options[i].value);
}

static void put_end(json_t *json, const struct model *model, const struct end *end)
{
	struct need need = need_of_end(model, end);

	json_put_text(json, "link", end->cfg.link);
	json_put_text(json, "class", end->cfg.class_name);
	json_put_text(json, "role", end->cfg.role == VLINKCFG_SERVER ? "server" : "client");
	json_put_text(json, "peer", end->cfg.peer);
	json_put_number(json, "unit", end->cfg.unit);
	put_known(json, "name", end->cfg.name);
	put_options(json, &end->cfg);
	put_known(json, "info", end->cfg.info);
	json_put_number(json, "grants", need.grants + need.shared_grants);
	json_put_number(json, "maps", need.maps + need.shared_maps);
	json_put_number(json, "event-channels", need.events);
	put_pos(json, node_pos(end->own, NULL));
}

static void put_vm(json_t *json, const struct model *model, const struct vm *vm)
{
	json_t *links;
	size_t i;

	json_put_number(json, "vm", vm->number);
	json_put_text(json, "name", model_domain_name(model, vm->number));
	links = json_put(json, "links", json_array());
	for (i = 0; i < vm->nr_ends; i++)
		put_end(json_put(links, NULL, json_object()), model, &vm->ends[i]);
}

void output_json(const char *path, const struct model *model)
{
	json_t *json = json_object(), *vms = json_put(json, "vms", json_array());
	struct mem_stream stream;
	FILE *out = mem_stream_open(&stream);
	size_t i;

	for (i = 0; i < model->nr_vms; i++)
		put_vm(json_put(vms, NULL, json_object()), model, &model->vms[i]);
	json_print(out, json, JSON_INDENT(2));
	mem_stream_close(&stream);
	output_file(path, stream.text, stream.len);
}
