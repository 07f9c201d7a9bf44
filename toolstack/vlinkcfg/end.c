// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One string of a vlink list: parser, printer and escaping.
 * The grammar is defined in docs/vlink-config.md.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vlinkcfg.h"
#include "private.h"

#define LOWER	"abcdefghijklmnopqrstuvwxyz"
#define UPPER	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS	"0123456789"

int vlinkcfg_fail(char *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, VLINKCFG_ERR_MAX, fmt, ap);
	va_end(ap);
	return -1;
}

void *vlinkcfg_grow(void *array, size_t nr, size_t size)
{
	/* Doubles at every power of two, so that no capacity need be kept. */
	if (nr & (nr - 1))
		return array;
	return reallocarray(array, nr ? nr * 2 : 1, size);
}

static bool consists_of(const char *text, const char *chars, size_t max)
{
	size_t len = strlen(text);

	return len >= 1 && len <= max && strspn(text, chars) == len;
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			return false;
	return true;
}

bool vlinkcfg_is_class_name(const char *text)
{
	return consists_of(text, LOWER DIGITS "-", VLINK_CLASS_MAX) &&
	       islower((unsigned char)*text);
}

bool vlinkcfg_is_domain_name(const char *text)
{
	/* xl takes a name of digits for a domain id. */
	return consists_of(text, LOWER UPPER DIGITS "_.+-", VLINK_PEER_MAX) &&
	       strspn(text, DIGITS) != strlen(text) && !strchr(".+-", *text);
}

static int keep(char **field, const char *value, char *err)
{
	*field = strdup(value);
	return *field ? 0 : vlinkcfg_fail(err, "out of memory");
}

static int set_link(struct vlinkcfg_end *end, const char *value, char *err)
{
	if (!consists_of(value, LOWER UPPER DIGITS "_-", VLINK_ID_MAX))
		return vlinkcfg_fail(err, "link: '%.80s' is not 1 to %d characters of A-Z a-z 0-9 _ -",
				     value, VLINK_ID_MAX);
	return keep(&end->link, value, err);
}

static int set_class(struct vlinkcfg_end *end, const char *value, char *err)
{
	if (!vlinkcfg_is_class_name(value))
		return vlinkcfg_fail(err, "class: '%.80s' is not a letter and up to %d more characters of a-z 0-9 -",
				     value, VLINK_CLASS_MAX - 1);
	return keep(&end->class_name, value, err);
}

static int set_role(struct vlinkcfg_end *end, const char *value, char *err)
{
	if (!strcmp(value, "server"))
		end->role = VLINKCFG_SERVER;
	else if (!strcmp(value, "client"))
		end->role = VLINKCFG_CLIENT;
	else
		return vlinkcfg_fail(err, "role: '%.80s' is neither server nor client", value);
	return 0;
}

static int set_peer(struct vlinkcfg_end *end, const char *value, char *err)
{
	if (!vlinkcfg_is_domain_name(value))
		return vlinkcfg_fail(err, "peer: '%.80s' is not a domain name", value);
	return keep(&end->peer, value, err);
}

static int set_unit(struct vlinkcfg_end *end, const char *value, char *err)
{
	unsigned int unit = VLINK_UNIT_MAX + 1;

	if (consists_of(value, DIGITS, 4) && (value[0] != '0' || !value[1]))
		unit = (unsigned int)strtoul(value, NULL, 10);
	if (unit > VLINK_UNIT_MAX)
		return vlinkcfg_fail(err, "unit: '%.80s' is not a decimal number from 0 to %d",
				     value, VLINK_UNIT_MAX);
	end->unit = unit;
	return 0;
}

bool vlinkcfg_is_node_name(const char *text)
{
	return consists_of(text, LOWER UPPER DIGITS "_.-", VLINK_NAME_MAX) &&
	       !strchr(".-", *text);
}

static int set_name(struct vlinkcfg_end *end, const char *value, char *err)
{
	if (!vlinkcfg_is_node_name(value))
		return vlinkcfg_fail(err, "name: '%.80s' is not 1 to %d characters of A-Z a-z 0-9 _ . - beginning with none of . -",
				     value, VLINK_NAME_MAX);
	return keep(&end->name, value, err);
}

static int set_info(struct vlinkcfg_end *end, const char *value, char *err)
{
	if (strlen(value) > VLINK_INFO_MAX)
		return vlinkcfg_fail(err, "info: %zu bytes are more than %d",
				     strlen(value), VLINK_INFO_MAX);
	if (!is_printable(value))
		return vlinkcfg_fail(err, "info: contains a byte that is not printable ASCII");
	return keep(&end->info, value, err);
}

static const struct known_key {
	const char *name;
	bool required;
	int (*set)(struct vlinkcfg_end *end, const char *value, char *err);
} known_keys[] = {
	{ "link",  true,  set_link },
	{ "class", true,  set_class },
	{ "role",  true,  set_role },
	{ "peer",  true,  set_peer },
	{ "unit",  true,  set_unit },
	{ "name",  false, set_name },
	{ "info",  false, set_info },
};

#define NR_KNOWN_KEYS	(sizeof(known_keys) / sizeof(known_keys[0]))

static int check_option(const struct vlinkcfg_end *end, const char *key,
			const char *value, char *err)
{
	size_t i, len = strlen(value);

	if (!vlinkcfg_is_class_name(key))
		return vlinkcfg_fail(err, "'%.80s' is not a key", key);
	/* Options are published beside this node of xenstore's. */
	if (!strcmp(key, "index"))
		return vlinkcfg_fail(err, "index: this key is reserved");
	for (i = 0; i < end->nr_options; i++)
		if (!strcmp(end->options[i].key, key))
			return vlinkcfg_fail(err, "%s: given twice", key);
	if (!len || len > VLINK_INFO_MAX)
		return vlinkcfg_fail(err, "%s: the value must have 1 to %d characters",
				     key, VLINK_INFO_MAX);
	if (!is_printable(value) || value[0] == ' ' || value[len - 1] == ' ')
		return vlinkcfg_fail(err, "%s: the value must be printable ASCII without blanks around it",
				     key);
	return 0;
}

static int add_option(struct vlinkcfg_end *end, const char *key,
		      const char *value, char *err)
{
	struct vlinkcfg_option *options;

	if (check_option(end, key, value, err))
		return -1;
	options = vlinkcfg_grow(end->options, end->nr_options, sizeof(*options));
	if (!options)
		return vlinkcfg_fail(err, "out of memory");
	end->options = options;
	options += end->nr_options++;
	options->value = NULL;
	if (keep(&options->key, key, err))
		return -1;
	return keep(&options->value, value, err);
}

static int set_item(struct vlinkcfg_end *end, unsigned int *given,
		    const char *key, const char *value, char *err)
{
	size_t i;

	for (i = 0; i < NR_KNOWN_KEYS; i++) {
		if (strcmp(known_keys[i].name, key))
			continue;
		if (*given & 1u << i)
			return vlinkcfg_fail(err, "%s: given twice", key);
		*given |= 1u << i;
		return known_keys[i].set(end, value, err);
	}
	return add_option(end, key, value, err);
}

/* Cuts "key=value" off *@rest; info takes all that is left. */
static int next_item(char **rest, char **key, char **value, char *err)
{
	char *item = *rest;
	size_t len = strcspn(item, ",");

	*key = item;
	if (strncmp(item, "info=", 5)) {
		*rest = item[len] ? item + len + 1 : NULL;
		item[len] = '\0';
	} else {
		*rest = NULL;
	}
	if (!*item)
		return vlinkcfg_fail(err, "an item is empty");
	*value = strchr(item, '=');
	if (!*value)
		return vlinkcfg_fail(err, "'%.80s' is not KEY=VALUE", item);
	*(*value)++ = '\0';
	return 0;
}

static int parse_items(char *rest, struct vlinkcfg_end *end, char *err)
{
	unsigned int given = 0;
	char *key = NULL, *value = NULL;
	size_t i;

	while (rest)
		if (next_item(&rest, &key, &value, err) ||
		    set_item(end, &given, key, value, err))
			return -1;
	for (i = 0; i < NR_KNOWN_KEYS; i++)
		if (known_keys[i].required && !(given & 1u << i))
			return vlinkcfg_fail(err, "%s: missing", known_keys[i].name);
	return 0;
}

int vlinkcfg_end_parse(const char *text, struct vlinkcfg_end *end, char *err)
{
	char *copy = strdup(text);
	int ret;

	memset(end, 0, sizeof(*end));
	if (!copy)
		return vlinkcfg_fail(err, "out of memory");
	ret = parse_items(copy, end, err);
	free(copy);
	if (ret)
		vlinkcfg_end_clear(end);
	return ret;
}

void vlinkcfg_end_clear(struct vlinkcfg_end *end)
{
	size_t i;

	for (i = 0; i < end->nr_options; i++) {
		free(end->options[i].key);
		free(end->options[i].value);
	}
	free(end->options);
	free(end->link);
	free(end->class_name);
	free(end->peer);
	free(end->name);
	free(end->info);
	memset(end, 0, sizeof(*end));
}

char *vlinkcfg_end_format(const struct vlinkcfg_end *end)
{
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "link=%s,class=%s,role=%s,peer=%s,unit=%u", end->link,
		end->class_name, end->role == VLINKCFG_SERVER ? "server" : "client",
		end->peer, end->unit);
	if (end->name)
		fprintf(out, ",name=%s", end->name);
	for (i = 0; i < end->nr_options; i++)
		fprintf(out, ",%s=%s", end->options[i].key, end->options[i].value);
	if (end->info)
		fprintf(out, ",info=%s", end->info);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

char *vlinkcfg_escape(const char *text)
{
	char *escaped = malloc(2 * strlen(text) + 1), *out = escaped;

	if (!escaped)
		return NULL;
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			*out++ = '\\';
		*out++ = *text;
	}
	*out = '\0';
	return escaped;
}
