// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "info.h"
#include "mem.h"

#define SEPARATORS	", \t"

bool class_has_service(const struct model *model, const char *class_name, const char *service)
{
	const struct vlinkcfg_class *class = vlinkcfg_class_find(model->classes, class_name);

	return class && vlinkcfg_class_has(class, service);
}

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

static void say_nothing(void *arg, enum vlinkcfg_fault fault, const char *text)
{
	(void)arg;
	(void)fault;
	(void)text;
}

struct vlinkcfg_pipe info_pipe(const struct model *model, const char *class_name, const char *info)
{
	struct vlinkcfg_pipe pipe;

	vlinkcfg_pipe_parse(vlinkcfg_class_find(model->classes, class_name), info ? info : "",
			    &pipe, say_nothing, NULL);
	return pipe;
}

/* Keys of others are their business, unless they are nearly one of ours. */
static void suggest_key(struct pos pos, const char *name)
{
	struct likeness likeness = { .wanted = name };
	const char *key, *suggestion;
	size_t i;

	for (i = 0; (key = vlinkcfg_info_key(i)); i++) {
		if (!strcasecmp(key, name))
			return;
		diag_consider(&likeness, key);
	}
	suggestion = diag_suggestion(&likeness);
	if (*suggestion)
		diag_warning(CODE_INFO, pos, "info: the item '%s' is not used%s", name, suggestion);
}

static void suggest_keys(struct pos pos, const char *info)
{
	const char *item;
	size_t len;

	for (item = info; *item; item += len) {
		item += strspn(item, SEPARATORS);
		len = strcspn(item, SEPARATORS);
		if (memchr(item, '=', len))
			suggest_key(pos, mem_copy(item, strcspn(item, "=")));
	}
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
		suggest_keys(pos, end->own->info);
}
