// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the kernel reads out of info strings: xen-common/vlink/param.c and
 * xen-common/vbpipe/config.c as they are, over stand-ins for the kernel's functions on text.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "vlinkcfg/vlinkcfg.h"
#include "unit.h"

/* In the kernel, a u64 is an unsigned long long. */
#define u64 header_u64
#include <vlink/info.h>
#undef u64

/* ---- the kernel ---- */

typedef unsigned long long u64;

#define U64_MAX			ULLONG_MAX
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define EXPORT_SYMBOL_GPL(s)	_Static_assert(1, #s)
#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))

struct vlink {
	const char *info;
	char name[VLINK_NAME_MAX + 1];
};

/* What was said since said_of() began; messages are counted, too. */
static char said[512];
static unsigned int messages;

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(said, sizeof(said), format, args);
	va_end(args);
	messages++;
}

#define vlink_warn(link, format, ...) ((void)(link), say(format, ##__VA_ARGS__))

static inline ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t length = strnlen(from, size);

	if (!size)
		return -E2BIG;
	if (length == size)
		length--;
	memcpy(to, from, length);
	to[length] = '\0';
	return from[length] ? -E2BIG : (ssize_t)length;
}

static inline char *strim(char *text)
{
	size_t length = strlen(text);

	while (length && isspace((unsigned char)text[length - 1]))
		text[--length] = '\0';
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

/* As in the kernel: no blanks, no minus, one newline at the end, no number too large. */
static inline int kstrtou64(const char *text, unsigned int base, u64 *value)
{
	char *end;

	if (*text == '+')
		text++;
	if (!isxdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, (int)base);
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	return errno ? -ERANGE : 0;
}

static inline int kstrtou32(const char *text, unsigned int base, u32 *value)
{
	u64 wide;
	int err = kstrtou64(text, base, &wide);

	if (err)
		return err;
	if (wide > UINT32_MAX)
		return -ERANGE;
	*value = (u32)wide;
	return 0;
}
#define kstrtouint kstrtou32

/* The kernel goes by the first character, after an 'o' by the second. */
static inline int kstrtobool(const char *text, bool *value)
{
	int c = tolower((unsigned char)text[0]);

	if (c == 'o')
		c = tolower((unsigned char)text[1]) == 'n' ? 'y' : tolower((unsigned char)text[1]);
	switch (c) {
	case 'y': case 't': case '1':
		*value = true;
		return 0;
	case 'n': case 'f': case '0':
		*value = false;
		return 0;
	default:
		return -EINVAL;
	}
}

/* include/linux/vlink.h */
u64 vlink_param_size_get(const struct vlink *link, const char *key, u64 def);
u64 vlink_param_get(const struct vlink *link, const struct vlink_info_key *key);
bool vlink_param_bool_get(const struct vlink *link, const char *key, bool def);
int vlink_param_string_get(const struct vlink *link, const char *key, char *buf, size_t size);
int vlink_size_parse(const char *text, size_t len, u64 *value);

/* xen-common/vbpipe/vbpipe.h, which has more than text */
struct vbpipe_config {
	bool read_available;
	u32 rx_size;
	u32 wakeup_ms;
	u32 poll_us;
	char name[VLINK_NAME_MAX + 1];
};

void vbpipe_config_parse(const struct vlink *link, struct vbpipe_config *config);

/* Their own headers are not for user space. */
#define VLINK_INTERNAL_H
#define VBPIPE_H
#include "../../xen-common/vlink/param.c"	/* NOLINT(bugprone-suspicious-include) */
#undef pr_fmt
#include "../../xen-common/vbpipe/config.c"	/* NOLINT(bugprone-suspicious-include) */

/* ---- vlink_param_* ---- */

static u64 size_in(const char *info)
{
	const struct vlink link = { .info = info };

	messages = 0;
	return vlink_param_size_get(&link, "pmem", 7);
}

/* What a key of <vlink/info.h> has; the message stays in @said. */
static u64 value_in(const char *info)
{
	static const struct vlink_info_key key = VLINK_INFO_VRPQ_REQS;
	const struct vlink link = { .info = info };

	messages = 0;
	said[0] = '\0';
	return vlink_param_get(&link, &key);
}

static bool bool_in(const char *info, bool def)
{
	const struct vlink link = { .info = info };

	messages = 0;
	return vlink_param_bool_get(&link, "forward", def);
}

static void first_of_two_keys_wins(void)
{
	const struct vlink link = { .info = "name=one,name=two" };
	char text[8];

	CU_ASSERT_EQUAL(size_in("pmem=1,pmem=2"), 1);
	CU_ASSERT_EQUAL(size_in("pmem=2,pmem=1"), 2);
	CU_ASSERT_EQUAL(size_in("PMEM=3 pmem=4"), 3);
	CU_ASSERT_EQUAL(messages, 0);
	CU_ASSERT_TRUE(bool_in("forward=1,forward=0", false));
	CU_ASSERT_FALSE(bool_in("forward=0,forward=1", true));
	CU_ASSERT_EQUAL(vlink_param_string_get(&link, "name", text, sizeof(text)), 3);
	CU_ASSERT_STRING_EQUAL(text, "one");
}

/* The first counts also when it is malformed: no value is taken in its place. */
static void malformed_first_is_not_passed_over(void)
{
	CU_ASSERT_EQUAL(size_in("pmem=x,pmem=2"), 7);
	CU_ASSERT_EQUAL(messages, 1);
}

static void missing_key_means_default_in_silence(void)
{
	static const char * const infos[] = {
		"", ",", "other=1", "pmem", "pmemx=1", "xpmem=1", "xpmem=1,pmem", "p=1", "=1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(infos); i++) {
		CU_ASSERT_EQUAL(size_in(infos[i]), 7);
		CU_ASSERT_EQUAL(messages, 0);
	}
}

static void keys_of_any_case_between_any_separators(void)
{
	static const char * const infos[] = {
		"pmem=5", "PMem=5", "a=1,pmem=5", "a=1 pmem=5", "a=1,\t pmem=5,b=2", " ,pmem=5, ",
		"flag,pmem=5", "a=pmem=6,pmem=5",
	};

	for (size_t i = 0; i < ARRAY_SIZE(infos); i++) {
		CU_ASSERT_EQUAL(size_in(infos[i]), 5);
		CU_ASSERT_EQUAL(messages, 0);
	}
}

static void sizes_have_suffixes_and_hex_digits(void)
{
	CU_ASSERT_EQUAL(size_in("pmem=0"), 0);
	CU_ASSERT_EQUAL(size_in("pmem=64K"), 64 << 10);
	CU_ASSERT_EQUAL(size_in("pmem=2m"), 2 << 20);
	CU_ASSERT_EQUAL(size_in("pmem=3G"), 3ull << 30);
	CU_ASSERT_EQUAL(size_in("pmem=0x10"), 16);
	CU_ASSERT_EQUAL(size_in("pmem=0X10k"), 16 << 10);
	CU_ASSERT_EQUAL(size_in("pmem=010"), 10);
	CU_ASSERT_EQUAL(size_in("pmem=18446744073709551615"), U64_MAX);
	CU_ASSERT_EQUAL(size_in("pmem=17179869183G"), 17179869183ull << 30);
	CU_ASSERT_EQUAL(messages, 0);
}

static void malformed_size_means_default_and_is_reported(void)
{
	static const char * const values[] = {
		"", "K", "x", "-1", "+1", "1.5", "64KB", "0x", "0xg", "1T",
		"18446744073709551616", "17179869184G", "111111111111111111111111",
	};
	char info[64];

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		snprintf(info, sizeof(info), "a=1,pmem=%s,b=2", values[i]);
		CU_ASSERT_EQUAL(size_in(info), 7);
		CU_ASSERT_EQUAL(messages, 1);
		snprintf(info, sizeof(info), "pmem=%s is not a size", values[i]);
		CU_ASSERT_PTR_NOT_NULL(strstr(said, info));
	}
}

static void value_out_of_bounds_means_default_and_is_reported(void)
{
	static const char * const values[] = { "0", "1", "255", "257", "1000", "2M", "0xffffffffffff" };
	char info[64];

	CU_ASSERT_EQUAL(value_in("vrpq-reqs=256"), 256);
	CU_ASSERT_EQUAL(value_in("vrpq-reqs=1M"), 1 << 20);
	CU_ASSERT_EQUAL(value_in(""), VRPQ_REQS_DEFAULT);
	CU_ASSERT_EQUAL(messages, 0);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		snprintf(info, sizeof(info), "vrpq-reqs=%s", values[i]);
		CU_ASSERT_EQUAL(value_in(info), VRPQ_REQS_DEFAULT);
		CU_ASSERT_EQUAL(messages, 1);
		CU_ASSERT_PTR_NOT_NULL(strstr(said, "is not a power of two from 256 to 1048576"));
	}
}

/* What vlinkcfg_info_check() said of an info. */
struct tool {
	char text[512];
	bool defaults;		/* something else counts than what stands there */
};

static void take(void *arg, enum vlinkcfg_fault fault, const char *text)
{
	struct tool *tool = arg;

	snprintf(tool->text, sizeof(tool->text), "%s\n", text);
	tool->defaults = tool->defaults || fault != VLINKCFG_UNUSED;
}

static struct tool tool_of(const char *service, const char *info)
{
	char *services[] = { (char *)service };
	const struct vlinkcfg_class class = { (char *)service, services, 1 };
	struct tool tool = { .text = "" };

	vlinkcfg_info_check(&class, info, take, &tool);
	return tool;
}

static void tools_say_what_the_driver_says(void)
{
	static const char * const values[] = {
		"256", "1M", "0", "1000", "2M", "many", "", "0x400", "1T", "18446744073709551616",
	};
	char info[64];

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		snprintf(info, sizeof(info), "vrpq-reqs=%s", values[i]);
		value_in(info);
		CU_ASSERT_STRING_EQUAL(said, tool_of("vrpq", info).text);
	}
}

static void malformed_bool_means_default_and_is_reported(void)
{
	CU_ASSERT_TRUE(bool_in("forward=yes", false));
	CU_ASSERT_FALSE(bool_in("forward=off", true));
	CU_ASSERT_EQUAL(messages, 0);
	CU_ASSERT_TRUE(bool_in("forward=maybe", true));
	CU_ASSERT_EQUAL(messages, 1);
	CU_ASSERT_FALSE(bool_in("forward=", false));
	CU_ASSERT_EQUAL(messages, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "forward="));
}

static void strings_are_cut_to_their_room(void)
{
	const struct vlink link = { .info = "name=abcdef,other=1" };
	char text[4] = "zzz";

	CU_ASSERT_EQUAL(vlink_param_string_get(&link, "name", text, sizeof(text)), 6);
	CU_ASSERT_STRING_EQUAL(text, "abc");
	CU_ASSERT_EQUAL(vlink_param_string_get(&link, "nosuch", text, sizeof(text)), -ENOENT);
	CU_ASSERT_STRING_EQUAL(text, "abc");
}

/* ---- the info string of a pipe ---- */

static struct vbpipe_config config_of(const char *info)
{
	const struct vlink link = { .info = info };
	struct vbpipe_config config;

	messages = 0;
	vbpipe_config_parse(&link, &config);
	return config;
}

static void expect_defaults(const struct vbpipe_config *config)
{
	CU_ASSERT_FALSE(config->read_available);
	CU_ASSERT_EQUAL(config->rx_size, VBPIPE_SIZE_DEFAULT);
	CU_ASSERT_EQUAL(config->wakeup_ms, 0);
	CU_ASSERT_EQUAL(config->poll_us, 0);
	CU_ASSERT_STRING_EQUAL(config->name, "");
}

static void wakeup_is_milliseconds_up_to_a_minute(void)
{
	CU_ASSERT_EQUAL(config_of(";;;wakeup=250").wakeup_ms, 250);
	CU_ASSERT_EQUAL(config_of("wakeup=60000").wakeup_ms, 60000);
	CU_ASSERT_EQUAL(config_of("a;8K;3;wakeup=0").wakeup_ms, 0);
	CU_ASSERT_EQUAL(config_of(";;;wakeup=0x10;name=x").wakeup_ms, 16);
	CU_ASSERT_EQUAL(messages, 0);
}

static void malformed_field_means_defaults_for_all(void)
{
	static const char * const infos[] = {
		"a;8K;3;wakeup=60001;name=x", "a;8K;3;wakeup=;name=x", "a;8K;3;wakeup=1s", "a;8K;3;wakeup=-1",
		"a;8K;3;poll=1001", "x;8K;3", "a;8Q;3", "a;32M;3", "a;8K;256", "a;8K;-1", "a;8K;3;name=-x",
		"a;8K;3;name=.", "a;8K;3;name=x/y", "a;8K;3;name=", "a;8K;3;name=abcdefghijklmnopqrstuvwxyz0123456",
		"a;8K;3;other=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};

	for (size_t i = 0; i < ARRAY_SIZE(infos); i++) {
		struct vbpipe_config config = config_of(infos[i]);

		expect_defaults(&config);
		CU_ASSERT_EQUAL(messages, 1);
		CU_ASSERT_PTR_NOT_NULL(strstr(said, infos[i]));
	}
}

static void empty_fields_mean_defaults(void)
{
	static const char * const infos[] = { "", ";", ";;", ";;;", ";;;;;", " ; ; ", "other=1", ";;;;x" };

	for (size_t i = 0; i < ARRAY_SIZE(infos); i++) {
		struct vbpipe_config config = config_of(infos[i]);

		expect_defaults(&config);
		CU_ASSERT_EQUAL(messages, 0);
	}
}

static void fields_by_place_and_by_key(void)
{
	struct vbpipe_config config = config_of("a;8K;3;wakeup=250;poll=9;name=p.q-r_s");

	CU_ASSERT_TRUE(config.read_available);
	CU_ASSERT_EQUAL(config.rx_size, 8 << 10);
	CU_ASSERT_EQUAL(config.wakeup_ms, 250);
	CU_ASSERT_EQUAL(config.poll_us, 9);
	CU_ASSERT_STRING_EQUAL(config.name, "p.q-r_s");
	/* A key counts wherever it stands, and takes its place from none. */
	config = config_of("name=x; 8K");
	CU_ASSERT_STRING_EQUAL(config.name, "x");
	CU_ASSERT_EQUAL(config.rx_size, 8 << 10);
	CU_ASSERT_EQUAL(messages, 0);
}

/* dts2xl and vlinkd find the faults for which the driver drops the info of a pipe. */
static void tools_find_what_the_driver_drops(void)
{
	static const char * const infos[] = {
		"", "a", "b", "a;8K", "a;17M", "a;16M", ";x", ";;3", ";;256", ";;0x10", ";;x", ";;-1",
		";;;name=door", ";;;name=../mem", ";;;name=", ";;;name=x,cid=7", ";;;wakeup=60000",
		";;;wakeup=60001", ";;;wakeup=", ";;;wakeup=1h", ";;;poll=1000", ";;;poll=1001",
		";;;poll=-1", ";;;other=1", " a ; 8K ; ; name=x ", ";5;;wakeup=0x10",
		";;;x=0123456789012345678901234567890123456789012345678901234567890123",
		";;;x=01234567890123456789012345678901234567890123456789012345678",
	};

	for (size_t i = 0; i < ARRAY_SIZE(infos); i++) {
		const struct vlink link = { .info = infos[i] };
		struct vbpipe_config config;

		messages = 0;
		vbpipe_config_parse(&link, &config);
		if (tool_of("vbpipe", infos[i]).defaults != (messages > 0))
			printf("\n%s: the driver says %u, the tool %s", infos[i], messages,
			       tool_of("vbpipe", infos[i]).text);
		CU_ASSERT_EQUAL(tool_of("vbpipe", infos[i]).defaults, messages > 0);
	}
}

static void links_name_comes_first(void)
{
	const struct vlink link = { .info = ";;;name=theirs", .name = "ours" };
	struct vbpipe_config config;

	vbpipe_config_parse(&link, &config);
	CU_ASSERT_STRING_EQUAL(config.name, "ours");
}

int main(void)
{
	static const struct unit_test params[] = {
		{ "first_of_two_keys_wins", first_of_two_keys_wins },
		{ "malformed_first_is_not_passed_over", malformed_first_is_not_passed_over },
		{ "missing_key_means_default_in_silence", missing_key_means_default_in_silence },
		{ "keys_of_any_case_between_any_separators", keys_of_any_case_between_any_separators },
		{ "sizes_have_suffixes_and_hex_digits", sizes_have_suffixes_and_hex_digits },
		{ "malformed_size_means_default_and_is_reported", malformed_size_means_default_and_is_reported },
		{ "value_out_of_bounds_means_default_and_is_reported", value_out_of_bounds_means_default_and_is_reported },
		{ "tools_say_what_the_driver_says", tools_say_what_the_driver_says },
		{ "malformed_bool_means_default_and_is_reported", malformed_bool_means_default_and_is_reported },
		{ "strings_are_cut_to_their_room", strings_are_cut_to_their_room },
	};
	static const struct unit_test pipes[] = {
		{ "wakeup_is_milliseconds_up_to_a_minute", wakeup_is_milliseconds_up_to_a_minute },
		{ "malformed_field_means_defaults_for_all", malformed_field_means_defaults_for_all },
		{ "empty_fields_mean_defaults", empty_fields_mean_defaults },
		{ "fields_by_place_and_by_key", fields_by_place_and_by_key },
		{ "tools_find_what_the_driver_drops", tools_find_what_the_driver_drops },
		{ "links_name_comes_first", links_name_comes_first },
	};

	UNIT_ADD("param", params);
	UNIT_ADD("vbpipe_config", pipes);
	return unit_run("info_test");
}
