// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Hostile text, in up to five parts that are separated by bytes 0: device tree source, as
 * far as it is read before dtc does; an info; a class file; a string of a vlink list; a
 * config for --base.
 */
#define _GNU_SOURCE
#include <sanitizer/lsan_interface.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../../dts2xl/base.h"
#include "../../../dts2xl/unit.h"
#include "../../../dts2xl/xlcfg.h"
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

static void say_nothing(void *arg, enum vlinkcfg_fault fault, const char *text)
{
	(void)arg;
	(void)fault;
	(void)text;
}

static void parse_info(const char *text)
{
	static char *services[] = { (char *)"vbpipe", (char *)"vrpq", (char *)"vumem", (char *)"vsock" };
	const struct vlinkcfg_class all = { (char *)"all", services, 4 }, pipe = { (char *)"pipe", services, 1 };
	unsigned long long value;
	const char *key;
	size_t i;

	vlinkcfg_info_check(&all, text, say_nothing, NULL);
	vlinkcfg_info_check(&pipe, text, say_nothing, NULL);
	vlinkcfg_size_parse(text, strlen(text), &value);
	for (i = 0; (key = vlinkcfg_info_key(i)); i++)
		vlinkcfg_info_value(text, key);
}

/* The path of a file in memory with the text; *@fd is to be closed. */
static const char *text_file(const char *text, int *fd)
{
	*fd = memfd_create("text", MFD_CLOEXEC);
	if (*fd < 0 || write(*fd, text, strlen(text)) < 0)
		abort();
	return mem_printf("/proc/self/fd/%d", *fd);
}

static void parse_classes(const char *text)
{
	struct vlinkcfg_classes classes;
	char err[VLINKCFG_ERR_MAX];
	int fd;
	const char *path = text_file(text, &fd);

	if (!vlinkcfg_classes_read(path, &classes, err))
		vlinkcfg_classes_clear(&classes);
	close(fd);
}

/* What is left of a base has its name, and no list of links. */
static void parse_base(const char *text)
{
	struct bases bases = { 0 };
	struct xlcfg cfg;
	int fd;
	const char *path = text_file(text, &fd);

	/* Of a config with errors, libxlutil forgets parts. */
	__lsan_disable();
	bases_add(&bases, mem_printf("vm2=%s", path));
	__lsan_enable();
	bases_settle(&bases, true);
	close(fd);
	if (diag_errors())
		return;
	if (!xlcfg_open(&cfg, "base", bases.items[0].text) || !xlcfg_has(&cfg, "name") ||
	    xlcfg_has(&cfg, "vlink"))
		abort();
	xlcfg_close(&cfg);
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
		split_source, parse_info, parse_classes, parse_end, parse_base
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
		diag_reset();
		parse[i](mem_string(part));
		part += strlen(part) + 1;
	}
	fuzz_end();
	return 0;
}
