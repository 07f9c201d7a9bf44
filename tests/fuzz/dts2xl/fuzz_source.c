// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Hostile text, in up to four parts that are separated by bytes 0: device tree source, as
 * far as it is read before dtc does; an info; a class file; a string of a vlink list.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../../dts2xl/info.h"
#include "../../../dts2xl/unit.h"
#include "fuzz.h"

static void split_source(const char *text)
{
	struct source source = { 0 };
	struct unit *units, *unit;
	size_t nr;

	source_read_text(&source, text, "input");
	units = units_of(&source, *text == ' ', &nr);
	FOR_EACH(unit, units, nr)
		unit_text(unit);
}

static void parse_info(const char *text)
{
	static const char *const keys[] = { "vrpq-reqs", "vrpq-pmem", "vumem-pdev", "vumem-mem" };
	struct vbpipe_request request;
	unsigned long long value;
	char err[VLINKCFG_ERR_MAX];
	size_t i;

	vbpipe_parse(text, &request, err);
	info_parse_size(text, strlen(text), &value);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		info_size(text, keys[i], &value);
}

static void parse_classes(const char *text)
{
	struct vlinkcfg_classes classes;
	char err[VLINKCFG_ERR_MAX];
	int fd = memfd_create("classes", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	if (!vlinkcfg_classes_read(mem_printf("/proc/self/fd/%d", fd), &classes, err))
		vlinkcfg_classes_clear(&classes);
	close(fd);
}

/* What was understood reads the same once it is printed. */
static void parse_end(const char *text)
{
	struct vlinkcfg_end end, again;
	char err[VLINKCFG_ERR_MAX], *printed;

	if (vlinkcfg_end_parse(text, &end, err))
		return;
	printed = vlinkcfg_end_format(&end);
	if (!printed || vlinkcfg_end_parse(printed, &again, err))
		abort();
	vlinkcfg_end_clear(&again);
	vlinkcfg_end_clear(&end);
	free(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parse[])(const char *text) = {
		split_source, parse_info, parse_classes, parse_end
	};
	char *copy;
	const char *part, *end;
	size_t i;

	fuzz_begin();
	copy = mem_copy((const char *)data, size);
	end = copy + size;
	part = copy;
	for (i = 0; i < sizeof(parse) / sizeof(parse[0]) && part <= end; i++) {
		/* In a piece of its own, so that a read beyond it is found. */
		parse[i](mem_string(part));
		part += strlen(part) + 1;
	}
	fuzz_end();
	return 0;
}
