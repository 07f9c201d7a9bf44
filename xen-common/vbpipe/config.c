// SPDX-License-Identifier: GPL-2.0
/*
 * The info string of a pipe:
 *
 *	[policy];[size];[minor];key=value;...
 *
 * policy "a" makes read return what is available; size is a decimal number with an
 * optional K or M; fields with "=" go by their key wherever they stand: wakeup
 * (ms that an event keeps the system awake), poll (us that a reader looks for data
 * before it sleeps) and name (of the device node). Empty fields mean the default.
 * Whatever is malformed gets a message, and then the whole string counts as empty.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/string.h>

#include "vbpipe.h"

static int parse_policy(struct vbpipe_config *config, const char *field)
{
	if (strcmp(field, "a"))
		return -EINVAL;
	config->read_available = true;
	return 0;
}

static int parse_size(struct vbpipe_config *config, const char *field)
{
	u64 size;
	int err = vlink_size_parse(field, strlen(field), &size);

	if (err)
		return err;
	if (size < VBPIPE_SIZE_MIN)
		size = VBPIPE_SIZE_DEFAULT;
	if (size > VBPIPE_RING_MAX)
		return -ERANGE;
	config->rx_size = roundup_pow_of_two(size - VBPIPE_SIZE_HEADER);
	return 0;
}

/* For the toolstack, which makes the link's unit of it. */
static int parse_minor(struct vbpipe_config *config, const char *field)
{
	unsigned int minor;
	int err = kstrtouint(field, 0, &minor);

	return !err && minor >= VBPIPE_MINORS ? -ERANGE : err;
}

static int parse_name(struct vbpipe_config *config, const char *value)
{
	const char *c;

	if (!*value || *value == '.' || *value == '-' || strlen(value) > VLINK_NAME_MAX)
		return -EINVAL;
	for (c = value; *c; c++)
		if (!isalnum(*c) && !strchr("_.-", *c))
			return -EINVAL;
	strscpy(config->name, value, sizeof(config->name));
	return 0;
}

static int parse_bounded(const char *value, u32 max, u32 *number)
{
	int err = kstrtou32(value, 0, number);

	if (!err && *number > max)
		err = -ERANGE;
	return err;
}

static int parse_keyed(struct vbpipe_config *config, const char *field)
{
	if (!strncmp(field, "name=", 5))
		return parse_name(config, field + 5);
	if (!strncmp(field, "wakeup=", 7))
		return parse_bounded(field + 7, VBPIPE_WAKEUP_MAX, &config->wakeup_ms);
	if (!strncmp(field, "poll=", 5))
		return parse_bounded(field + 5, VBPIPE_POLL_MAX, &config->poll_us);
	/* Keys of other implementations are none of our business. */
	return 0;
}

static int parse_field(struct vbpipe_config *config, unsigned int pos, const char *field)
{
	static int (*const positional[])(struct vbpipe_config *, const char *) = {
		parse_policy, parse_size, parse_minor
	};

	if (!*field)
		return 0;
	if (strchr(field, '='))
		return parse_keyed(config, field);
	return pos < ARRAY_SIZE(positional) ? positional[pos](config, field) : 0;
}

static void config_default(struct vbpipe_config *config)
{
	*config = (struct vbpipe_config){ .rx_size = VBPIPE_SIZE_DEFAULT };
}

/* On failure @field holds what was not understood. */
static int parse_info(struct vbpipe_config *config, const char *info, char *field)
{
	unsigned int pos;
	size_t len;
	int err;

	config_default(config);
	for (pos = 0; ; pos++, info += len + 1) {
		len = strcspn(info, ";");
		strscpy(field, info, min_t(size_t, len + 1, VBPIPE_FIELD_MAX + 1));
		err = len > VBPIPE_FIELD_MAX ? -EINVAL : parse_field(config, pos, strim(field));
		if (err || !info[len])
			return err;
	}
}

void vbpipe_config_parse(const struct vlink *link, struct vbpipe_config *config)
{
	char field[VBPIPE_FIELD_MAX + 1];

	if (parse_info(config, link->info, field)) {
		vlink_warn(link, "info \"%s\": \"%s\" is not understood, using defaults\n",
			   link->info, field);
		config_default(config);
	}
	/* The toolstack has the name from the same string; its word comes first. */
	if (link->name[0])
		strscpy(config->name, link->name, sizeof(config->name));
}
