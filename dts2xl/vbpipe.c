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

#include <xen/io/vbpipe.h>

#include "info.h"
#include "mem.h"
#include "model.h"

#define FIELD_MINOR	2
#define SIZE_DEFAULT	4096u
#define SIZE_MIN	32u	/* below, the driver takes the default */

bool class_has_service(const struct model *model, const char *class_name, const char *service)
{
	const struct vlinkcfg_class *class = vlinkcfg_class_find(model->classes, class_name);
	size_t i;

	for (i = 0; class && i < class->nr_services; i++)
		if (!strcmp(class->services[i], service))
			return true;
	return false;
}

bool class_is_vbpipe(const struct model *model, const char *class_name)
{
	return class_has_service(model, class_name, "vbpipe");
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

/* The pipe works all the same, as it did where the tree comes from. */
static bool parse_policy(const char *text, struct vbpipe_request *request, char *err)
{
	(void)err;
	if (strcmp(text, "a"))
		request->odd[0] = mem_printf("the policy '%.40s' is neither empty nor 'a'", text);
	return true;
}

static bool parse_size(const char *text, struct vbpipe_request *request, char *err)
{
	unsigned long long size;

	(void)err;
	if (!info_parse_size(text, strlen(text), &size) || size > VBPIPE_RING_MAX)
		request->odd[1] = mem_printf("the size '%.40s' is not a number up to %uM", text,
					     VBPIPE_RING_MAX >> 20);
	else if (size >= SIZE_MIN)
		request->size = size;
	return true;
}

/* By their place. */
static bool (*const positional[])(const char *text, struct vbpipe_request *request, char *err) = {
	parse_policy, parse_size, parse_minor
};

static bool parse_field(char *field, unsigned int nr, struct vbpipe_request *request,
			char *err)
{
	char *value = strchr(field, '=');

	if (!value && *field)
		return nr > FIELD_MINOR || positional[nr](field, request, err);
	if (!value)
		return true;
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
	request->size = SIZE_DEFAULT;
	for (nr = 0; field; nr++, field = next) {
		next = strchr(field, ';');
		if (next)
			*next++ = '\0';
		if (!parse_field(trim(field), nr, request, err))
			return false;
	}
	if (request->odd[0] || request->odd[1])
		request->size = SIZE_DEFAULT;
	take_minor_from_name(request);
	return true;
}
