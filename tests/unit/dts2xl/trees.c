// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Random device trees: source, and the blob that dtc makes of the same text, give the same
 * configs, or both are refused, or the source alone for a reason that it may be refused for;
 * and the links of configs survive xl2dts and dts2xl.
 *
 *     trees DTC SEED COUNT
 *
 * A tree that shows otherwise is made as small as it can be, and printed.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../dts2xl/convert.h"
#include "../../../dts2xl/mem.h"
#include "../../../dts2xl/process.h"
#include "../../../dts2xl/reverse.h"

#define LINES_MAX	400
#define NODES_MAX	64
#define VMS		4
#define FILES		2

static const char *dtc;
static struct vlinkcfg_classes classes;
static char directory[] = "/tmp/dts2xl-trees-XXXXXX";

/* How the text is divided, and what dtc is given. */
enum mode {
	WHOLE,		/* a board's file with all in it */
	PARTS,		/* the same as two files, which dtc is given one behind the other */
	OVERLAY,	/* a board's file, and an overlay */
	NR_MODES
};

struct text {
	enum mode mode;
	struct {
		char *line;
		int file;
	} lines[LINES_MAX];
	size_t nr;
};

/* What is known of a node while more text is made. */
struct device {
	unsigned int nr;	/* of its label */
	unsigned int vm;
	unsigned int server;	/* a client's */
	bool is_client;
	bool deleted;
	bool labelled;
	bool has_phandle;
	int file;
};

struct maker {
	struct text *text;
	uint64_t random;
	struct device devices[NODES_MAX];
	unsigned int nr;
	int file;
};

static unsigned int below(struct maker *maker, unsigned int limit)
{
	maker->random ^= maker->random << 13;
	maker->random ^= maker->random >> 7;
	maker->random ^= maker->random << 17;
	return (unsigned int)((maker->random >> 11) % limit);
}

static bool once_in(struct maker *maker, unsigned int times)
{
	return !below(maker, times);
}

__attribute__((format(printf, 2, 3)))
static void line(struct maker *maker, const char *fmt, ...)
{
	struct text *text = maker->text;
	va_list ap;

	if (text->nr == LINES_MAX)
		return;
	va_start(ap, fmt);
	if (vasprintf(&text->lines[text->nr].line, fmt, ap) < 0)
		abort();
	va_end(ap);
	text->lines[text->nr++].file = maker->file;
}

static const char *const class_names[] = { "vogl", "vomx", "vrpq", "vumem", "vbpipe", "vsock" };

static const char *class_of(unsigned int device)
{
	return class_names[device % 6];
}

static bool is_pipe(unsigned int device)
{
	return device % 6 == 4;
}

static void info_line(struct maker *maker, unsigned int device)
{
	unsigned int size = 1u << below(maker, 4);

	if (is_pipe(device))
		line(maker, "info = \"a;%uK;;name=pipe%u\";", size * 4, device);
	else if (device % 6 < 3)
		line(maker, "info = \"vrpq-reqs=%uK\"%s;", size, once_in(maker, 3) ?
		     ", \"vrpq-pmem=2M\"" : "");
	else if (device % 6 == 3)
		line(maker, "info = \"vumem-mem=%uM\";", size);
}

/* What VM n's container can be called where one is in it already. */
static void open_container(struct maker *maker, unsigned int vm, int *depth)
{
	unsigned int way = maker->text->mode == OVERLAY && maker->file ? below(maker, 2)
									  : below(maker, 5);

	*depth = 1;
	switch (way) {
	case 0:
	case 1:
		line(maker, "&vm%u_vdevs {", vm);
		break;
	case 2:
		line(maker, "/ { vms { vm%u { vdevs {", vm);
		*depth = 4;
		break;
	case 3:
		line(maker, "&{/vms/vm%u/vdevs} {", vm);
		break;
	default:
		line(maker, "&vm%u { vdevs {", vm);
		*depth = 2;
	}
}

static void close_container(struct maker *maker, int depth)
{
	line(maker, "%s", depth == 4 ? "}; }; }; };" : depth == 2 ? "}; };" : "};");
}

static struct device *add_device(struct maker *maker)
{
	struct device *device = &maker->devices[maker->nr];

	memset(device, 0, sizeof(*device));
	device->nr = maker->nr++;
	device->vm = below(maker, VMS) + 1;
	device->labelled = true;
	device->file = maker->file;
	return device;
}

static void server(struct maker *maker)
{
	struct device *device = add_device(maker);
	int depth;

	device->has_phandle = !maker->file && once_in(maker, 6);
	open_container(maker, device->vm, &depth);
	line(maker, "d%u: %s@%u {", device->nr, class_of(device->nr), device->nr);
	line(maker, "compatible = \"%s\";", class_of(device->nr));
	if (!once_in(maker, 3))
		info_line(maker, device->nr);
	if (device->has_phandle)
		line(maker, "phandle = <%#x>;", 0x100 + device->nr);
	if (once_in(maker, 3))
		line(maker, "server;");
	if (once_in(maker, 8))
		line(maker, "#clone = \"auto\";");
	if (once_in(maker, 8))
		line(maker, "options = \"rate=%u\";", below(maker, 9));
	line(maker, "};");
	close_container(maker, depth);
}

static const struct device *any_server(struct maker *maker)
{
	const struct device *device = NULL;
	unsigned int i;

	for (i = 0; i < 20 && maker->nr; i++) {
		device = &maker->devices[below(maker, maker->nr)];
		if (!device->is_client && !device->deleted)
			return device;
	}
	return NULL;
}

static void peer_line(struct maker *maker, const struct device *peer)
{
	bool far = maker->text->mode == OVERLAY && maker->file;

	if (peer->has_phandle && !far && once_in(maker, 2))
		line(maker, "peer-phandle = <%#x>;", 0x100 + peer->nr);
	else if (!far && once_in(maker, 5))
		line(maker, "peer-phandle = <&{/vms/vm%u/vdevs/%s@%u}>;", peer->vm,
		     class_of(peer->nr), peer->nr);
	else
		line(maker, "peer-phandle = <&d%u>;", peer->nr);
}

static void client(struct maker *maker)
{
	const struct device *peer = any_server(maker);
	struct device *device;
	int depth;

	if (!peer)
		return;
	device = add_device(maker);
	device->is_client = true;
	device->server = peer->nr;
	device->labelled = once_in(maker, 2);
	if (device->vm == peer->vm && !once_in(maker, 40))
		device->vm = device->vm % VMS + 1;
	open_container(maker, device->vm, &depth);
	if (device->labelled)
		line(maker, "d%u:", device->nr);
	line(maker, "client@%u {", device->nr);
	peer_line(maker, peer);
	if (once_in(maker, 4))
		info_line(maker, peer->nr);
	if (once_in(maker, 3))
		line(maker, "client;");
	if (once_in(maker, 8))
		line(maker, "unit = <%u>;", 10 + device->nr);
	if (once_in(maker, 8))
		line(maker, "link = \"link-%u\";", device->nr);
	line(maker, "};");
	close_container(maker, depth);
}

static struct device *any_device(struct maker *maker)
{
	struct device *device = maker->nr ? &maker->devices[below(maker, maker->nr)] : NULL;

	return device && !device->deleted ? device : NULL;
}

static const char *name_of(const struct device *device)
{
	static char name[32];

	snprintf(name, sizeof(name), "%s@%u",
		 device->is_client ? "client" : class_of(device->nr), device->nr);
	return name;
}

/* Opens a device again, by its label or from its container. */
static bool reopen(struct maker *maker, const struct device *device, int *depth)
{
	bool overlay = maker->text->mode == OVERLAY && maker->file;

	*depth = 0;
	if (device->labelled && (overlay || once_in(maker, 2))) {
		line(maker, "&d%u {", device->nr);
		return true;
	}
	if (overlay)
		return false;
	if (once_in(maker, 3)) {
		line(maker, "&{/vms/vm%u/vdevs/%s} {", device->vm, name_of(device));
		return true;
	}
	open_container(maker, device->vm, depth);
	line(maker, "%s {", name_of(device));
	return true;
}

static void change(struct maker *maker)
{
	struct device *device = any_device(maker);
	const struct device *peer;
	int depth;

	if (!device || !reopen(maker, device, &depth))
		return;
	if (once_in(maker, maker->text->mode == OVERLAY && maker->file ? 40 : 4))
		line(maker, "/delete-property/ %s;", once_in(maker, 2) ? "info" : "options");
	switch (below(maker, 6)) {
	case 0:
		line(maker, "status = \"%s\";", once_in(maker, 2) ? "disabled" : "okay");
		break;
	case 1:
		line(maker, "options = \"rate=%u\", \"mode=x\";", below(maker, 100));
		break;
	case 2:
		peer = device->is_client ? any_server(maker) : NULL;
		/* Other peers would be of another class's info. */
		if (peer && depth == 0 && peer->vm != device->vm)
			peer_line(maker, peer);
		break;
	case 3:
		if (device->is_client)
			line(maker, "unit = <%u>;", 100 + device->nr);
		break;
	default:
		info_line(maker, device->is_client ? device->server : device->nr);
	}
	line(maker, "};");
	if (depth)
		close_container(maker, depth);
}

static bool has_clients(const struct maker *maker, const struct device *device)
{
	unsigned int i;

	for (i = 0; i < maker->nr; i++)
		if (maker->devices[i].is_client && !maker->devices[i].deleted &&
		    maker->devices[i].server == device->nr)
			return true;
	return false;
}

/* A server that was taken away may come back, in another VM. */
static void replace(struct maker *maker, struct device *device)
{
	int depth;

	device->vm = device->vm % VMS + 1;
	device->has_phandle = false;
	open_container(maker, device->vm, &depth);
	line(maker, "d%u: %s { compatible = \"%s\"; };", device->nr, name_of(device),
	     class_of(device->nr));
	close_container(maker, depth);
	device->deleted = false;
}

static void delete(struct maker *maker)
{
	struct device *device = any_device(maker);
	bool overlay = maker->text->mode == OVERLAY && maker->file;
	int depth;

	if (!device || device->has_phandle || (!device->is_client && has_clients(maker, device) && !once_in(maker, 3)))
		return;
	if (overlay && (device->file != maker->file || !device->labelled))
		return;
	if (device->labelled && (overlay || once_in(maker, 2))) {
		line(maker, "/delete-node/ &d%u;", device->nr);
	} else if (once_in(maker, 4)) {
		line(maker, "/delete-node/ &{/vms/vm%u/vdevs/%s};", device->vm, name_of(device));
	} else {
		open_container(maker, device->vm, &depth);
		line(maker, "/delete-node/ %s;", name_of(device));
		close_container(maker, depth);
	}
	device->deleted = true;
	if (!device->is_client && (has_clients(maker, device) || once_in(maker, 2)))
		replace(maker, device);
}

static void setting(struct maker *maker)
{
	unsigned int vm = below(maker, VMS) + 1;
	bool overlay = maker->text->mode == OVERLAY && maker->file;

	line(maker, "&vm%u {", vm);
	if (!overlay && once_in(maker, 4))
		line(maker, "/delete-property/ memory;");
	else
		line(maker, "%s = <%u>;", once_in(maker, 3) ? "vcpus" : "memory",
		     below(maker, 64) + 1);
	line(maker, "};");
}

/* What is in boards' files, and is no business of links. */
static void other(struct maker *maker)
{
	static unsigned int nr;

	if (maker->text->mode == OVERLAY && maker->file) {
		line(maker, "&uart0 { speed = <%u>; };", below(maker, 100));
		return;
	}
	switch (below(maker, 5)) {
	case 0:
		line(maker, "&uart0 { status = \"okay\"; speed = <%u>; };", below(maker, 100));
		break;
	case 1:
		line(maker, "extra%u: &uart0 { };", nr++);
		break;
	case 2:
		line(maker, "&{/soc} { #address-cells = <1>; };");
		break;
	case 3:
		line(maker, "/ { aliases { serial%u = &uart0; }; };", below(maker, 3));
		break;
	default:
		line(maker, "/ { soc { /delete-node/ ethernet; }; };");
	}
}

/* Two nodes of one name, which nobody but dtc takes for one. */
static void twin(struct maker *maker)
{
	const struct device *device = any_server(maker), *peer = any_server(maker);
	int depth;

	if (!device || !peer)
		return;
	open_container(maker, device->vm, &depth);
	line(maker, "%s { peer-phandle = <&d%u>; };", name_of(device), peer->nr);
	close_container(maker, depth);
}

/* A second label, which comes first or last in their order. */
static void second_label(struct maker *maker)
{
	const struct device *device = any_server(maker);

	if (!device || (maker->text->mode == OVERLAY && maker->file))
		return;
	line(maker, "%s%u: &d%u { };", once_in(maker, 2) ? "a" : "z", maker->nr, device->nr);
	maker->nr += maker->nr < NODES_MAX - 4;
	maker->devices[maker->nr - 1].deleted = true;
}

static void statement(struct maker *maker)
{
	unsigned int way = below(maker, 100);

	if (maker->nr >= NODES_MAX - 4)
		return;
	if (way < 22)
		server(maker);
	else if (way < 54)
		client(maker);
	else if (way < 74)
		change(maker);
	else if (way < 84)
		delete(maker);
	else if (way < 90)
		setting(maker);
	else if (way < 97)
		other(maker);
	else if (way < 99)
		second_label(maker);
	else
		twin(maker);
}

static void board(struct maker *maker)
{
	unsigned int vm;

	if (once_in(maker, 3))
		line(maker, "/memreserve/ 0x10000000 0x4000;");
	line(maker, "/ {");
	line(maker, "soc { uart0: serial { status = \"disabled\"; }; eth0: ethernet { }; };");
	line(maker, "vms {");
	for (vm = 1; vm <= VMS; vm++)
		line(maker, "vm%u: vm%u { vm%u_vdevs: vdevs { }; };", vm, vm, vm);
	line(maker, "};");
	line(maker, "};");
}

static void make(struct text *text, uint64_t seed)
{
	struct maker maker = { .text = text, .random = seed * 0x9e3779b97f4a7c15u + 1 };
	unsigned int i, nr;

	text->nr = 0;
	text->mode = below(&maker, NR_MODES);
	board(&maker);
	nr = 6 + below(&maker, 20);
	for (i = 0; i < nr; i++)
		statement(&maker);
	if (text->mode == WHOLE)
		return;
	maker.file = 1;
	nr = 1 + below(&maker, 12);
	for (i = 0; i < nr; i++)
		statement(&maker);
}

static void forget(struct text *text)
{
	while (text->nr)
		free(text->lines[--text->nr].line);
}

/* The lines of a file, or of both (@file is -1); to be freed. */
static char *joined(const struct text *text, int file)
{
	char *all = NULL;
	size_t size, i;
	FILE *out = open_memstream(&all, &size);

	fputs(file > 0 && text->mode == PARTS ? "" : "/dts-v1/;\n", out);
	if (file > 0 && text->mode == OVERLAY)
		fputs("/plugin/;\n/ { };\n", out);
	for (i = 0; i < text->nr; i++)
		if (file < 0 || text->lines[i].file == file)
			fprintf(out, "%s\n", text->lines[i].line);
	fclose(out);
	return all;
}

struct outcome {
	bool accepted;
	bool may_differ;	/* refused for a reason that only source is refused for */
	char *configs;		/* all, without their first lines; to be freed */
};

static void take_configs(const struct conversion *conversion, struct outcome *outcome)
{
	const struct config *config;
	size_t size;
	FILE *out = open_memstream(&outcome->configs, &size);

	FOR_EACH(config, conversion->configs.items, conversion->configs.nr)
		fprintf(out, "vm%u.cfg\n%s", config->vm->number, strchr(config->text, '\n'));
	fclose(out);
}

static void begin(struct conversion *conversion)
{
	memset(conversion, 0, sizeof(*conversion));
	diag_reset();
	conversion->dtc = dtc;
	conversion->model.classes = &classes;
	conversion->emission.inputs = "input";
	conversion->emission.defaults = &conversion->defaults;
	conversion->emission.bases = &conversion->bases;
}

static struct outcome finish(struct conversion *conversion)
{
	struct outcome outcome = { 0 };

	convert_finish(conversion);
	outcome.accepted = !diag_errors();
	outcome.may_differ = diag_count(CODE_NODE_TWICE) || diag_count(CODE_DELETE);
	if (outcome.accepted)
		take_configs(conversion, &outcome);
	return outcome;
}

static struct outcome of_source(const struct text *text)
{
	struct conversion conversion;
	char *parts[FILES];
	struct outcome outcome;
	int i;

	begin(&conversion);
	for (i = 0; i < FILES; i++) {
		parts[i] = joined(text, text->mode == WHOLE ? -1 : i);
		if (i == 0 || text->mode != WHOLE)
			source_read_text(&conversion.source, parts[i], i ? "second" : "first");
	}
	outcome = finish(&conversion);
	for (i = 0; i < FILES; i++)
		free(parts[i]);
	mem_release_all();
	return outcome;
}

/* False: dtc makes no blob of it. */
static bool compile(struct conversion *conversion, const char *source)
{
	char *const argv[] = { mem_string(dtc), "-q", "-@", "-O", "dtb", "-", NULL };
	struct process process = {
		.argv = argv,
		.input = source,
		.input_len = strlen(source),
		.timeout_ms = 20000,
		.output_max = 1u << 20,
	};

	if (process_run(&process) != PROCESS_EXITED) {
		fprintf(stderr, "trees: %s does not run\n", dtc);
		exit(2);
	}
	if (process.status)
		return false;
	convert_blob(conversion, "input", process.out.data, process.out.len);
	return true;
}

static struct outcome of_blob(const struct text *text)
{
	struct conversion conversion;
	struct outcome outcome = { 0 };
	bool compiled = true;
	char *part;
	int i;

	begin(&conversion);
	for (i = 0; i < (text->mode == OVERLAY ? FILES : 1); i++) {
		part = joined(text, text->mode == OVERLAY ? i : -1);
		compiled = compiled && compile(&conversion, part);
		free(part);
	}
	if (compiled)
		outcome = finish(&conversion);
	mem_release_all();
	return outcome;
}

/* The links of all configs, for comparison. */
static char *links_of(const char *configs)
{
	char *links = NULL;
	const char *at, *end;
	size_t size;
	FILE *out = open_memstream(&links, &size);

	for (at = configs; *at; at = end) {
		end = strchrnul(at, '\n');
		end += *end != '\0';
		if (!strncmp(at, "    \"link=", 10) || !strncmp(at, "vm", 2))
			fprintf(out, "%.*s", (int)(end - at), at);
	}
	fclose(out);
	return links;
}

static void write_config(const char *path, const char *text, size_t len)
{
	FILE *out = fopen(path, "we");

	if (!out || fwrite(text, 1, len, out) != len || fclose(out)) {
		perror(path);
		exit(2);
	}
}

/* Writes the configs to files; how many they are. */
static int write_configs(const char *configs, char **paths)
{
	const char *at, *end, *name_end;
	int nr = 0;

	for (at = configs; *at; at = end) {
		name_end = strchr(at, '\n');
		end = strstr(name_end, "\nvm");
		end = end ? end + 1 : name_end + strlen(name_end);
		paths[nr] = mem_printf("%s/%.*s", directory, (int)(name_end - at), at);
		write_config(paths[nr], name_end, (size_t)(end - name_end));
		nr++;
	}
	return nr;
}

/* True if the links come back as they were. */
static bool survives(const char *configs)
{
	struct conversion conversion;
	char *paths[VMS + 1], *back, *want = links_of(configs), *got = NULL;
	const char *links = mem_printf("%s/links.dts", directory);
	struct outcome outcome = { 0 };
	bool same;
	int nr = write_configs(configs, paths);

	diag_reset();
	reverse(links, paths, nr, &classes);
	if (!diag_errors()) {
		back = mem_string(links);
		begin(&conversion);
		conversion.cpp.program = NULL;
		source_read(&conversion.source, &conversion.cpp, back);
		outcome = finish(&conversion);
	}
	if (outcome.accepted)
		got = links_of(outcome.configs);
	same = got && !strcmp(want, got);
	free(outcome.configs);
	free(want);
	free(got);
	mem_release_all();
	return same;
}

/* How trees came out. */
struct tally {
	unsigned long agreed;		/* with links or without */
	unsigned long refused;		/* both */
	unsigned long source_refused;	/* with a reason */
	unsigned long links;
};

static size_t count(const char *text, const char *word)
{
	size_t nr = 0;

	for (; (text = strstr(text, word)); text += strlen(word))
		nr++;
	return nr;
}

/* NULL: all is well. */
static const char *compare(const struct text *text, struct tally *tally)
{
	struct outcome source = of_source(text), blob = of_blob(text);
	const char *what = NULL;

	if (!source.accepted && !blob.accepted)
		tally->refused++;
	else if (!source.accepted && source.may_differ)
		tally->source_refused++;
	else if (!source.accepted)
		what = "source is refused, the blob is not";
	else if (!blob.accepted)
		what = "the blob is refused, source is not";
	else if (strcmp(source.configs, blob.configs))
		what = "source and blob give different configs";
	else if (!survives(source.configs))
		what = "the links do not survive xl2dts and dts2xl";
	else
		tally->agreed++;
	if (source.accepted)
		tally->links += count(source.configs, "role=client");
	free(source.configs);
	free(blob.configs);
	return what;
}

static struct text without(const struct text *text, size_t first, size_t nr)
{
	struct text less = { .mode = text->mode };
	size_t i;

	for (i = 0; i < text->nr; i++)
		if (i < first || i >= first + nr)
			less.lines[less.nr++] = text->lines[i];
	return less;
}

/* Leaves out lines as long as the same is wrong. */
static struct text shrunk(const struct text *text, const char *what)
{
	struct text small = *text, less;
	struct tally tally = { 0 };
	const char *still;
	size_t nr, i;

	for (nr = small.nr / 2; nr; nr = nr > 1 ? nr / 2 : 0)
		for (i = 0; i + nr <= small.nr;) {
			less = without(&small, i, nr);
			still = compare(&less, &tally);
			if (still && !strcmp(still, what))
				small = less;
			else
				i++;
		}
	return small;
}

static void print_difference(const struct text *text)
{
	struct outcome source, blob;

	diag_settings.silent = false;
	source = of_source(text);
	blob = of_blob(text);
	diag_settings.silent = true;
	printf("of source:\n%sof the blob:\n%s", source.configs ? source.configs : "refused\n",
	       blob.configs ? blob.configs : "refused\n");
	free(source.configs);
	free(blob.configs);
}

static void print_failure(unsigned long seed, const struct text *text, const char *what)
{
	struct text small = shrunk(text, what);
	size_t i;

	printf("FAILED: tree %lu: %s:\n", seed, what);
	for (i = 0; i < small.nr; i++)
		printf("%s%s\n", i && small.lines[i].file != small.lines[i - 1].file ?
		       "--- the second file ---\n" : "", small.lines[i].line);
	print_difference(&small);
}

static void remove_files(void)
{
	unsigned int vm;

	for (vm = 1; vm <= VMS; vm++)
		unlink(mem_printf("%s/vm%u.cfg", directory, vm));
	unlink(mem_printf("%s/links.dts", directory));
	rmdir(directory);
	mem_release_all();
}

int main(int argc, char **argv)
{
	unsigned long seed, first, failed = 0;
	struct tally tally = { 0 };
	char err[VLINKCFG_ERR_MAX];
	const char *what;
	struct text text;

	if (argc != 4 || vlinkcfg_classes_read(NULL, &classes, err) || !mkdtemp(directory)) {
		fprintf(stderr, "usage: trees DTC SEED COUNT\n");
		return 2;
	}
	dtc = argv[1];
	diag_settings.silent = true;
	diag_settings.no_warnings = true;
	first = strtoul(argv[2], NULL, 10);
	for (seed = first; seed < first + strtoul(argv[3], NULL, 10); seed++) {
		make(&text, seed);
		what = compare(&text, &tally);
		if (what) {
			failed++;
			print_failure(seed, &text, what);
		}
		forget(&text);
	}
	vlinkcfg_classes_clear(&classes);
	remove_files();
	/* A run that compares nothing proves nothing. */
	if (tally.agreed < 2 * (tally.refused + tally.source_refused) || !tally.links) {
		printf("FAILED: too many trees are refused\n");
		failed++;
	}
	printf("dts2xl-trees: %lu agree with %lu links, %lu are refused as source and blob, %lu as source\n",
	       tally.agreed, tally.links, tally.refused, tally.source_refused);
	printf("dts2xl-trees: %lu passed, %lu failed\n",
	       tally.agreed + tally.refused + tally.source_refused, failed);
	return failed != 0;
}
