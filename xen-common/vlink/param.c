// SPDX-License-Identifier: GPL-2.0
/*
 * Typed parameters out of the info string of a link: "key=value" items, which
 * device trees separate by commas, blanks, string boundaries (joined by commas
 * on the way here) or several of these at once.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/string.h>

#include <vlink/info.h>

#include "internal.h"

#define SEPARATORS ", \t"

/* Finds the value of @key; returns its length and where it begins, or -ENOENT. */
static int param_find(const struct vlink *link, const char *key, const char **value)
{
	size_t key_len = strlen(key), len;
	const char *item;

	for (item = link->info; *item; item += len) {
		item += strspn(item, SEPARATORS);
		len = strcspn(item, SEPARATORS);
		if (len > key_len && item[key_len] == '=' && !strncasecmp(item, key, key_len)) {
			*value = item + key_len + 1;
			return len - key_len - 1;
		}
	}
	return -ENOENT;
}

static int suffix_shift(char c)
{
	switch (toupper(c)) {
	case 'K':
		return 10;
	case 'M':
		return 20;
	case 'G':
		return 30;
	default:
		return 0;
	}
}

int vlink_size_parse(const char *text, size_t len, u64 *value)
{
	char number[24];
	int shift, err;
	u64 n;

	if (!len || len >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, len);
	number[len] = '\0';

	shift = suffix_shift(number[len - 1]);
	if (shift)
		number[len - 1] = '\0';
	if (!isdigit(number[0]))
		return -EINVAL;
	err = kstrtou64(number, number[0] == '0' && tolower(number[1]) == 'x' ? 16 : 10, &n);
	if (err)
		return err;
	if (n > U64_MAX >> shift)
		return -ERANGE;
	*value = n << shift;
	return 0;
}
EXPORT_SYMBOL_GPL(vlink_size_parse);

u64 vlink_param_size_get(const struct vlink *link, const char *key, u64 def)
{
	const char *value;
	int len = param_find(link, key, &value);
	u64 size;

	if (len < 0)
		return def;
	if (vlink_size_parse(value, len, &size)) {
		vlink_warn(link, VLINK_INFO_NO_SIZE "\n", key, len, value);
		return def;
	}
	return size;
}
EXPORT_SYMBOL_GPL(vlink_param_size_get);

u64 vlink_param_get(const struct vlink *link, const struct vlink_info_key *key)
{
	u64 value = vlink_param_size_get(link, key->name, key->def);

	if (vlink_info_allows(key, value))
		return value;
	vlink_warn(link, VLINK_INFO_WRONG "\n", key->name, value, vlink_info_form(key), key->min,
		   key->max);
	return key->def;
}
EXPORT_SYMBOL_GPL(vlink_param_get);

bool vlink_param_bool_get(const struct vlink *link, const char *key, bool def)
{
	char text[8];
	bool value;

	if (vlink_param_string_get(link, key, text, sizeof(text)) < 0)
		return def;
	if (kstrtobool(text, &value)) {
		vlink_warn(link, "info: %s=%s is neither yes nor no, using %s\n", key, text,
			   def ? "yes" : "no");
		return def;
	}
	return value;
}
EXPORT_SYMBOL_GPL(vlink_param_bool_get);

int vlink_param_string_get(const struct vlink *link, const char *key, char *buf, size_t size)
{
	const char *value;
	int len = param_find(link, key, &value);

	if (len >= 0)
		strscpy(buf, value, min_t(size_t, size, len + 1));
	return len;
}
EXPORT_SYMBOL_GPL(vlink_param_string_get);
