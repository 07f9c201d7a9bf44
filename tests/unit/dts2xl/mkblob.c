// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Prints a device tree blob of LINKS links between 2 * PAIRS VMs: more nodes than dtc can
 * read.
 *
 *     mkblob LINKS PAIRS
 */
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>

#define SIZE	(64 << 20)

static void check(int ret)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "mkblob: %s\n", fdt_strerror(ret));
	exit(1);
}

static void begin(void *fdt, const char *format, int number)
{
	char name[32];

	snprintf(name, sizeof(name), format, number);
	check(fdt_begin_node(fdt, name));
}

/* Links nr, nr + pairs, nr + 2 * pairs... */
static void add_server(void *fdt, int nr, int links, int pairs)
{
	int i;

	begin(fdt, "vm%d_vdevs", 2 * nr + 2);
	for (i = nr; i < links; i += pairs) {
		begin(fdt, "be%d", i);
		check(fdt_property_string(fdt, "compatible", "vrpq"));
		check(fdt_property_u32(fdt, "phandle", (uint32_t)i + 1));
		check(fdt_end_node(fdt));
	}
	check(fdt_end_node(fdt));
}

static void add_client(void *fdt, int nr, int links, int pairs)
{
	int i;

	begin(fdt, "vm%d_vdevs", 2 * nr + 3);
	for (i = nr; i < links; i += pairs) {
		begin(fdt, "fe%d", i);
		check(fdt_property_u32(fdt, "peer-phandle", (uint32_t)i + 1));
		check(fdt_end_node(fdt));
	}
	check(fdt_end_node(fdt));
}

int main(int argc, char **argv)
{
	int links = argc == 3 ? atoi(argv[1]) : 0, pairs = argc == 3 ? atoi(argv[2]) : 0, i;
	static char fdt[SIZE];

	if (links <= 0 || pairs <= 0)
		return 1;
	check(fdt_create(fdt, SIZE));
	check(fdt_finish_reservemap(fdt));
	check(fdt_begin_node(fdt, ""));
	for (i = 0; i < pairs; i++) {
		add_server(fdt, i, links, pairs);
		add_client(fdt, i, links, pairs);
	}
	check(fdt_end_node(fdt));
	check(fdt_finish(fdt));
	i = fwrite(fdt, fdt_totalsize(fdt), 1, stdout) != 1 || fflush(stdout);
	return i;
}
