// SPDX-License-Identifier: LGPL-2.1-or-later
/* The class file: which services a class of links is made of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vlink/info.h>

#include "lib/services.h"
#include "vlinkcfg.h"
#include "private.h"

#define BLANKS	" \t\r"

static const char *const built_in[] = {
	"vbpipe: vbpipe",
	"vogl: vrpq vumem",
	"vomx: vrpq vumem",
	"vrpq: vrpq",
	"vumem: vumem",
	"vsock: vsock",
};

static bool is_service(const char *text)
{
	size_t len = strlen(text);

	return len >= 1 && len <= VLINK_SERVICE_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz") == len;
}

static void class_clear(struct vlinkcfg_class *class)
{
	size_t i;

	for (i = 0; i < class->nr_services; i++)
		free(class->services[i]);
	free(class->services);
	free(class->name);
	memset(class, 0, sizeof(*class));
}

static int append_name(char ***names, size_t *nr, const char *name, char *err)
{
	char **grown = vlinkcfg_grow(*names, *nr, sizeof(*grown));

	if (!grown)
		return vlinkcfg_fail(err, "out of memory");
	*names = grown;
	grown[*nr] = strdup(name);
	if (!grown[*nr])
		return vlinkcfg_fail(err, "out of memory");
	(*nr)++;
	return 0;
}

static int add_service(struct vlinkcfg_class *class, const char *service, char *err)
{
	size_t i;

	if (!is_service(service))
		return vlinkcfg_fail(err, "'%.80s' is not a service: 1 to %d characters of a-z",
				     service, VLINK_SERVICE_MAX);
	for (i = 0; i < class->nr_services; i++)
		if (!strcmp(class->services[i], service))
			return vlinkcfg_fail(err, "class '%s' has the service '%s' twice",
					     class->name, service);
	return append_name(&class->services, &class->nr_services, service, err);
}

static int add_services(struct vlinkcfg_class *class, char *list, char *err)
{
	char *service, *save;

	for (service = strtok_r(list, BLANKS, &save); service;
	     service = strtok_r(NULL, BLANKS, &save))
		if (add_service(class, service, err))
			return -1;
	if (!class->nr_services)
		return vlinkcfg_fail(err, "class '%s' has no service", class->name);
	return 0;
}

static void trim_end(char *text)
{
	size_t len = strlen(text);

	while (len && strchr(BLANKS, text[len - 1]))
		text[--len] = '\0';
}

/* "name: service..." to a class; @line is changed. */
static int parse_class(char *line, struct vlinkcfg_class *class, char *err)
{
	char *colon = strchr(line, ':');
	int ret;

	memset(class, 0, sizeof(*class));
	if (!colon)
		return vlinkcfg_fail(err, "'%.80s' is not CLASS: SERVICE...", line);
	*colon = '\0';
	trim_end(line);
	if (!vlinkcfg_is_class_name(line))
		return vlinkcfg_fail(err, "'%.80s' is not a class: a letter and up to %d more characters of a-z 0-9 -",
				     line, VLINK_CLASS_MAX - 1);
	class->name = strdup(line);
	ret = class->name ? add_services(class, colon + 1, err)
			  : vlinkcfg_fail(err, "out of memory");
	if (ret)
		class_clear(class);
	return ret;
}

static struct vlinkcfg_class *find(const struct vlinkcfg_classes *classes,
				   const char *name)
{
	size_t i;

	for (i = 0; i < classes->nr; i++)
		if (!strcmp(classes->classes[i].name, name))
			return &classes->classes[i];
	return NULL;
}

static int append(struct vlinkcfg_classes *classes, struct vlinkcfg_class *class, char *err)
{
	struct vlinkcfg_class *grown;

	grown = vlinkcfg_grow(classes->classes, classes->nr, sizeof(*grown));
	if (!grown) {
		class_clear(class);
		return vlinkcfg_fail(err, "out of memory");
	}
	classes->classes = grown;
	grown[classes->nr++] = *class;
	return 0;
}

static int add_built_in(struct vlinkcfg_classes *classes, char *err)
{
	struct vlinkcfg_class class;
	char line[64];
	size_t i;

	for (i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++) {
		snprintf(line, sizeof(line), "%s", built_in[i]);
		if (parse_class(line, &class, err))
			return -1;
		if (find(classes, class.name))
			class_clear(&class);
		else if (append(classes, &class, err))
			return -1;
	}
	return 0;
}

static int add_foreign_name(struct vlinkcfg_classes *classes, const char *name, char *err)
{
	if (find(classes, name))
		return vlinkcfg_fail(err, "'%.80s' is a class already", name);
	return append_name(&classes->foreign, &classes->nr_foreign, name, err);
}

/* Names in device trees, which are free to have commas and the like. */
static int add_foreign(struct vlinkcfg_classes *classes, char *list, char *err)
{
	char *name, *save;

	if (!*(list + strspn(list, BLANKS)))
		return vlinkcfg_fail(err, "foreign NAME... expected");
	for (name = strtok_r(list, BLANKS, &save); name; name = strtok_r(NULL, BLANKS, &save))
		if (add_foreign_name(classes, name, err))
			return -1;
	return 0;
}

bool vlinkcfg_class_is_foreign(const struct vlinkcfg_classes *classes, const char *name)
{
	size_t i;

	for (i = 0; i < classes->nr_foreign; i++)
		if (name && !strcmp(classes->foreign[i], name))
			return true;
	return false;
}

static int add_line(struct vlinkcfg_classes *classes, char *line, char *err)
{
	static const char foreign[] = "foreign";
	struct vlinkcfg_class class;

	line[strcspn(line, "#")] = '\0';
	line += strspn(line, BLANKS);
	if (!*line)
		return 0;
	if (!strncmp(line, foreign, strlen(foreign)) && strchr(BLANKS, line[strlen(foreign)]) &&
	    line[strlen(foreign) + strspn(line + strlen(foreign), BLANKS)] != ':')
		return add_foreign(classes, line + strlen(foreign), err);
	if (parse_class(line, &class, err))
		return -1;
	if (find(classes, class.name) || vlinkcfg_class_is_foreign(classes, class.name)) {
		vlinkcfg_fail(err, "class '%s' stands in the file already", class.name);
		class_clear(&class);
		return -1;
	}
	return append(classes, &class, err);
}

static int add_file(struct vlinkcfg_classes *classes, const char *path, char *err)
{
	char why[VLINKCFG_ERR_MAX], *text = vlinkcfg_file_text(path, err), *line, *next;
	unsigned int nr = 1;
	int ret = 0;

	if (!text)
		return -1;
	for (line = text; line && !ret; line = next, nr++) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		ret = add_line(classes, line, why);
		if (ret)
			vlinkcfg_fail(err, "%s:%u: %s", path, nr, why);
	}
	free(text);
	return ret;
}

int vlinkcfg_classes_read(const char *path, struct vlinkcfg_classes *classes, char *err)
{
	memset(classes, 0, sizeof(*classes));
	/* The file first: a built-in class counts where the file has none. */
	if ((path && add_file(classes, path, err)) || add_built_in(classes, err)) {
		vlinkcfg_classes_clear(classes);
		return -1;
	}
	return 0;
}

const struct vlinkcfg_class *vlinkcfg_class_find(const struct vlinkcfg_classes *classes,
						 const char *name)
{
	return find(classes, name);
}

void vlinkcfg_classes_clear(struct vlinkcfg_classes *classes)
{
	size_t i;

	for (i = 0; i < classes->nr; i++)
		class_clear(&classes->classes[i]);
	free(classes->classes);
	for (i = 0; i < classes->nr_foreign; i++)
		free(classes->foreign[i]);
	free(classes->foreign);
	memset(classes, 0, sizeof(*classes));
}

bool vlinkcfg_class_has(const struct vlinkcfg_class *class, const char *service)
{
	size_t i;

	for (i = 0; i < class->nr_services; i++)
		if (!strcmp(class->services[i], service))
			return true;
	return false;
}

bool vlinkcfg_is_pipe(const struct vlinkcfg_classes *classes, const char *class_name)
{
	const struct vlinkcfg_class *class = vlinkcfg_class_find(classes, class_name);

	return class && vlinkcfg_class_has(class, SERVICE_VBPIPE);
}

unsigned int vlinkcfg_unit_max(bool is_pipe)
{
	return is_pipe ? VBPIPE_MINORS - 1 : VLINK_UNIT_MAX;
}
