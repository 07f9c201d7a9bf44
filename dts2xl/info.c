// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "info.h"
#include "mem.h"

#define SEPARATORS	", \t"
#define NUMBER_MAX	23	/* characters, as in the drivers */

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

bool info_parse_size(const char *text, size_t len, unsigned long long *value)
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

enum info_result info_size(const char *info, const char *key, unsigned long long *value)
{
	size_t key_len = strlen(key), len;
	const char *item;

	for (item = next_item(info, &len); len; item = next_item(item + len, &len)) {
		if (len <= key_len || item[key_len] != '=' || strncasecmp(item, key, key_len))
			continue;
		return info_parse_size(item + key_len + 1, len - key_len - 1, value) ?
			INFO_FOUND : INFO_BAD;
	}
	return INFO_ABSENT;
}

/* Keys whose values are sizes. Others are their drivers' business. */
static const char *const size_keys[] = { "vrpq-reqs", "vrpq-pmem", "vumem-pdev", "vumem-mem",
					 "vsock-ring" };

#define NR_SIZE_KEYS	(sizeof(size_keys) / sizeof(size_keys[0]))

static void check_key(struct pos pos, const char *key)
{
	struct likeness likeness = { .wanted = key };
	const char *suggestion;
	size_t i;

	for (i = 0; i < NR_SIZE_KEYS; i++) {
		if (!strcasecmp(size_keys[i], key))
			return;
		diag_consider(&likeness, size_keys[i]);
	}
	suggestion = diag_suggestion(&likeness);
	if (*suggestion)
		diag_warning(CODE_INFO, pos, "info: the item '%s' is not used%s", key, suggestion);
}

static void check_items(const char *info, struct pos pos)
{
	unsigned long long size;
	const char *item;
	size_t i, len;

	for (item = next_item(info, &len); len; item = next_item(item + len, &len))
		if (memchr(item, '=', len))
			check_key(pos, mem_copy(item, strcspn(item, "=")));
	for (i = 0; i < NR_SIZE_KEYS; i++)
		if (info_size(info, size_keys[i], &size) == INFO_BAD)
			diag_warning(CODE_INFO, pos, "info: the value of '%s' is not a size: the default counts",
				     size_keys[i]);
}

void info_check(const struct model *model, const struct end *end)
{
	const char *class_name = end->cfg.class_name;

	/* That of the peer is checked there. */
	if (!end->own->info || end->is_vbpipe)
		return;
	if (class_has_service(model, class_name, "vrpq") ||
	    class_has_service(model, class_name, "vumem") ||
	    class_has_service(model, class_name, "vsock"))
		check_items(end->own->info, node_pos(end->own, "info"));
}
