// SPDX-License-Identifier: LGPL-2.1-or-later
/* dts2xl: vdt device tree fragments to xl domain configs. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "defaults.h"
#include "dtc.h"
#include "emit.h"
#include "main.h"
#include "mem.h"
#include "model.h"

#define CLASS_FILE	"/etc/vlink/classes.conf"

struct options {
	const char *output;
	const char *classes;
	const char *dtc;
	bool force;
	struct defaults defaults;
	char **files;
	int nr_files;
};

static const char usage[] =
	"Usage: dts2xl [OPTION]... -o DIR FILE...\n"
	"Converts device tree fragments that describe links between VMs to xl domain\n"
	"configs, DIR/vmN.cfg for each VM.\n"
	"\n"
	"  -o, --output DIR        where the configs go; it is made if need be\n"
	"      --defaults FILE     lines of xl config for every guest\n"
	"      --defaults vmN=FILE lines for one guest, after those for every guest\n"
	"      --classes FILE      the classes of links, default " CLASS_FILE "\n"
	"      --dtc PROGRAM       the device tree compiler, default $DTC or dtc\n"
	"      --force             replace configs that were not written by dts2xl\n"
	"      --help              print this and exit\n"
	"      --version           print the version and exit\n";

enum { OPT_DEFAULTS = 256, OPT_CLASSES, OPT_DTC, OPT_FORCE, OPT_HELP, OPT_VERSION };

static const struct option long_options[] = {
	{ "output",   required_argument, NULL, 'o' },
	{ "defaults", required_argument, NULL, OPT_DEFAULTS },
	{ "classes",  required_argument, NULL, OPT_CLASSES },
	{ "dtc",      required_argument, NULL, OPT_DTC },
	{ "force",    no_argument,	 NULL, OPT_FORCE },
	{ "help",     no_argument,	 NULL, OPT_HELP },
	{ "version",  no_argument,	 NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static void print_and_exit(const char *text)
{
	int ret = fputs(text, stdout) < 0 || fflush(stdout);

	mem_release_all();
	exit(ret ? EXIT_ENVIRONMENT : EXIT_SUCCESS);
}

static void take_option(struct options *options, int opt)
{
	switch (opt) {
	case 'o':
		options->output = optarg;
		break;
	case OPT_DEFAULTS:
		defaults_add(&options->defaults, optarg);
		break;
	case OPT_CLASSES:
		options->classes = optarg;
		break;
	case OPT_DTC:
		options->dtc = optarg;
		break;
	case OPT_FORCE:
		options->force = true;
		break;
	case OPT_HELP:
		print_and_exit(usage);
		break;
	case OPT_VERSION:
		print_and_exit("dts2xl " DTS2XL_VERSION "\n");
		break;
	default:
		diag_fatal("try 'dts2xl --help'");
	}
}

static void parse_options(struct options *options, int argc, char **argv)
{
	const char *dtc = getenv("DTC");
	int opt;

	options->dtc = dtc && *dtc ? dtc : "dtc";
	if (!access(CLASS_FILE, R_OK))
		options->classes = CLASS_FILE;
	while ((opt = getopt_long(argc, argv, "o:", long_options, NULL)) != -1)
		take_option(options, opt);
	options->files = argv + optind;
	options->nr_files = argc - optind;
	if (!options->output)
		diag_fatal("-o DIR is missing; try 'dts2xl --help'");
	if (!options->nr_files)
		diag_fatal("no input file; try 'dts2xl --help'");
}

/* Base names only: the configs are the same wherever the input lies. */
static const char *input_names(const struct options *options)
{
	const char *slash;
	char *names = mem_string(""), *c;
	int i;

	for (i = 0; i < options->nr_files; i++) {
		slash = strrchr(options->files[i], '/');
		names = mem_printf("%s%s%s", names, i ? ", " : "",
				   slash ? slash + 1 : options->files[i]);
	}
	for (c = names; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	return names;
}

static void read_model(const struct options *options, struct source *source,
		       struct model *model)
{
	const void *blob;
	size_t i;
	int file;

	for (file = 0; file < options->nr_files; file++)
		source_read(source, options->files[file]);
	for (i = 0; i < source->nr_blocks; i++) {
		if (source->blocks[i]->refused)
			continue;
		blob = dtc_compile(options->dtc, source->blocks[i]);
		if (blob)
			tree_read(model, source->blocks[i], blob);
	}
	if (!model->nr_vms && !diag_errors())
		diag_error((struct pos){ .file = "dts2xl" }, "no &vmN_vdevs { } block in the input");
}

static void convert(const struct options *options, const struct vlinkcfg_classes *classes)
{
	struct emission emission = {
		.directory = options->output,
		.force = options->force,
		.inputs = input_names(options),
		.defaults = &options->defaults,
	};
	struct source source = { 0 };
	struct model model = { .source = &source, .classes = classes };

	read_model(options, &source, &model);
	if (!diag_errors())
		resolve(&model);
	if (!diag_errors())
		number_ends(&model);
	if (!diag_errors())
		defaults_check(&options->defaults, &model);
	if (!diag_errors())
		emit(&emission, &model);
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct vlinkcfg_classes classes;
	char err[VLINKCFG_ERR_MAX];

	parse_options(&options, argc, argv);
	if (vlinkcfg_classes_read(options.classes, &classes, err)) {
		diag_error((struct pos){ .file = "dts2xl" }, "%s", err);
	} else {
		convert(&options, &classes);
		vlinkcfg_classes_clear(&classes);
	}
	mem_release_all();
	return diag_errors() ? EXIT_INPUT : EXIT_SUCCESS;
}
