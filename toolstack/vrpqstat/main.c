// SPDX-License-Identifier: LGPL-2.1-or-later
/* vrpqstat: what VRPQ devices are used for; see vrpqstat(1). */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <vlink/version.h>

#include "lib/sample.h"
#include "show.h"

#define HEAD_EVERY	20	/* lines, on a terminal */

enum form { FORM_TABLE, FORM_PROCS, FORM_PLOT, FORM_JSON };

struct options {
	enum form form;
	bool reset;
	const char *path;
	double interval;		/* 0: once */
	unsigned long count;		/* 0: without end */
};

static const char usage_text[] =
	"usage: vrpqstat [-j | -p | -P] [-r] [DEVICE] [INTERVAL [COUNT]]\n"
	"  -j, --json    objects, one a line\n"
	"  -p, --procs   the procedures that are requested\n"
	"  -P, --plot    bars of the memory that is in use\n"
	"  -r, --reset   clear counters and peaks first\n"
	"  -h, --help    this text\n"
	"  -V, --version the version\n"
	"DEVICE may be left out where there is only one client's.\n";

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "vrpqstat: %s: %s\n", what, why);
	return 1;
}

/* --- arguments --------------------------------------------------------------- */

static bool bad_argument(const char *what, const char *text)
{
	fprintf(stderr, "vrpqstat: %s '%s'\n%s", what, text, usage_text);
	return false;
}

static bool parse_interval(const char *text, double *value)
{
	char *end;

	*value = strtod(text, &end);
	if (end == text || *end || !isfinite(*value) || *value < 0.01 || *value > 86400)
		return bad_argument("an interval is 0.01 to 86400 seconds, not", text);
	return true;
}

static bool parse_count(const char *text, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || !*value)
		return bad_argument("a count is a number of lines, not", text);
	return true;
}

/* [DEVICE] [INTERVAL [COUNT]]: what begins with a digit is no device. */
static bool parse_operands(struct options *options, char **argv)
{
	if (*argv && !isdigit((unsigned char)**argv))
		options->path = *argv++;
	if (*argv && !parse_interval(*argv++, &options->interval))
		return false;
	if (options->interval > 0 && *argv && !parse_count(*argv++, &options->count))
		return false;
	return !*argv || bad_argument("one argument too many:", *argv);
}

/* Returns -1 to go on, else the exit code. */
static int parse(struct options *options, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "procs", no_argument, NULL, 'p' },
		{ "plot", no_argument, NULL, 'P' },
		{ "reset", no_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "jpPrhV", longs, NULL)) != -1) {
		switch (option) {
		case 'j': options->form = FORM_JSON; break;
		case 'p': options->form = FORM_PROCS; break;
		case 'P': options->form = FORM_PLOT; break;
		case 'r': options->reset = true; break;
		case 'h': fputs(usage_text, stdout); return 0;
		case 'V': puts("vrpqstat " XEN_VLINK_VERSION); return 0;
		default: fputs(usage_text, stderr); return 2;
		}
	}
	return parse_operands(options, argv + optind) ? -1 : 2;
}

/* --- devices ----------------------------------------------------------------- */

static void list_devices(const char *pattern)
{
	glob_t found;
	size_t i;

	if (glob(pattern, 0, NULL, &found)) {
		fputs("vrpqstat: this domain has no VRPQ links\n", stderr);
		return;
	}
	fputs("vrpqstat: there are", stderr);
	for (i = 0; i < found.gl_pathc; i++)
		fprintf(stderr, " %s", found.gl_pathv[i]);
	fputc('\n', stderr);
	globfree(&found);
}

/* The only device that the pattern describes, or NULL. It is never freed. */
static const char *only_device(const char *pattern)
{
	static glob_t found;

	if (glob(pattern, 0, NULL, &found))
		return NULL;
	return found.gl_pathc == 1 ? found.gl_pathv[0] : NULL;
}

/* Devices may be named without directory, and without unit where there is one only. */
static const char *full_name(const char *name)
{
	static char pattern[256];
	const char *found;

	if (strchr(name, '/') || strlen(name) > sizeof(pattern) - 16)
		return name;
	snprintf(pattern, sizeof(pattern), "/dev/%s", name);
	if (!access(pattern, F_OK))
		return pattern;
	snprintf(pattern, sizeof(pattern), "/dev/%s[0-9]*", name);
	found = only_device(pattern);
	return found ? found : name;
}

static bool open_device(struct device *device, const char *path)
{
	const char *why = NULL;

	path = path ? full_name(path) : only_device("/dev/vrpq-clt-*");
	if (!path) {
		fputs("vrpqstat: which device?\n", stderr);
		list_devices("/dev/vrpq-*");
		return false;
	}
	if (device_open(device, path, &why))
		return true;
	fail(path, why);
	list_devices("/dev/vrpq-*");
	return false;
}

/* --- showing ----------------------------------------------------------------- */

static void show_head(const struct options *options, const struct device *device,
		      unsigned long line)
{
	if (line && (line % HEAD_EVERY || !isatty(STDOUT_FILENO)))
		return;
	if (options->form == FORM_TABLE)
		show_table_head(stdout, device);
	else if (options->form == FORM_PROCS)
		show_procs_head(stdout);
	else if (options->form == FORM_PLOT)
		show_plot_head(stdout);
}

static bool show_line(const struct options *options, const struct device *device, double start,
		      const struct sample *before, const struct sample *after)
{
	switch (options->form) {
	case FORM_TABLE: show_table_line(stdout, device, before, after); break;
	case FORM_PROCS: show_procs(stdout, start, before, after); break;
	case FORM_PLOT: show_plot_line(stdout, start, after); break;
	case FORM_JSON: show_json(stdout, device, start, after); break;
	}
	return !fflush(stdout);
}

static void sleep_until(double time)
{
	struct timespec ts = { .tv_sec = (time_t)time };

	ts.tv_nsec = (long)((time - (double)ts.tv_sec) * 1e9);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

static int watch(const struct options *options, const struct device *device,
		 const struct sample *first)
{
	static struct sample samples[2];
	unsigned long line;

	samples[0] = *first;
	for (line = 0; !options->count || line < options->count; line++) {
		struct sample *before = &samples[line % 2], *after = &samples[(line + 1) % 2];

		sleep_until(first->time + (double)(line + 1) * options->interval);
		if (!device_read(device, false, after))
			return fail(device->path, strerror(errno));
		show_head(options, device, line);
		if (!show_line(options, device, first->time, before, after))
			return fail("output", strerror(errno));
	}
	return 0;
}

static int show_once(const struct options *options, const struct device *device,
		     const struct sample *sample)
{
	if (options->form == FORM_TABLE) {
		show_report(stdout, device, sample);
	} else {
		show_head(options, device, 0);
		show_line(options, device, sample->time, NULL, sample);
	}
	return fflush(stdout) ? fail("output", strerror(errno)) : 0;
}

int main(int argc, char **argv)
{
	static struct sample sample;
	struct options options = { .form = FORM_TABLE };
	struct device device;
	int ret = parse(&options, argc, argv);

	if (ret >= 0)
		return ret;
	if (!open_device(&device, options.path))
		return 1;
	if (device.server && (options.form == FORM_PLOT || options.form == FORM_PROCS))
		ret = fail(device.path, "only the client's end knows of procedures and memory");
	else if (!device_read(&device, options.reset, &sample))
		ret = fail(device.path, strerror(errno));
	else if (options.interval > 0)
		ret = watch(&options, &device, &sample);
	else if (options.reset)
		ret = 0;
	else
		ret = show_once(&options, &device, &sample);
	device_close(&device);
	return ret;
}
