// SPDX-License-Identifier: LGPL-2.1-or-later
/* Info strings, as the drivers read them (xen-common/vlink/param.c, vbpipe/config.c). */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <vlink/info.h>

#include "lib/services.h"
#include "lib/likeness.h"
#include "vlinkcfg.h"
#include "private.h"

#define SEPARATORS	", \t"
#define NUMBER_MAX	23	/* characters */

struct reader {
	vlinkcfg_info_report report;
	void *arg;
};

__attribute__((format(printf, 3, 4)))
static void say(const struct reader *reader, enum vlinkcfg_fault fault, const char *fmt, ...)
{
	char text[VLINKCFG_ERR_MAX];
	va_list ap;

	if (!reader->report)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	reader->report(reader->arg, fault, text);
}

static unsigned int suffix_shift(char c)
{
	switch (c) {
	case 'k': case 'K':
		return 10;
	case 'm': case 'M':
		return 20;
	case 'g': case 'G':
		return 30;
	default:
		return 0;
	}
}

static int digit_of(char c, unsigned int base)
{
	int digit = isdigit((unsigned char)c) ? c - '0' :
		    isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : 16;

	return digit < (int)base ? digit : -1;
}

bool vlinkcfg_size_parse(const char *text, size_t len, unsigned long long *value)
{
	unsigned int shift = len ? suffix_shift(text[len - 1]) : 0, base = 10;
	unsigned long long number = 0;
	size_t i = 0;

	if (!len || len > NUMBER_MAX || !isdigit((unsigned char)*text))
		return false;
	len -= shift ? 1 : 0;
	if (len > 2 && text[0] == '0' && tolower((unsigned char)text[1]) == 'x') {
		base = 16;
		i = 2;
	}
	for (; i < len; i++) {
		if (digit_of(text[i], base) < 0 || number > (~0ull >> 4) / 16)
			return false;
		number = number * base + (unsigned int)digit_of(text[i], base);
	}
	if (number > ~0ull >> shift)
		return false;
	*value = number << shift;
	return true;
}

/* The item behind @at, and its length; 0 at the end. */
static const char *next_item(const char *at, size_t *len)
{
	at += strspn(at, SEPARATORS);
	*len = strcspn(at, SEPARATORS);
	return at;
}

/* The value of the first item @key, or NULL. */
static const char *find_value(const char *info, const char *key, size_t *value_len)
{
	size_t key_len = strlen(key), len;
	const char *item;

	for (item = next_item(info, &len); len; item = next_item(item + len, &len)) {
		if (len <= key_len || item[key_len] != '=' || strncasecmp(item, key, key_len))
			continue;
		*value_len = len - key_len - 1;
		return item + key_len + 1;
	}
	return NULL;
}

static const struct vlink_info_key keys[] = {
	VLINK_INFO_VRPQ_REQS, VLINK_INFO_VRPQ_PMEM, VLINK_INFO_VUMEM_PDEV, VLINK_INFO_VUMEM_MEM,
	VLINK_INFO_VSOCK_RING, VLINK_INFO_VSOCK_FORWARD,
};

#define NR_KEYS	(sizeof(keys) / sizeof(keys[0]))

static const struct vlink_info_key *find_key(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < NR_KEYS; i++)
		if (strlen(keys[i].name) == len && !strncasecmp(keys[i].name, name, len))
			return &keys[i];
	return NULL;
}

const char *vlinkcfg_info_key(size_t nr)
{
	return nr < NR_KEYS ? keys[nr].name : NULL;
}

/* What is no size, or not allowed, leaves the default. */
unsigned long long vlinkcfg_info_value(const char *info, const char *name)
{
	const struct vlink_info_key *key = find_key(name, strlen(name));
	unsigned long long size;
	const char *value;
	size_t len;

	if (!key)
		return 0;
	value = info ? find_value(info, name, &len) : NULL;
	if (!value || !vlinkcfg_size_parse(value, len, &size) || !vlink_info_allows(key, size))
		return key->def;
	return size;
}

static bool is_flag(const char *value, size_t len)
{
	static const char *const words[] = { "y", "n", "t", "f", "0", "1", "on", "off" };
	size_t i;

	/* As the kernel has it: what a word begins with counts, but for o, on and off. */
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (len >= strlen(words[i]) && !strncasecmp(value, words[i], strlen(words[i])))
			return true;
	return false;
}

static void check_value(const struct reader *reader, const struct vlink_info_key *key,
			const char *value, size_t len)
{
	unsigned long long size;

	if (key->kind == VLINK_INFO_FLAG) {
		if (!is_flag(value, len))
			say(reader, VLINKCFG_DEFAULT, "info: %s=%.*s is neither yes nor no: the default counts",
			    key->name, (int)len, value);
	} else if (!vlinkcfg_size_parse(value, len, &size)) {
		say(reader, VLINKCFG_DEFAULT, VLINK_INFO_NO_SIZE, key->name, (int)len, value);
	} else if (!vlink_info_allows(key, size)) {
		say(reader, VLINKCFG_DEFAULT, VLINK_INFO_WRONG, key->name, size, vlink_info_form(key),
		    key->min, key->max);
	}
}

static void check_item(const struct reader *reader, const struct vlinkcfg_class *class,
		       const char *info, const char *item, size_t len)
{
	const char *equals = memchr(item, '=', len), *first;
	const struct vlink_info_key *key;
	size_t first_len, name_len = equals ? (size_t)(equals - item) : len;

	if (len == 1 && suffix_shift(*item))
		say(reader, VLINKCFG_UNUSED, "info: '%c' stands alone: a size has no blank in it", *item);
	key = equals ? find_key(item, name_len) : NULL;
	/* Others are for drivers and programs of the user's own. */
	if (!key)
		return;
	first = find_value(info, key->name, &first_len);
	if (first != equals + 1)
		say(reader, VLINKCFG_UNUSED, "info: %s is given twice: the first counts", key->name);
	else if (!vlinkcfg_class_has(class, key->service))
		say(reader, VLINKCFG_UNUSED, "info: %s is for the service %s, which class '%s' has not",
		    key->name, key->service, class->name);
	else
		check_value(reader, key, equals + 1, len - name_len - 1);
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	for (len = strlen(text); len && strchr(" \t", text[len - 1]); len--)
		text[len - 1] = '\0';
	return text;
}

/* A number as the kernel's functions take it; false: none up to @max. */
static bool parse_number(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	if (!isdigit((unsigned char)*text) || strlen(text) > NUMBER_MAX)
		return false;
	*value = strtoul(text, &end, 0);
	return !*end && *value <= max;
}

static void parse_policy(const struct reader *reader, const char *field,
			 struct vlinkcfg_pipe *pipe)
{
	pipe->read_available = !strcmp(field, "a");
	if (!pipe->read_available)
		say(reader, VLINKCFG_DEFAULT, "info: the policy '%.40s' is neither empty nor 'a': the defaults count",
		    field);
}

static void parse_pipe_size(const struct reader *reader, const char *field,
			    struct vlinkcfg_pipe *pipe)
{
	unsigned long long size;

	if (!vlinkcfg_size_parse(field, strlen(field), &size) || size > VBPIPE_RING_MAX)
		say(reader, VLINKCFG_DEFAULT, "info: the size '%.40s' is not a number up to %uM: the defaults count",
		    field, VBPIPE_RING_MAX >> 20);
	else if (size >= VBPIPE_SIZE_MIN)
		pipe->size = size;
}

static void parse_minor(const struct reader *reader, const char *field, struct vlinkcfg_pipe *pipe)
{
	unsigned long minor;

	if (!parse_number(field, VBPIPE_MINORS - 1, &minor)) {
		say(reader, VLINKCFG_REFUSED, "info: the minor number '%.40s' is not a number from 0 to %d",
		    field, VBPIPE_MINORS - 1);
		return;
	}
	pipe->has_minor = true;
	pipe->minor = (unsigned int)minor;
}

static void parse_name(const struct reader *reader, const char *value, struct vlinkcfg_pipe *pipe)
{
	if (*pipe->name)
		say(reader, VLINKCFG_REFUSED, "info: name= is given twice");
	else if (!*value)
		say(reader, VLINKCFG_REFUSED, "info: name= has no value");
	else if (!vlinkcfg_is_node_name(value))
		say(reader, VLINKCFG_REFUSED, "info: name=%.80s is not 1 to %d characters of A-Z a-z 0-9 _ . - beginning with none of . -",
		    value, VLINK_NAME_MAX);
	else
		memcpy(pipe->name, value, strlen(value) + 1);
}

/* Blanks may stand around the =. */
static bool is_key(const char *field, const char *key)
{
	size_t len = strlen(key);

	return !strncmp(field, key, len) && field[len + strspn(field + len, " ")] == '=';
}

static void parse_keyed(const struct reader *reader, char *field, struct vlinkcfg_pipe *pipe)
{
	static const struct {
		const char *name;
		unsigned long max;
	} numbers[] = { { "wakeup=", VBPIPE_WAKEUP_MAX }, { "poll=", VBPIPE_POLL_MAX } };
	unsigned long value;
	size_t i;

	if (is_key(field, "name")) {
		parse_name(reader, trim(strchr(field, '=') + 1), pipe);
		return;
	}
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (strncmp(field, numbers[i].name, strlen(numbers[i].name)))
			continue;
		if (!parse_number(field + strlen(numbers[i].name), numbers[i].max, &value))
			say(reader, VLINKCFG_DEFAULT, "info: '%.40s' has no number from 0 to %lu: the defaults count",
			    field, numbers[i].max);
		if (pipe->seen & 1u << i)
			say(reader, VLINKCFG_UNUSED, "info: %s is given twice: the last counts",
			    numbers[i].name);
		pipe->seen |= 1u << i;
		return;
	}
	if (!pipe->shared)
		say(reader, VLINKCFG_UNUSED, "info: the item '%.*s' is not used", (int)strcspn(field, "="),
		    field);
}

static void parse_field(const struct reader *reader, char *field, unsigned int nr,
			struct vlinkcfg_pipe *pipe)
{
	static void (*const positional[])(const struct reader *reader, const char *field,
					  struct vlinkcfg_pipe *pipe) = {
		parse_policy, parse_pipe_size, parse_minor
	};

	if (!*field)
		return;
	if (strchr(field, '='))
		parse_keyed(reader, field, pipe);
	else if (nr < sizeof(positional) / sizeof(positional[0]))
		positional[nr](reader, field, pipe);
	else
		say(reader, VLINKCFG_UNUSED, "info: '%.40s' is not used: the fields behind the third are of the form KEY=VALUE",
		    field);
}

static bool parse_plain_name(const char *name, unsigned int *unit)
{
	char again[VLINK_NAME_MAX + 1];
	unsigned long number;

	if (strncmp(name, VBPIPE_PLAIN_NAME, strlen(VBPIPE_PLAIN_NAME)) ||
	    !parse_number(name + strlen(VBPIPE_PLAIN_NAME), VBPIPE_MINORS - 1, &number))
		return false;
	*unit = (unsigned int)number;
	snprintf(again, sizeof(again), VBPIPE_PLAIN_NAME "%u", *unit);
	return !strcmp(again, name);
}

bool vlinkcfg_pipe_unit(const struct vlinkcfg_pipe *pipe, const char *name, unsigned int *unit)
{
	if (!pipe->has_minor)
		return parse_plain_name(name ? name : pipe->name, unit);
	*unit = pipe->minor;
	return true;
}

void vlinkcfg_pipe_parse(const struct vlinkcfg_class *class, const char *info,
			 struct vlinkcfg_pipe *pipe, vlinkcfg_info_report report, void *arg)
{
	const struct reader reader = { report, arg };
	char field[VBPIPE_FIELD_MAX + 1];
	unsigned int nr;
	size_t len;

	memset(pipe, 0, sizeof(*pipe));
	pipe->size = VBPIPE_SIZE_DEFAULT;
	pipe->shared = class->nr_services > 1;
	for (nr = 0; info; nr++) {
		len = strcspn(info, ";");
		if (len > VBPIPE_FIELD_MAX) {
			say(&reader, VLINKCFG_DEFAULT, "info: '%.40s...' has more than %d characters: the defaults count",
			    info, VBPIPE_FIELD_MAX);
		} else {
			memcpy(field, info, len);
			field[len] = '\0';
			parse_field(&reader, trim(field), nr, pipe);
		}
		info = info[len] ? info + len + 1 : NULL;
	}
}

void vlinkcfg_unit_check(const struct vlinkcfg_class *class, const struct vlinkcfg_end *end,
			 vlinkcfg_info_report report, void *arg)
{
	const struct reader reader = { report, arg };
	struct vlinkcfg_pipe pipe;
	unsigned int unit;

	if (!vlinkcfg_class_has(class, SERVICE_VBPIPE))
		return;
	vlinkcfg_pipe_parse(class, end->info, &pipe, NULL, NULL);
	if (vlinkcfg_pipe_unit(&pipe, end->name, &unit) && unit != end->unit)
		say(&reader, VLINKCFG_DEFAULT, "%s asks for the number %u: the unit counts, which is %u",
		    pipe.has_minor || !end->name ? "info" : "the name", unit, end->unit);
}

void vlinkcfg_info_check(const struct vlinkcfg_class *class, const char *info,
			 vlinkcfg_info_report report, void *arg)
{
	const struct reader reader = { report, arg };
	struct vlinkcfg_pipe pipe;
	const char *item;
	size_t len;

	if (vlinkcfg_class_has(class, SERVICE_VBPIPE))
		vlinkcfg_pipe_parse(class, info, &pipe, report, arg);
	for (item = next_item(info, &len); len; item = next_item(item + len, &len))
		check_item(&reader, class, info, item, len);
}

/* The key that may have been meant by @name; NULL: it is one of ours, or like none. */
static const char *nearest_key(const char *name)
{
	struct likeness likeness = { .wanted = name };
	const char *key;
	size_t i;

	for (i = 0; (key = vlinkcfg_info_key(i)); i++) {
		if (!strcasecmp(key, name))
			return NULL;
		likeness_consider(&likeness, key);
	}
	return likeness_found(&likeness);
}

void vlinkcfg_info_suggest(const char *info, vlinkcfg_info_report report, void *arg)
{
	const struct reader reader = { report, arg };
	const char *item, *key;
	char name[LIKENESS_WORD_MAX + 1];
	size_t len, name_len;

	for (item = next_item(info, &len); len; item = next_item(item + len, &len)) {
		name_len = strcspn(item, "=");
		if (name_len >= len || name_len > LIKENESS_WORD_MAX)
			continue;
		memcpy(name, item, name_len);
		name[name_len] = '\0';
		key = nearest_key(name);
		if (key)
			say(&reader, VLINKCFG_UNUSED, "info: the item '%s' is not used; did you mean '%s'?",
			    name, key);
	}
}
