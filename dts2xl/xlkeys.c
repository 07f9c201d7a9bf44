// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "mem.h"
#include "xlkeys.h"

#define NAME_CHARS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

struct scanner {
	const char *text;
	const char *at;
	unsigned int line;
};

static void advance(struct scanner *scanner, size_t len)
{
	for (; len && *scanner->at; len--)
		scanner->line += *scanner->at++ == '\n';
}

static void skip_comment(struct scanner *scanner)
{
	advance(scanner, strcspn(scanner->at, "\n"));
}

static void skip_string(struct scanner *scanner)
{
	char quote = *scanner->at;

	advance(scanner, 1);
	while (*scanner->at && *scanner->at != quote)
		advance(scanner, *scanner->at == '\\' ? 2 : 1);
	advance(scanner, 1);
}

/* To the end of the statement: a line's, or a ;, outside of lists and strings. */
static void skip_value(struct scanner *scanner)
{
	unsigned int depth = 0;

	while (*scanner->at && (depth || !strchr("\n;", *scanner->at))) {
		if (strchr("\"'", *scanner->at)) {
			skip_string(scanner);
			continue;
		}
		if (*scanner->at == '#') {
			skip_comment(scanner);
			continue;
		}
		depth += *scanner->at == '[';
		depth -= depth && *scanner->at == ']';
		advance(scanner, 1);
	}
}

struct xlkeys xlkeys_of(const char *text)
{
	struct scanner scanner = { .text = text, .at = text, .line = 1 };
	struct xlkeys keys = { 0 };
	struct xlkey *key;
	size_t len;

	while (*scanner.at) {
		len = strspn(scanner.at, NAME_CHARS);
		if (*scanner.at == '#') {
			skip_comment(&scanner);
		} else if (!len) {
			advance(&scanner, 1);
		} else {
			key = MEM_APPEND(keys.items, keys.nr);
			key->name = mem_copy(scanner.at, len);
			key->line = scanner.line;
			key->start = (size_t)(scanner.at - text);
			advance(&scanner, len + strspn(scanner.at + len, " \t"));
			key->adds = *scanner.at == '+';
			skip_value(&scanner);
			key->end = (size_t)(scanner.at - text);
		}
	}
	return keys;
}

const struct xlkey *xlkeys_find(const struct xlkeys *keys, const char *name)
{
	size_t i;

	for (i = 0; i < keys->nr; i++)
		if (!strcmp(keys->items[i].name, name))
			return &keys->items[i];
	return NULL;
}

/* Those of xl.cfg(5) that are near enough to a slip. */
static const char *const known[] = {
	"name", "type", "builder", "uuid", "pool", "vcpus", "maxvcpus", "cpus", "cpus_soft",
	"cpu_weight", "cap", "memory", "maxmem", "shadow_memory", "kernel", "ramdisk", "cmdline",
	"root", "extra", "bootloader", "bootloader_args", "firmware", "bios", "disk", "vif", "vfb",
	"vtpm", "p9", "pvcalls", "vdispl", "vsnd", "vkb", "channel", "rdm", "usbctrl", "usbdev",
	"pci", "pci_permissive", "pci_msitranslate", "on_poweroff", "on_reboot", "on_watchdog",
	"on_crash", "on_soft_reset", "driver_domain", "device_tree", "dtdev", "iomem", "ioports",
	"irqs", "max_event_channels", "max_grant_frames", "max_maptrack_frames",
	"max_grant_version", "nomigrate", "seclabel", "init_seclabel", "device_model_version",
	"device_model_override", "device_model_args", "passthrough", "acpi", "apic", "pae", "hap",
	"nestedhvm", "altp2m", "serial", "vnc", "vnclisten", "sdl", "spice", "stdvga", "vga",
	"videoram", "boot", "localtime", "rtc_timeoffset", "tsc_mode", "timer_mode", "viridian",
	"xen_platform_pci", "vuart", "gic_version", "tee", "sched", "claim_mode", "vnuma",
	"vmtrace_buf_kb", "vpmu", "bootloader_restrict", "virtio", "vlink",
};

static bool is_known(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i], name))
			return true;
	return false;
}

static void suggest(const struct xlkey *key, struct pos pos, enum diag_code code)
{
	struct likeness likeness = { .wanted = key->name };
	size_t i;

	if (strlen(key->name) < 4 || is_known(key->name))
		return;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		diag_consider(&likeness, known[i]);
	if (*diag_suggestion(&likeness))
		diag_warning(code, pos, "xl knows no key '%s', and does not say so%s", key->name,
			     diag_suggestion(&likeness));
}

void xlkeys_check(const struct xlkeys *keys, const char *path, enum diag_code code)
{
	const struct xlkey *key;
	struct pos pos;

	FOR_EACH(key, keys->items, keys->nr) {
		pos = diag_whole(path);
		pos.line = key->line;
		if (!key->adds && xlkeys_find(keys, key->name) != key)
			diag_warning(code, pos, "%s is given twice: xl takes the last", key->name);
		suggest(key, pos, code);
	}
}
