// SPDX-License-Identifier: LGPL-2.1-or-later
/* dts2xl: vdt device tree fragments to xl domain configs, and xl2dts: back. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vlink/version.h>

#include "convert.h"
#include "depfile.h"
#include "exits.h"
#include "explain.h"
#include "mem.h"
#include "output.h"
#include "reverse.h"


struct options {
	struct conversion conversion;
	const char *output;
	const char *classes;
	const char *json;
	const char *graph;
	const char *depfile;
	bool check;
	bool diff;
	bool reverse;
	char **files;
	int nr_files;
};

static const char usage[] =
	"Usage: dts2xl [OPTION]... -o DIR FILE...\n"
	"       dts2xl --check|--diff|--json FILE|--graph FILE [OPTION]... FILE...\n"
	"       dts2xl --reverse [-o FILE] CONFIG...    (or xl2dts)\n"
	"Converts device tree fragments that describe links between VMs to xl domain\n"
	"configs, DIR/vmN.cfg for each VM. FILEs are source or blobs (.dtb, .dtbo); one may\n"
	"be -, standard input.\n"
	"\n"
	"  -o, --output DIR        where the configs go; it is made if need be\n"
	"      --check             only say what is wrong\n"
	"      --diff              only show what would change in DIR\n"
	"      --json FILE         write the model as JSON\n"
	"      --graph FILE        draw VMs and links: .dot, or .svg, .png, .pdf by Graphviz\n"
	"      --depfile FILE      write what the configs depend on as a rule for make\n"
	"      --map vmN=NAME      the domain that a VM is; dom0 is Domain-0\n"
	"      --base vmN=FILE     a VM's own config, to which only links are added\n"
	"      --defaults FILE     lines of xl config for every guest\n"
	"      --defaults vmN=FILE lines for one guest, after those for every guest\n"
	"      --classes FILE      the classes of links, default " VLINKCFG_CLASS_FILE "\n"
	"      --skip-unknown      pass over nodes of unknown classes\n"
	"  -I, -D, -U ARGUMENT     for the preprocessor\n"
	"      --cpp PROGRAM       the preprocessor, default cpp\n"
	"      --no-cpp            do not preprocess\n"
	"      --dtc PROGRAM       the device tree compiler, default $DTC or dtc\n"
	"      --force             replace configs that were not written by dts2xl\n"
	"      --werror            take warnings for errors\n"
	"  -q, --quiet             no warnings\n"
	"      --reverse           make fragments of configs\n"
	"      --explain CODE      tell about a kind of message; 'list' names them\n"
	"      --help              print this and exit\n"
	"      --version           print the version and exit\n";

enum {
	OPT_DEFAULTS = 256, OPT_CLASSES, OPT_DTC, OPT_FORCE, OPT_HELP, OPT_VERSION, OPT_CHECK,
	OPT_DIFF, OPT_JSON, OPT_GRAPH, OPT_DEPFILE, OPT_MAP, OPT_BASE, OPT_CPP, OPT_NO_CPP,
	OPT_WERROR, OPT_REVERSE, OPT_EXPLAIN,
	OPT_SKIP_UNKNOWN,
};

static const struct option long_options[] = {
	{ "output",   required_argument, NULL, 'o' },
	{ "check",    no_argument,	 NULL, OPT_CHECK },
	{ "diff",     no_argument,	 NULL, OPT_DIFF },
	{ "json",     required_argument, NULL, OPT_JSON },
	{ "graph",    required_argument, NULL, OPT_GRAPH },
	{ "depfile",  required_argument, NULL, OPT_DEPFILE },
	{ "map",      required_argument, NULL, OPT_MAP },
	{ "base",     required_argument, NULL, OPT_BASE },
	{ "defaults", required_argument, NULL, OPT_DEFAULTS },
	{ "classes",  required_argument, NULL, OPT_CLASSES },
	{ "skip-unknown", no_argument,	 NULL, OPT_SKIP_UNKNOWN },
	{ "cpp",      required_argument, NULL, OPT_CPP },
	{ "no-cpp",   no_argument,	 NULL, OPT_NO_CPP },
	{ "dtc",      required_argument, NULL, OPT_DTC },
	{ "force",    no_argument,	 NULL, OPT_FORCE },
	{ "werror",   no_argument,	 NULL, OPT_WERROR },
	{ "quiet",    no_argument,	 NULL, 'q' },
	{ "reverse",  no_argument,	 NULL, OPT_REVERSE },
	{ "explain",  required_argument, NULL, OPT_EXPLAIN },
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

static void explain_and_exit(const char *code)
{
	int ret = explain(code) || fflush(stdout);

	mem_release_all();
	exit(ret ? EXIT_ENVIRONMENT : EXIT_SUCCESS);
}

/* -I DIR and the like, which the preprocessor takes as they are. */
static void add_cpp_argument(struct cpp *cpp, int opt, const char *value)
{
	*MEM_APPEND(cpp->arguments, cpp->nr_arguments) = mem_printf("-%c%s", opt, value);
}

/* Options that say what comes out. False: it is another. */
static bool take_output_option(struct options *options, int opt)
{
	switch (opt) {
	case 'o':
		options->output = optarg;
		return true;
	case OPT_CHECK:
		options->check = true;
		return true;
	case OPT_DIFF:
		options->diff = true;
		return true;
	case OPT_JSON:
		options->json = optarg;
		return true;
	case OPT_GRAPH:
		options->graph = optarg;
		return true;
	case OPT_DEPFILE:
		options->depfile = optarg;
		return true;
	case OPT_REVERSE:
		options->reverse = true;
		return true;
	case OPT_FORCE:
		options->conversion.emission.force = true;
		return true;
	default:
		return false;
	}
}

/* Options that say how to read what goes in. */
static bool take_input_option(struct options *options, int opt)
{
	struct conversion *conversion = &options->conversion;

	switch (opt) {
	case OPT_DEFAULTS:
		defaults_add(&conversion->defaults, optarg);
		return true;
	case OPT_MAP:
		mappings_add(&conversion->mappings, optarg);
		return true;
	case OPT_BASE:
		bases_add(&conversion->bases, optarg);
		return true;
	case OPT_CLASSES:
		options->classes = optarg;
		return true;
	case OPT_SKIP_UNKNOWN:
		conversion->model.skip_unknown = true;
		return true;
	case OPT_DTC:
		conversion->dtc = optarg;
		return true;
	case OPT_CPP:
		conversion->cpp.program = optarg;
		return true;
	case OPT_NO_CPP:
		conversion->cpp.program = NULL;
		return true;
	case 'I':
	case 'D':
	case 'U':
		add_cpp_argument(&conversion->cpp, opt, optarg);
		return true;
	default:
		return false;
	}
}

static void take_option(struct options *options, int opt)
{
	if (take_output_option(options, opt) || take_input_option(options, opt))
		return;
	switch (opt) {
	case OPT_WERROR:
		diag_settings.warnings_are_errors = true;
		break;
	case 'q':
		diag_settings.no_warnings = true;
		break;
	case OPT_EXPLAIN:
		explain_and_exit(optarg);
		break;
	case OPT_HELP:
		print_and_exit(usage);
		break;
	case OPT_VERSION:
		print_and_exit("dts2xl " XEN_VLINK_VERSION "\n");
		break;
	default:
		diag_fatal("try 'dts2xl --help'");
	}
}

static void check_options(const struct options *options)
{
	int i, nr_stdin = 0;

	if (options->reverse && options->nr_files)
		return;
	if (options->reverse)
		diag_fatal("no config; try 'dts2xl --help'");
	if (!options->output && (options->diff || options->depfile))
		diag_fatal("-o DIR is missing: where the configs are");
	if (!options->output && !options->check && !options->json && !options->graph)
		diag_fatal("-o DIR is missing; try 'dts2xl --help'");
	if (!options->nr_files)
		diag_fatal("no input file; try 'dts2xl --help'");
	for (i = 0; i < options->nr_files; i++)
		nr_stdin += !strcmp(options->files[i], "-");
	if (nr_stdin > 1)
		diag_fatal("standard input can be read once only");
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void parse_options(struct options *options, int argc, char **argv)
{
	const char *dtc = getenv("DTC");
	int opt;

	options->conversion.dtc = dtc && *dtc ? dtc : "dtc";
	options->conversion.cpp.program = "cpp";
	options->reverse = !strcmp(base_name(argv[0]), "xl2dts");
	if (!access(VLINKCFG_CLASS_FILE, R_OK))
		options->classes = VLINKCFG_CLASS_FILE;
	while ((opt = getopt_long(argc, argv, "o:qI:D:U:", long_options, NULL)) != -1)
		take_option(options, opt);
	options->files = argv + optind;
	options->nr_files = argc - optind;
	check_options(options);
}

/* Base names only: the configs are the same wherever the input lies. */
static const char *input_names(const struct options *options)
{
	char *names = mem_string(""), *c;
	int i;

	for (i = 0; i < options->nr_files; i++)
		names = mem_printf("%s%s%s", names, i ? ", " : "", base_name(options->files[i]));
	for (c = names; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	return names;
}

/* What make is to look at: all files that were read. */
static void write_depfile(struct options *options)
{
	struct conversion *conversion = &options->conversion;
	struct source *source = &conversion->source;
	size_t i;

	for (i = 0; i < conversion->defaults.nr_files; i++)
		source_add_input(source, conversion->defaults.files[i].path);
	for (i = 0; i < conversion->bases.nr; i++)
		source_add_input(source, conversion->bases.items[i].path);
	if (options->classes)
		source_add_input(source, options->classes);
	depfile_write(options->depfile, &conversion->configs, source->inputs, source->nr_inputs);
}

static void output(struct options *options)
{
	struct conversion *conversion = &options->conversion;

	if (options->diff) {
		if (emit_diff(&conversion->configs))
			diag_error(CODE_DIFFERS, diag_whole(options->output),
				   "its configs differ from the input");
	} else if (options->output && !options->check) {
		emit(&conversion->emission, &conversion->configs);
	}
	if (diag_errors())
		return;
	if (options->json)
		output_json(options->json, &conversion->model);
	if (options->graph)
		output_graph(options->graph, &conversion->model);
	if (options->depfile)
		write_depfile(options);
}

static void convert(struct options *options, const struct vlinkcfg_classes *classes)
{
	struct conversion *conversion = &options->conversion;
	int i;

	conversion->model.classes = classes;
	conversion->emission.directory = options->output;
	conversion->emission.inputs = input_names(options);
	conversion->emission.defaults = &conversion->defaults;
	conversion->emission.bases = &conversion->bases;
	for (i = 0; i < options->nr_files; i++)
		convert_read(conversion, options->files[i]);
	convert_finish(conversion);
	if (!diag_errors())
		output(options);
}

static void run(struct options *options)
{
	struct vlinkcfg_classes classes;
	char err[VLINKCFG_ERR_MAX];

	if (vlinkcfg_classes_read(options->classes, &classes, err)) {
		diag_error(CODE_CLASS_FILE, diag_whole("dts2xl"), "%s", err);
		return;
	}
	if (options->reverse)
		reverse(options->output ? options->output : "-", options->files,
			options->nr_files, &classes);
	else
		convert(options, &classes);
	vlinkcfg_classes_clear(&classes);
}

int main(int argc, char **argv)
{
	struct options options = { 0 };

	/* What cpp and dtc say is read by this program. */
	setenv("LC_ALL", "C", 1);
	parse_options(&options, argc, argv);
	run(&options);
	mem_release_all();
	return diag_errors() ? EXIT_INPUT : EXIT_SUCCESS;
}
