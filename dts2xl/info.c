// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>

#include "info.h"
#include "mem.h"

const char *info_of(const struct end *end)
{
	return end->own->info ? end->own->info : end->other->info;
}

const char *info_of_peer(const struct end *end)
{
	return end->other->info ? end->other->info : end->own->info;
}

static void say(void *arg, enum vlinkcfg_fault fault, const char *text)
{
	const struct pos *pos = arg;

	if (fault == VLINKCFG_REFUSED)
		diag_error(CODE_INFO, *pos, "%s", text);
	else
		diag_warning(CODE_INFO, *pos, "%s", text);
}

struct vlinkcfg_pipe info_pipe(const struct model *model, const char *class_name, const char *info)
{
	struct vlinkcfg_pipe pipe;

	vlinkcfg_pipe_parse(vlinkcfg_class_find(model->classes, class_name), info ? info : "",
			    &pipe, NULL, NULL);
	return pipe;
}

void info_check_unit(const struct model *model, const struct end *end)
{
	const struct vlinkcfg_class *class = vlinkcfg_class_find(model->classes,
								 end->cfg.class_name);
	struct pos pos = node_pos(end->own, "unit");

	if (class && end->own->has_unit)
		vlinkcfg_unit_check(class, &end->cfg, say, &pos);
}

void info_check(const struct model *model, const struct end *end)
{
	const struct vlinkcfg_class *class;
	struct pos pos;

	/* That of the peer is checked there. */
	if (!end->own->info || (end->own->nr_links > 1 && end->link != end->own->first_link))
		return;
	pos = node_pos(end->own, "info");
	class = vlinkcfg_class_find(model->classes, end->cfg.class_name);
	if (!class)
		return;
	vlinkcfg_info_check(class, end->own->info, say, &pos);
	if (!end->is_vbpipe)
		vlinkcfg_info_suggest(end->own->info, say, &pos);
}
