// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reads an xl domain config through libxlutil, as far as links are concerned. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxlutil.h>

#include "vlinkcfg.h"
#include "private.h"

/* What is at hand while a cfg is read. */
struct reader {
	const char *path;
	const char *text;	/* of the whole file */
	const char *pos;	/* up to here the items were found in it */
	XLU_Config *cfg;
	char *err;
};

static unsigned int line_at(const struct reader *reader, const char *pos)
{
	const char *at;
	unsigned int line = 1;

	for (at = reader->text; at < pos; at++)
		line += *at == '\n';
	return line;
}

/*
 * libxlutil lets the last assignment win without a word. A line that begins
 * with KEY = is always a statement: libxlutil has no strings of several lines.
 */
static const char *next_assignment(const char *text, const char *key)
{
	const char *line = text, *at;
	size_t len = strlen(key);

	while (line) {
		at = line + strspn(line, " \t");
		if (!strncmp(at, key, len)) {
			at += len;
			at += strspn(at, " \t");
			if (*at == '=')
				return at;
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

static int refuse_second_assignment(const struct reader *reader, const char *key)
{
	const char *at = next_assignment(reader->text, key);

	if (at)
		at = next_assignment(at, key);
	if (at)
		return vlinkcfg_fail(reader->err, "%s:%u: %s is given twice",
				     reader->path, line_at(reader, at), key);
	return 0;
}

/* Where @item stands in the file, NULL when it is written in an unusual way. */
static const char *find_item(struct reader *reader, const char *item)
{
	char *escaped = vlinkcfg_escape(item);
	const char *pos = escaped ? strstr(reader->pos, escaped) : NULL;

	free(escaped);
	if (pos)
		reader->pos = pos + 1;
	return pos;
}

static int item_failed(struct reader *reader, const char *pos, int item, const char *why)
{
	if (pos)
		return vlinkcfg_fail(reader->err, "%s:%u: vlink: %s", reader->path,
				     line_at(reader, pos), why);
	return vlinkcfg_fail(reader->err, "%s: vlink, string %d: %s", reader->path,
			     item + 1, why);
}

static int add_end(struct vlinkcfg_domain *dom, const char *text, char *why)
{
	struct vlinkcfg_end *ends;

	ends = vlinkcfg_grow(dom->ends, dom->nr_ends, sizeof(*ends));
	if (!ends)
		return vlinkcfg_fail(why, "out of memory");
	dom->ends = ends;
	if (vlinkcfg_end_parse(text, &ends[dom->nr_ends], why))
		return -1;
	dom->nr_ends++;
	if (!strcmp(ends[dom->nr_ends - 1].peer, dom->name))
		return vlinkcfg_fail(why, "link '%s' joins %s to itself",
				     ends[dom->nr_ends - 1].link, dom->name);
	return 0;
}

static int read_ends(struct reader *reader, struct vlinkcfg_domain *dom,
		     const XLU_ConfigList *list, int nr)
{
	char why[VLINKCFG_ERR_MAX];
	const char *item, *pos;
	int i;

	for (i = 0; i < nr; i++) {
		item = xlu_cfg_get_listitem(list, i);
		if (!item)
			return item_failed(reader, NULL, i, "not a string");
		pos = find_item(reader, item);
		if (add_end(dom, item, why))
			return item_failed(reader, pos, i, why);
	}
	return 0;
}

static int read_vlink(struct reader *reader, struct vlinkcfg_domain *dom)
{
	XLU_ConfigList *list = NULL;
	int nr = 0, ret;

	if (refuse_second_assignment(reader, "vlink"))
		return -1;
	ret = xlu_cfg_get_list(reader->cfg, "vlink", &list, &nr, 1);
	if (ret == ESRCH)
		return 0;
	if (ret)
		return vlinkcfg_fail(reader->err, "%s: vlink is not a list of strings",
				     reader->path);
	return read_ends(reader, dom, list, nr);
}

static int read_name(struct reader *reader, struct vlinkcfg_domain *dom)
{
	const char *name;
	int ret;

	if (refuse_second_assignment(reader, "name"))
		return -1;
	ret = xlu_cfg_get_string(reader->cfg, "name", &name, 1);
	if (ret == ESRCH)
		return vlinkcfg_fail(reader->err, "%s: the domain has no name",
				     reader->path);
	if (ret || !vlinkcfg_is_domain_name(name))
		return vlinkcfg_fail(reader->err, "%s: name is not a domain name: 1 to %d characters of A-Z a-z 0-9 _ . + -, not digits alone",
				     reader->path, VLINK_PEER_MAX);
	dom->name = strdup(name);
	return dom->name ? 0 : vlinkcfg_fail(reader->err, "out of memory");
}

/* libxlutil's report begins with "FILE:LINE: " itself; its first line is kept. */
static int parse_failed(const struct reader *reader, const char *report)
{
	int len = report ? (int)strcspn(report, "\n") : 0;

	if (len)
		return vlinkcfg_fail(reader->err, "%.*s", len, report);
	return vlinkcfg_fail(reader->err, "%s: not a domain config", reader->path);
}

static int read_config(struct reader *reader, struct vlinkcfg_domain *dom)
{
	char *report = NULL;
	size_t size;
	FILE *out = open_memstream(&report, &size);
	int ret;

	reader->cfg = out ? xlu_cfg_init(out, reader->path) : NULL;
	if (!reader->cfg) {
		ret = vlinkcfg_fail(reader->err, "out of memory");
	} else if (xlu_cfg_readdata(reader->cfg, reader->text, (int)strlen(reader->text))) {
		fflush(out);
		ret = parse_failed(reader, report);
	} else {
		ret = read_name(reader, dom) || read_vlink(reader, dom) ? -1 : 0;
	}
	if (reader->cfg)
		xlu_cfg_destroy(reader->cfg);
	if (out)
		fclose(out);
	free(report);
	return ret;
}

int vlinkcfg_domain_read(const char *path, struct vlinkcfg_domain *dom, char *err)
{
	char *text = vlinkcfg_file_text(path, err);
	struct reader reader = { .path = path, .text = text, .pos = text, .err = err };
	int ret = -1;

	memset(dom, 0, sizeof(*dom));
	if (!text)
		return -1;
	dom->path = strdup(path);
	if (dom->path)
		ret = read_config(&reader, dom);
	else
		vlinkcfg_fail(err, "out of memory");
	free(text);
	if (ret)
		vlinkcfg_domain_clear(dom);
	return ret;
}

static void outline_name(const char *text, char name[VLINK_PEER_MAX + 1])
{
	const char *at = next_assignment(text, "name");
	size_t len;

	if (!at)
		return;
	at++;
	at += strspn(at, " \t");
	if (*at != '"' && *at != '\'')
		return;
	len = strcspn(at + 1, "\"'\n");
	if (len > VLINK_PEER_MAX)
		return;
	memcpy(name, at + 1, len);
	name[len] = '\0';
}

bool vlinkcfg_outline(const char *path, char name[VLINK_PEER_MAX + 1])
{
	char err[VLINKCFG_ERR_MAX], *text = vlinkcfg_file_text(path, err);
	bool has_list;

	name[0] = '\0';
	if (!text)
		return true;
	outline_name(text, name);
	has_list = next_assignment(text, "vlink");
	free(text);
	return has_list;
}

void vlinkcfg_domain_clear(struct vlinkcfg_domain *dom)
{
	size_t i;

	for (i = 0; i < dom->nr_ends; i++)
		vlinkcfg_end_clear(&dom->ends[i]);
	free(dom->ends);
	free(dom->path);
	free(dom->name);
	memset(dom, 0, sizeof(*dom));
}
