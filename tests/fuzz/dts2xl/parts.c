// SPDX-License-Identifier: LGPL-2.1-or-later
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
#include "parts.h"

void fuzz_blocks(const char *text)
{
	struct source source = { 0 };
	struct unit *units, *unit;
	size_t nr;

	source_read_text(&source, text, "input");
	units = units_of(&source, *text == ' ', &nr);
	FOR_EACH(unit, units, nr)
		unit_text(unit);
}

void fuzz_info(const char *text)
{
	static char *services[] = { (char *)"vbpipe", (char *)"vrpq", (char *)"vumem", (char *)"vsock" };
	const struct vlinkcfg_class all = { (char *)"all", services, 4 }, pipe = { (char *)"pipe", services, 1 };
	unsigned long long value;
	const char *key;
	size_t i;

	vlinkcfg_info_check(&all, text, NULL, NULL);
	vlinkcfg_info_check(&pipe, text, NULL, NULL);
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

void fuzz_classes(const char *text)
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
void fuzz_base(const char *text)
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
void fuzz_end_of_link(const char *text)
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

int fuzz_text(void (*parse)(const char *text), const uint8_t *data, size_t size)
{
	fuzz_begin();
	diag_reset();
	/* In a piece of its own, so that a read beyond it is found. */
	parse(mem_copy((const char *)data, size));
	fuzz_end();
	return 0;
}
