// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The info of a vbpipe: POLICY;SIZE;MINOR;KEY=VALUE;... The first three fields
 * count by their place, unless they are of the form KEY=VALUE; empty ones stand
 * for the default. Only what concerns the device node is read here; the driver
 * reads the rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "model.h"

#define FIELD_MINOR	2

bool class_is_vbpipe(const struct model *model, const char *class_name)
{
	const struct vlinkcfg_class *class = vlinkcfg_class_find(model->classes, class_name);
	size_t i;

	for (i = 0; class && i < class->nr_services; i++)
		if (!strcmp(class->services[i], "vbpipe"))
			return true;
	return false;
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " ");
	for (len = strlen(text); len && text[len - 1] == ' '; len--)
		text[len - 1] = '\0';
	return text;
}

static bool parse_minor(const char *text, struct vbpipe_request *request, char *err)
{
	unsigned long minor;
	char *end;

	minor = strtoul(text, &end, 0);
	if (*text < '0' || *text > '9' || *end || minor > VLINKCFG_UNIT_MAX) {
		snprintf(err, VLINKCFG_ERR_MAX, "the minor number '%.40s' is not a number from 0 to %d",
			 text, VLINKCFG_UNIT_MAX);
		return false;
	}
	request->has_minor = true;
	request->minor = (unsigned int)minor;
	return true;
}

static bool parse_field(char *field, unsigned int nr, struct vbpipe_request *request,
			char *err)
{
	char *value = strchr(field, '=');

	if (!value)
		return nr != FIELD_MINOR || !*field || parse_minor(field, request, err);
	*value++ = '\0';
	if (strcmp(trim(field), "name"))
		return true;
	value = trim(value);
	if (request->name || !*value) {
		snprintf(err, VLINKCFG_ERR_MAX, request->name ?
			 "name= is given twice" : "name= has no value");
		return false;
	}
	request->name = value;
	return true;
}

/* A pipe called vbpipe3 is number 3, unless it asks for another number. */
static void take_minor_from_name(struct vbpipe_request *request)
{
	unsigned int minor = 0;
	int len = 0;

	if (request->has_minor || !request->name ||
	    sscanf(request->name, "vbpipe%4u%n", &minor, &len) != 1 ||
	    request->name[len] || minor > VLINKCFG_UNIT_MAX ||
	    strcmp(request->name, mem_printf("vbpipe%u", minor)))
		return;
	request->has_minor = true;
	request->minor = minor;
}

bool vbpipe_parse(const char *info, struct vbpipe_request *request, char *err)
{
	char *field = mem_string(info), *next;
	unsigned int nr;

	memset(request, 0, sizeof(*request));
	for (nr = 0; field; nr++, field = next) {
		next = strchr(field, ';');
		if (next)
			*next++ = '\0';
		if (!parse_field(trim(field), nr, request, err))
			return false;
	}
	take_minor_from_name(request);
	return true;
}
